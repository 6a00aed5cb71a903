"""Light or dark, kept in the browser and drawn by the server."""

from __future__ import annotations

import pytest

from tests.clients import SignedClient


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_choice_is_kept_and_drawn_by_the_server(app, cast, browse, theme, signed_in):
    client = browse(cast.max) if signed_in else SignedClient(app)
    address = "/portfolio/certificates?status=active" if signed_in else "/login?next=/portfolio/"
    answer = client.post("/theme", data={"theme": theme}, headers={"Referer": f"http://localhost{address}"})
    assert answer.headers["Location"] == address
    page = client.get(address).text
    assert f'data-theme="{theme}"' in page
    assert f'<meta name="color-scheme" content="{theme}">' in page
    client.post("/theme", data={"theme": "system"})
    assert "data-theme=" not in client.get(address).text.partition("<body")[0]


def test_what_is_no_theme_is_refused(app, cast):
    client = SignedClient(app)
    assert client.post("/theme", data={"theme": "<pink>"}).status_code == 422
    client.set_cookie("theme", "pink")
    assert "pink" not in client.get("/login").text


@pytest.mark.parametrize("referrer", ["https://elsewhere.example/login", "http://localhost//elsewhere.example", ""])
def test_the_way_back_is_a_page_of_ours(app, cast, referrer):
    answer = SignedClient(app).post("/theme", data={"theme": "dark"}, headers={"Referer": referrer})
    assert answer.headers["Location"] == "/"


def test_the_cookie_is_for_the_server_alone(app, cast):
    cookie = SignedClient(app).post("/theme", data={"theme": "dark"}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_who_is_logged_in_as_a_member_may_choose_too(cast, browse):
    client = browse(cast.ada)
    client.log_in_as(cast.max)
    assert client.post("/theme", data={"theme": "dark"}).status_code == 302
