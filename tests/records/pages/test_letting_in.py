"""Signing in with a second factor, in a browser that is halfway: it opens one page and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask

from records import clock
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.factors import set_up

Browse = Callable[..., SignedClient]
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def halfway(browse: Browse, cast: Cast, address: str = "/login") -> SignedClient:
    client = browse()
    answer = client.post(address, data={"email": cast.max.email, "password": PASSWORD})
    assert answer.headers["Location"].startswith("/login/code")
    return client


def cookie(client: SignedClient) -> str:
    found = client.get_cookie("certfolio")
    return found.value if found else ""


def test_password_then_code_leads_to_the_page_that_was_asked_for(cast: Cast, browse: Browse) -> None:
    device = set_up(cast.max)
    client = halfway(browse, cast, "/login?next=/portfolio/credits")
    page = client.get("/login/code?next=/portfolio/credits")
    assert 'autocomplete="one-time-code"' in page.text
    answer = client.post("/login/code?next=/portfolio/credits", data={"code": device.code()})
    assert answer.headers["Location"] == "/portfolio/credits"
    assert client.get("/account").status_code == 200
    assert client.get_cookie("known_browser") is not None


def test_halfway_every_page_is_shut_as_to_a_visitor(app: Flask, cast: Cast, browse: Browse) -> None:
    set_up(cast.max)
    client, visitor = halfway(browse, cast), browse()
    tried = 0
    for rule in app.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or ()) or rule.rule == "/login/code":
            continue
        with client.get(rule.rule) as mine, visitor.get(rule.rule) as theirs:
            answers = [(each.status_code, each.headers.get("Location")) for each in (mine, theirs)]
            assert answers[0] == answers[1], rule.rule
        tried += 1
    assert tried > 40
    assert client.get_cookie("known_browser") is None


def test_the_session_is_another_than_the_half_and_the_half_is_dead(cast: Cast, browse: Browse) -> None:
    device = set_up(cast.max)
    client = browse()
    client.get("/login")
    with client.session_transaction() as kept:
        kept["planted"] = "yes"
    client.post("/login", data={"email": cast.max.email, "password": PASSWORD})
    half = cookie(client)
    with client.session_transaction() as kept:
        assert "planted" not in kept
        kept["planted"] = "again"
    client.post("/login/code", data={"code": device.code()})
    with client.session_transaction() as kept:
        assert "planted" not in kept
        assert "halfway" not in kept
    thief = browse()
    thief.set_cookie("certfolio", half)
    assert thief.get("/account").status_code == 302
    assert thief.get("/login/code").headers["Location"] == "/login"


def test_a_cookie_that_claims_to_be_halfway_opens_nothing(cast: Cast, browse: Browse) -> None:
    device, client = set_up(cast.max), browse()
    with client.session_transaction() as kept:
        kept["halfway"] = "made up"
        kept["account_id"] = cast.max.account_id
    assert client.post("/login/code", data={"code": device.code()}).headers["Location"] == "/login"


def test_a_wrong_code_is_said_beside_its_field_and_too_many_wait(cast: Cast, browse: Browse) -> None:
    device = set_up(cast.max)
    with clock.standing_at(clock.now()):
        client = halfway(browse, cast)
        for _ in range(10):
            page = client.post("/login/code", data={"code": device.wrong()})
            assert page.status_code == 422
        assert "does not fit" in page.text
        late = client.post("/login/code", data={"code": device.code()})
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) > 0
    assert client.get("/account").status_code == 302


def test_too_late_leads_back_to_the_beginning_in_words(cast: Cast, browse: Browse) -> None:
    with clock.standing_at(NOON):
        device, client = set_up(cast.max), halfway(browse, cast)
    with clock.standing_at(NOON + timedelta(minutes=11)):
        answer = client.post("/login/code", data={"code": device.code()}, follow_redirects=True)
    assert "took too long" in answer.text
    assert "Enter the code" not in answer.text


def test_up_to_the_password_nobody_learns_who_has_a_second_factor(cast: Cast, browse: Browse) -> None:
    """A wrong password reads alike, whoever it is."""
    set_up(cast.max)
    pages = {
        email: browse().post("/login", data={"email": email, "password": "wrong wrong wrong"})
        for email in (cast.max.email, cast.mia.email, "nobody@example.org")
    }
    assert {page.status_code for page in pages.values()} == {422}
    texts = {page.text.count("do not belong together") for page in pages.values()}
    assert texts == {1}
    asked = [browse().post("/reset", data={"email": email}).text.replace(email or "", "") for email in pages]
    assert all("second factor" not in text and "code" not in text.partition("<main")[2].lower() for text in asked)
