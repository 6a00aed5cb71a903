"""Changing who a member is and what they may do: the steps that verbs share."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from records import clock
from records.database import db, every_organization, locked, organization_scope, transaction
from records.errors import InvalidInput, LastAdministrator, NotAllowed, NotFound, OwnRole
from records.models import AuditEvent, AuditKind, Member, Role, SignIn, SingleUseLink
from records.services import invitations
from records.services.member_steps import Access, Identity, change_access, change_identity, facts


@pytest.fixture
def identify(cast):
    def identify(member=None, *, by=None, **fields):
        member = member or cast.max
        with transaction():
            held = locked(Member, member.id)
            now = facts(held) | {"joined_on": held.joined_on} | fields
            return change_identity(held, Identity(**now), by=cast.actor(by or cast.ada))

    return identify


@pytest.fixture
def admit(cast):
    def admit(member=None, *, by=None, **fields):
        with transaction():
            held = locked(Member, (member or cast.max).id)
            return change_access(held, Access(**fields), by=cast.actor(by or cast.ada))

    return admit


def _refused(call, **fields):
    with pytest.raises(InvalidInput) as caught:
        call(**fields)
    return {name: error.in_english() for name, error in caught.value.errors.items()}


def _last_event():
    return db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()


# Identity


def test_a_change_is_saved_with_an_event_of_the_changed_fields_only(cast, identify):
    assert identify(given_name="  Maximilian ", joined_on=date(2025, 3, 1))
    assert db.session.get(Member, cast.max.id).name == "Maximilian Miller"
    event = _last_event()
    assert event.kind == AuditKind.MEMBER_CHANGED
    assert event.member_id == cast.max.id
    assert event.detail.before == {"given_name": "Max", "joined_on": "2024-01-15"}
    assert event.detail.after == {"given_name": "Maximilian", "joined_on": "2025-03-01"}


def test_what_changes_nothing_leaves_no_event(cast, identify):
    assert not identify()
    assert db.session.scalar(select(AuditEvent.id)) is None


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"given_name": "", "family_name": " "}, {"family_name"}),
        ({"given_name": "\x00", "family_name": "\u200b\x07"}, {"family_name"}),
        ({"given_name": "x" * 121}, {"given_name"}),
        ({"family_name": "x" * 121, "suffix": "x" * 21}, {"family_name", "suffix"}),
        ({"number": "9" * 65}, {"number"}),
        ({"email": "nobody"}, {"email"}),
        ({"email": "ﷺ" * 100 + "@x.example"}, {"email"}),
        ({"unit_id": 10**30, "number": "1005", "email": "MIA.Soderstrom@lakeside.example"},
         {"unit_id", "number", "email"}),
    ],
)  # fmt: skip
def test_every_wrong_field_is_named_and_nothing_is_saved(cast, identify, fields, wrong):
    if fields.get("family_name") == "\u200b\x07":
        fields = fields | {"family_name": "\x07"}
    assert set(_refused(identify, **fields)) == wrong
    assert db.session.get(Member, cast.max.id).name == "Max Miller"


def test_a_number_is_taken_whatever_its_case_and_accents(cast, identify):
    identify(cast.mia, number="Ä-7")
    assert "a-7" in _refused(identify, number="a-7")["number"]
    assert identify(cast.mia, number="ä-7"), "one's own number is free"


def test_another_organization_may_have_the_same_number_and_address(cast, identify):
    assert identify(number="2001", email="max.miller@hillside.example")


def test_the_unit_must_be_of_the_same_organization(cast, identify):
    from records.services import units

    with organization_scope(cast.clinic.id):
        theirs = units.create("Ward 3", under=None, by=cast.actor(cast.ken)).id
    assert set(_refused(identify, unit_id=theirs)) == {"unit_id"}
    assert identify(unit_id=cast.south.id)
    assert identify(unit_id=None)


def test_long_names_that_grow_when_folded_are_kept(cast, identify):
    assert identify(given_name="ﷺ" * 100, number="㎏" * 60)


@pytest.mark.parametrize("asker", ["carl", "nora", "max", "una"])
def test_only_administrators_change_identity_and_access(cast, identify, admit, asker):
    by = getattr(cast, asker)
    with pytest.raises(NotAllowed):
        identify(by=by, given_name="X")
    with pytest.raises(NotAllowed):
        admit(by=by, role=Role.ADMINISTRATOR)


def test_an_administrator_of_another_organization_finds_nobody(cast):
    with pytest.raises(NotFound), transaction():
        change_identity(locked(Member, cast.max.id), Identity("X", "Y"), by=cast.actor(cast.ken))


def test_a_new_contact_address_leaves_the_sign_in_address_and_voids_invitations(cast, identify):
    invitations.invite(cast.max, by=cast.actor(cast.ada))
    identify(email="max@elsewhere.example")
    member = db.session.get(Member, cast.max.id)
    assert member.account.email == "max.miller@lakeside.example"
    assert db.session.scalars(select(SingleUseLink)).one().used_at is not None


# Access


def test_a_role_and_its_scope_are_saved_and_sessions_end(cast, browse, admit):
    client = browse(cast.max)
    assert admit(role=Role.TRAINING_COORDINATOR, scope_unit_ids=frozenset({cast.north.id, cast.south.id}))
    event = _last_event()
    assert event.kind == AuditKind.MEMBER_ROLE_CHANGED
    assert event.detail.before == {"role": "member", "scope_unit_ids": []}
    assert event.detail.after["scope_unit_ids"] == sorted([cast.north.id, cast.south.id])
    assert client.get("/account").status_code == 302
    with every_organization():
        assert all(sign_in.ended_at for sign_in in db.session.scalars(select(SignIn)))


def test_a_new_scope_makes_a_new_version_and_ends_no_session(cast, browse, admit):
    client, version = browse(cast.nora), cast.nora.version
    scope = frozenset({cast.south.id})
    assert admit(cast.nora, role=Role.TRAINING_COORDINATOR, scope_unit_ids=scope)
    assert db.session.get(Member, cast.nora.id).version == version + 1
    assert client.get("/account").status_code == 200
    assert not admit(cast.nora, role=Role.TRAINING_COORDINATOR, scope_unit_ids=scope), "the same again is no change"


def test_only_coordinators_have_a_scope(cast, admit):
    assert admit(cast.nora, role=Role.ADMINISTRATOR, covers_organization=True, scope_unit_ids=frozenset({1}))
    nora = db.session.get(Member, cast.nora.id)
    assert (nora.covers_organization, nora.scope_units) == (False, [])


@pytest.mark.parametrize("scope", [frozenset(), frozenset({0, 10**30}), frozenset({999_999})])
def test_a_coordinator_needs_units_that_exist_or_the_whole_organization(cast, admit, scope):
    wrong = _refused(admit, role=Role.TRAINING_COORDINATOR, scope_unit_ids=scope)
    assert set(wrong) == {"scope_units"}
    assert admit(role=Role.TRAINING_COORDINATOR, covers_organization=True)


def test_an_unknown_role_is_refused(cast, admit):
    assert set(_refused(admit, role="superuser")) == {"role"}


def test_nobody_changes_their_own_role(cast, admit):
    with pytest.raises(OwnRole):
        admit(cast.ada, role=Role.MEMBER)
    assert not admit(cast.ada, role=Role.ADMINISTRATOR), "saving it as it is changes nothing"


def test_the_last_administrator_cannot_be_demoted(cast, admit):
    from records.models import Actor

    command = Actor.command("test", cast.fire.id)
    with pytest.raises(LastAdministrator), transaction():
        change_access(locked(Member, cast.ada.id), Access(Role.MEMBER), by=command)
    admit(cast.carl, role=Role.ADMINISTRATOR)
    with transaction():
        assert change_access(locked(Member, cast.ada.id), Access(Role.MEMBER), by=command)


def test_a_deactivated_administrator_does_not_count(cast, admit):
    from records.models import Actor

    admit(cast.carl, role=Role.ADMINISTRATOR)
    with transaction():
        locked(Member, cast.carl.id).deactivated_at = clock.now()
    with pytest.raises(LastAdministrator), transaction():
        change_access(locked(Member, cast.ada.id), Access(Role.MEMBER), by=Actor.command("test", cast.fire.id))
