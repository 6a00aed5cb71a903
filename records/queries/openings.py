"""Who opened which external certificate for review, and as it stood when. Read from the trail of views."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, or_, select

from records import clock
from records.database import chosen_organization_id
from records.models import Actor, AuditDetail, AuditEvent, AuditKind, ExternalCertificate
from records.reading.ahead import Question, rows_of

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
    still_open = clock.now() - STILL_OPEN
    for opening in _openings(certificate_ids, by):
        if opening.reviewer_id != by.member_id and opening.at >= still_open:
            latest[opening.certificate_id] = opening
    return latest


def own_openings(certificate_ids: Collection[int], *, by: Actor) -> dict[int, list[Opening]]:
    """By certificate, what the asker saw of it and when, oldest first; certificates never opened are left out."""
    own: dict[int, list[Opening]] = {}
    for opening in _openings(certificate_ids, by):
        if opening.reviewer_id == by.member_id:
            own.setdefault(opening.certificate_id, []).append(opening)
    return own


def opened_at_present_revision(certificate: ExternalCertificate, *, by: Actor) -> bool:
    """Whether the asker has opened it as it stands now."""
    digest = certificate.digest()
    return any(opening.digest == digest for opening in own_openings([certificate.id], by=by).get(certificate.id, []))


def asked_for_openings(certificate_ids: Collection[int], *, by: Actor) -> Question:
    """What `openings_by_others` and `own_openings` are going to ask."""
    # To the minute, so that both ask the same.
    since = clock.now().replace(second=0, microsecond=0) - STILL_OPEN
    given = {"opened": list(certificate_ids), "opener_id": by.member_id, "opened_since": since}
    return Question(_opened(), given | {"organization_id": chosen_organization_id()})


def _openings(certificate_ids: Collection[int], by: Actor) -> list[Opening]:
    """The asker's own of any day, and all of late. Oldest first."""
    return [
        Opening(each.subject_id, each.actor_member_id or 0, each.actor_name, each.at, str(each.after.get("digest", "")))
        for each in rows_of(*asked_for_openings(certificate_ids, by=by))
    ]


@cache
def _opened() -> Select[Any]:
    """The audit trail is no table of an organization by itself: the condition stands here."""
    own, late = AuditEvent.actor_member_id == bindparam("opener_id"), AuditEvent.at >= bindparam("opened_since")
    return (
        select(AuditEvent.subject_id, AuditEvent.actor_member_id, AuditEvent.at, AuditDetail.actor_name,
               AuditDetail.after)
        .join(AuditDetail, AuditDetail.event_id == AuditEvent.id)
        .where(AuditEvent.organization_id == bindparam("organization_id"))
        .where(AuditEvent.subject_kind == "external_certificate")
        .where(AuditEvent.subject_id.in_(bindparam("opened", expanding=True)))
        .where(AuditEvent.kind == AuditKind.CERTIFICATE_OPENED, or_(own, late))
        .order_by(AuditEvent.id)
    )  # fmt: skip
