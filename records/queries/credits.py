"""A member's credits: what the ledger adds up to, and the entries behind each figure. All sums are the database's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    extract,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm.attributes import set_committed_value

from records.models import CreditEntry, CreditType, ExternalCertificate, Member
from records.models.credit_type import Span
from records.queries.ahead import Question, read_ahead, rows_of
from records.queries.credit_types import asked_for_credit_types, credit_types
from records.queries.keyset import Cursor

ENTRIES_AT_ONCE = 50
MONTHS = 12
_MOST_SHAPES = 50  # of statements
NOTHING = Decimal("0.00")


class SpanChoice(StrEnum):
    """The spans that a member may look at; PERIOD is each credit type's own present one."""

    ALL_TIME = "all-time"
    THIS_YEAR = "this-year"
    TWELVE_MONTHS = "twelve-months"
    PERIOD = "period"


@dataclass(frozen=True)
class Month:
    """`first` is its first day."""

    first: date
    credits: Decimal


@dataclass(frozen=True)
class Total:
    """What a member has of one credit type. `in_period` of the present `period` is None where no goal is set."""

    type: CreditType
    this_year: Decimal
    twelve_months: Decimal
    all_time: Decimal
    period: Span
    in_period: Decimal | None
    months: tuple[Month, ...]

    @property
    def is_reached(self) -> bool:
        return self.type.goal is not None and self.in_period is not None and self.in_period >= self.type.goal

    @property
    def missing(self) -> Decimal:
        """How much is left to reach the goal."""
        return max(NOTHING, (self.type.goal or NOTHING) - (self.in_period or NOTHING))

    @property
    def share(self) -> int:
        """Of the goal, in whole hundredths, never more than 100; 100 only where it is reached."""
        if not self.type.goal or self.in_period is None:
            return 0
        return 100 if self.is_reached else min(99, int(self.in_period * 100 / self.type.goal))


@dataclass(frozen=True)
class Filter:
    """What to look at: one credit type by id (None: all), in one span."""

    credit_type_id: int | None = None
    span: SpanChoice = SpanChoice.ALL_TIME


@dataclass(frozen=True)
class Entries:
    """Newest first. `total` is None where several credit types are among them; `more` leads to the next page."""

    rows: Sequence[CreditEntry]
    count: int
    total: Decimal | None
    more: Cursor | None


def totals_of(member: Member, *, on: date) -> list[Total]:
    """Each credit type that the member has credits of or that sets a goal, in order. Two statements."""
    with read_ahead(*asked_for_totals(member.id, on=on)):
        types, months = credit_types(), _months(member.id, on=on)
        sums = {row.credit_type_id: row for row in rows_of(*asked_for_sums(member, on=on))}
    return [
        _total(type_, sums.get(type_.id), _period(type_, member, on), months, on=on)
        for type_ in types
        if type_.id in sums or (type_.goal is not None and not type_.is_retired)
    ]


def asked_for_totals(member_id: int, *, on: date) -> list[Question]:
    """What `totals_of` is going to ask first."""
    return [asked_for_credit_types(), _asked_for_months(member_id, on)]


def asked_for_sums(member: Member, *, on: date) -> Question:
    """What `totals_of` is going to ask once it knows the credit types."""
    goals = [(type_.id, _period(type_, member, on)) for type_ in credit_types() if type_.goal is not None]
    given = {"member_id": member.id} | _ends("year", this_year(on)) | _ends("twelve", twelve_months(on))
    return Question(_sums(len(goals)), given | _given_periods(goals))


@lru_cache(_MOST_SHAPES)
def _sums(goals: int) -> Select[int, Decimal, Decimal, Decimal, Decimal]:
    return (
        select(
            CreditEntry.credit_type_id,
            func.sum(CreditEntry.amount).label("all_time"),
            func.sum(CreditEntry.amount).filter(_within("year")).label("this_year"),
            func.sum(CreditEntry.amount).filter(_within("twelve")).label("twelve_months"),
            func.sum(CreditEntry.amount).filter(_in_periods(goals)).label("in_period"),
        )
        .where(CreditEntry.member_id == bindparam("member_id"))
        .group_by(CreditEntry.credit_type_id)
    )


def _total(type_: CreditType, sums: Any, span: Span, months: dict[tuple[int, date], Decimal], *, on: date) -> Total:
    in_period = (sums.in_period if sums else None) or NOTHING
    return Total(
        type=type_,
        this_year=(sums.this_year if sums else None) or NOTHING,
        twelve_months=(sums.twelve_months if sums else None) or NOTHING,
        all_time=(sums.all_time if sums else None) or NOTHING,
        period=span,
        in_period=None if type_.goal is None else in_period,
        months=tuple(Month(first, months.get((type_.id, first), NOTHING)) for first in _last_months(on)),
    )


def _months(member_id: int, *, on: date) -> dict[tuple[int, date], Decimal]:
    """By credit type and month, over the months of the chart."""
    found = rows_of(*_asked_for_months(member_id, on))
    return {(each[0], date(int(each[1]), int(each[2]), 1)): each[3] for each in found}


def _asked_for_months(member_id: int, on: date) -> Question:
    return Question(_by_month(), {"member_id": member_id, "first": _last_months(on)[0]})


@cache
def _by_month() -> Select[int, int, int, Decimal]:
    # As whole numbers: PostgreSQL takes them out of a date as numerics.
    year, month = (cast(extract(part, CreditEntry.counts_on), Integer) for part in ("year", "month"))
    return (
        select(CreditEntry.credit_type_id, year, month, func.sum(CreditEntry.amount))
        .where(CreditEntry.member_id == bindparam("member_id"), CreditEntry.counts_on >= bindparam("first"))
        .group_by(CreditEntry.credit_type_id, year, month)
    )


@lru_cache(10)
def _last_months(on: date) -> tuple[date, ...]:
    """The first days of the months of the chart, the present month last."""
    this_month = on.replace(day=1)
    return tuple(this_month - relativedelta(months=back) for back in reversed(range(MONTHS)))


def this_year(on: date) -> Span:
    return Span(date(on.year, 1, 1), date(on.year, 12, 31))


def twelve_months(on: date) -> Span:
    """The year that ends with this day."""
    return Span(on - relativedelta(years=1) + timedelta(days=1), on)


def entries_of(
    member: Member, chosen: Filter, *, on: date, after: Cursor | None = None, most: int | None = ENTRIES_AT_ONCE
) -> Entries:
    """The entries behind a figure, with credit types and certificates (`most` None: all of them). At most two
    statements."""
    facts, entries = asked_for_entries(member, chosen, on=on, after=after, most=most)
    with read_ahead(facts, entries, asked_for_credit_types()):
        ((count, total, kinds),) = rows_of(*facts)
        types = {each.id: each for each in credit_types()}
        for entry, certificate in (found := rows_of(*entries)):
            set_committed_value(entry, "certificate", certificate)
            set_committed_value(entry, "credit_type", types[entry.credit_type_id])
    rows = [entry for entry, _ in found]
    last = rows[most - 1] if most is not None and len(rows) > most else None
    more = Cursor(last.counts_on, last.id) if last else None
    return Entries(rows[:most], count, total if kinds == 1 else None, more)


def asked_for_entries(
    member: Member, chosen: Filter, *, on: date, after: Cursor | None = None, most: int | None = ENTRIES_AT_ONCE
) -> tuple[Question, Question]:
    """What `entries_of` is going to ask: the figures, and the entries."""
    given, periods = {"member_id": member.id, "credit_type_id": chosen.credit_type_id}, None
    if chosen.span == SpanChoice.PERIOD:
        spans = [(each.id, _period(each, member, on)) for each in credit_types()]
        given, periods = given | _given_periods(spans), len(spans)
    elif chosen.span != SpanChoice.ALL_TIME:
        given |= _ends("span", this_year(on) if chosen.span == SpanChoice.THIS_YEAR else twelve_months(on))
    asked = _Shape(chosen.credit_type_id is not None, "span_first" in given, periods)
    follows = after is not None and after.key is not None
    place = {"after_on": after.key, "after_id": after.id} if after is not None and follows else {}
    limit = None if most is None else most + 1
    return Question(_figures(asked), given), Question(_entries(asked, follows, limit), given | place)


class _Shape(NamedTuple):
    """Of the question for entries: those of one type, within a span, in the present periods of so many types."""

    of_type: bool
    within: bool
    periods: int | None

    def condition(self) -> ColumnElement[bool]:
        asked = [CreditEntry.member_id == bindparam("member_id")]
        if self.of_type:
            asked.append(CreditEntry.credit_type_id == bindparam("credit_type_id"))
        if self.within:
            asked.append(_within("span"))
        if self.periods is not None:
            asked.append(_in_periods(self.periods))
        return and_(*asked)


@lru_cache(_MOST_SHAPES)
def _figures(asked: _Shape) -> Select[int, Decimal, int]:
    facts = select(func.count(), func.sum(CreditEntry.amount), func.count(CreditEntry.credit_type_id.distinct()))
    return facts.where(asked.condition())


@lru_cache(_MOST_SHAPES)
def _entries(asked: _Shape, follows: bool, limit: int | None) -> Select[CreditEntry, ExternalCertificate]:
    statement = (
        select(CreditEntry, ExternalCertificate)
        .join(ExternalCertificate, CreditEntry.external_certificate_id == ExternalCertificate.id)
        .where(asked.condition())
        .order_by(CreditEntry.counts_on.desc(), CreditEntry.id.desc())
        .limit(limit)
    )
    if not follows:
        return statement
    on: BindParameter[date] = bindparam("after_on")
    id_: BindParameter[int] = bindparam("after_id")
    return statement.where(or_(CreditEntry.counts_on < on, and_(CreditEntry.counts_on == on, CreditEntry.id < id_)))


def _period(type_: CreditType, member: Member, on: date) -> Span:
    return type_.period_around(on, joined_on=member.joined_on)


def _within(span: str) -> ColumnElement[bool]:
    """Within the span whose `_ends` are given."""
    return CreditEntry.counts_on.between(bindparam(f"{span}_first"), bindparam(f"{span}_last"))


def _ends(span: str, ends: Span) -> dict[str, Any]:
    return {f"{span}_first": ends.first or date.min, f"{span}_last": ends.last or date.max}


def _in_periods(number: int) -> ColumnElement[bool]:
    """Within one of so many periods, each of the entry's own type."""
    of_types = (CreditEntry.credit_type_id == bindparam(f"period_{each}_type") for each in range(number))
    return or_(false(), *(and_(of_type, _within(f"period_{each}")) for each, of_type in enumerate(of_types)))


def _given_periods(periods: Sequence[tuple[int, Span]]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for each, (type_id, span) in enumerate(periods):
        given |= {f"period_{each}_type": type_id} | _ends(f"period_{each}", span)
    return given
