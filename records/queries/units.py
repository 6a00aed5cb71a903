"""Units as trees: for the page of all units, and for pull-downs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Select, func, select

from records.database import db
from records.errors import NotFound
from records.models import Actor, Member, Unit
from records.reading.ahead import Question, rows_of

_MOST_KEPT = 100  # trees


@dataclass(frozen=True)
class Choice:
    """A unit at its place in the tree: `depth` 0 at the top, `path` from the top to it."""

    id: int
    name: str
    depth: int
    path: tuple[str, ...]
    parent_id: int | None

    def __hash__(self) -> int:
        return self.id  # in no time: trees of them are kept by what they are


@dataclass(frozen=True)
class Branch(Choice):
    """`members` are the active ones in the unit itself, `deactivated` the others."""

    members: int = 0
    deactivated: int = 0
    has_units: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.members or self.deactivated or self.has_units)


def unit_choices(*, by: Actor) -> list[Choice]:
    """The units that staff have in scope, each below the one that it lies in. Raises NotAllowed."""
    by.require_staff()
    units = rows_of(_every_unit())
    seen = units if by.covers_everyone else [unit for unit in units if unit.id in by.covered_units]
    return list(_tree(tuple(seen)))


def asked_for_choices() -> Question:
    """What `unit_choices` is going to ask."""
    return Question(_every_unit())


def unit_and_below(unit_id: int) -> list[int]:
    """The ids of a unit and of all within it, whoever asks. By themselves, not by a condition: with ids a planner can
    reckon."""
    below: dict[int | None, list[int]] = defaultdict(list)
    for unit in rows_of(_every_unit()):
        below[unit.parent_id].append(unit.id)
    known = {each for ids in below.values() for each in ids}
    found = [unit_id] if unit_id in known else []
    for each in found:  # grows on the way
        found += below[each]
    return found


@cache
def _every_unit() -> Select[int, str, str, int | None]:
    return select(Unit.id, Unit.name, Unit.folded_name, Unit.parent_id)


def unit_tree(*, by: Actor) -> list[Branch]:
    """All units with how many members each holds. Raises NotAllowed."""
    by.require_administrator()
    is_active = Member.deactivated_at.is_(None)
    counting = select(Member.unit_id, is_active, func.count()).where(Member.unit_id.is_not(None))
    counts = {(unit_id, bool(active)): count for unit_id, active, count in db.session.execute(
        counting.group_by(Member.unit_id, is_active)
    )}  # fmt: skip
    choices = unit_choices(by=by)
    parents = {choice.parent_id for choice in choices}
    return [
        Branch(
            **vars(choice),
            members=counts.get((choice.id, True), 0),
            deactivated=counts.get((choice.id, False), 0),
            has_units=choice.id in parents,
        )
        for choice in choices
    ]


def branch_of(unit_id: int, tree: list[Branch]) -> Branch:
    """Raises NotFound."""
    for branch in tree:
        if branch.id == unit_id:
            return branch
    raise NotFound()


def without(unit_id: int, choices: list[Branch]) -> list[Branch]:
    """The choices less one unit and all below it: where it can be moved to."""
    inside = {unit_id}
    for choice in choices:  # each stands after the one that it lies in
        if choice.parent_id in inside:
            inside.add(choice.id)
    return [choice for choice in choices if choice.id not in inside]


def branch(unit_id: str, choices: list[Choice]) -> list[Choice]:
    """The unit with this id, as an address says it, and all below it; all choices where it says none."""
    inside = [choice for choice in choices if str(choice.id) == unit_id]
    known = {choice.id for choice in inside}
    for choice in choices if unit_id else ():  # each stands after the one that it lies in
        if choice.parent_id in known:
            known.add(choice.id)
            inside.append(choice)
    return inside if unit_id else choices


@lru_cache(_MOST_KEPT)
def _tree(units: tuple[Any, ...]) -> tuple[Choice, ...]:
    """Of these very rows: who sees the same units sees the same tree."""
    return tuple(_in_order(units))


def _in_order(units: Sequence[Any]) -> Iterator[Choice]:
    """Depth first, by name. A unit whose parent is out of scope stands at the top."""
    known = {unit.id for unit in units}
    below: dict[int | None, list[Any]] = defaultdict(list)
    for unit in sorted(units, key=lambda unit: unit.folded_name, reverse=True):
        below[unit.parent_id if unit.parent_id in known else None].append(unit)
    waiting: list[tuple[Any, tuple[str, ...]]] = [(unit, ()) for unit in below[None]]
    while waiting:
        unit, path = waiting.pop()
        here = (*path, unit.name)
        yield Choice(unit.id, unit.name, len(path), here, unit.parent_id)
        waiting += [(child, here) for child in below[unit.id]]
