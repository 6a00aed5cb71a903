"""What needs attention now: how much has expired and will expire, when, and what comes first; of the members in scope.

Figures are made of the conditions of the report `expiring`, so that each shows what the list behind it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from records import clock
from records.database import db, this_organization
from records.models import Actor, Certification, CertificationType, Member
from records.models.credit_type import Span
from records.models.following import is_followed, is_renewed, stands
from records.models.member import listed_name
from records.queries.capped import MOST_COUNTED, counting
from records.queries.member_filters import Scope, in_scope, of_active, scope_of
from records.queries.reports.frame import Asked, Report, Sums, within
from records.queries.reports.periods import Preset, coming_months, span_of
from records.queries.steering import as_found, its_holder, its_type
from records.reading.ahead import Question, rows_of

WINDOWS = (Preset.NEXT_30, Preset.NEXT_60, Preset.NEXT_90)
MOST = 6
_MOST_HELD = 50  # days and scopes


@dataclass(frozen=True)
class MonthAhead:
    """How many expire in a month; of the present one, from today on."""

    first: date
    last: date
    count: int


class Expiring(NamedTuple):
    """One that expires, or has; `name` as lists show its member's, `type` in words."""

    id: int
    member_id: int
    name: str
    type: str
    expires_on: date


@dataclass(frozen=True)
class Attention:
    """Of what nothing renews or follows: `expired` is how many have expired, `ahead` how many expire in each of
    WINDOWS, where MOST_COUNTED + 1 means "more"; `months` how many in each of the next twelve, None where all of them
    are more than that. At most MOST rows of `next_ones` (within the longest window) and `last_ones` (expired, the
    latest first)."""

    expired: int
    ahead: dict[Preset, int]
    months: tuple[MonthAhead, ...] | None
    next_ones: Sequence[Expiring]
    last_ones: Sequence[Expiring]


def attention(*, by: Actor) -> Attention:
    """Three questions, each a walk along the index of expiry dates that ends early."""
    today = clock.today(this_organization())
    asked, months = _questions(today, scope_of(by), MOST_COUNTED), coming_months(today)
    ((has_expired, together, *counts),) = rows_of(asked.counts)
    by_month = zip(months, counts[len(WINDOWS) :], strict=True)
    return Attention(
        has_expired,
        ahead=dict(zip(WINDOWS, counts, strict=False)),
        months=None if together > MOST_COUNTED else tuple(MonthAhead(*each, count) for each, count in by_month),
        next_ones=_expiring(asked.next_ones),
        last_ones=_expiring(asked.last_ones),
    )


def asked_for_attention(*, by: Actor) -> list[Question]:
    """What `attention` is going to ask."""
    return [*map(Question, _questions(clock.today(this_organization()), scope_of(by), MOST_COUNTED))]


class _Questions(NamedTuple):
    counts: Any
    next_ones: Any
    last_ones: Any


@lru_cache(_MOST_HELD)
def _questions(today: date, scope: Scope, most: int) -> _Questions:
    """Those of a day and a scope, made once."""
    windows = [span_of(each, None, None, on=today) for each in WINDOWS]
    months = coming_months(today)
    year, past = Span(today, months[-1][1]), span_of(Preset.PAST, None, None, on=today)
    latest_first = Certification.expires_on.desc(), Certification.id.desc()
    first_first = Certification.expires_on, Certification.id
    # Of the first that expire, as many as are counted: what all of them lie in is said as "more".
    every = _counted_ones(year, today, scope).order_by(*first_first)
    soon = every.with_only_columns(Certification.expires_on).limit(most + 1).subquery()
    ahead = (func.count().filter(*within(soon.c.expires_on, span)) for span in (*windows, *_spans(months)))
    expired = _counted_ones(past, today, scope).order_by(*latest_first).with_only_columns(Certification.id)
    return _Questions(
        select(counting(expired).scalar_subquery(), func.count(), *ahead).select_from(soon),
        _first(_counted_ones(windows[-1], today, scope), *first_first),
        _first(_counted_ones(past, today, scope), *latest_first),
    )


def _counted(asked: Asked, by: Scope) -> list[list[Any]]:
    """Of each of the next twelve months the first and the last day, and how many expire. One statement."""
    months = coming_months(asked.on)
    every = unrenewed(Span(months[0][0], months[-1][1]), by=by)
    counted = every.with_only_columns(*map(expiring_in, _spans(months)), maintain_column_froms=True)
    counts = db.session.execute(counted).one()
    return [[*map(date.isoformat, month), count] for month, count in zip(months, counts, strict=True)]


def _months(_asked: Asked, _by: Actor, counted: Sequence[Sequence[Any]]) -> tuple[MonthAhead, ...]:
    return tuple(
        MonthAhead(date.fromisoformat(first), date.fromisoformat(last), count) for first, last, count in counted
    )


# Part of Home, and no report of its own; with no filters.
MONTHS = Report("months", Sums(_counted, _months), tracks=True)


def unrenewed(span: Span, *, by: Actor | Scope) -> Select[Certification]:
    """Those in the asker's scope that expire on these days and that nothing renews or follows, joined with member and
    type."""
    found = _nothing_follows(span, clock.today(this_organization()))
    return _of_active(found, scope_of(by)).join(CertificationType, its_type())


def _counted_ones(span: Span, today: date, scope: Scope) -> Select[Certification]:
    """The same for counting, which reads no member whom nothing is asked about."""
    found = _nothing_follows(span, today)
    return of_active(found, Certification.member_id) if scope.covers_everyone else _of_active(found, scope)


def _of_active(found: Select[Certification], scope: Scope) -> Select[Certification]:
    """With the members in the scope."""
    found = found.join(Member, its_holder(few=not scope.covers_everyone))
    return found.where(Member.deactivated_at.is_(None), in_scope(scope))


def _nothing_follows(span: Span, today: date) -> Select[Certification]:
    return (
        select(Certification)
        .where(*within(Certification.expires_on, span), Certification.deleted_at.is_(None))
        .where(~is_renewed(today), ~is_followed(today), stands(Certification.revoked_on, today))
    )


def expiring_in(span: Span) -> Any:
    """How many rows of a statement expire in the span."""
    return func.count().filter(*within(Certification.expires_on, span))


def _spans(months: Sequence[tuple[date, date]]) -> list[Span]:
    return [Span(*ends) for ends in months]


def _first(found: Select[Certification], *order: Any) -> Any:
    """With member and type, which are looked up for what is found alone: else PostgreSQL makes room to remember the
    members of all that could be, which takes it longer than finding."""
    few = found.order_by(*order).limit(MOST).with_only_columns(Certification.id).subquery()
    named = select(*_COLUMNS).select_from(few).join(Certification, as_found(few.c.id) == Certification.id)
    return named.join(Member, its_holder(few=False)).join(CertificationType, its_type()).order_by(*order)


_COLUMNS = (
    Certification.id,
    Certification.member_id,
    Member.family_name,
    Member.given_name,
    Member.suffix,
    CertificationType.name.label("type"),
    Certification.expires_on,
)


def _expiring(statement: Any) -> list[Expiring]:
    named = ((row, listed_name(row.family_name, row.given_name, row.suffix)) for row in rows_of(statement))
    return [Expiring(row.id, row.member_id, name, row.type, row.expires_on) for row, name in named]
