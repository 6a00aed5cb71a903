"""What needs attention now: certifications about to expire or just expired, of the members in scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import aliased, contains_eager

from records import clock
from records.database import db, this_organization
from records.models import Actor, Certification, CertificationType, Member

AHEAD, BEHIND, MOST = timedelta(days=30), timedelta(days=30), 12


@dataclass(frozen=True)
class Attention:
    """At most MOST of each; `more_…` says that there are others."""

    expired: list[Certification]
    more_expired: bool
    expiring: list[Certification]
    more_expiring: bool


def attention(*, by: Actor) -> Attention:
    """Unrenewed certifications that expired in the last 30 days, and that expire in the next 30."""
    today = clock.today(this_organization())
    expired = _unrenewed(today - BEHIND, today - timedelta(days=1), by=by)
    expiring = _unrenewed(today, today + AHEAD, by=by)
    gone = db.session.scalars(expired.order_by(Certification.expires_on.desc(), Certification.id).limit(MOST + 1)).all()
    soon = db.session.scalars(expiring.order_by(Certification.expires_on, Certification.id).limit(MOST + 1)).all()
    return Attention(list(gone[:MOST]), len(gone) > MOST, list(soon[:MOST]), len(soon) > MOST)


def _unrenewed(first: date, last: date, *, by: Actor) -> Select[Certification]:
    renewal = aliased(Certification)
    renewed = select(renewal.id).where(renewal.supersedes_id == Certification.id, renewal.deleted_at.is_(None)).exists()
    return (
        select(Certification)
        .join(Member, Certification.member_id == Member.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(Certification.expires_on.between(first, last), Certification.deleted_at.is_(None), ~renewed)
        .where(Certification.revoked_on.is_(None), Member.deactivated_at.is_(None), _in_scope(by))
        .options(contains_eager(Certification.member), contains_eager(Certification.type))
    )


def _in_scope(by: Actor) -> ColumnElement[bool]:
    return true() if by.covers_everyone else Member.unit_id.in_(by.covered_units)
