"""What needs attention now: how much has expired and will expire, when, and what comes first; of the members in scope.

Figures are made of the conditions of the report `expiring`, so that each shows what the list behind it has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager

from records import clock
from records.database import db, this_organization
from records.models import Actor, Certification, CertificationType, Member
from records.models.credit_type import Span
from records.models.following import is_followed, is_renewed, stands
from records.queries.member_filters import in_scope
from records.queries.reports.frame import within
from records.queries.reports.periods import Preset, coming_months, span_of

WINDOWS = (Preset.NEXT_30, Preset.NEXT_60, Preset.NEXT_90)
MOST = 6


@dataclass(frozen=True)
class MonthAhead:
    """How many expire in a month; of the present one, from today on."""

    first: date
    last: date
    count: int


@dataclass(frozen=True)
class Attention:
    """Of what nothing renews or follows: `expired` is how many have expired, `ahead` how many expire in each of
    WINDOWS, `months` how many in each of the next twelve. At most MOST rows of `next_ones` (within the longest window)
    and `last_ones` (expired, the latest first)."""

    expired: int
    ahead: dict[Preset, int]
    months: tuple[MonthAhead, ...]
    next_ones: Sequence[Certification]
    last_ones: Sequence[Certification]


def attention(*, by: Actor) -> Attention:
    """Three statements, by the index of expiry dates."""
    today = clock.today(this_organization())
    past = span_of(Preset.PAST, None, None, on=today)
    windows = [span_of(each, None, None, on=today) for each in WINDOWS]
    months = coming_months(today)
    expired, *counts = _counted([past, *windows, *(Span(*ends) for ends in months)], by=by)
    key = Certification.expires_on
    return Attention(
        expired,
        ahead=dict(zip(WINDOWS, counts, strict=False)),
        months=tuple(MonthAhead(*ends, count) for ends, count in zip(months, counts[len(WINDOWS) :], strict=True)),
        next_ones=_first(unrenewed(windows[-1], by=by).order_by(key, Certification.id)),
        last_ones=_first(unrenewed(past, by=by).order_by(key.desc(), Certification.id)),
    )


def unrenewed(span: Span, *, by: Actor) -> Select[Certification]:
    """Those in the asker's scope that expire on these days and that nothing renews or follows, joined with member and
    type."""
    today = clock.today(this_organization())
    return (
        select(Certification)
        .join(Member, Certification.member_id == Member.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(*within(Certification.expires_on, span), Certification.deleted_at.is_(None))
        .where(~is_renewed(today), ~is_followed(today), stands(Certification.revoked_on, today))
        .where(Member.deactivated_at.is_(None), in_scope(by))
    )


def expiring_in(span: Span) -> Any:
    """How many rows of a statement expire in the span."""
    return func.count().filter(*within(Certification.expires_on, span))


def _counted(spans: Sequence[Span], *, by: Actor) -> Sequence[int]:
    """How many expire in each of the spans, the last of which ends last: one statement."""
    every = unrenewed(Span(None, spans[-1].last), by=by)
    counting = every.with_only_columns(*map(expiring_in, spans), maintain_column_froms=True)
    return tuple(db.session.execute(counting).one())


def _first(statement: Select[Certification]) -> Sequence[Certification]:
    with_names = contains_eager(Certification.member), contains_eager(Certification.type)
    return db.session.scalars(statement.options(*with_names).limit(MOST)).all()
