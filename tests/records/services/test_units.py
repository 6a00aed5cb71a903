"""What administrators do with units."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records import clock
from records.database import db, locked, organization_scope, transaction
from records.errors import (
    Invalid,
    NameTaken,
    NotAllowed,
    NotFound,
    Stale,
    UnitCircle,
    UnitMergeCircle,
    UnitNamesClash,
    UnitNotEmpty,
)
from records.errors.requirements import UnitNamedByRequirement
from records.models import AuditEvent, AuditKind, Member, Requirement, RequirementUnit, ScopeUnit, Unit
from records.services import units
from tests.requirements import require


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def _fresh(unit):
    return db.session.get(Unit, unit.id, populate_existing=True)


def _events():
    return list(db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)))


def test_units_nest(cast, ada):
    crew = units.create("  Crew   A ", under=cast.engine.id, by=ada)
    assert (crew.name, crew.parent_id, crew.organization_id) == ("Crew A", cast.engine.id, cast.fire.id)
    assert [event.kind for event in _events()] == [AuditKind.UNIT_CREATED]


def test_a_name_is_taken_under_the_same_parent_whatever_its_case_and_accents(cast, ada):
    with pytest.raises(NameTaken):
        units.create("engine  1", under=cast.north.id, by=ada)
    with pytest.raises(NameTaken):
        units.create("Státion NORTH", under=None, by=ada)
    assert units.create("Engine 1", under=cast.south.id, by=ada)


@pytest.mark.parametrize(("name", "field"), [("", "name"), (" \x00 ", "name"), ("x" * 256, "name")])
def test_a_name_is_needed(cast, ada, name, field):
    with pytest.raises(Invalid) as caught:
        units.create(name, under=None, by=ada)
    assert caught.value.field == field


def test_a_unit_is_renamed_and_moved(cast, ada):
    assert units.change(cast.engine, seen=units.mark_of(cast.engine), name="Engine One", under=cast.south.id, by=ada)
    assert (_fresh(cast.engine).name, _fresh(cast.engine).parent_id) == ("Engine One", cast.south.id)
    event = _events()[-1]
    assert event.detail.before == {"name": "Engine 1", "parent_id": cast.north.id}
    assert not units.change(cast.engine, seen="", name="Engine One", under=cast.south.id, by=ada)
    with pytest.raises(Stale):
        units.change(cast.engine, seen="", name="Engine Two", under=cast.south.id, by=ada)
    assert len(_events()) == 1


def test_a_unit_cannot_be_moved_into_itself_or_below_itself(cast, ada):
    crew = units.create("Crew A", under=cast.engine.id, by=ada)
    for parent in (cast.north.id, cast.engine.id, crew.id):
        with pytest.raises(UnitCircle) as caught:
            units.change(cast.north, seen=units.mark_of(cast.north), name="Station North", under=parent, by=ada)
        assert caught.value.field == "parent_id"


def test_a_move_to_where_the_name_is_taken_is_refused(cast, ada):
    units.create("Engine 1", under=cast.south.id, by=ada)
    with pytest.raises(NameTaken):
        units.change(cast.engine, seen=units.mark_of(cast.engine), name="Engine 1", under=cast.south.id, by=ada)


@pytest.mark.parametrize("parent", [0, -1, 10**30, 999_999])
def test_a_parent_must_exist(cast, ada, parent):
    with pytest.raises(Invalid) as caught:
        units.change(cast.engine, seen=units.mark_of(cast.engine), name="Engine 1", under=parent, by=ada)
    assert caught.value.field == "parent_id"


def test_units_of_another_organization_do_not_exist(cast, ada):
    with organization_scope(cast.clinic.id):
        ward = units.create("Ward", under=None, by=cast.actor(cast.ken)).id
    with pytest.raises(Invalid):
        units.create("Crew", under=ward, by=ada)
    with organization_scope(cast.clinic.id), pytest.raises(NotFound):
        units.delete(cast.south, by=cast.actor(cast.ken))


def test_merging_moves_members_units_and_scopes(cast, ada):
    with transaction() as session:
        version = locked(Member, cast.nora.id).version
        session.add(ScopeUnit(member_id=cast.nora.id, unit_id=cast.south.id))
    crew = units.create("Crew A", under=cast.north.id, by=ada)
    target = units.merge(cast.north, into=cast.south.id, by=ada)
    assert target.id == cast.south.id
    assert db.session.get(Unit, cast.north.id) is None
    nora = db.session.get(Member, cast.nora.id)
    assert (nora.unit_id, nora.version) == (cast.south.id, version + 1)
    assert {_fresh(cast.engine).parent_id, _fresh(crew).parent_id} == {cast.south.id}
    assert [scope.unit_id for scope in nora.scope_units] == [cast.south.id], "named once"
    event = _events()[-1]
    assert event.kind == AuditKind.UNIT_MERGED
    assert event.detail.before["member_ids"] == [cast.nora.id]
    assert event.detail.after == {"into_id": cast.south.id, "into": "Station South"}


def test_a_scope_goes_over_with_a_merge(cast, ada):
    units.merge(cast.north, into=cast.south.id, by=ada)
    scope = db.session.get(Member, cast.nora.id).scope_units
    assert [(row.unit_id, row.organization_id) for row in scope] == [(cast.south.id, cast.fire.id)]


def test_units_that_both_contain_a_unit_of_one_name_do_not_merge(cast, ada):
    units.create("ENGINE 1", under=cast.south.id, by=ada)
    with pytest.raises(UnitNamesClash) as caught:
        units.merge(cast.north, into=cast.south.id, by=ada)
    assert "Engine 1" in caught.value.in_english()
    assert _fresh(cast.north) is not None


def test_a_unit_merges_into_the_one_that_it_lies_in_but_never_the_other_way(cast, ada):
    with pytest.raises(UnitMergeCircle):
        units.merge(cast.north, into=cast.engine.id, by=ada)
    with pytest.raises(UnitMergeCircle):
        units.merge(cast.north, into=cast.north.id, by=ada)
    with pytest.raises(Invalid):
        units.merge(cast.north, into=None, by=ada)
    units.merge(cast.engine, into=cast.north.id, by=ada)
    assert db.session.get(Member, cast.max.id).unit_id == cast.north.id


def test_only_an_empty_unit_is_deleted(cast, ada):
    for unit in (cast.north, cast.engine):
        with pytest.raises(UnitNotEmpty):
            units.delete(unit, by=ada)
    with transaction():
        locked(Member, cast.mia.id).deactivated_at = clock.now()
    with pytest.raises(UnitNotEmpty):
        units.delete(cast.south, by=ada)
    with transaction():
        locked(Member, cast.mia.id).unit_id = None
    units.delete(cast.south, by=ada)
    assert db.session.get(Unit, cast.south.id) is None
    with pytest.raises(NotFound):
        units.delete(cast.south, by=ada)


def test_a_deleted_unit_leaves_the_scopes_that_named_it(cast, ada):
    medic = units.create("Medic 7", under=None, by=ada)
    with transaction() as session:
        session.add(ScopeUnit(member_id=cast.nora.id, unit_id=medic.id))
    units.delete(medic, by=ada)
    assert [scope.unit_id for scope in db.session.get(Member, cast.nora.id).scope_units] == [cast.north.id]
    assert _events()[-1].detail.before["scope_member_ids"] == [cast.nora.id]


@pytest.mark.parametrize("asker", ["carl", "nora", "max"])
def test_only_administrators(cast, asker):
    by = cast.actor(getattr(cast, asker))
    for verb in (
        lambda: units.create("X", under=None, by=by),
        lambda: units.change(cast.engine, seen=units.mark_of(cast.engine), name="X", under=None, by=by),
        lambda: units.merge(cast.engine, into=cast.south.id, by=by),
        lambda: units.delete(cast.engine, by=by),
    ):
        with pytest.raises(NotAllowed):
            verb()


def test_merging_takes_requirements_along_without_doubling_them(cast, ada):
    one = require(cast, "One", unit_ids=frozenset({cast.south.id}))
    both = require(cast, "Both", unit_ids=frozenset({cast.south.id, cast.north.id}))
    versions = {each.id: each.version for each in (one, both)}
    units.merge(cast.south, into=cast.north.id, by=ada)
    named = db.session.execute(select(RequirementUnit.requirement_id, RequirementUnit.unit_id)).all()
    assert sorted(named) == [(one.id, cast.north.id), (both.id, cast.north.id)]
    for requirement_id, version in versions.items():
        assert db.session.get_one(Requirement, requirement_id, populate_existing=True).version > version
    assert _events()[-1].detail.before["requirement_ids"] == sorted(versions)


def test_a_unit_that_a_requirement_names_is_not_deleted(cast, ada):
    medic = units.create("Medic 7", under=None, by=ada)
    require(cast, unit_ids=frozenset({medic.id}))
    with pytest.raises(UnitNamedByRequirement):
        units.delete(medic, by=ada)
    assert db.session.get(Unit, medic.id) is not None
