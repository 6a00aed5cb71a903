"""An error page says what happened and leads on: with steps that fit, and without losing what was typed."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.cast import Cast
from tests.clients import SignedClient
from tests.records.web.conftest import FAILURES

BEFORE = {"Referer": "http://localhost/account"}


def steps(html: str) -> dict[str, str]:
    """The links of the page's main part, by their words."""
    main = html.partition("<main")[2].partition("</main>")[0]
    links = re.findall(r'<a class="button[^>]*? href="([^"]*)"[^>]*>(.*?)</a>', main, flags=re.DOTALL)
    return {" ".join(re.sub(r"<.*?>", " ", words).split()): address for address, words in links}


@pytest.mark.once  # a server that is away is not asked again who is signed in
@pytest.mark.parametrize("name", FAILURES)
def test_each_page_leads_on(failing: Flask, failing_client: SignedClient, name: str) -> None:
    assert steps(failing_client.get(f"/fail/{name}").text)["Go to the start page"] == "/"
    assert steps(SignedClient(failing).get(f"/fail/{name}").text)["Sign in"] == "/login"


@pytest.mark.parametrize("name", ["bug", "database", "throttled"])
def test_what_may_pass_is_tried_again(failing_client: SignedClient, name: str) -> None:
    assert steps(failing_client.get(f"/fail/{name}?x=1").text)["Try again"] == f"/fail/{name}?x=1"
    assert steps(failing_client.post(f"/fail/{name}", headers=BEFORE).text)["Try again"] == "/account"


@pytest.mark.parametrize("name", ["conflict", "forbidden", "invalid", "too-large", "storage-full"])
def test_what_was_refused_leads_back_to_where_one_was(failing_client: SignedClient, name: str) -> None:
    assert steps(failing_client.post(f"/fail/{name}", headers=BEFORE).text)["Back to where you were"] == "/account"
    elsewhere = {"Referer": "https://elsewhere.example/account"}
    assert "Back to where you were" not in steps(failing_client.post(f"/fail/{name}", headers=elsewhere).text)


def test_what_was_typed_is_not_lost_and_no_secret_is_shown(failing_client: SignedClient) -> None:
    typed = {"reason": "The back side\nis <missing>.", "password": "between us", "current": "between us", "id": "4711"}
    html = failing_client.post("/fail/conflict", data=typed).text
    assert "The back side\nis &lt;missing&gt;." in html
    shown = html.partition("What you typed")[2].partition("</ul>")[0]
    assert shown.count("<li") == 1
    assert "between us" not in html


@pytest.mark.parametrize("referrer", ["http://[", "http://localhost]/", "http://localhost:x/", "http://[::1"])
def test_a_referrer_that_cannot_be_read_is_none(failing_client: SignedClient, referrer: str) -> None:
    page = failing_client.post("/fail/conflict", headers={"Referer": referrer})
    assert page.status_code == 409
    assert "Back to where you were" not in steps(page.text)


@pytest.mark.parametrize("field", ["key", "seen", "version", "shown"])
def test_what_the_page_itself_sent_along_was_not_typed(failing_client: SignedClient, field: str) -> None:
    html = failing_client.post("/fail/conflict", data={"reason": "The back side.", field: "b1946ac92492d234"}).text
    assert "The back side." in html
    assert "b1946ac92492d234" not in html


def test_too_large_names_the_limit(failing: Flask, failing_client: SignedClient) -> None:
    assert "One file may have up to 25 MB, all of one form" in failing_client.post("/fail/too-large").text
    assert "One file may have" not in SignedClient(failing).post("/fail/too-large").text


@pytest.mark.parametrize("name", ["forbidden", "storage-full"])
def test_whom_to_ask_is_named_to_members_only(failing: Flask, failing_client: SignedClient, name: str) -> None:
    assert "Ada Lindgren" in failing_client.get(f"/fail/{name}").text.partition("<main")[2]
    assert "Ada Lindgren" not in SignedClient(failing).get(f"/fail/{name}").text


def test_waiting_is_named_in_seconds(failing_client: SignedClient) -> None:
    assert "Try again in 30 seconds." in failing_client.get("/fail/database").text


def test_a_forged_form_says_so_and_shows_what_was_typed(app: Flask, cast: Cast) -> None:
    client = SignedClient(app)
    client.enter(cast.ada)
    page = client.post("/account/email", data={"email": "ada@new.example"}, csrf=False)
    assert page.status_code == 400
    assert "ada@new.example" in page.text


def test_with_the_database_away_the_page_stands_alone(failing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    client = SignedClient(failing)
    client.set_cookie("theme", "dark")
    with failing.test_request_context():
        from records.database import db

        engine = db.engine
    monkeypatch.setattr(engine, "connect", _unreachable)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "a session that nobody can look up"
    page = client.get("/account")
    assert page.status_code == 503
    assert 'data-theme="dark"' in page.text
    assert "skin/tokens" in page.text
    assert steps(page.text)["Try again"] == "/account"


def _unreachable(*_args: object, **_options: object) -> None:
    from sqlalchemy.exc import OperationalError

    raise OperationalError("SELECT 1", {}, Exception("connection refused"))
