"""Sessions under attack: fixation, old cookies, forms from before, several processes, and what refusals cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock, passwords
from records.database import db, every_organization, locked, transaction
from records.models import Account, AuditEvent, Certification, ExternalCertificate, Member, Message, MessageKind
from records.services import accounts, invitations
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.conftest import make_app
from tests.factors import account_of, set_up
from tests.outbox import link

Browse = Callable[..., SignedClient]
NEW = "a wholly different long phrase"


def cookie(client: SignedClient) -> str:
    found = client.get_cookie("certfolio")
    return found.value if found else ""


def with_cookie(browse: Browse, value: str) -> SignedClient:
    client = browse()
    client.set_cookie("certfolio", value)
    return client


def sign_in(client: SignedClient, member: Member, password: str = PASSWORD) -> Any:
    return client.post("/login", data={"email": member.email, "password": password})


def test_a_cookie_that_an_attacker_planted_opens_nothing_to_them_afterwards(cast: Cast, browse: Browse) -> None:
    attacker = browse()
    attacker.get("/login")
    planted = cookie(attacker)
    victim = with_cookie(browse, planted)
    assert sign_in(victim, cast.max).status_code == 302
    assert cookie(victim) != planted
    assert with_cookie(browse, planted).get("/account").status_code == 302
    assert attacker.get("/account").status_code == 302


def test_a_signed_in_cookie_that_was_planted_does_not_swallow_the_victims_password(cast: Cast, browse: Browse) -> None:
    """In a browser that is signed in as the attacker, nobody is asked for a password at all."""
    attacker = browse(cast.mia)
    victim = with_cookie(browse, cookie(attacker))
    assert victim.get("/login").headers["Location"] == "/"
    sign_in(victim, cast.max)
    assert cast.mia.email in victim.get("/account").text


@pytest.mark.parametrize(
    "act", ["sign out", "password", "all sessions", "second factor", "log in as", "return", "choose"]
)
def test_every_copy_of_the_cookie_dies_with(cast: Cast, browse: Browse, act: str) -> None:
    client, copies = browse(cast.ada), []
    if act == "return":
        client.log_in_as(cast.max)
    copies.append(cookie(client))
    client.get("/portfolio/")
    copies.append(cookie(client))
    {
        "sign out": lambda: client.post("/logout"),
        "password": lambda: client.post("/account/password", data={"current": PASSWORD, "password": NEW}),
        "all sessions": lambda: client.post("/account/sessions"),
        "second factor": lambda: set_up(cast.ada),
        "log in as": lambda: client.log_in_as(cast.max),
        "return": lambda: client.post("/return"),
        "choose": lambda: client.post("/choose", data={"member": cast.ada.id}),
    }[act]()
    for copy in copies:
        assert with_cookie(browse, copy).get("/portfolio/").headers["Location"].startswith("/login")


def test_being_logged_in_as_somebody_ends_with_the_administrators_password(cast: Cast, browse: Browse) -> None:
    client, elsewhere = browse(cast.ada), browse(cast.ada)
    client.log_in_as(cast.max)
    assert client.get("/portfolio/").status_code == 200
    elsewhere.post("/account/password", data={"current": PASSWORD, "password": NEW})
    assert client.get("/portfolio/").headers["Location"].startswith("/login")
    assert client.post("/return").headers["Location"].startswith("/login")


def records() -> tuple[int, ...]:
    db.session.rollback()
    tables = (Certification, ExternalCertificate, Message)
    return tuple(db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables)


def test_forms_opened_as_the_member_are_refused_after_the_return_and_the_other_way_round(
    cast: Cast, browse: Browse
) -> None:
    """Their token belongs to the session in which they were opened."""
    client = browse(cast.ada)
    own = client.csrf_token()
    client.log_in_as(cast.max)
    theirs, before = client.csrf_token(), records()
    late = client.post("/portfolio/messages/mail", csrf=False, data={"csrf_token": own})
    client.post("/return")
    later = client.post("/portfolio/messages/mail", csrf=False, data={"csrf_token": theirs})
    submitted = client.post(
        "/portfolio/certificates/new", csrf=False, data={"csrf_token": theirs, "title": "Ladders", "credits": "2"}
    )
    assert [answer.status_code for answer in (late, later, submitted)] == [400, 400, 400]
    assert "Ladders" in submitted.text  # what was typed is shown, to copy
    assert records() == before


def test_a_form_of_one_person_is_refused_to_the_next_in_the_same_browser(cast: Cast, browse: Browse) -> None:
    client = browse(cast.mia)
    old = client.csrf_token()
    client.post("/logout")
    sign_in(client, cast.max)
    assert client.post("/account/sessions", csrf=False, data={"csrf_token": old}).status_code == 400


def test_two_applications_on_one_database_throttle_together_and_let_the_owners_browser_in(
    app: Flask, cast: Cast, browse: Browse, on: str
) -> None:
    settings = {} if on == "sqlite" else {"database_url": db.engine.url.render_as_string(hide_password=False)}
    other = make_app(Path(app.config["DATA_DIR"]), **settings)
    known = browse()
    sign_in(known, cast.max)
    known.post("/logout")
    with clock.standing_at(clock.now()):
        for _ in range(5):
            assert sign_in(browse(), cast.max, "wrong").status_code == 422
            assert sign_in(SignedClient(other), cast.max, "wrong").status_code == 422
        for attacker in (browse(), SignedClient(other)):
            assert sign_in(attacker, cast.max).status_code == 429
        browser = known.get_cookie("known_browser")
        assert browser is not None
        elsewhere = SignedClient(other)
        elsewhere.set_cookie("known_browser", browser.value)
        assert sign_in(elsewhere, cast.max).status_code == 302
        assert sign_in(known, cast.max).status_code == 302
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


def _invited(cast: Cast) -> str:
    with transaction() as session:
        member = Member(given_name="New", family_name="Person", email="new@example.org", created_at=clock.now())
        session.add(member)
    invitations.invite(member, by=cast.actor(cast.ada))
    return "new@example.org"


def test_whoever_is_refused_is_refused_alike_and_at_the_same_cost(
    cast: Cast, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known, unknown, deactivated, invited without a password, with a second factor: one hash and one event each."""
    with transaction():
        locked(Member, cast.mia.id).deactivated_at = clock.now()
    set_up(cast.una)
    people = [cast.max.email, "nobody@example.org", cast.mia.email, _invited(cast), cast.una.email]
    hashed: list[str] = []
    hasher = passwords._hasher

    class Counting:
        def verify(self, password_hash: str, password: str) -> bool:
            hashed.append(password_hash)
            return hasher.verify(password_hash, password)

        def __getattr__(self, name: str) -> object:
            return getattr(hasher, name)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    seen = set()
    for email in people:
        before, events = len(hashed), db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) or 0
        page = browse().post("/login", data={"email": email, "password": "wrong wrong wrong"})
        db.session.rollback()
        noted = (db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) or 0) - events
        said = page.text.partition("<main")[2].count("do not belong together")
        seen.add((page.status_code, len(hashed) - before, noted, said, tuple(sorted(page.headers.keys()))))
    assert len(seen) == 1, seen
    assert {parts.rsplit("$", 2)[0] for parts in hashed} == {hashed[0].rsplit("$", 2)[0]}


def test_a_reset_link_is_dead_once_it_was_used_and_after_another_change_of_the_password(
    cast: Cast, browse: Browse
) -> None:
    client = browse(cast.max)
    browse().post("/reset", data={"email": cast.max.email})
    first = link(MessageKind.PASSWORD_RESET)
    client.post("/account/password", data={"current": PASSWORD, "password": NEW})
    assert browse().get(first).status_code == 404
    browse().post("/reset", data={"email": cast.max.email})
    second = link(MessageKind.PASSWORD_RESET)
    assert browse().post(second, data={"password": "seven purple lanterns drift"}).status_code == 302
    assert browse().post(second, data={"password": "eight yellow lanterns drift"}).status_code == 404


@pytest.mark.parametrize(
    "password", ["LakesideFireRescue", "MaxMiller2026!", "max.miller@lakeside.example", "Password1234"]
)
def test_names_of_the_person_and_of_their_organization_make_no_password(
    cast: Cast, browse: Browse, password: str
) -> None:
    page = browse(cast.max).post("/account/password", data={"current": PASSWORD, "password": password})
    assert page.status_code == 422
    assert "easy to guess" in page.text
    browse().post("/reset", data={"email": cast.max.email})
    path = link(MessageKind.PASSWORD_RESET)
    assert browse().post(path, data={"password": password}).status_code == 422
    assert account_of(cast.max).password_changed_at is None


def test_an_invitations_password_is_not_the_name_of_who_joins_or_of_what(cast: Cast, browse: Browse) -> None:
    _invited(cast)
    path = link(MessageKind.INVITATION)
    for password in ("LakesideFireRescue", "NewPerson2026!"):
        assert browse().post(path, data={"password": password}).status_code == 422
    assert browse().post(path, data={"password": NEW}).status_code == 302
    with every_organization():
        assert db.session.scalars(sa.select(Account).where(Account.email == "new@example.org")).one().password_hash


def test_an_account_lists_each_of_its_sessions_and_ends_any(cast: Cast, browse: Browse) -> None:
    clients = [browse(cast.max) for _ in range(3)]
    page = clients[0].get("/account").text
    assert page.count("Sign out there") == 2
    assert page.count("Sign out here") == 1
    ids = sorted(
        (row.id for row, _member in accounts.open_sessions(account_of(cast.max), by=cast.actor(cast.max))), reverse=True
    )
    for session_id in ids:  # its own, the oldest, at last
        clients[0].post("/account/sessions", data={"session": session_id})
    assert [client.get("/account").status_code for client in clients] == [302] * 3
