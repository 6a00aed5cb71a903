"""What administrators do with members."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select

from records import clock
from records.database import db, every_organization, found, locked, organization_scope, transaction
from records.errors import (
    Deactivated,
    InvalidInput,
    LastAdministrator,
    LinkSpent,
    NoAccount,
    NotAllowed,
    NotFound,
    OwnMembership,
)
from records.models import Account, Actor, AuditEvent, AuditKind, LinkPurpose, Member, Message, Role, SignIn
from records.queries.positions import positions_of
from records.services import invitations, member_steps, members
from records.services.members import Access, Identity
from records.services.outbox import peek
from tests.requirements import position

JANE = Identity("Jane", "Doe", "", "J-1", "jane.doe@lakeside.example", date(2026, 1, 2))


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def _kinds():
    return list(db.session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)))


def _fresh(member):
    return db.session.get(Member, member.id)


# Creating


def test_a_member_is_created_with_one_event(cast, ada):
    member = members.create(JANE, Access(Role.TRAINING_COORDINATOR, False, frozenset({cast.north.id})), by=ada)
    assert (member.name, member.role, member.organization_id) == ("Jane Doe", "training_coordinator", cast.fire.id)
    event = db.session.scalars(select(AuditEvent)).one()
    assert event.kind == AuditKind.MEMBER_CREATED
    assert event.detail.after["scope_unit_ids"] == [cast.north.id]


def test_errors_of_identity_and_access_come_together(cast, ada):
    with pytest.raises(InvalidInput) as caught:
        members.create(Identity(number="1004"), Access("king"), by=ada)
    assert set(caught.value.errors) == {"family_name", "number", "role"}
    assert db.session.scalar(select(AuditEvent.id)) is None


def test_a_member_can_be_created_and_invited_at_once(cast, ada):
    member, path = members.create_and_invite(JANE, Access(), by=ada)
    assert path.startswith("/invitation/")
    assert member.invited_at is not None
    assert _kinds() == [AuditKind.MEMBER_CREATED, AuditKind.MEMBER_INVITED]
    with every_organization():
        assert db.session.scalars(select(Message)).one().to_address == JANE.email


def test_inviting_needs_an_address_and_saves_nothing_by_halves(cast, ada):
    with pytest.raises(InvalidInput) as caught:
        members.create_and_invite(Identity("Jane", "Doe"), Access(), by=ada)
    assert set(caught.value.errors) == {"email"}
    assert db.session.scalar(select(Member.id).where(Member.family_name == "Doe")) is None


def test_a_known_address_reads_exactly_like_a_new_one(cast, ada):
    with organization_scope(cast.clinic.id):
        known, path = members.create_and_invite(
            Identity("Max", "Again", email=cast.max.email), Access(), by=cast.actor(cast.ken)
        )
        assert path.startswith("/invitation/")
        assert known.account_id is None, "it is linked only once its owner accepts"


# Deactivating and coming back


def test_deactivation_ends_sessions_and_invitations(cast, browse, ada):
    client = browse(cast.max)
    path = invitations.invite(cast.max, by=ada)
    members.deactivate(cast.max, by=ada)
    assert not _fresh(cast.max).is_active
    assert client.get("/account").status_code == 302
    with pytest.raises(LinkSpent):
        peek(path.rsplit("/", 1)[1], LinkPurpose.INVITATION)
    members.deactivate(cast.max, by=ada)
    assert _kinds() == [AuditKind.MEMBER_INVITED, AuditKind.MEMBER_DEACTIVATED], "twice is once"


def test_a_reactivated_member_keeps_role_scope_and_account(cast, ada):
    members.deactivate(cast.nora, by=ada)
    members.reactivate(found(Member, cast.nora.id), by=ada)
    members.reactivate(found(Member, cast.nora.id), by=ada)
    nora = _fresh(cast.nora)
    assert (nora.is_active, nora.role, len(nora.scope_units)) == (True, Role.TRAINING_COORDINATOR, 1)
    assert nora.account_id is not None
    assert _kinds() == [AuditKind.MEMBER_DEACTIVATED, AuditKind.MEMBER_REACTIVATED]


def test_nobody_deactivates_themselves(cast, ada):
    with pytest.raises(OwnMembership):
        members.deactivate(cast.ada, by=ada)


def test_the_last_administrator_cannot_be_deactivated(cast):
    with pytest.raises(LastAdministrator):
        members.deactivate(cast.ada, by=Actor.command("test", cast.fire.id))


# Resetting


def test_a_reset_link_of_an_account_of_one_organization_is_mailed_and_returned(cast, ada):
    path = members.send_reset_link(cast.max, by=ada)
    assert path is not None
    with every_organization():
        message = db.session.scalars(select(Message)).one()
    assert (message.to_address, message.facts["path"]) == (cast.max.account.email, path)
    assert peek(path.rsplit("/", 1)[1], LinkPurpose.PASSWORD_RESET).account_id == cast.max.account_id


def test_a_reset_link_goes_to_the_sign_in_address_not_to_the_contact_address(cast, ada):
    with transaction():
        locked(Member, cast.max.id).email = "attacker@lakeside.example"
    members.send_reset_link(cast.max, by=ada)
    with every_organization():
        assert db.session.scalars(select(Message)).one().to_address == "max.miller@lakeside.example"


@pytest.mark.parametrize("deactivated", [False, True])
def test_no_administrator_sees_a_link_to_an_account_that_opens_another_organization(cast, ada, deactivated):
    with every_organization(), transaction() as session:
        other = session.get(Member, cast.other_max.id)
        other.account_id = session.get(Member, cast.max.id).account_id
        other.deactivated_at = clock.now() if deactivated else None
    assert members.send_reset_link(cast.max, by=ada) is None
    with every_organization():
        assert "path" in db.session.scalars(select(Message)).one().facts, "mailed all the same"


def test_a_reset_needs_an_account_and_an_active_member(cast, ada):
    with pytest.raises(NoAccount):
        members.send_reset_link(members.create(JANE, Access(), by=ada), by=ada)
    members.deactivate(cast.max, by=ada)
    with pytest.raises(Deactivated):
        members.send_reset_link(found(Member, cast.max.id), by=ada)


def test_sessions_end_for_this_member_only(cast, browse, ada):
    max_, mia = browse(cast.max), browse(cast.mia)
    members.end_sessions(cast.max, by=ada)
    assert max_.get("/account").status_code == 302
    assert mia.get("/account").status_code == 200
    assert _kinds() == [AuditKind.SESSIONS_ENDED]
    with every_organization():
        assert len(db.session.scalars(select(SignIn).where(SignIn.ended_at.is_(None))).all()) == 1


# Who may


VERBS = [
    lambda member, by: members.create(JANE, Access(), by=by),
    lambda member, by: members.create_and_invite(JANE, Access(), by=by),
    lambda member, by: members.deactivate(member, by=by),
    lambda member, by: members.reactivate(member, by=by),
    lambda member, by: members.send_reset_link(member, by=by),
    lambda member, by: members.end_sessions(member, by=by),
]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("asker", ["carl", "nora", "max"])
def test_only_administrators(cast, verb, asker):
    with pytest.raises(NotAllowed):
        verb(cast.max, cast.actor(getattr(cast, asker)))
    with every_organization():
        assert db.session.scalar(select(Account.id).where(Account.email == JANE.email)) is None


@pytest.mark.parametrize("verb", VERBS[2:])
def test_members_of_another_organization_do_not_exist(cast, verb):
    ken = cast.actor(cast.ken)
    with organization_scope(cast.clinic.id), pytest.raises(NotFound):
        verb(cast.max, ken)


# Two at once


def _at_once(app, cast, *calls):
    """Each call in a thread of its own; what came of them, exceptions included."""

    def run(call):
        with app.app_context(), organization_scope(cast.fire.id):
            ready.wait()
            try:
                return call()
            except Exception as error:  # because: what came of a call is looked at outside its thread
                return error
            finally:
                db.session.remove()

    ready = Barrier(len(calls))
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_administrators_cannot_deactivate_each_other(app, cast, ada):
    with transaction():
        carl = locked(Member, cast.carl.id)
        carl.covers_organization, carl.role = False, Role.ADMINISTRATOR
    other, ids = cast.actor(cast.carl), (cast.ada.id, cast.carl.id)
    came = _at_once(
        app,
        cast,
        lambda: members.deactivate(found(Member, ids[1]), by=ada),
        lambda: members.deactivate(found(Member, ids[0]), by=other),
    )
    assert sorted(type(each).__name__ for each in came) == ["LastAdministrator", "NoneType"]
    db.session.rollback()
    assert [db.session.get(Member, member_id).is_active for member_id in ids].count(True) == 1


def test_a_unit_is_set_and_nothing_else(cast, ada):
    before = member_steps.facts(found(Member, cast.max.id))
    assert members.assign_unit(found(Member, cast.max.id), cast.south.id, by=ada)
    assert not members.assign_unit(found(Member, cast.max.id), cast.south.id, by=ada)
    assert member_steps.facts(found(Member, cast.max.id)) == before | {"unit_id": cast.south.id}
    with pytest.raises(InvalidInput) as refused:
        members.assign_unit(found(Member, cast.max.id), 999_999, by=ada)
    assert set(refused.value.errors) == {"unit_id"}
    assert found(Member, cast.max.id).unit_id == cast.south.id


def test_positions_come_and_go_one_by_one(cast, ada):
    driver, chief = position(cast, "Driver", cast.max), position(cast, "Crew chief")
    assert members.give_position(found(Member, cast.max.id), chief.id, by=ada)
    assert not members.give_position(found(Member, cast.max.id), chief.id, by=ada)
    assert members.take_position(found(Member, cast.max.id), driver.id, by=ada)
    assert [each.name for each in positions_of(found(Member, cast.max.id))] == ["Crew chief"]


@pytest.mark.parametrize("who", ["carl", "nora", "max"])
def test_nobody_but_administrators_sorts_members(cast, who):
    by, driver = cast.actor(getattr(cast, who)), position(cast, "Driver")
    for act in (members.give_position, members.take_position):
        with pytest.raises(NotAllowed):
            act(found(Member, cast.max.id), driver.id, by=by)
    with pytest.raises(NotAllowed):
        members.assign_unit(found(Member, cast.max.id), cast.south.id, by=by)


def test_two_positions_given_at_once_are_both_kept(app, cast, ada):
    ids = [position(cast, name).id for name in ("Driver", "Crew chief")]
    came = _at_once(
        app,
        cast,
        lambda: members.give_position(found(Member, cast.max.id), ids[0], by=ada),
        lambda: members.give_position(found(Member, cast.max.id), ids[1], by=ada),
    )
    assert came == [True, True]
    db.session.rollback()
    assert {each.id for each in positions_of(found(Member, cast.max.id))} == set(ids)


def test_of_two_who_give_away_one_number_one_is_refused(app, cast, ada):
    came = _at_once(app, cast, *[lambda: members.create(Identity("Jane", "Doe", number="7"), Access(), by=ada).id] * 2)
    refused = [each for each in came if isinstance(each, InvalidInput)]
    assert [set(each.errors) for each in refused] == [{"number"}]
    assert sum(isinstance(each, int) for each in came) == 1
