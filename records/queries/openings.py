"""Who opened which external certificate for review, and as it stood when. Read from the trail of views."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from records import clock
from records.database import chosen_organization_id, db
from records.models import Actor, AuditEvent, AuditKind, ExternalCertificate

# So long after opening it, a reviewer is taken to have it open still.
STILL_OPEN = timedelta(minutes=30)


@dataclass(frozen=True)
class Opening:
    """The latest opening by one reviewer; `digest` is of the revision that they saw."""

    certificate_id: int
    reviewer_id: int
    reviewer: str
    at: datetime
    digest: str


def openings_by_others(certificate_ids: Collection[int], *, by: Actor) -> dict[int, Opening]:
    """By certificate, the latest opening of the last half hour by somebody other than the asker."""
    latest: dict[int, Opening] = {}
    for opening in _openings(certificate_ids, since=clock.now() - STILL_OPEN):
        if opening.reviewer_id != by.member_id:
            latest[opening.certificate_id] = opening
    return latest


def own_openings(certificate_ids: Collection[int], *, by: Actor) -> dict[int, list[Opening]]:
    """By certificate, what the asker saw of it and when, oldest first; certificates never opened are left out."""
    own: dict[int, list[Opening]] = {}
    for opening in _openings(certificate_ids, reviewer_id=by.member_id):
        own.setdefault(opening.certificate_id, []).append(opening)
    return own


def opened_at_present_revision(certificate: ExternalCertificate, *, by: Actor) -> bool:
    """Whether the asker has opened it as it stands now."""
    digest = certificate.digest()
    return any(opening.digest == digest for opening in own_openings([certificate.id], by=by).get(certificate.id, []))


def _openings(
    certificate_ids: Collection[int], *, since: datetime | None = None, reviewer_id: int | None = None
) -> list[Opening]:
    """Oldest first. The audit trail is no table of an organization by itself: the condition stands here."""
    statement = (
        select(AuditEvent)
        .where(AuditEvent.organization_id == chosen_organization_id())
        .where(AuditEvent.subject_kind == "external_certificate", AuditEvent.subject_id.in_(certificate_ids))
        .where(AuditEvent.kind == AuditKind.CERTIFICATE_OPENED)
        .options(joinedload(AuditEvent.detail))
        .order_by(AuditEvent.id)
    )
    if since is not None:
        statement = statement.where(AuditEvent.at >= since)
    if reviewer_id is not None:
        statement = statement.where(AuditEvent.actor_member_id == reviewer_id)
    return [
        Opening(
            event.subject_id or 0,
            event.actor_member_id or 0,
            event.detail.actor_name,
            event.at,
            str(event.detail.after.get("digest", "")),
        )
        for event in db.session.scalars(statement)
    ]
