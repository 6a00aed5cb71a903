"""The pages of the second factor, and the organization that asks its staff for one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import update

from records import clock
from records.database import db, every_organization, locked, transaction
from records.models import Member, Organization, SignIn
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.factors import account_of, set_up

Browse = Callable[..., SignedClient]
PAGE = "/account/second-factor"
SECRET = re.compile(r'class="secret"><code>([A-Z2-7 ]+)</code>')


def require_it(cast: Cast) -> None:
    with transaction():
        locked(Organization, cast.fire.id).requires_second_factor = True


def begun(client: SignedClient) -> str:
    """The secret as the page shows it."""
    assert client.post(f"{PAGE}/begin", data={"current": PASSWORD}).headers["Location"] == PAGE
    found = SECRET.search(client.get(PAGE).text)
    assert found
    return found[1].replace(" ", "")


def turned_on(client: SignedClient) -> list[str]:
    """Through the pages; the recovery codes that were shown."""
    code = pyotp.TOTP(begun(client)).at(clock.now())
    page = client.post(f"{PAGE}/on", data={"code": code})
    assert page.status_code == 200
    return re.findall(r"<li><code>([0-9A-Z-]{24})</code>", page.text)


# Setting up


def test_the_account_leads_through_password_secret_and_code_to_recovery_codes(cast: Cast, browse: Browse) -> None:
    client, elsewhere = browse(cast.max), browse(cast.max)
    assert f'href="{PAGE}"' in client.get("/account").text
    assert '<svg class="qr"' not in client.get(PAGE).text
    secret = begun(client)
    assert '<svg class="qr"' in client.get(PAGE).text
    codes = turned_on(client)
    assert len(set(codes)) == 10
    assert secret not in client.get(PAGE).text
    for path in (PAGE, "/account", "/portfolio/", "/portfolio/messages"):
        assert not any(code in client.get(path).text for code in codes)
    assert elsewhere.get("/account").status_code == 302


@pytest.mark.parametrize(
    ("address", "sent", "says"),
    [
        ("begin", {"current": "a guess"}, "not your current password"),
        ("begin", {"current": ""}, "Enter your current password"),
        ("on", {"code": "12345"}, "does not fit"),
        ("on", {"code": ""}, "Enter a code"),
        ("codes", {"codes-current": PASSWORD, "codes-code": "000000"}, "does not fit"),
        ("off", {"off-current": "a guess", "off-code": "000000"}, "not your current password"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    cast: Cast, browse: Browse, address: str, sent: dict[str, str], says: str
) -> None:
    if address in ("codes", "off"):
        set_up(cast.max)
    client = browse(cast.max)
    if address == "on":
        begun(client)
    page = client.post(f"{PAGE}/{address}", data=sent)
    assert page.status_code == 422
    assert says in page.text
    assert 'aria-invalid="true"' in page.text


def test_no_page_that_shows_secrets_is_kept_by_caches(cast: Cast, browse: Browse) -> None:
    client = browse(cast.max)
    begun(client)
    assert "no-store" in client.get(PAGE).headers["Cache-Control"]


def test_a_setup_that_ran_out_begins_again_in_words(cast: Cast, browse: Browse) -> None:
    client = browse(cast.max)
    secret = begun(client)
    with clock.standing_at(clock.now() + timedelta(minutes=16)):
        answer = client.post(f"{PAGE}/on", data={"code": pyotp.TOTP(secret).at(clock.now())}, follow_redirects=True)
    assert "Begin the setup again" in answer.text
    assert SECRET.search(answer.text) is None


def test_switching_off_and_new_codes_through_the_page(cast: Cast, browse: Browse) -> None:
    client = browse(cast.max)
    codes = turned_on(client)
    page = client.post(f"{PAGE}/codes", data={"codes-current": PASSWORD, "codes-code": codes[0]})
    new = re.findall(r"<li><code>([0-9A-Z-]{24})</code>", page.text)
    assert not set(new) & set(codes)
    old = client.post(f"{PAGE}/off", data={"off-current": PASSWORD, "off-code": codes[1]})
    assert old.status_code == 422
    done = client.post(f"{PAGE}/off", data={"off-current": PASSWORD, "off-code": new[1]}, follow_redirects=True)
    assert "is off" in done.text
    assert client.get("/account").status_code == 200


# An organization that asks its staff for one


def test_staff_without_one_open_nothing_but_the_setup(app: Flask, cast: Cast, browse: Browse) -> None:
    require_it(cast)
    client, opened = browse(cast.ada), set()
    for rule in app.url_map.iter_rules():
        methods = rule.methods or set()
        if rule.arguments or rule.rule == "/logout" or rule.endpoint == "static":
            continue
        if "GET" in methods:
            with client.get(rule.rule) as answer:
                if answer.headers.get("Location") != PAGE:
                    opened.add(("GET", rule.rule))
        if "POST" in methods:
            with client.post(rule.rule) as answer:
                if answer.status_code != 403:
                    opened.add(("POST", rule.rule))
    assert opened == {
        ("GET", PAGE), ("POST", f"{PAGE}/begin"), ("POST", f"{PAGE}/on"),
        ("GET", "/login"), ("POST", "/login"), ("GET", "/login/code"), ("POST", "/login/code"),
        ("GET", "/choose"), ("POST", "/choose"), ("POST", "/theme"), ("POST", "/account/language"), ("POST", "/return"),
        ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/logo"), ("GET", "/verify"),
    }  # fmt: skip


@pytest.mark.parametrize("who", ["ada", "carl", "nora"])
def test_the_page_says_why_and_afterwards_all_opens(cast: Cast, browse: Browse, who: str) -> None:
    require_it(cast)
    client = browse(getattr(cast, who))
    page = client.get("/admin/members/", follow_redirects=True)
    assert "Lakeside Fire &amp; Rescue asks its staff for a second factor" in page.text
    assert 'action="/logout"' in page.text
    assert client.post("/account/language", data={"language": "es"}).status_code == 302
    assert "pide a su personal" in client.get("/admin/", follow_redirects=True).text
    client.post("/account/language", data={"language": "en"})
    assert "Learner Workspace" not in page.text
    late = client.post("/portfolio/messages/read")
    assert late.status_code == 403
    assert "second factor" in late.text
    turned_on(client)
    assert client.get("/admin/members/").status_code == 200
    assert client.get("/portfolio/").status_code == 200


@pytest.mark.parametrize("who", ["max", "mia", "ken", "other_max"])
def test_members_and_other_organizations_are_not_asked(cast: Cast, browse: Browse, who: str) -> None:
    require_it(cast)
    assert browse(getattr(cast, who)).get("/portfolio/").status_code == 200


def test_whoever_is_promoted_owes_one_from_then_on(cast: Cast, browse: Browse) -> None:
    require_it(cast)
    client = browse(cast.max)
    assert client.get("/portfolio/").status_code == 200
    with transaction():
        locked(Member, cast.max.id).role = "administrator"
    assert client.get("/portfolio/").headers["Location"] == PAGE


def test_switching_it_off_shuts_all_again(cast: Cast, browse: Browse) -> None:
    require_it(cast)
    client = browse(cast.ada)
    codes = turned_on(client)
    client.post(f"{PAGE}/off", data={"off-current": PASSWORD, "off-code": codes[0]})
    assert client.get("/admin/").headers["Location"] == PAGE


def test_being_logged_in_as_a_member_is_no_way_around_it(cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    client.log_in_as(cast.max)
    require_it(cast)
    assert client.get("/portfolio/").headers["Location"] == PAGE
    client.post("/return")
    assert client.get("/admin/").headers["Location"] == PAGE


def test_somebody_of_two_organizations_goes_to_the_other(cast: Cast, browse: Browse) -> None:
    require_it(cast)
    with every_organization(), transaction():
        locked(Member, cast.other_max.id).account_id = cast.ada.account_id
    client = browse(cast.ada)
    assert 'href="/choose"' in client.get(PAGE).text
    client.post("/choose", data={"member": cast.other_max.id})
    assert client.get("/portfolio/").status_code == 200
    assert client.get("/account").status_code == 200


def test_a_script_is_told_instead_of_led(cast: Cast, browse: Browse) -> None:
    require_it(cast)
    answer = browse(cast.ada).get("/admin/find?q=max", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json == {"error": "Your organization asks its staff for a second factor. Set yours up first."}


def test_whoever_came_in_through_the_organizations_provider_is_not_asked(cast: Cast, browse: Browse) -> None:
    require_it(cast)
    client = browse(cast.ada)
    assert client.get("/admin/").status_code == 302
    with every_organization(), transaction() as session:
        session.execute(update(SignIn).values(came_through_id=cast.fire.id))
    assert client.get("/admin/").status_code == 200


# In the back office


def test_the_profile_says_who_has_one_and_takes_it_away(cast: Cast, browse: Browse) -> None:
    client, path = browse(cast.ada), f"/admin/members/{cast.max.id}"
    assert "Reset second factor" not in client.get(path).text
    set_up(cast.max)
    page = client.get(path).text
    assert "With a second factor since" in page
    assert "Reset second factor" in page
    done = client.post(f"{path}/reset-second-factor", follow_redirects=True)
    assert "has no second factor now" in done.text
    db.session.rollback()
    again = client.post(f"{path}/reset-second-factor", follow_redirects=True)
    assert "There is no second factor that is on." in again.text
    assert account_of(cast.max).password_changed_at is None
