"""What a calendar feed shows: which certifications end when, for one member or for a scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ScalarSelect, func, select

from records.database import db
from records.models import Actor, AuditEvent, Certification, CertificationType, FeedKind, Member
from records.models.following import is_followed, is_renewed, stands
from records.queries.member_filters import in_scope

# From so long ago on: what ran out lately can still be looked at.
_SINCE = timedelta(days=90)
MOST = 5_000


@dataclass(frozen=True)
class Expiry:
    """One certification and its last valid day. `stages` are days before it on which to be reminded, none of a
    retired type; `changes` counts up from 0 with every change, the latest at `changed_at`.
    """

    certification_id: int
    member_id: int
    type: str
    holder: str
    expires_on: date
    stages: tuple[int, ...]
    changes: int
    changed_at: datetime


def expiries(kind: FeedKind, *, on: date, by: Actor) -> tuple[Expiry, ...]:
    """The soonest first, at most MOST of them, in one statement. Raises NotAllowed to those without a scope.

    A certification stands in it as long as its end means something: not when it is deleted or revoked, has a renewal,
    or a later one of its type is held or will be. As feeds are read whole, what is left out leaves calendars, too.
    """
    if kind == FeedKind.SCOPE:
        by.require_staff()
        whose = in_scope(by)
    else:
        whose = Member.id == (by.member_id or 0)
    statement = (
        select(Certification, CertificationType, Member, _changed_at().label("changed_at"))
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .join(Member, Certification.member_id == Member.id)
        .where(
            whose,
            Member.deactivated_at.is_(None),
            Certification.deleted_at.is_(None),
            Certification.expires_on >= on - _SINCE,
            stands(Certification.revoked_on, on),
            ~is_renewed(on),
            ~is_followed(on),
        )
        .order_by(Certification.expires_on, Certification.id)
        .limit(MOST)
    )
    return tuple(_expiry(*row) for row in db.session.execute(statement))


def _expiry(
    certification: Certification, type_: CertificationType, member: Member, changed_at: datetime | None
) -> Expiry:
    return Expiry(
        certification_id=certification.id,
        member_id=member.id,
        type=type_.name,
        holder=member.name,
        expires_on=certification.expires_on,
        stages=() if type_.is_retired else tuple(stage for stage in type_.reminder_stages if stage >= 0),
        changes=certification.version - 1,
        changed_at=changed_at or certification.created_at,
    )


def _changed_at() -> ScalarSelect[datetime]:
    """The audit trail knows; it is no table of an organization by itself."""
    return (
        select(func.max(AuditEvent.at))
        .where(
            AuditEvent.organization_id == Certification.organization_id,
            AuditEvent.subject_kind == "certification",
            AuditEvent.subject_id == Certification.id,
        )
        .correlate(Certification)
        .scalar_subquery()
    )
