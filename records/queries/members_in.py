"""The members that the matrix and what is counted like it are about."""

from __future__ import annotations

from typing import NamedTuple

from records.models import Actor, Member
from records.queries.clearance import Condition, serves_in
from records.queries.member_filters import WITHOUT_UNIT, Scope, in_scope, scope_of
from records.queries.member_search import matches, words_of
from records.queries.units import unit_and_below


class MembersIn(NamedTuple):
    """The active members in a scope of a unit and below, in a position, found by name or number. `units`: the ids of
    the unit and of all within it, as they are now."""

    scope: Scope
    words: tuple[str, ...]
    unit: str
    units: tuple[int, ...]
    position: int | None

    @classmethod
    def of(cls, search: str, unit: str, position: int | None, *, by: Actor) -> MembersIn:
        units = tuple(unit_and_below(int(unit))) if unit and unit != WITHOUT_UNIT else ()
        return cls(scope_of(by), tuple(words_of(search)), unit, units, position)

    def conditions(self) -> list[Condition]:
        narrowed = [in_scope(self.scope), Member.deactivated_at.is_(None)]
        if self.unit == WITHOUT_UNIT:
            narrowed.append(Member.unit_id.is_(None))
        elif self.unit:
            narrowed.append(Member.unit_id.in_(self.units))
        if self.position:
            narrowed.append(serves_in([self.position]))
        if self.words:
            narrowed.append(matches(self.words))
        return narrowed


def members_in(search: str, unit: str, position: int | None, *, by: Actor) -> list[Condition]:
    """The conditions on those."""
    return MembersIn.of(search, unit, position, by=by).conditions()
