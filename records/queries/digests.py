"""What the weekly digest tells one coordinator or administrator, and who has none of this week yet."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager

from records.database import chosen_organization_id, db
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Certification,
    CertificationType,
    Digest,
    Member,
    ProposalState,
    Reminder,
    RenewalProposal,
)
from records.models.credit_type import Span
from records.queries.attention import unrenewed
from records.queries.member_filters import in_scope
from records.queries.overseers import Overseer, overseers
from records.queries.reports.periods import Preset, span_of

WEEK = timedelta(days=7)
# So many are named of each kind; the back office's first page leads to all.
MOST_NAMED = 10
# Members who cannot be written to are listed to those who can speak to them: no other page lists them.
MOST_UNREACHABLE = 1000
_BECAME_STAFF = (AuditKind.MEMBER_CREATED, AuditKind.MEMBER_ROLE_CHANGED, AuditKind.MEMBER_REACTIVATED)


@dataclass(frozen=True)
class Part:
    """How many there are, and the first ones: who, what, and the day (ISO), where they have one."""

    count: int = 0
    lines: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Summary:
    """`expired` within the last week, `expiring` within 30 days; `unreachable`: members without an e-mail address who
    were given a notice since the last digest; `proposed` renewals that wait."""

    expired: Part
    expiring: Part
    unreachable: Part
    proposed: Part

    @property
    def is_empty(self) -> bool:
        return not any(part.count for part in (self.expired, self.expiring, self.unreachable, self.proposed))

    def facts(self) -> dict[str, Any]:
        return asdict(self)


def without_digest(week_on: date, *, since: datetime) -> list[Overseer]:
    """The staff without a digest in the week that began on `week_on` or less than a week before, and who were staff
    when it began, at the instant `since`: others get their first one with the next week."""
    had = select(Digest.id).where(Digest.member_id == Member.id, Digest.week_on > week_on - WEEK)
    waiting = overseers(~had.exists())
    new = select(AuditEvent.member_id).where(
        AuditEvent.organization_id == chosen_organization_id(),
        AuditEvent.at > since,
        AuditEvent.kind.in_(_BECAME_STAFF),
    )
    newcomers = set(db.session.scalars(new)) if waiting else set()
    return [each for each in waiting if each.member.id not in newcomers]


def has_digest(member_id: int, week_on: date) -> bool:
    had = select(Digest.id).where(Digest.member_id == member_id, Digest.week_on > week_on - WEEK)
    return db.session.scalar(had.limit(1)) is not None


def summary_for(by: Actor, *, today: date, now: datetime) -> Summary:
    """What there is to tell of the members in the asker's scope."""
    return Summary(
        expired=_certifications(unrenewed(Span(today - WEEK, today - timedelta(days=1)), by=by)),
        expiring=_certifications(unrenewed(span_of(Preset.NEXT_30, None, None, on=today), by=by)),
        unreachable=_unreachable(by, since=_last_digest(by) or now - WEEK),
        proposed=_proposed(by),
    )


def _certifications(those: Select[Certification]) -> Part:
    count = _count(those.with_only_columns(Certification.id))
    first = those.options(contains_eager(Certification.member), contains_eager(Certification.type))
    first = first.order_by(Certification.expires_on, Certification.id).limit(MOST_NAMED)
    lines = (
        [_line(each.member.name, each.title, each.expires_on) for each in db.session.scalars(first)] if count else []
    )
    return Part(count, lines)


def _unreachable(by: Actor, *, since: datetime) -> Part:
    given = select(Reminder.id).where(Reminder.member_id == Member.id, Reminder.created_at > since)
    lacking = select(Member).where(
        Member.email.is_(None), Member.deactivated_at.is_(None), in_scope(by), given.exists()
    )
    count = _count(lacking.with_only_columns(Member.id))
    first = lacking.order_by(Member.sort_name, Member.id).limit(MOST_UNREACHABLE)
    return Part(count, [_line(each.name) for each in db.session.scalars(first)] if count else [])


def _proposed(by: Actor) -> Part:
    """Those that the asker may decide: nobody decides their own."""
    waiting = (
        select(Member, CertificationType.name, Certification.expires_on)
        .select_from(RenewalProposal)
        .join(Certification, RenewalProposal.certification_id == Certification.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .join(Member, RenewalProposal.member_id == Member.id)
        .where(RenewalProposal.state == ProposalState.PROPOSED, Member.deactivated_at.is_(None), in_scope(by))
        .where(RenewalProposal.member_id != (by.member_id or 0))
        .where(func.coalesce(RenewalProposal.administrator_id, 0) != (by.member_id or 0))
    )
    count = _count(waiting.with_only_columns(RenewalProposal.id))
    first = waiting.order_by(RenewalProposal.created_at, RenewalProposal.id).limit(MOST_NAMED)
    rows = db.session.execute(first).all() if count else []
    return Part(count, [_line(member.name, title, expires_on) for member, title, expires_on in rows])


def _last_digest(by: Actor) -> datetime | None:
    return db.session.scalar(select(func.max(Digest.created_at)).where(Digest.member_id == by.member_id))


def _count(those: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(those.subquery())) or 0


def _line(who: str, what: str = "", on: date | None = None) -> dict[str, str]:
    return {"who": who, "what": what, "on": on.isoformat() if on else ""}
