"""Members unit by unit along the tree, a page at a time: each unit by its index of names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Integer, Row, Select, bindparam, literal, select, tuple_, union_all

from records.database import db
from records.models import Member
from records.queries.capped import counting
from records.queries.clearance import Condition

# How many units are asked first, and then in one statement.
_FEW_UNITS, _MOST_UNITS = 4, 256
_MOST_HELD = 50  # questions, scopes and units
_COLUMNS = (Member.id, Member.unit_id, Member.family_name, Member.given_name, Member.suffix)
_NAMES = (Member.sort_name, Member.id)
_LEFT: BindParameter[Any] = bindparam("left", type_=Integer())
_MOST: BindParameter[Any] = bindparam("most", type_=Integer())
_FITTING: BindParameter[Any] = bindparam("fitting_so_far", type_=Integer())


class Walk(NamedTuple):
    """Which members are `shown`, and which are counted, by their conditions. `key` says the same for the statements
    that are kept, None for those that are made once."""

    shown: Callable[[], Sequence[Condition]]
    counted: Callable[[], Sequence[Condition]]
    key: Any = None


def walked(
    units: Sequence[int | None], walk: Walk, beside: Member | None, *, most: int, backwards: bool
) -> tuple[list[Row[Any]], int | None]:
    """At most so many of those that the walk shows, in the units with these ids (None: without one), after or before
    `beside`, nearest first: of each the id, the unit and the name, in columns. And how many it counts, no further than
    matters, where there are any of them."""
    units = [*reversed(units)] if backwards else [*units]
    if beside is not None:
        units = units[units.index(beside.unit_id) :]
    found: list[Row[Any]] = []
    count: int | None = None
    at_once = _FEW_UNITS
    while units and len(found) < most:
        step = _Step(tuple(units[:at_once]), beside is not None, backwards, count is None)
        statement = _made(step, walk) if walk.key is None else _kept(step, _Keyed(walk))
        given: dict[str, Any] = {"most": most, "left": most - len(found)}
        if beside is not None:
            given |= {"place": beside.sort_name, "place_id": beside.id}
        if count is not None:
            given["fitting_so_far"] = count
        read = db.session.execute(statement, given).all()
        found += read
        count = read[0].fitting if read else count
        units, at_once, beside = units[at_once:], _MOST_UNITS, None
    return found, count


class _Step(NamedTuple):
    """What a statement of a walk depends on besides: the first of the units may begin or end beside a `place`."""

    units: tuple[int | None, ...]
    has_place: bool
    backwards: bool
    counts: bool


class _Keyed:
    """A walk that is the same as another with the same key."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    def __hash__(self) -> int:
        return hash(self.walk.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.walk.key == other.walk.key


@lru_cache(_MOST_HELD)
def _kept(step: _Step, keyed: _Keyed) -> Select[Any]:
    return _made(step, keyed.walk)


def _made(step: _Step, walk: Walk) -> Select[Any]:
    shown = walk.shown()
    parts = [
        select(_in_unit(unit_id, turn, shown, step).subquery(f"unit_{turn}")) for turn, unit_id in enumerate(step.units)
    ]
    rows = union_all(*parts).subquery("rows")
    counted = counting(select(Member.id).where(*walk.counted()).order_by(*_NAMES)).scalar_subquery()
    statement = select(*_COLUMNS, (counted if step.counts else _FITTING).label("fitting"))
    statement = statement.join(rows, Member.id == rows.c.id).order_by(rows.c.turn, *_keys(step.backwards))
    return statement.limit(_LEFT)


def _keys(backwards: bool) -> list[Any]:
    return [key.desc() if backwards else key for key in _NAMES]


def _in_unit(unit_id: int | None, turn: int, shown: Sequence[Condition], step: _Step) -> Select[int, int]:
    """The ids of the members of a unit, by name, beyond the place where it is the first."""
    statement = select(Member.id, literal(turn).label("turn")).where(Member.unit_id == unit_id, *shown)
    if step.has_place and turn == 0:
        here = tuple_(*_NAMES)
        there = tuple_(bindparam("place", type_=Member.sort_name.type), bindparam("place_id", type_=Member.id.type))
        statement = statement.where(here < there if step.backwards else here > there)
    return statement.order_by(*_keys(step.backwards)).limit(_MOST)
