"""What the ledger of credits adds up to: by credit type, and by unit, month or year. All sums are the database's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import extract, func, literal, select

from records.database import db
from records.models import Actor, CreditEntry, CreditType, Member
from records.models.credit_entry import EntryKind
from records.queries.credit_types import credit_types
from records.queries.member_filters import Scope
from records.queries.reports.folding import added, with_below
from records.queries.reports.frame import Asked, Listed, Sums, people, whoever, within
from records.queries.units import Choice, branch, unit_choices

BY_TYPE, BY_UNIT, BY_MONTH, BY_YEAR = "type", "unit", "month", "year"
ACTIVE, EVERYONE = "active", "everyone"


@dataclass(frozen=True)
class CreditSum:
    """`credits` of one type, awards less reversals. `unit`: with the units in it; `without_unit`: of those
    who have none. `since` is the first day of the month or year.
    """

    type: CreditType
    awards: int
    reversals: int
    credits: Decimal
    unit: Choice | None = None
    without_unit: bool = False
    since: date | None = None


def _sums(asked: Asked, by: Actor, counted: Sequence[Sequence[Any]]) -> Listed:
    """Entries that count in this time. Two statements at most, without a count."""
    types = {type_.id: type_ for type_ in credit_types()}
    found = {
        (key, type_id): (awards, reversals, Decimal(credits)) for key, type_id, awards, reversals, credits in counted
    }
    by_type: dict[int, list[tuple[Any, ...]]] = {}
    for (_, type_id), numbers in found.items():
        by_type.setdefault(type_id, []).append(numbers)
    totals = [CreditSum(types[each], *added(by_type[each])) for each in types if each in by_type]
    if asked["group"] == BY_TYPE:
        return Listed(totals)
    if asked["group"] == BY_UNIT:
        return Listed(list(_by_unit(found, types, branch(asked["unit"], unit_choices(by=by)))), totals)
    places = {type_id: place for place, type_id in enumerate(types)}
    in_order = sorted((pair for pair in found if pair[1] in types), key=lambda pair: (pair[0], places[pair[1]]))
    return Listed([CreditSum(types[pair[1]], *found[pair], since=_day(pair[0])) for pair in in_order], totals)


def _counted(asked: Asked, by: Scope) -> list[list[Any]]:
    """What the report is grouped by (a unit or None, or a month or year as a number), a credit type, awards, reversals
    and credits."""
    group, entry = _group(asked["group"]), CreditEntry
    statement = (
        select(
            group,
            entry.credit_type_id,
            func.count().filter(entry.kind == EntryKind.AWARD),
            func.count().filter(entry.kind == EntryKind.REVERSAL),
            func.sum(entry.amount),
        )
        .join(Member, entry.member_id == Member.id)
        .where(*within(entry.counts_on, asked.span))
        .where(*(whoever if asked["people"] == EVERYONE else people)(asked, by=by))
    )
    if asked["credit_type"]:
        statement = statement.where(entry.credit_type_id == int(asked["credit_type"]))
    keys = [entry.credit_type_id] if asked["group"] == BY_TYPE else [group, entry.credit_type_id]
    rows = db.session.execute(statement.group_by(*keys))
    return [[None if key is None else int(key), *numbers, str(credits)] for key, *numbers, credits in rows]


def _group(group: str) -> Any:
    if group == BY_UNIT:
        return Member.unit_id
    if group == BY_TYPE:
        return literal(0)
    year = extract("year", CreditEntry.counts_on) * 100
    return year + 1 if group == BY_YEAR else year + extract("month", CreditEntry.counts_on)


def _day(number: Any) -> date:
    year, month = divmod(int(number), 100)
    return date(year, month, 1)


def _by_unit(
    found: Mapping[tuple[Any, int], tuple[Any, ...]], types: Mapping[int, CreditType], units: Sequence[Choice]
) -> Iterator[CreditSum]:
    below = with_below(found, units)
    for unit in [*units, None]:
        by_type = below.get(unit.id if unit else None, {})
        for type_id in (each for each in types if each in by_type):
            awards, reversals, credits = by_type[type_id]
            yield CreditSum(types[type_id], awards, reversals, credits, unit=unit, without_unit=unit is None)


credit_sums = Sums(_counted, _sums)
