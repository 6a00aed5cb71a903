"""Members unit by unit along the tree, a page at a time: each unit by its index of names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, literal, select, tuple_, union_all

from records.database import db
from records.models import Member
from records.queries.clearance import Condition

# How many units are asked first, and then in one statement.
_FEW_UNITS, _MOST_UNITS = 4, 256
_COLUMNS = (Member.id, Member.unit_id, Member.family_name, Member.given_name, Member.suffix)


def walked(
    units: Sequence[int | None],
    shown: Sequence[Condition],
    counted: Select[int],
    beside: Member | None,
    *,
    most: int,
    backwards: bool,
) -> tuple[list[Row[Any]], int | None]:
    """At most so many of those `shown`, in the units with these ids (None: without one), after or before `beside`,
    nearest first: of each the id, the unit and the name, in columns. And what `counted` finds, where there are any of
    them."""
    units = [*reversed(units)] if backwards else [*units]
    if beside is not None:
        units = units[units.index(beside.unit_id) :]
    found: list[Row[Any]] = []
    count: int | None = None
    at_once = _FEW_UNITS
    while units and len(found) < most:
        parts = [
            _in_unit(each, shown, beside, most=most, backwards=backwards)
            .add_columns(literal(turn).label("turn"))
            .subquery(f"unit_{turn}")
            for turn, each in enumerate(units[:at_once])
        ]
        rows = union_all(*map(select, parts)).subquery("rows")
        keys = _keys(backwards=backwards)
        counts = literal(count) if count is not None else counted.scalar_subquery()
        statement = (
            select(*_COLUMNS, counts.label("fitting")).join(rows, Member.id == rows.c.id).order_by(rows.c.turn, *keys)
        )
        read = db.session.execute(statement.limit(most - len(found))).all()
        found += read
        count = read[0].fitting if read else count
        units, at_once, beside = units[at_once:], _MOST_UNITS, None
    return found, count


def _keys(*, backwards: bool) -> list[Any]:
    keys = (Member.sort_name, Member.id)
    return [key.desc() if backwards else key for key in keys]


def _in_unit(
    unit_id: int | None, shown: Sequence[Condition], beside: Member | None, *, most: int, backwards: bool
) -> Select[int]:
    """The ids of the members of a unit, by name, beyond one of them."""
    statement = select(Member.id).where(Member.unit_id == unit_id, *shown)
    if beside is not None and beside.unit_id == unit_id:
        here = tuple_(Member.sort_name, Member.id)
        there = tuple_(literal(beside.sort_name, Member.sort_name.type), literal(beside.id))
        statement = statement.where(here < there if backwards else here > there)
    return statement.order_by(*_keys(backwards=backwards)).limit(most)
