"""A member's credits: what the ledger adds up to, and the entries behind each figure. All sums are the database's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, cast, extract, false, func, or_, select
from sqlalchemy.orm import joinedload

from records.database import db
from records.models import CreditEntry, CreditType, Member
from records.models.credit_type import Span
from records.queries.ahead import Question, read_ahead, rows_of
from records.queries.credit_types import asked_for_credit_types, credit_types
from records.queries.keyset import Cursor

ENTRIES_AT_ONCE = 50
MONTHS = 12
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
    spans = {type_.id: type_.period_around(on, joined_on=member.joined_on) for type_ in types}
    sums = {row.credit_type_id: row for row in db.session.execute(_sums(member, types, spans, on=on))}
    return [
        _total(type_, sums.get(type_.id), spans[type_.id], months, on=on)
        for type_ in types
        if type_.id in sums or (type_.goal is not None and not type_.is_retired)
    ]


def asked_for_totals(member_id: int, *, on: date) -> list[Question]:
    """What `totals_of` is going to ask first."""
    return [asked_for_credit_types(), _asked_for_months(member_id, on)]


def _sums(
    member: Member, types: Sequence[CreditType], spans: dict[int, Span], *, on: date
) -> Select[int, Decimal, Decimal, Decimal, Decimal]:
    with_goal = [type_.id for type_ in types if type_.goal is not None]
    periods = [and_(CreditEntry.credit_type_id == each, _within(spans[each])) for each in with_goal]
    return (
        select(
            CreditEntry.credit_type_id,
            func.sum(CreditEntry.amount).label("all_time"),
            func.sum(CreditEntry.amount).filter(_within(this_year(on))).label("this_year"),
            func.sum(CreditEntry.amount).filter(_within(twelve_months(on))).label("twelve_months"),
            func.sum(CreditEntry.amount).filter(or_(false(), *periods)).label("in_period"),
        )
        .where(CreditEntry.member_id == member.id)
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
    """The entries behind a figure, with credit types and certificates (`most` None: all of them). Two statements."""
    asked = _asked(member, chosen, on=on)
    facts = select(func.count(), func.sum(CreditEntry.amount), func.count(CreditEntry.credit_type_id.distinct()))
    count, total, kinds = db.session.execute(facts.where(asked)).one()
    statement = (
        select(CreditEntry)
        .where(asked)
        .options(joinedload(CreditEntry.certificate), joinedload(CreditEntry.credit_type))
        .order_by(CreditEntry.counts_on.desc(), CreditEntry.id.desc())
    )
    if after is not None and after.key is not None:
        on_or_before = or_(
            CreditEntry.counts_on < after.key, and_(CreditEntry.counts_on == after.key, CreditEntry.id < after.id)
        )
        statement = statement.where(on_or_before)
    if most is None:
        return Entries(db.session.scalars(statement).all(), count, total if kinds == 1 else None, None)
    rows = db.session.scalars(statement.limit(most + 1)).all()
    last = rows[most - 1] if len(rows) > most else None
    more = Cursor(last.counts_on, last.id) if last else None
    return Entries(rows[:most], count, total if kinds == 1 else None, more)


def _asked(member: Member, chosen: Filter, *, on: date) -> ColumnElement[bool]:
    own = CreditEntry.member_id == member.id
    if chosen.credit_type_id is not None:
        own = and_(own, CreditEntry.credit_type_id == chosen.credit_type_id)
    if chosen.span == SpanChoice.THIS_YEAR:
        return and_(own, _within(this_year(on)))
    if chosen.span == SpanChoice.TWELVE_MONTHS:
        return and_(own, _within(twelve_months(on)))
    if chosen.span == SpanChoice.PERIOD:
        spans = ((each.id, each.period_around(on, joined_on=member.joined_on)) for each in credit_types())
        periods = [and_(CreditEntry.credit_type_id == type_id, _within(span)) for type_id, span in spans]
        return and_(own, or_(false(), *periods))
    return own


def _within(span: Span) -> ColumnElement[bool]:
    first = CreditEntry.counts_on >= span.first if span.first else None
    last = CreditEntry.counts_on <= span.last if span.last else None
    ends = [end for end in (first, last) if end is not None]
    return and_(*ends) if ends else CreditEntry.counts_on.is_not(None)
