"""How long external certificates wait for a decision: by reviewer, from the trail of what was decided and when."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import quantiles
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from records.database import chosen_organization_id, db
from records.models import Actor, AuditEvent, AuditKind, Member
from records.queries.member_filters import EVERYONE, Scope
from records.queries.reports.frame import Asked, Listed, Sums, during
from records.queries.reviewers import oldest_waiting

DECISIONS = (AuditKind.CERTIFICATE_APPROVED, AuditKind.CERTIFICATE_DECLINED, AuditKind.CHANGES_REQUESTED)
_BEGINNINGS = (AuditKind.CERTIFICATE_SUBMITTED, AuditKind.CERTIFICATE_RESUBMITTED)
_AT_ONCE = 1000


@dataclass(frozen=True)
class Turnaround:
    """What one reviewer decided; `reviewer` is None for all of them together.

    `median` is that of the hours from a submission to its decision, `slowest_tenth` the hours within which nine
    decisions of ten were made; None where nothing was decided. `oldest` is since when what they may decide now has
    waited.
    """

    reviewer: Member | None
    decided: Counter[str]
    median: float | None
    slowest_tenth: float | None
    oldest: datetime | None

    @property
    def total(self) -> int:
        return self.decided.total()


@dataclass
class _Decided:
    """`hours` are from a submission to its decision."""

    by_kind: Counter[str] = field(default_factory=Counter)
    hours: array[float] = field(default_factory=lambda: array("d"))

    def figures(self) -> list[Any]:
        return [self.by_kind, self._at(50), self._at(90)]

    def _at(self, percent: int) -> float | None:
        if len(self.hours) < 2:
            return self.hours[0] if self.hours else None
        return quantiles(self.hours, n=100, method="inclusive")[percent - 1]


def _counted(asked: Asked, _by: Scope) -> dict[str, Any]:
    """Of everyone together, and of each who decided in this time or may decide now, with their id: decisions by kind,
    median, slowest tenth; and of these since when what they may decide has waited, or None."""
    by_reviewer, everyone = _decided(asked)
    oldest = oldest_waiting()
    return {
        "everyone": everyone.figures(),
        "reviewers": [
            [each, *by_reviewer[each].figures(), since.isoformat() if (since := oldest.get(each)) else None]
            for each in sorted({*by_reviewer, *oldest})
        ],
    }


def _turnaround(_asked: Asked, by: Actor, counted: Mapping[str, Any]) -> Listed:
    """By name; a coordinator is told of their own decisions only."""
    told = [each for each in counted["reviewers"] if by.administers or each[0] == by.member_id]
    figures = {member_id: numbers for member_id, *numbers in told}
    rows = [_row(figures[each.id], each) for each in _named([*figures])]
    oldest = min((since for *_, since in figures.values() if since), default=None)
    return Listed(rows, [_row([*counted["everyone"], oldest])] if len(rows) > 1 else [])


def _row(figures: Sequence[Any], reviewer: Member | None = None) -> Turnaround:
    decided, median, slowest_tenth, oldest = figures
    since = datetime.fromisoformat(oldest) if oldest else None
    return Turnaround(reviewer, Counter(decided), median, slowest_tenth, since)


def _named(ids: Sequence[int]) -> Sequence[Member]:
    """These members by name; whoever asks for themselves alone is known already."""
    if len(ids) == 1:
        return [each for each in [db.session.get(Member, ids[0])] if each]
    return db.session.scalars(select(Member).where(Member.id.in_(ids)).order_by(Member.sort_name, Member.id)).all()


def _decided(asked: Asked) -> tuple[defaultdict[int, _Decided], _Decided]:
    """By the reviewer's id, and of all. The trail is no table of an organization, so the organization is named here."""
    statement = select(AuditEvent.actor_member_id, AuditEvent.kind, AuditEvent.at, _began()).where(
        AuditEvent.organization_id == chosen_organization_id(),
        AuditEvent.kind.in_(DECISIONS),
        AuditEvent.actor_member_id.is_not(None),
        *during(AuditEvent.at, asked.span),
    )
    found: defaultdict[int, _Decided] = defaultdict(_Decided)
    everyone = _Decided()
    for reviewer_id, kind, at, began in db.session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        for each in (found[reviewer_id or 0], everyone):
            each.by_kind[kind] += 1
            if began is not None:
                each.hours.append((at - began).total_seconds() / 3600)
    return found, everyone


def _began() -> ColumnElement[datetime]:
    """When what was decided had been submitted, or submitted again, for the last time before."""
    earlier = aliased(AuditEvent, name="earlier")
    return (
        select(func.max(earlier.at))
        .where(earlier.organization_id == AuditEvent.organization_id)
        .where(earlier.subject_kind == AuditEvent.subject_kind, earlier.subject_id == AuditEvent.subject_id)
        .where(earlier.kind.in_(_BEGINNINGS), earlier.id < AuditEvent.id)
        .correlate(AuditEvent)
        .scalar_subquery()
    )


# The decisions of all are counted at once, whoever asks.
turnaround = Sums(_counted, _turnaround, whose=lambda _by: EVERYONE)
