"""What needs attention now: certifications about to expire or just expired, of the members in scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager

from records import clock
from records.database import db, this_organization
from records.models import Actor, Certification, CertificationType, Member
from records.models.credit_type import Span
from records.models.following import is_followed, is_renewed, stands
from records.queries.member_filters import in_scope

AHEAD, BEHIND, MOST = timedelta(days=30), timedelta(days=30), 12


@dataclass(frozen=True)
class Attention:
    """At most MOST of each; `more_…` says that there are others. `behind` are the days on which those `expired`."""

    expired: list[Certification]
    more_expired: bool
    expiring: list[Certification]
    more_expiring: bool
    behind: Span


def attention(*, by: Actor) -> Attention:
    """Unrenewed certifications that expired in the last 30 days, and that expire in the next 30."""
    today = clock.today(this_organization())
    with_names = contains_eager(Certification.member), contains_eager(Certification.type)
    since, yesterday = today - BEHIND, today - timedelta(days=1)
    expired = unrenewed(since, yesterday, by=by).options(*with_names)
    expiring = unrenewed(today, today + AHEAD, by=by).options(*with_names)
    gone = db.session.scalars(expired.order_by(Certification.expires_on.desc(), Certification.id).limit(MOST + 1)).all()
    soon = db.session.scalars(expiring.order_by(Certification.expires_on, Certification.id).limit(MOST + 1)).all()
    return Attention(
        list(gone[:MOST]), len(gone) > MOST, list(soon[:MOST]), len(soon) > MOST, behind=Span(since, yesterday)
    )


def unrenewed(first: date, last: date, *, by: Actor) -> Select[Certification]:
    """Those in the asker's scope that expire on these days (both included) and that nothing renews or follows, joined
    with member and type."""
    today = clock.today(this_organization())
    return (
        select(Certification)
        .join(Member, Certification.member_id == Member.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(Certification.expires_on.between(first, last), Certification.deleted_at.is_(None))
        .where(~is_renewed(today), ~is_followed(today), stands(Certification.revoked_on, today))
        .where(Member.deactivated_at.is_(None), in_scope(by))
    )
