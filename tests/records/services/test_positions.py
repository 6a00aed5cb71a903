"""What administrators do with positions."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records import clock
from records.database import db, locked, organization_scope, transaction
from records.errors import Invalid, NameTaken, NotAllowed, NotFound, Stale
from records.errors.requirements import PositionInUse, PositionMergeSelf
from records.models import AuditEvent, AuditKind, Member, MemberPosition, Position, Requirement, RequirementPosition
from records.services import positions
from tests.requirements import position, require


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def _named(name):
    return db.session.scalars(select(Position).where(Position.name == name)).one_or_none()


def _serving(made):
    return set(db.session.scalars(select(MemberPosition.member_id).where(MemberPosition.position_id == made)))


def _last_event():
    return db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()


def test_a_position_is_created_and_renamed(cast, ada):
    made = positions.create("  Crew   chief ", by=ada)
    assert (made.name, made.organization_id) == ("Crew chief", cast.fire.id)
    assert positions.rename(made, "Crew Leader", seen=positions.mark_of(made), by=ada)
    made = _named("Crew Leader")
    assert not positions.rename(made, "Crew Leader", seen="", by=ada)
    with pytest.raises(Stale):
        positions.rename(made, "Crew Chief", seen="", by=ada)
    event = _last_event()
    assert (event.kind, event.detail.before, event.detail.after) == (
        AuditKind.POSITION_CHANGED, {"name": "Crew chief"}, {"name": "Crew Leader"},
    )  # fmt: skip


@pytest.mark.parametrize("name", ["driver", " DRIVÉR "])
def test_a_name_is_taken_whatever_its_case_and_accents(cast, ada, name):
    position(cast, "Driver")
    other = position(cast, "Medic")
    with pytest.raises(NameTaken):
        positions.create(name, by=ada)
    with pytest.raises(NameTaken):
        positions.rename(other, name, seen=positions.mark_of(other), by=ada)
    with organization_scope(cast.clinic.id):
        assert positions.create(name, by=cast.actor(cast.ken))


@pytest.mark.parametrize("name", ["", " \x00 ", "x" * 256])
def test_a_name_is_needed(ada, name):
    with pytest.raises(Invalid) as caught:
        positions.create(name, by=ada)
    assert caught.value.field == "name"


def test_merging_moves_members_and_requirements_without_doubling_them(cast, ada):
    driver, chauffeur = position(cast, "Driver", cast.max), position(cast, "Chauffeur", cast.max, cast.mia)
    both = frozenset({driver.id, chauffeur.id})
    require(cast, "Both", position_ids=both)
    require(cast, "One", position_ids=frozenset({chauffeur.id}))
    before = {each.name: each.version for each in db.session.scalars(select(Requirement))}
    version = db.session.get_one(Member, cast.mia.id).version
    gone, into = chauffeur.id, driver.id
    positions.merge(chauffeur, into=driver.id, by=ada)
    assert _named("Chauffeur") is None
    assert _serving(into) == {cast.max.id, cast.mia.id}
    assert set(db.session.scalars(select(RequirementPosition.position_id))) == {into}
    after = {each.name: each.version for each in db.session.scalars(select(Requirement))}
    assert all(after[name] > before[name] for name in before)
    assert db.session.get_one(Member, cast.mia.id, populate_existing=True).version > version
    event = _last_event()
    assert (event.kind, event.subject_id, event.detail.after["into_id"]) == (AuditKind.POSITION_MERGED, gone, into)
    assert event.detail.before["member_ids"] == sorted([cast.max.id, cast.mia.id])


def test_merging_needs_another_position(cast, ada):
    driver = position(cast, "Driver")
    with pytest.raises(PositionMergeSelf):
        positions.merge(driver, into=driver.id, by=ada)
    for unknown in (None, 0, -1, 10**9):
        with pytest.raises(Invalid):
            positions.merge(_named("Driver"), into=unknown, by=ada)


def test_only_a_position_that_nothing_needs_is_deleted(cast, ada):
    free, asked, served = (position(cast, "Free"), position(cast, "Asked"), position(cast, "Served", cast.mia))
    require(cast, position_ids=frozenset({asked.id}))
    with transaction():
        locked(Member, cast.mia.id).deactivated_at = clock.now()
    for each in (asked, served):
        with pytest.raises(PositionInUse):
            positions.delete(each, by=ada)
    positions.delete(free, by=ada)
    assert _named("Free") is None
    assert _last_event().kind == AuditKind.POSITION_DELETED


def test_only_administrators_of_the_organization_change_them(cast):
    driver = position(cast, "Driver")
    acts = (
        lambda by: positions.create("New", by=by),
        lambda by: positions.rename(driver, "New", seen=positions.mark_of(driver), by=by),
        lambda by: positions.merge(driver, into=driver.id, by=by),
        lambda by: positions.delete(driver, by=by),
    )
    for asker in (cast.carl, cast.nora, cast.max):
        for act in acts:
            with pytest.raises(NotAllowed):
                act(cast.actor(asker))
    with organization_scope(cast.clinic.id):
        for act in acts[1:]:
            with pytest.raises(NotFound):
                act(cast.actor(cast.ken))
