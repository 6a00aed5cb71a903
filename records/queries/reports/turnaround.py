"""How long external certificates wait for a decision: by reviewer, from the trail of what was decided and when."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import quantiles

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from records.database import chosen_organization_id, db
from records.models import Actor, AuditEvent, AuditKind, Member
from records.queries.reports.frame import Asked, Listed, during
from records.queries.reviewers import covering, reviewers, waiting

DECISIONS = (AuditKind.CERTIFICATE_APPROVED, AuditKind.CERTIFICATE_DECLINED, AuditKind.CHANGES_REQUESTED)
_BEGINNINGS = (AuditKind.CERTIFICATE_SUBMITTED, AuditKind.CERTIFICATE_RESUBMITTED)
_AT_ONCE = 1000


@dataclass
class Turnaround:
    """What one reviewer decided; `reviewer` is None for all of them together.

    `hours` from a submission to its decision; `oldest` is since when what they may decide now has waited.
    """

    reviewer: Member | None = None
    decided: Counter[str] = field(default_factory=Counter)
    hours: array[float] = field(default_factory=lambda: array("d"))
    oldest: datetime | None = None

    @property
    def total(self) -> int:
        return self.decided.total()

    @property
    def median(self) -> float | None:
        """In hours; None where nothing was decided."""
        return self._at(50)

    @property
    def slowest_tenth(self) -> float | None:
        """The hours within which nine decisions of ten were made."""
        return self._at(90)

    def _at(self, percent: int) -> float | None:
        if len(self.hours) < 2:
            return self.hours[0] if self.hours else None
        return quantiles(self.hours, n=100, method="inclusive")[percent - 1]


def turnaround(asked: Asked, by: Actor) -> Listed:
    """Who decided in this time or may decide now, by name; a coordinator is told of their own decisions only."""
    own = None if by.administers else by.member_id
    by_reviewer, everyone = _decided(asked, only=own)
    present = [each for each in reviewers() if own is None or each.id == own]
    _note_waiting(by_reviewer, present)
    named = {each.id: each for each in present}
    others = db.session.scalars(select(Member).where(Member.id.in_(by_reviewer.keys() - named.keys())))
    named |= {each.id: each for each in others}
    rows = []
    for member in sorted(named.values(), key=lambda each: (each.sort_name, each.id)):
        row = by_reviewer.get(member.id) or Turnaround()
        row.reviewer = member
        rows.append(row)
    everyone.oldest = min((row.oldest for row in rows if row.oldest), default=None)
    return Listed(rows, [everyone] if len(rows) > 1 else [])


def _decided(asked: Asked, *, only: int | None) -> tuple[dict[int, Turnaround], Turnaround]:
    """By the reviewer's id, and of all. The trail is no table of an organization, so the organization is named here."""
    statement = select(AuditEvent.actor_member_id, AuditEvent.kind, AuditEvent.at, _began()).where(
        AuditEvent.organization_id == chosen_organization_id(),
        AuditEvent.kind.in_(DECISIONS),
        AuditEvent.actor_member_id.is_not(None),
        *during(AuditEvent.at, asked.span),
    )
    if only is not None:
        statement = statement.where(AuditEvent.actor_member_id == only)
    found: dict[int, Turnaround] = {}
    everyone = Turnaround()
    for reviewer_id, kind, at, began in db.session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        for row in (found.setdefault(reviewer_id or 0, Turnaround()), everyone):
            row.decided[kind] += 1
            if began is not None:
                row.hours.append((at - began).total_seconds() / 3600)
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


def _note_waiting(by_reviewer: dict[int, Turnaround], present: Sequence[Member]) -> None:
    """Beside each present reviewer the oldest certificate that they may decide."""
    pending, covers = waiting(), covering(present)
    for reviewer in present:
        row = by_reviewer.setdefault(reviewer.id, Turnaround())
        row.oldest = next(
            (each.submitted_at for each in pending
             if reviewer.id not in each.barred and covers[reviewer.id](each.unit_id)), None
        )  # fmt: skip
