"""What administrators do with units: create, change (rename, move), merge, delete."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import exists, select, update

from records import clock
from records.database import db, transaction
from records.errors import (
    N_,
    Invalid,
    NameTaken,
    UnitCircle,
    UnitMergeCircle,
    UnitNamesClash,
    UnitNotEmpty,
)
from records.errors.requirements import UnitNamedByRequirement
from records.models import Actor, AuditEvent, AuditKind, Member, RequirementUnit, ScopeUnit, Unit
from records.queries.units import Branch
from records.services.held_steps import among, flush_or_stale, hold_all
from records.services.once_steps import mark, require_shown
from records.services.rule_steps import is_named, name_instead

Units = dict[int, Unit]


def create(name: str, *, under: int | None, by: Actor) -> Unit:
    """A new unit below the unit with the id `under` (None: at the top).

    Raises NotAllowed, Invalid and NameTaken (fields `name`, `parent_id`).
    """
    by.require_administrator()
    with transaction() as session:
        units = hold_all(Unit)
        unit = Unit(name=name, parent_id=_known(under, units, field="parent_id"))
        _require_free_name(unit, units.values())
        session.add(unit)
        flush_or_stale()
        session.add(AuditEvent.of(AuditKind.UNIT_CREATED, unit, by=by, at=clock.now(), after=_facts(unit)))
    return unit


def change(unit: Unit, *, name: str, under: int | None, seen: str, by: Actor) -> bool:
    """Rename and move; True where something changed. `seen` is the `mark_of` what the form showed.

    Raises NotAllowed, NotFound, Stale, Invalid, NameTaken and UnitCircle (fields `name`, `parent_id`).
    """
    by.require_administrator()
    with transaction() as session:
        units = hold_all(Unit)
        unit = among(unit, units)
        before = _facts(unit)
        parent_id = _known(under, units, field="parent_id")
        if parent_id is not None and parent_id in _with_its_units(unit, units):
            raise UnitCircle(field="parent_id")
        unit.name, unit.parent_id = name, parent_id
        _require_free_name(unit, units.values())
        after = _facts(unit)
        if before == after:
            return False
        require_shown(before, seen)
        flush_or_stale()
        session.add(AuditEvent.of(AuditKind.UNIT_CHANGED, unit, by=by, at=clock.now(), before=before, after=after))
    return True


def merge(unit: Unit, *, into: int | None, by: Actor) -> Unit:
    """Members, units below, coordinators' scopes and requirements of `unit` go over to the unit with the id `into`.

    Returns that unit. Raises NotAllowed, NotFound, Invalid, UnitMergeCircle and UnitNamesClash (field `into`).
    """
    by.require_administrator()
    with transaction() as session:
        units = hold_all(Unit)
        unit = among(unit, units)
        into_id = _known(into, units, field="into")
        if into_id is None:
            raise Invalid(N_("Choose a unit from the list."), field="into")
        if into_id in _with_its_units(unit, units):
            raise UnitMergeCircle(field="into")
        target = units[into_id]
        below = [child for child in units.values() if child.parent_id == unit.id]
        _require_names_apart(below, (sibling for sibling in units.values() if sibling.parent_id == into_id))
        moved = _move_members(unit, target)
        for child in below:
            child.parent_id = into_id
        _move_scopes(unit, target)
        named = name_instead(RequirementUnit, unit.id, into_id)
        flush_or_stale()
        before = _facts(unit) | {"member_ids": moved, "unit_ids": sorted(child.id for child in below),
                                 "requirement_ids": list(named)}  # fmt: skip
        session.add(AuditEvent.of(AuditKind.UNIT_MERGED, unit, by=by, at=clock.now(),
                                  before=before, after={"into_id": into_id, "into": target.name}))  # fmt: skip
        session.delete(unit)
        flush_or_stale()
    return target


def delete(unit: Unit, *, by: Actor) -> None:
    """Delete a unit that holds nothing; coordinators' scopes no longer name it.

    Raises NotAllowed, NotFound, UnitNotEmpty (also where it holds deactivated members only),
    UnitNamedByRequirement.
    """
    by.require_administrator()
    with transaction() as session:
        units = hold_all(Unit)
        unit = among(unit, units)
        has_members = session.scalar(select(exists().where(Member.unit_id == unit.id)))
        if has_members or any(child.parent_id == unit.id for child in units.values()):
            raise UnitNotEmpty(name=unit.name)
        if is_named(RequirementUnit, unit.id):
            raise UnitNamedByRequirement(name=unit.name)
        named = list(session.scalars(select(ScopeUnit).where(ScopeUnit.unit_id == unit.id)))
        before = _facts(unit) | {"scope_member_ids": sorted(scope.member_id for scope in named)}
        session.add(AuditEvent.of(AuditKind.UNIT_DELETED, unit, by=by, at=clock.now(), before=before))
        for scope in named:
            session.delete(scope)
        flush_or_stale()
        session.delete(unit)
        flush_or_stale()


def _known(unit_id: int | None, units: Units, *, field: str) -> int | None:
    if unit_id is not None and unit_id not in units:
        raise Invalid(N_("Choose a unit from the list."), field=field)
    return unit_id


def _with_its_units(unit: Unit, units: Units) -> set[int]:
    """The ids of the unit and of all units below it."""
    inside = new = {unit.id}
    while new:
        new = {other.id for other in units.values() if other.parent_id in new} - inside
        inside = inside | new
    return inside


def _require_free_name(unit: Unit, others: Iterable[Unit]) -> None:
    for other in others:
        if other is not unit and (other.parent_id, other.folded_name) == (unit.parent_id, unit.folded_name):
            raise NameTaken(field="name", name=unit.name)


def _require_names_apart(coming: Iterable[Unit], there: Iterable[Unit]) -> None:
    taken = {unit.folded_name for unit in there}
    for unit in coming:
        if unit.folded_name in taken:
            raise UnitNamesClash(field="into", name=unit.name)


def _move_members(unit: Unit, target: Unit) -> list[int]:
    """Their ids. Each becomes a new version of its member, so that an open profile notices."""
    moved = list(db.session.scalars(select(Member.id).where(Member.unit_id == unit.id).order_by(Member.id)))
    members = update(Member).where(Member.unit_id == unit.id)
    db.session.execute(members.values(unit_id=target.id, version=Member.version + 1))
    return moved


def _move_scopes(unit: Unit, target: Unit) -> None:
    scopes = list(db.session.scalars(select(ScopeUnit).where(ScopeUnit.unit_id.in_([unit.id, target.id]))))
    named_already = {scope.member_id for scope in scopes if scope.unit_id == target.id}
    for scope in scopes:
        if scope.unit_id == unit.id:
            db.session.delete(scope)
            if scope.member_id not in named_already:
                db.session.add(ScopeUnit(member_id=scope.member_id, unit_id=target.id))


def mark_of(unit: Unit | Branch) -> str:
    """What tells whether it was renamed or moved meanwhile."""
    return mark(_facts(unit))


def _facts(unit: Unit | Branch) -> dict[str, Any]:
    return {"name": unit.name, "parent_id": unit.parent_id}
