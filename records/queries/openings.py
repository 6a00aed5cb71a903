"""Who opened which external certificate for review, and as it stood when. Read from the trail of views."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, or_, select

from records import clock
from records.database import chosen_organization_id
from records.models import Actor, AuditDetail, AuditEvent, AuditKind, ExternalCertificate, Revision
from records.queries.steering import as_found
from records.reading.ahead import Question, rows_of

# So long after opening it, a reviewer is taken to have it open still.
STILL_OPEN = timedelta(minutes=30)


@dataclass(frozen=True)
class Opening:
    """By a reviewer; `digest` is of the revision that they saw, `present` of the latest one."""

    certificate_id: int
    reviewer_id: int
    reviewer: str
    at: datetime
    digest: str
    present: str


def opening_by_another(certificate_id: int, *, by: Actor) -> Opening | None:
    """The latest of the last half hour by somebody other than the asker."""
    return latest_by_others(openings_in(asked_for_openings(certificate_id, by=by)), by=by).get(certificate_id)


def own_openings(certificate_id: int, *, by: Actor) -> list[Opening]:
    """What the asker saw of it and when, oldest first."""
    return own_by_certificate(openings_in(asked_for_openings(certificate_id, by=by)), by=by).get(certificate_id, [])


def opened_at_present_revision(certificate: ExternalCertificate, *, by: Actor) -> bool:
    """Whether the asker has opened it as it stands now."""
    digest = certificate.digest()
    return any(opening.digest == digest for opening in own_openings(certificate.id, by=by))


def latest_by_others(openings: Iterable[Opening], *, by: Actor) -> dict[int, Opening]:
    """By certificate, the latest of the last half hour by somebody other than the asker."""
    still_open = clock.now() - STILL_OPEN
    return {
        each.certificate_id: each for each in openings if each.reviewer_id != by.member_id and each.at >= still_open
    }


def own_by_certificate(openings: Iterable[Opening], *, by: Actor) -> dict[int, list[Opening]]:
    """The asker's, oldest first; certificates never opened are left out."""
    own: dict[int, list[Opening]] = {}
    for opening in openings:
        if opening.reviewer_id == by.member_id:
            own.setdefault(opening.certificate_id, []).append(opening)
    return own


def openings_in(asked: Question) -> list[Opening]:
    """What a statement of `openings_of` finds: the asker's own of any day, and all of late. Oldest first."""
    return [
        Opening(certificate_id, reviewer_id or 0, reviewer, at, str(after.get("digest", "")), present)
        for certificate_id, reviewer_id, at, reviewer, after, present in rows_of(*asked)
    ]


def asked_for_openings(certificate_id: int, *, by: Actor) -> Question:
    """What `own_openings` and `opening_by_another` are going to ask."""
    return Question(_of_one(), {"opened_id": certificate_id} | known_of(by))


def known_of(by: Actor) -> dict[str, Any]:
    """The values of the parameters in a statement of `openings_of`."""
    # To the minute, so that whoever asks twice asks the same.
    since = clock.now().replace(second=0, microsecond=0) - STILL_OPEN
    return {"opener_id": by.member_id, "opened_since": since, "organization_id": chosen_organization_id()}


def openings_of(certificate_ids: Any) -> Select[Any]:
    """Of the certificates whose ids a statement selects, or a list has. The audit trail is no table of an organization
    by itself: the condition stands here."""
    own, late = AuditEvent.actor_member_id == bindparam("opener_id"), AuditEvent.at >= bindparam("opened_since")
    return (
        select(AuditEvent.subject_id, AuditEvent.actor_member_id, AuditEvent.at, AuditDetail.actor_name,
               AuditDetail.after, _present())
        .join(AuditDetail, AuditDetail.event_id == AuditEvent.id)
        .where(AuditEvent.organization_id == bindparam("organization_id"))
        .where(AuditEvent.subject_kind == "external_certificate")
        .where(AuditEvent.subject_id.in_(certificate_ids))
        .where(AuditEvent.kind == AuditKind.CERTIFICATE_OPENED, or_(own, late))
        .order_by(as_found(AuditEvent.id))
    )  # fmt: skip


@cache
def _of_one() -> Select[Any]:
    return openings_of([bindparam("opened_id")])


def _present() -> Any:
    """The digest of the latest revision of the certificate that was opened."""
    its_own = (
        Revision.organization_id == AuditEvent.organization_id,
        Revision.external_certificate_id == AuditEvent.subject_id,
    )
    return select(Revision.digest).where(*its_own).order_by(Revision.number.desc()).limit(1).scalar_subquery()
