"""A member's credits: what the ledger adds up to, and the entries behind each figure. All sums are the database's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
)

from records.models import CreditEntry, CreditKind, ExternalCertificate, Member
from records.models.credit_entry import EntryKind
from records.models.credit_type import Span
from records.queries.credit_spans import (
    ends_of,
    given_periods,
    in_periods,
    periods_of,
    this_year,
    twelve_months,
    within,
)
from records.queries.credit_types import asked_for_credit_kinds, credit_kinds, likely_credit_kinds
from records.queries.keyset import Cursor
from records.reading.ahead import Question, read_ahead, rows_of

ENTRIES_AT_ONCE = 50
_MOST_SHAPES = 50  # of statements
NOTHING = Decimal("0.00")


class SpanChoice(StrEnum):
    """The spans that a member may look at; PERIOD is each credit type's own present one."""

    ALL_TIME = "all-time"
    THIS_YEAR = "this-year"
    TWELVE_MONTHS = "twelve-months"
    PERIOD = "period"


@dataclass(frozen=True)
class Total:
    """What a member has of one credit type. `in_period` of the present `period` is None where no goal is set."""

    type: CreditKind
    this_year: Decimal
    twelve_months: Decimal
    all_time: Decimal
    period: Span
    in_period: Decimal | None

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


class Entry(NamedTuple):
    """An entry of the ledger, and what it says of the certificate that it came from: `title` to `state`."""

    id: int
    credit_type_id: int
    external_certificate_id: int
    kind: str
    counts_on: date
    amount: Decimal
    created_at: datetime
    title: str
    issuer: str
    number: str
    state: str
    credit_type: CreditKind

    @property
    def is_reversal(self) -> bool:
        return self.kind == EntryKind.REVERSAL


@dataclass(frozen=True)
class Entries:
    """Newest first. `total` is None where several credit types are among them; `more` leads to the next page."""

    rows: Sequence[Entry]
    count: int
    total: Decimal | None
    more: Cursor | None


def totals_of(member: Member, *, on: date) -> list[Total]:
    """Each credit type that the member has credits of or that sets a goal, in order. One statement; two where credit
    types are others than this process knows."""
    with read_ahead(*asked_for_totals(member, on=on)):
        types = credit_kinds()
        sums = {row.credit_type_id: row for row in rows_of(*_asked_for_sums(member, types, on))}
    periods = periods_of(tuple(types), member.joined_on, on)
    return [
        _total(type_, sums.get(type_.id), periods[type_.id])
        for type_ in types
        if type_.id in sums or (type_.goal is not None and not type_.is_retired)
    ]


def asked_for_totals(member: Member, *, on: date) -> list[Question]:
    """What `totals_of` is most likely going to ask."""
    return [asked_for_credit_kinds(), _asked_for_sums(member, likely_credit_kinds(), on)]


def _asked_for_sums(member: Member, types: Sequence[CreditKind], on: date) -> Question:
    periods = periods_of(tuple(types), member.joined_on, on)
    goals = [(type_.id, periods[type_.id]) for type_ in types if type_.goal is not None]
    given = {"member_id": member.id} | ends_of("year", this_year(on)) | ends_of("twelve", twelve_months(on))
    return Question(_sums(len(goals)), given | given_periods(goals, "goal"))


@lru_cache(_MOST_SHAPES)
def _sums(goals: int) -> Select[int, Decimal, Decimal, Decimal, Decimal]:
    return (
        select(
            CreditEntry.credit_type_id,
            func.sum(CreditEntry.amount).label("all_time"),
            func.sum(CreditEntry.amount).filter(within("year")).label("this_year"),
            func.sum(CreditEntry.amount).filter(within("twelve")).label("twelve_months"),
            func.sum(CreditEntry.amount).filter(in_periods(goals, "goal")).label("in_period"),
        )
        .where(CreditEntry.member_id == bindparam("member_id"))
        .group_by(CreditEntry.credit_type_id)
    )


def _total(type_: CreditKind, sums: Any, span: Span) -> Total:
    in_period = (sums.in_period if sums else None) or NOTHING
    return Total(
        type=type_,
        this_year=(sums.this_year if sums else None) or NOTHING,
        twelve_months=(sums.twelve_months if sums else None) or NOTHING,
        all_time=(sums.all_time if sums else None) or NOTHING,
        period=span,
        in_period=None if type_.goal is None else in_period,
    )


def entries_of(
    member: Member, chosen: Filter, *, on: date, after: Cursor | None = None, most: int | None = ENTRIES_AT_ONCE
) -> Entries:
    """The entries behind a figure, with credit types and certificates (`most` None: all of them). At most two
    statements."""
    with read_ahead(*asked_for_entries(member, chosen, on=on, after=after, most=most)):
        types = credit_kinds()
        facts, entries, _kinds = _asked_for_entries(member, chosen, types, on, after, most)
        ((count, total, kinds),) = rows_of(*facts)
        found, by_id = rows_of(*entries), {each.id: each for each in types}
    rows = [Entry._make((*each, by_id[each.credit_type_id])) for each in found]
    last = rows[most - 1] if most is not None and len(rows) > most else None
    more = Cursor(last.counts_on, last.id) if last else None
    return Entries(rows[:most], count, total if kinds == 1 else None, more)


def asked_for_entries(
    member: Member, chosen: Filter, *, on: date, after: Cursor | None = None, most: int | None = ENTRIES_AT_ONCE
) -> tuple[Question, Question, Question]:
    """What `entries_of` is most likely going to ask: the figures, the entries, and the credit types."""
    return _asked_for_entries(member, chosen, likely_credit_kinds(), on, after, most)


def _asked_for_entries(
    member: Member, chosen: Filter, types: Sequence[CreditKind], on: date, after: Cursor | None, most: int | None
) -> tuple[Question, Question, Question]:
    given, periods = {"member_id": member.id, "credit_type_id": chosen.credit_type_id}, None
    if chosen.span == SpanChoice.PERIOD:
        spans = list(periods_of(tuple(types), member.joined_on, on).items())
        given, periods = given | given_periods(spans, "period"), len(spans)
    elif chosen.span != SpanChoice.ALL_TIME:
        given |= ends_of("span", this_year(on) if chosen.span == SpanChoice.THIS_YEAR else twelve_months(on))
    asked = _Shape(chosen.credit_type_id is not None, "span_first" in given, periods)
    follows = after is not None and after.key is not None
    place = {"after_on": after.key, "after_id": after.id} if after is not None and follows else {}
    limit = None if most is None else most + 1
    entries = Question(_entries(asked, follows, limit), given | place)
    return Question(_figures(asked), given), entries, asked_for_credit_kinds()


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
            asked.append(within("span"))
        if self.periods is not None:
            asked.append(in_periods(self.periods, "period"))
        return and_(*asked)


@lru_cache(_MOST_SHAPES)
def _figures(asked: _Shape) -> Select[int, Decimal, int]:
    facts = select(func.count(), func.sum(CreditEntry.amount), func.count(CreditEntry.credit_type_id.distinct()))
    return facts.where(asked.condition())


@lru_cache(_MOST_SHAPES)
def _entries(asked: _Shape, follows: bool, limit: int | None) -> Any:
    own = [getattr(CreditEntry, name) for name in Entry._fields[:7]]
    of_certificate = [getattr(ExternalCertificate, name) for name in Entry._fields[7:11]]
    statement = (
        select(*own, *of_certificate)
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
