"""Whom a training coordinator looks after: the units of their scope."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ScalarSelect, select

from records.database import db
from records.models import Member, Role, ScopeUnit, Unit
from records.reading.gathering import all_of


def covered_units(member: Member) -> frozenset[int]:
    """The ids of all units in a coordinator's scope: those named, with their sub-units."""
    return scopes([member])[member.id]


def units_in_scope_of(member: Any) -> ScalarSelect[Any]:
    """For a statement that reads `member` (a model): the ids of the units that their scope names, with their sub-units,
    each as a row of `all_of`."""
    tree = select(ScopeUnit.unit_id).where(ScopeUnit.member_id == member.id).correlate(member)
    covered = tree.cte("covered", recursive=True, nesting=True)
    covered = covered.union(select(Unit.id).where(Unit.parent_id == covered.c.unit_id))
    return select(all_of(covered.c.unit_id)).correlate(member).scalar_subquery()


def scopes(members: Collection[Member]) -> dict[int, frozenset[int]]:
    """The covered units of each, by the member's id. One statement; none where nobody's scope names units."""
    by_units = [each.id for each in members if each.role == Role.TRAINING_COORDINATOR and not each.covers_organization]
    units: dict[int, set[int]] = {each.id: set() for each in members}
    if by_units:
        named = select(ScopeUnit.member_id, ScopeUnit.unit_id).where(ScopeUnit.member_id.in_(by_units))
        tree = named.cte("covered", recursive=True)
        tree = tree.union(select(tree.c.member_id, Unit.id).where(Unit.parent_id == tree.c.unit_id))
        for member_id, unit_id in db.session.execute(select(tree.c.member_id, tree.c.unit_id)):
            units[member_id].add(unit_id)
    return {member_id: frozenset(covered) for member_id, covered in units.items()}
