"""The pages of signing in: cookies, fixation, links from mails, and where they lead."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from records import clock
from records.database import db, every_organization, locked, transaction
from records.models import Account, AuditEvent, AuditKind, Member, MessageKind, SignIn
from records.services import invitations
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.conftest import make_app, upgrade
from tests.outbox import link, messages

NEW = "a wholly different long phrase"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Browse = Callable[..., SignedClient]


def sign_in(client: SignedClient, member: Member, password: str = PASSWORD, address: str = "/login") -> Any:
    return client.post(address, data={"email": member.email, "password": password})


def is_in(client: SignedClient) -> bool:
    return bool(client.get("/account").status_code == 200)


def cookie(client: SignedClient) -> str:
    found = client.get_cookie("certfolio")
    return found.value if found else ""


# Cookies


def test_the_cookies_are_for_the_server_alone(cast: Cast, browse: Browse) -> None:
    answer = sign_in(browse(), cast.max)
    cookies = {each.partition("=")[0]: each for each in answer.headers.getlist("Set-Cookie")}
    assert set(cookies) == {"certfolio", "known_browser"}
    assert all("HttpOnly" in each for each in cookies.values())
    assert "SameSite=Lax" in cookies["certfolio"]
    assert "SameSite=Strict" in cookies["known_browser"]


@pytest.fixture
def over_https(tmp_path: Path, on: str, request: pytest.FixtureRequest) -> Iterator[Flask]:
    settings = {"database_url": request.getfixturevalue("new_postgresql")()} if on == "postgresql" else {}
    application = make_app(tmp_path / "data", public_url="https://certs.example", **settings)
    upgrade(application)
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


def test_over_https_the_cookies_are_secure_and_bound_to_the_host(over_https: Flask) -> None:
    people = Cast.enter()
    answer = sign_in(SignedClient(over_https), people.max)
    assert answer.status_code == 302
    cookies = answer.headers.getlist("Set-Cookie")
    assert {each.partition("=")[0] for each in cookies} == {"__Host-certfolio", "__Host-known_browser"}
    for each in cookies:
        assert "Secure" in each
        assert "HttpOnly" in each
        assert "Path=/;" in each + ";"
        assert "Domain" not in each


def test_the_token_stands_in_no_page_and_no_address(cast: Cast, browse: Browse) -> None:
    client = browse()
    pages = [sign_in(client, cast.max), client.get("/account"), client.get("/", follow_redirects=True)]
    with client.session_transaction() as kept:
        token = kept["_user_id"]
    for page in pages:
        assert token not in page.text
        assert token not in page.headers.get("Location", "")


def test_signing_in_begins_a_session_of_its_own(cast: Cast, browse: Browse) -> None:
    """A session that somebody planted in the browser beforehand is worth nothing afterwards."""
    client = browse()
    client.get("/login")
    with client.session_transaction() as kept:
        kept["planted"] = "yes"
        before = kept.get("csrf_token")
    sign_in(client, cast.max)
    with client.session_transaction() as kept:
        assert "planted" not in kept
        assert kept.get("csrf_token") != before


@pytest.mark.parametrize("key", ["", "dev", "change me", "secret", "test", "x" * 32])
def test_a_cookie_signed_with_a_guessed_key_opens_nothing(cast: Cast, browse: Browse, app: Flask, key: str) -> None:
    client = browse(cast.ada)
    with client.session_transaction() as kept:
        stolen = dict(kept)
    forger = Flask("forger")
    forger.secret_key = key or "\0"
    serializer = SecureCookieSessionInterface().get_signing_serializer(forger)
    assert serializer is not None
    forged = browse()
    forged.set_cookie("certfolio", str(serializer.dumps(stolen)))
    assert not is_in(forged)


def test_a_cookie_with_one_letter_changed_opens_nothing(cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    value = cookie(client)
    for place in range(0, len(value), 7):
        tampered = value[:place] + ("A" if value[place] != "A" else "B") + value[place + 1 :]
        other = browse()
        other.set_cookie("certfolio", tampered)
        assert other.get("/account").status_code in (200, 302)
        if not value[:place].count("."):  # in what is signed, and not merely in how it is written
            assert not is_in(other)


def test_a_role_is_never_read_from_the_cookie(cast: Cast, browse: Browse) -> None:
    client = browse(cast.max)
    with client.session_transaction() as kept:
        kept.update(role="administrator", organization_id=cast.clinic.id, face="admin", member_id=cast.ada.id)
    assert client.get("/admin/").status_code == 403


# How long a session lasts


def test_a_session_that_is_not_used_ends(cast: Cast, browse: Browse) -> None:
    with clock.standing_at(NOON):
        client = browse(cast.max)
    with clock.standing_at(NOON + timedelta(minutes=719)):
        assert is_in(client)
    with clock.standing_at(NOON + timedelta(minutes=719 + 720)):
        assert is_in(client)
    with clock.standing_at(NOON + timedelta(minutes=719 + 720 + 721)):
        assert not is_in(client)


def test_a_session_ends_after_fourteen_days_however_busy(cast: Cast, browse: Browse) -> None:
    with clock.standing_at(NOON):
        client = browse(cast.max)
    for hours in range(0, 14 * 24, 11):
        with clock.standing_at(NOON + timedelta(hours=hours)):
            assert is_in(client)
    with clock.standing_at(NOON + timedelta(days=14)):
        assert not is_in(client)


def test_choosing_another_member_does_not_make_it_last_longer(cast: Cast, browse: Browse) -> None:
    with every_organization(), transaction():
        locked(Member, cast.other_max.id).account_id = cast.max.account_id
    with clock.standing_at(NOON):
        client = browse(cast.max)
    for hours in range(0, 14 * 24, 11):
        with clock.standing_at(NOON + timedelta(hours=hours)):
            member = cast.other_max if hours % 2 else cast.max
            assert client.post("/choose", data={"member": member.id}).status_code == 302
    with clock.standing_at(NOON + timedelta(days=14)):
        assert not is_in(client)


def test_use_is_noted_at_most_once_a_minute_and_never_fails_a_page(cast: Cast, browse: Browse, on: str) -> None:
    with clock.standing_at(NOON):
        client = browse(cast.max)
        is_in(client)
    with clock.standing_at(NOON + timedelta(seconds=59)):
        is_in(client)
    seen = sa.select(SignIn.last_seen_at)
    assert db.session.scalars(seen).one() == NOON
    with clock.standing_at(NOON + timedelta(seconds=61)):
        if on == "sqlite":
            with db.engine.connect().execution_options(writes=True) as busy:
                busy.execute(sa.text("SELECT 1"))
                assert is_in(client)  # while somebody else writes
            assert db.session.scalars(seen).one() == NOON
        is_in(client)
    db.session.rollback()
    assert db.session.scalars(seen).one() == NOON + timedelta(seconds=61)


# Being put out


def test_a_changed_password_kills_every_older_cookie_also_the_changers_own(cast: Cast, browse: Browse) -> None:
    client, elsewhere = browse(cast.max), browse(cast.max)
    old = cookie(client)
    client.post("/account/password", data={"current": PASSWORD, "password": NEW})
    assert is_in(client)
    assert not is_in(elsewhere)
    thief = browse()
    thief.set_cookie("certfolio", old)
    assert not is_in(thief)


def test_a_cookie_from_before_signing_out_is_dead(cast: Cast, browse: Browse) -> None:
    client = browse(cast.max)
    old = cookie(client)
    answer = client.post("/logout")
    assert answer.headers["Location"] == "/login"
    assert "cache" in answer.headers["Clear-Site-Data"]
    thief = browse()
    thief.set_cookie("certfolio", old)
    assert not is_in(thief)
    assert browse().post("/logout").status_code == 302  # nobody is there to sign out


def test_a_deactivated_member_is_out_at_the_next_request_and_stays_out(cast: Cast, browse: Browse) -> None:
    client = browse(cast.max)
    with transaction():
        locked(Member, cast.max.id).deactivated_at = clock.now()
    assert client.get("/portfolio/").headers["Location"].startswith("/login")
    assert client.post("/account/password", data={"current": PASSWORD, "password": NEW}).status_code == 302
    sign_in(client, cast.max)
    page = client.get("/portfolio/", follow_redirects=True)
    assert "does not open any organization" in page.text
    with every_organization():
        assert db.session.get_one(Account, cast.max.account_id).password_changed_at is None


def test_a_demoted_administrator_is_one_no_longer_at_the_next_request(cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    assert client.get("/admin/settings/").status_code == 200
    with transaction():
        locked(Member, cast.ada.id).role = "member"
    assert client.get("/admin/settings/").status_code == 403


def test_an_account_that_is_unlinked_from_its_member_is_out(cast: Cast, browse: Browse) -> None:
    client = browse(cast.max)
    with transaction():
        locked(Member, cast.max.id).account_id = None
    assert not is_in(client)


# Several members


def test_an_account_with_several_members_chooses_and_sees_one_organization(cast: Cast, browse: Browse) -> None:
    with every_organization(), transaction():
        locked(Member, cast.other_max.id).account_id = cast.max.account_id
    client = browse()
    sign_in(client, cast.max)
    assert client.get("/").headers["Location"] == "/choose"
    assert client.get("/portfolio/").headers["Location"] == "/choose"
    assert client.get("/admin/").status_code in (302, 403)
    page = client.get("/choose").text
    assert cast.fire.name.replace("&", "&amp;") in page
    assert cast.clinic.name in page
    before = cookie(client)
    client.post("/choose", data={"member": cast.other_max.id})
    assert cast.clinic.name in client.get("/portfolio/", follow_redirects=True).text
    thief = browse()
    thief.set_cookie("certfolio", before)
    assert not is_in(thief)


@pytest.mark.parametrize("member", ["", "x", "0", "-1", "9" * 30])
def test_a_choice_that_is_none_is_not_found(cast: Cast, browse: Browse, member: str) -> None:
    assert browse(cast.max).post("/choose", data={"member": member}).status_code == 404
    assert browse(cast.max).post("/choose", data={"member": str(cast.mia.id)}).status_code == 404


# Where signing in leads


def redirects() -> list[str]:
    own = [
        "//evil.example", "https://evil.example", "http:evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "//evil.example/%2e%2e", "///login", "//login", "/..//evil.example", "javascript:alert(1)",
        "/login@evil.example", "https:/evil.example", "/account\r\nSet-Cookie: x=y", "/account\0", "@evil.example",
        "/%2f%2fevil.example", "/.evil.example", "/ /evil.example", "/account//evil.example", "/no/such/page",
        "/logout", "/portfolio",
    ]  # fmt: skip
    folder = os.environ.get("CORPUS_DIR")
    if folder:
        lists = Path(folder) / "bad" / "lists"
        own += (lists / "openredirects.txt").read_text(errors="replace").splitlines()
        own += json.loads((lists / "redirect_targets_public.json").read_text())
        own += [
            line.replace("{target}", "evil.example")
            for line in (lists / "redirect-injection-template.txt").read_text(errors="replace").splitlines()
        ]
    return own


def test_signing_in_never_leads_elsewhere(cast: Cast, browse: Browse) -> None:
    for number, target in enumerate(redirects()):
        with clock.standing_at(NOON + timedelta(hours=number)):  # past the throttle
            client = browse()
            answer = client.post(
                "/login", query_string={"next": target}, data={"email": cast.max.email, "password": PASSWORD}
            )
        assert answer.status_code == 302, target
        assert answer.headers["Location"].partition("?")[0] == "/", target


@pytest.mark.parametrize("target", ["/account", "/portfolio/certifications?status=valid", "/admin/members/?q=%C3%A9"])
def test_signing_in_leads_to_the_page_that_was_asked_for(cast: Cast, browse: Browse, target: str) -> None:
    client = browse()
    asked = client.get(target)
    assert asked.headers["Location"].startswith("/login?next=")
    assert sign_in(client, cast.max, address=asked.headers["Location"]).headers["Location"] == target


def test_a_signed_in_person_does_not_sign_in_again(cast: Cast, browse: Browse) -> None:
    assert browse(cast.max).get("/login?next=//evil.example").headers["Location"] == "/"


@pytest.mark.parametrize("email", ["admin", "root", "admin@localhost", "admin@example.com", "admin@certfolio.example"])
def test_a_new_installation_lets_nobody_in(app: Flask, browse: Browse, email: str) -> None:
    with every_organization():
        assert not db.session.scalars(sa.select(Account)).all()
    for password in ("admin", "password", "root", "changeme", "", PASSWORD):
        page = browse().post("/login", data={"email": email, "password": password})
        assert page.status_code in (401, 422)


# Forms


def test_what_is_missing_is_said_beside_its_field(cast: Cast, browse: Browse) -> None:
    page = browse().post("/login", data={"email": "", "password": ""})
    assert page.status_code == 422
    assert "Enter your e-mail address." in page.text
    assert "Enter your password." in page.text


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("nul\0@example.org", "x"),
        ("a@example.org", "nul\0byte"),
        ("é" * 200, "x"),
        ("x" * 255, "x"),
        ("%00", "x" * 1025),
    ],
)
def test_odd_input_is_refused_in_words(cast: Cast, browse: Browse, email: str, password: str) -> None:
    assert browse().post("/login", data={"email": email, "password": password}).status_code == 422


@pytest.mark.parametrize("size", [100_000, 1_000_000, 3_000_000])
def test_a_huge_password_is_refused_quickly(cast: Cast, browse: Browse, size: int) -> None:
    client = browse(cast.max)
    began = clock.now()
    data = {"current": PASSWORD, "password": "x" * size}
    assert client.post("/account/password", data=data).status_code == (413 if size > 500_000 else 422)
    assert browse().post("/login", data={"email": "a@example.org", "password": "x" * size}).status_code in (413, 422)
    assert clock.now() - began < timedelta(seconds=5)


def test_a_throttled_sign_in_says_when_to_come_back(cast: Cast, browse: Browse) -> None:
    client = browse()
    for _ in range(10):
        assert sign_in(client, cast.max, "wrong").status_code == 422
    answer = sign_in(client, cast.max)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 901
    assert "Too many attempts" in answer.text


def test_password_fields_work_with_password_managers(cast: Cast, browse: Browse) -> None:
    page = browse().get("/login").text
    assert 'type="password"' in page
    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="username"' in page
    account = browse(cast.max).get("/account").text
    assert 'autocomplete="new-password"' in account
    assert "onpaste" not in page + account


# Links from mails


def invite(cast: Cast, email: str = "new.person@example.org") -> str:
    with transaction() as session:
        member = Member(given_name="New", family_name="Person", email=email, created_at=clock.now())
        session.add(member)
    return invitations.invite(member, by=cast.actor(cast.ada))


def test_an_invitation_leads_into_the_portal_and_works_once(cast: Cast, browse: Browse) -> None:
    path, client = invite(cast), browse()
    page = client.get(path)
    assert page.status_code == 200
    assert "New Person" in page.text
    answer = client.post(path, data={"password": NEW})
    assert answer.headers["Location"] == "/"
    assert client.get_cookie("known_browser") is not None
    assert is_in(client)
    assert browse().get(path).status_code == 404
    assert browse().post(path, data={"password": NEW}).status_code == 404


def test_a_weak_password_is_said_beside_its_field(cast: Cast, browse: Browse) -> None:
    path = invite(cast)
    page = browse().post(path, data={"password": "passwordpassword"})
    assert page.status_code == 422
    assert "easy to guess" in page.text
    assert "at least 12" in browse().post(path, data={"password": "short"}).text


def test_accepting_ends_the_session_that_was_open_in_the_browser(cast: Cast, browse: Browse) -> None:
    client = browse(cast.max)
    old = cookie(client)
    client.post(invite(cast), data={"password": NEW})
    thief = browse()
    thief.set_cookie("certfolio", old)
    assert not is_in(thief)


def test_an_invitation_of_a_known_address_shows_the_same_page(cast: Cast, browse: Browse) -> None:
    with every_organization():
        known = db.session.get_one(Account, cast.other_max.account_id).email
    shown = []
    for email in (known, "new.person@example.org"):
        path = invite(cast, email)
        shown.append(_without_noise(browse().get(path).text, path, email))
    assert shown[0] == shown[1]


def _without_noise(page: str, *words: str) -> str:
    import re

    for word in words:
        page = page.replace(word, "")
    return re.sub(r'(nonce|value)="[^"]*"', "", page)


def test_a_forgotten_password_is_set_anew(cast: Cast, browse: Browse) -> None:
    client = browse()
    known = client.post("/reset", data={"email": cast.max.email})
    unknown = client.post("/reset", data={"email": "nobody@example.org"})
    assert known.status_code == unknown.status_code == 200
    assert _without_noise(known.text, cast.max.email or "") == _without_noise(unknown.text, "nobody@example.org")
    path = link(MessageKind.PASSWORD_RESET)
    assert cast.max.email in client.get(path).text
    assert client.post(path, data={"password": NEW}).headers["Location"] == "/login"
    assert not is_in(client)  # nobody is signed in by a link alone
    assert client.get_cookie("known_browser") is not None
    sign_in(client, cast.max, NEW)
    assert is_in(client)
    assert client.get(path).status_code == 404


def test_links_lead_to_the_public_address_whatever_the_host_header_says(cast: Cast, browse: Browse) -> None:
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}):
        browse().post("/reset", data={"email": cast.max.email}, headers=headers)
    for message in messages(MessageKind.PASSWORD_RESET):
        assert "evil" not in json.dumps(message.facts)
        assert message.facts["path"].startswith("/reset/")
    answer = browse().get("/account", headers={"Host": "evil.example"})
    assert answer.headers["Location"].startswith("/login")


def test_opening_a_link_changes_nothing_until_its_button_is_pressed(cast: Cast, browse: Browse) -> None:
    client = browse(cast.max)
    client.post("/account/email", data={"email": "max@new.example", "current": PASSWORD})
    for kind in (MessageKind.OLD_EMAIL_CONFIRMATION, MessageKind.NEW_EMAIL_CONFIRMATION):
        for _ in range(2):
            assert browse().get(link(kind)).status_code == 200
    assert "open the link" in browse().post(link(MessageKind.OLD_EMAIL_CONFIRMATION)).text
    assert "is changed" in browse().post(link(MessageKind.NEW_EMAIL_CONFIRMATION)).text
    assert not is_in(client)


def test_an_address_that_is_taken_reads_like_any_other(cast: Cast, browse: Browse) -> None:
    answers = []
    for address in (cast.mia.email, "max@new.example"):
        client = browse(cast.max)
        answers.append(
            client.post("/account/email", data={"email": address, "current": PASSWORD}, follow_redirects=True)
        )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all("We sent a link to both addresses" in answer.text for answer in answers)


@pytest.mark.parametrize("path", ["/invitation/x", "/reset/x", "/email/old/x", "/email/new/x"])
def test_a_made_up_link_is_not_found_for_reading_and_for_using(cast: Cast, browse: Browse, path: str) -> None:
    assert browse().get(path).status_code == 404
    assert browse().post(path, data={"password": NEW}).status_code == 404


def test_no_secret_of_a_link_is_written_into_the_audit_trail(cast: Cast, browse: Browse) -> None:
    path = invite(cast)
    client = browse(cast.ada)
    client.post(path, csrf=False, data={"password": NEW})
    for _ in range(11):
        client.post(path, data={"password": "wrong wrong wrong"})
    client.get("/reset/" + path.rpartition("/")[2])
    db.session.rollback()
    refused = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.REFUSED)).all()
    assert refused
    assert not any(path.rpartition("/")[2] in json.dumps(event.detail.after) for event in refused)


# The account's own page


def test_a_person_ends_another_session_and_then_all(cast: Cast, browse: Browse) -> None:
    client, other, third = (browse(cast.max) for _ in range(3))
    sessions = list(db.session.scalars(sa.select(SignIn.id).order_by(SignIn.id)))
    assert client.post("/account/sessions", data={"session": "all"}).status_code == 404
    client.post("/account/sessions", data={"session": sessions[1]})
    assert (is_in(client), is_in(other), is_in(third)) == (True, False, True)
    client.post("/account/sessions")
    assert (is_in(client), is_in(third)) == (False, False)


@pytest.mark.parametrize("address", ["/account/password", "/account/email"])
def test_the_current_password_is_asked_for(cast: Cast, browse: Browse, address: str) -> None:
    page = browse(cast.max).post(address, data={"current": "wrong", "password": NEW, "email": "max@new.example"})
    assert page.status_code == 422
    assert "not your current password" in page.text
    for data in ({"password": NEW, "email": "max@new.example"}, {"current": PASSWORD}):
        assert browse(cast.max).post(address, data=data).status_code == 422


def test_every_page_for_the_signed_in_offers_to_sign_out(cast: Cast, browse: Browse) -> None:
    for path in ("/account", "/portfolio/certifications", "/admin/", "/admin/settings/", "/no-such-page"):
        assert 'action="/logout"' in browse(cast.ada).get(path, follow_redirects=True).text
