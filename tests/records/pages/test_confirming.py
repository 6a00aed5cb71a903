"""A fresh password before anything grave: what is grave, and that nothing typed is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock, signin
from records.database import db, every_organization, locked, transaction
from records.models import Base, Member, Role, SignIn
from records.services import member_merges
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.factors import set_up
from tests.forms import filled, read

Browse = Callable[..., SignedClient]
Sent = dict[str, Any]
ASKS = "Confirm that it is you"


def _settings(cast: Cast) -> Sent:
    return {"version": cast.fire.version, "name": cast.fire.name, "time_zone": "America/Chicago", "largest_file": "25",
            "retention_days": "10", "retention_in": "years", "tracks_certifications": "y",
            "takes_external_certificates": "y", "reminds_at": "07:00", "digest_weekday": "0"}  # fmt: skip


def _profile(**fields: str) -> Callable[[Cast, SignedClient], Sent]:
    """The page as it stands, with these fields typed."""

    def sent(cast: Cast, client: SignedClient) -> Sent:
        path = f"/admin/members/{cast.max.id}"
        return filled(read(client.get(path).text), action=path) | fields

    return sent


def _merge(cast: Cast, _client: SignedClient) -> Sent:
    return {"seen": member_merges.seen_of(cast.una, cast.mia)}


def _undo(cast: Cast, _client: SignedClient) -> Sent:
    from tests.merging import merged

    with transaction() as session:
        twins = [Member(given_name="Tom", family_name="Twin", created_at=clock.now()) for _ in range(2)]
        session.add_all(twins)
    merged(*twins, by=cast.actor(cast.ada))
    return {}


def _erase(cast: Cast, _client: SignedClient) -> Sent:
    with transaction():
        una = locked(Member, cast.una.id)
        una.deactivated_at = clock.now()
    return {"reason": "asked", "confirmed": una.name}


def _second_factor(cast: Cast, _client: SignedClient) -> Sent:
    set_up(cast.max)
    return {}


def _nothing(_cast: Cast, _client: SignedClient) -> Sent:
    return {}


# Every address of which something is grave, and what of it is. The ids are of the cast, or the first of their kind.
GRAVE: dict[str, tuple[str, Callable[[Cast, SignedClient], Sent]]] = {
    "a role in the profile": ("/admin/members/{max}", _profile(role=Role.ADMINISTRATOR)),
    "a scope in the profile": (
        "/admin/members/{max}", _profile(role=Role.TRAINING_COORDINATOR, covers_organization="y")),
    "a new administrator": ("/admin/members/new", lambda _cast, _client: {
        "family_name": "Newcomer", "email": "new@example.org", "role": Role.ADMINISTRATOR}),
    "deactivating a member": ("/admin/members/{max}/deactivate", _nothing),
    "deactivating many": ("/admin/members/several", lambda cast, _client: {
        "do": "deactivate", "chosen": [cast.max.id, cast.mia.id]}),
    "a link that sets a password": ("/admin/members/{max}/reset", _nothing),
    "resetting a second factor": ("/admin/members/{max}/reset-second-factor", _second_factor),
    "granting reviewing": ("/admin/settings/reviewers", lambda cast, _client: {
        "reviewer": cast.carl.id, "shown": cast.carl.id}),
    "requiring a second factor": ("/admin/settings/", lambda cast, _client: _settings(cast) | {
        "requires_second_factor": "y"}),
    "the provider of single sign-on": ("/admin/settings/sign-on", lambda _cast, _client: {
        "address": "lakeside", "issuer": "https://login.example.org", "client_id": "certfolio", "secret": "kept apart",
        "button": "Lakeside", "version": "0"}),
    "merging": ("/admin/members/{una}/merge/{mia}", _merge),
    "erasing": ("/admin/members/{una}/erase", _erase),
    "all data of a member": ("/admin/members/{max}/data", _nothing),
    "undoing a merge": ("/admin/merges/1/undo", _undo),
}  # fmt: skip
# Of the same addresses, what is not.
NOT_GRAVE: dict[str, tuple[str, Callable[[Cast, SignedClient], Sent]]] = {
    "a name in the profile": ("/admin/members/{max}", _profile(family_name="Mills")),
    "a new member": ("/admin/members/new", lambda _cast, _client: {"family_name": "Newcomer", "role": Role.MEMBER}),
    "inviting many": ("/admin/members/several", lambda cast, _client: {"do": "invite", "chosen": [cast.max.id]}),
    "the largest file": ("/admin/settings/", lambda cast, _client: _settings(cast) | {"largest_file": "30"}),
    "reviewers as they are": ("/admin/settings/reviewers", lambda cast, _client: {"shown": cast.carl.id}),
    "ending all sessions of a member": ("/admin/members/{max}/end-sessions", _nothing),
    "reactivating": ("/admin/members/{max}/reactivate", _nothing),
}


def contents() -> dict[str, str]:
    """Every row that means something: not who was seen last, nor the sessions themselves and their throttle."""
    db.session.rollback()
    left_out = ("sign_in", "throttle_count", "audit_event", "audit_detail")
    with db.engine.connect() as connection:
        return {
            table.name: repr([
                {name: value for name, value in row._mapping.items() if name != "last_seen_at"}
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ])
            for table in Base.metadata.sorted_tables
            if table.name not in left_out
        }  # fmt: skip


def path_of(address: str, cast: Cast) -> str:
    return address.format(max=cast.max.id, mia=cast.mia.id, una=cast.una.id)


def held_in(page: str) -> Sent:
    """What the page that asks would send again, as a browser does; not the password and code that it asks for."""
    asked = ("confirm-password", "confirm-code")
    return {name: values for name, values in filled(read(page), novalidate="").items() if name not in asked}


@pytest.mark.parametrize("what", GRAVE)
def test_what_is_grave_asks_for_the_password_once_it_is_old_and_then_goes_on(
    cast: Cast, browse: Browse, what: str
) -> None:
    address, sends = GRAVE[what]
    path, client = path_of(address, cast), browse(cast.ada)
    sent = sends(cast, client)
    before = contents()
    with clock.standing_at(clock.now() + timedelta(minutes=15, seconds=5)):
        asked = client.post(path, data=dict(sent))
        assert asked.status_code == 401
        assert ASKS in asked.text
        assert contents() == before
        held = held_in(asked.text)
        wrong = client.post(path, data=held | {"confirm-password": "a guess"})
        assert (wrong.status_code, contents()) == (422, before)
        assert {k: v for k, v in held_in(wrong.text).items() if k != "csrf_token"} == {
            k: v for k, v in held.items() if k != "csrf_token"}  # fmt: skip
        done = client.post(path, data=held | {"confirm-password": PASSWORD})
        assert done.status_code in (200, 302)
        assert ASKS.encode() not in done.data
        done.close()
    assert contents() != before or done.mimetype == "application/zip"


@pytest.mark.parametrize("what", GRAVE)
def test_within_a_quarter_of_an_hour_nothing_asks(cast: Cast, browse: Browse, what: str) -> None:
    address, sends = GRAVE[what]
    path, client = path_of(address, cast), browse(cast.ada)
    sent = sends(cast, client)
    with clock.standing_at(clock.now() + timedelta(minutes=14, seconds=30)):
        done = client.post(path, data=sent)
    assert done.status_code in (200, 302)
    assert ASKS.encode() not in done.data
    done.close()


@pytest.mark.parametrize("what", NOT_GRAVE)
def test_what_is_not_grave_never_asks(cast: Cast, browse: Browse, what: str) -> None:
    address, sends = NOT_GRAVE[what]
    path, client = path_of(address, cast), browse(cast.ada)
    sent = sends(cast, client)
    with clock.standing_at(clock.now() + timedelta(hours=2)):
        done = client.post(path, data=sent)
    assert done.status_code in (200, 302)
    assert ASKS.encode() not in done.data


def test_every_verb_that_asks_for_a_fresh_password_has_its_row(app: Flask) -> None:
    """By the sources: a new one is tried above, too."""
    from pathlib import Path

    import records.services

    folder = Path(records.services.__file__).parent
    asking = {path.stem: path.read_text().count("require_fresh_password()") for path in folder.glob("*.py")}
    assert {name: times for name, times in asking.items() if times} == {
        "member_steps": 2, "members": 2, "member_merges": 2, "organizations": 1, "reviewers": 1, "second_factors": 1,
        "sign_ons": 1, "erasing": 1, "personal_data": 1,
    }  # fmt: skip


def test_a_long_form_comes_through_as_it_was_typed(cast: Cast, browse: Browse) -> None:
    """Also what looks like markup, and several values of one name."""
    client, note = browse(cast.ada), '<b>"Ümlaut" & more</b>\nsecond line'
    sent = {"do": "deactivate", "chosen": [cast.max.id, cast.mia.id], "note": note}
    with clock.standing_at(clock.now() + timedelta(hours=1)):
        page = client.post(
            "/admin/members/several?search=m", data=sent, headers={"Referer": "http://localhost/admin/members/"}
        )
    held = held_in(page.text)
    assert held["chosen"] == [str(cast.max.id), str(cast.mia.id)]
    assert held["note"] == [note]
    assert held["confirm-back"] == ["/admin/members/"]
    assert 'href="/admin/members/"' in page.text


def test_the_way_back_leads_nowhere_else(cast: Cast, browse: Browse) -> None:
    sent = {"confirm-back": "https://evil.example/", "confirm-password": "a guess"}
    with clock.standing_at(clock.now() + timedelta(hours=1)):
        page = browse(cast.ada).post(f"/admin/members/{cast.max.id}/deactivate", data=sent)
    assert "evil.example" not in page.text


def test_confirming_exchanges_the_token_and_keeps_the_session_and_its_forms(cast: Cast, browse: Browse) -> None:
    client, path = browse(cast.ada), f"/admin/members/{cast.max.id}/deactivate"
    row = db.session.scalars(sa.select(SignIn)).one()
    digest, ends = row.token_digest, row.expires_at
    token, old = client.csrf_token(), client.get_cookie("certfolio")
    with clock.standing_at(clock.now() + timedelta(hours=1)):
        client.post(path, data={"confirm-password": PASSWORD})
        thief = browse()
        thief.set_cookie("certfolio", old.value if old else "")
        assert thief.get("/account").status_code == 302
        assert client.get("/account").status_code == 200
        again = client.post("/account/language", csrf=False, data={"csrf_token": token, "language": "en"})
        assert again.status_code == 302  # a form that was open in another tab
    db.session.rollback()
    row = db.session.scalars(sa.select(SignIn)).one()
    assert row.token_digest != digest
    assert row.expires_at == ends


def test_the_code_is_asked_for_too_where_a_second_factor_is_on(cast: Cast, browse: Browse) -> None:
    device, client = set_up(cast.ada), browse(cast.ada)
    path = f"/admin/members/{cast.max.id}/deactivate"
    with clock.standing_at(clock.now() + timedelta(hours=1)):
        assert "Code of your second factor" in client.post(path).text
        for code in ("", device.wrong()):
            page = client.post(path, data={"confirm-password": PASSWORD, "confirm-code": code})
            assert page.status_code == 422
        db.session.rollback()
        assert db.session.get_one(Member, cast.max.id).is_active
        done = client.post(path, data={"confirm-password": PASSWORD, "confirm-code": device.code()})
    assert done.status_code == 302
    db.session.rollback()
    assert not db.session.get_one(Member, cast.max.id).is_active


def test_guesses_are_counted(cast: Cast, browse: Browse) -> None:
    client, path = browse(cast.ada), f"/admin/members/{cast.max.id}/deactivate"
    with clock.standing_at(clock.now() + timedelta(hours=1)):
        for _ in range(10):
            assert client.post(path, data={"confirm-password": "a guess"}).status_code == 422
        assert client.post(path, data={"confirm-password": PASSWORD}).status_code == 429
    db.session.rollback()
    assert db.session.get_one(Member, cast.max.id).is_active


def test_a_forged_confirmation_is_refused(cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    page = client.post(f"/admin/members/{cast.max.id}/deactivate", csrf=False, data={"confirm-password": PASSWORD})
    assert page.status_code == 400


def test_another_persons_password_confirms_nothing(cast: Cast, browse: Browse) -> None:
    from records import passwords
    from records.models import Account

    with every_organization(), transaction():
        locked(Account, cast.max.account_id or 0).password_hash = passwords.hashed("the member's own")
    with clock.standing_at(clock.now() + timedelta(hours=1)):
        page = browse(cast.ada).post(
            f"/admin/members/{cast.max.id}/deactivate", data={"confirm-password": "the member's own"}
        )
    assert page.status_code == 422


def test_choosing_another_organization_and_coming_back_make_nothing_fresher(cast: Cast, browse: Browse) -> None:
    with every_organization(), transaction():
        other = locked(Member, cast.other_max.id)
        other.account_id = cast.ada.account_id
    now, client = clock.now(), browse(cast.ada)
    with clock.standing_at(now + timedelta(minutes=20)):
        client.post("/choose", data={"member": cast.other_max.id})
        client.post("/choose", data={"member": cast.ada.id})
        assert client.post(f"/admin/members/{cast.mia.id}/deactivate").status_code == 401
        client.log_in_as(cast.max)  # with the password, so what follows is fresh
    with clock.standing_at(now + timedelta(minutes=30)):
        client.post("/return")
        assert client.post(f"/admin/members/{cast.mia.id}/deactivate").status_code == 302
    with clock.standing_at(now + timedelta(minutes=36)):
        assert client.post(f"/admin/members/{cast.una.id}/deactivate").status_code == 401


def test_what_asks_for_the_password_itself_does_not_ask_twice(cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    with clock.standing_at(clock.now() + timedelta(hours=3)):
        assert client.log_in_as(cast.max).headers["Location"] == "/portfolio/"
        client.post("/return")
        for address in ("/account/password", "/account/email", "/account/second-factor/begin"):
            sent = {"current": PASSWORD, "password": "a wholly different long phrase", "email": "ada@new.example"}
            page = client.post(address, data=sent | ({} if "begin" not in address else {"current": sent["password"]}))
            assert ASKS not in page.text, address


def test_a_script_is_told_in_words(cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    with clock.standing_at(clock.now() + timedelta(hours=1)):
        answer = client.post(f"/admin/members/{cast.max.id}/deactivate", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert "confirm your password" in answer.json["error"]


def test_the_actor_of_a_request_knows_whether_the_password_is_old(app: Flask, cast: Cast, browse: Browse) -> None:
    client = browse(cast.ada)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    for minutes, old in ((14, False), (16, True)):
        with clock.standing_at(clock.now() + timedelta(minutes=minutes)):
            assert signin._actor_of(signin._load(token)).password_is_old is old
