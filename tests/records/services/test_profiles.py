"""Saving a profile: who may, one transaction, and what it refuses."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from records.database import db, lock, locked, organization_scope, transaction
from records.errors import InvalidInput, ModuleOff, NotAllowed, NotFound, OwnCertifications, OwnRole, ProfileChanged
from records.models import AuditEvent, AuditKind, Certification, Member, Organization, Role
from records.queries.positions import positions_of
from records.queries.profiles import profile_of
from records.services import positions, profiles
from records.services.certification_steps import Entry, record
from records.services.member_steps import Access, Identity
from records.services.profiles import ProfileChanges
from tests.requirements import position

SOON = date(2030, 1, 31)


@pytest.fixture
def save(cast):
    def save(changes, *, by=None, member=None, seen=None):
        actor, member_id = cast.actor(by or cast.ada), (member or cast.max).id
        profile = profile_of(member_id, by=actor)
        return profiles.update(profile.member, changes, by=actor, seen=seen or profile.shown)

    return save


@pytest.fixture
def held(cast):
    with transaction():
        return record(cast.max, Entry(cast.emt.id, SOON), by=cast.actor(cast.ada)).id


def _count(model=Certification):
    return len(db.session.scalars(select(model)).all())


def test_a_coordinator_cannot_change_their_own(cast, save):
    with pytest.raises(OwnCertifications):
        save(ProfileChanges(additions={0: Entry(cast.emt.id, SOON)}), by=cast.carl, member=cast.carl)
    save(ProfileChanges(additions={0: Entry(cast.emt.id, SOON)}), by=cast.ada, member=cast.ada)


@pytest.mark.parametrize("changes", [ProfileChanges(identity=Identity("A", "B")), ProfileChanges(access=Access())])
def test_a_coordinator_cannot_change_identity_or_access(cast, save, changes):
    with pytest.raises(NotAllowed):
        save(changes, by=cast.carl)


def test_a_member_saves_nothing_at_all(cast, save):
    member, seen = cast.max, profile_of(cast.max.id, by=cast.actor(cast.ada)).shown
    for changes in (ProfileChanges(), ProfileChanges(additions={0: Entry(cast.emt.id, SOON)})):
        with pytest.raises(NotAllowed):
            profiles.update(member, changes, by=cast.actor(cast.max), seen=seen)


def test_out_of_scope_is_not_found(cast):
    seen = profile_of(cast.mia.id, by=cast.actor(cast.ada)).shown
    with pytest.raises(NotFound):
        profiles.update(cast.mia, ProfileChanges(), by=cast.actor(cast.nora), seen=seen)


def test_ones_own_role_stays(cast, save):
    with pytest.raises(OwnRole):
        save(ProfileChanges(access=Access(Role.MEMBER)), member=cast.ada)


def test_the_module_off_refuses_certifications_only(cast, save, held):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    for changes in (
        ProfileChanges(additions={0: Entry(cast.emt.id, SOON)}),
        ProfileChanges(deletions=frozenset({held})),
        ProfileChanges(corrections={held: Entry(None, SOON, number="1")}),
    ):
        with pytest.raises(ModuleOff):
            save(changes)
    assert save(ProfileChanges(identity=Identity("Maxi", "Miller"))).member


def test_every_refusal_of_every_row_is_told_and_nothing_is_saved(cast, save, held):
    changes = ProfileChanges(
        identity=Identity("x" * 121, "Miller"),
        corrections={held: Entry(None, None, number="typed")},
        additions={
            0: Entry(cast.forklift.id, SOON),
            3: Entry(cast.forklift.id, SOON),
            4: Entry(cast.clinic_emt.id, None),
            5: Entry(None, SOON, issued_on=date(2031, 1, 1)),
        },
    )
    with pytest.raises(InvalidInput) as refusal:
        save(changes)
    assert {name: type(error).__name__ for name, error in refusal.value.errors.items()} == {
        "given_name": "Invalid",
        f"held-{held}-expires_on": "ExpiresRequired",
        "new-3-expires_on": "DuplicateCertification",
        "new-4-type_id": "TypeUnknown",
        "new-4-expires_on": "ExpiresRequired",
        "new-5-type_id": "TypeRequired",
    }
    assert _count() == 1
    assert db.session.get(Certification, held).number == ""


def test_deleting_makes_room_for_the_same_one(cast, save, held):
    done = save(ProfileChanges(deletions=frozenset({held}), additions={0: Entry(cast.emt.id, SOON)}))
    assert done.deleted == (held,)
    assert len(done.added) == 1


def test_what_somebody_else_saved_meanwhile_stops_it(cast, save, held):
    seen = profile_of(cast.max.id, by=cast.actor(cast.carl)).shown
    save(ProfileChanges(corrections={held: Entry(None, SOON, number="theirs")}))
    for changes in (ProfileChanges(), ProfileChanges(deletions=frozenset({held}))):
        with pytest.raises(ProfileChanged):
            save(changes, by=cast.carl, seen=seen)


def test_what_a_coordinator_cannot_see_changed_does_not_stop_them(cast, save, held):
    seen = profile_of(cast.max.id, by=cast.actor(cast.carl)).shown
    save(ProfileChanges(identity=Identity("Maxi", "Miller", number="1004")))
    done = save(ProfileChanges(deletions=frozenset({held})), by=cast.carl, seen=seen)
    assert done.deleted == (held,)


def test_saving_what_stands_already_writes_nothing(cast, save, held):
    member = db.session.get(Member, cast.max.id)
    identity = Identity("Max", "Miller", "", "1004", member.email, member.joined_on, member.unit_id)
    before = _count(AuditEvent)
    done = save(ProfileChanges(identity=identity, access=Access(), corrections={held: Entry(None, SOON)}))
    assert (done.member, done.corrected) == (False, ())
    assert _count(AuditEvent) == before


def test_each_change_is_on_record_with_who_did_it(cast, save, held):
    save(ProfileChanges(deletions=frozenset({held}), additions={0: Entry(cast.forklift.id, SOON)}), by=cast.carl)
    events = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()[-2:]
    assert [event.kind for event in events] == [AuditKind.CERTIFICATION_DELETED, AuditKind.CERTIFICATION_ADDED]
    assert {event.actor_member_id for event in events} == {cast.carl.id}
    assert {event.member_id for event in events} == {cast.max.id}


def test_certifications_of_others_are_not_found(cast, save, held):
    with pytest.raises(NotFound):
        save(ProfileChanges(deletions=frozenset({held})), member=cast.mia)
    with pytest.raises(NotFound):
        save(ProfileChanges(corrections={held: Entry(None, SOON)}), member=cast.mia)


def test_a_lost_race_for_the_same_certification_is_a_conflict(cast, save, held, monkeypatch):
    """Whoever passes by the lock all the same meets the table's own constraint."""
    from records.services import certification_steps

    monkeypatch.setattr(certification_steps, "require_not_doubled", lambda _certification: None)
    with pytest.raises(ProfileChanged):
        save(ProfileChanges(additions={0: Entry(cast.emt.id, SOON)}))
    assert _count() == 1
    with transaction():
        assert lock(cast.max).id == cast.max.id


# Positions


def test_positions_are_chosen_on_record(cast, save):
    driver, medic = position(cast, "Driver", cast.max), position(cast, "Medic")
    assert save(ProfileChanges(positions=frozenset({medic.id}))).member
    assert [each.name for each in positions_of(cast.max)] == ["Medic"]
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert (event.kind, event.member_id) == (AuditKind.POSITIONS_CHOSEN, cast.max.id)
    assert (event.detail.before, event.detail.after) == (
        {"position_ids": [driver.id]}, {"position_ids": [medic.id]},
    )  # fmt: skip
    assert not save(ProfileChanges(positions=frozenset({medic.id}))).member
    assert save(ProfileChanges(positions=frozenset())).member
    assert not positions_of(cast.max)


def test_unknown_positions_and_those_of_others_are_refused(cast, save):
    with organization_scope(cast.clinic.id):
        theirs = positions.create("Nurse", by=cast.actor(cast.ken)).id
    for wrong in (theirs, -1, 2**70):
        with pytest.raises(InvalidInput) as refusal:
            save(ProfileChanges(positions=frozenset({wrong})))
        assert refusal.value.errors.keys() == {"positions"}


def test_only_administrators_choose_positions(cast, save):
    driver = position(cast, "Driver")
    for asker in (cast.carl, cast.nora):
        with pytest.raises(NotAllowed):
            save(ProfileChanges(positions=frozenset({driver.id})), by=asker)


def test_positions_that_changed_meanwhile_make_the_page_stale(cast, save):
    driver = position(cast, "Driver")
    seen = profile_of(cast.max.id, by=cast.actor(cast.ada)).shown
    save(ProfileChanges(positions=frozenset({driver.id})))
    with pytest.raises(ProfileChanged):
        save(ProfileChanges(positions=frozenset()), seen=seen)
