"""Who looked at a member's papers, as the member reads it: others who opened a file of theirs or a certificate for
review, and administrators who were logged in as them. Read from the audit trail, which is no table of an organization
by itself: the conditions stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from records.database import chosen_organization_id, db, is_id
from records.models import Actor, AuditEvent, AuditKind, Certification, ExternalCertificate, Member, Scan

PAGE = 50
_LOOKS = (AuditKind.SCAN_VIEWED, AuditKind.CERTIFICATE_OPENED, AuditKind.LOGGED_IN_AS)


@dataclass(frozen=True)
class Look:
    """`who` is '' where the organization does not know the person; `file` and `record` are names, '' for none.

    `as_member`: it was looked at while an administrator was logged in as the member.
    """

    kind: AuditKind
    at: datetime
    who: str
    file: str
    record: str
    as_member: bool


@dataclass(frozen=True)
class Looks:
    """One page, the latest first. `older` is where the next one begins (an event's id), None on the last."""

    looks: tuple[Look, ...]
    older: int | None


def looks_at(*, by: Actor, before_id: int | None = None) -> Looks:
    """At the asker's own papers, by anybody else; those before the event with the id `before_id`."""
    own = by.member_id or 0
    statement = (
        select(AuditEvent)
        .where(AuditEvent.organization_id == chosen_organization_id(), AuditEvent.member_id == own)
        .where(AuditEvent.kind.in_(_LOOKS))
        .where(or_(AuditEvent.administrator_id.is_not(None), AuditEvent.actor_member_id != own))
        .order_by(AuditEvent.id.desc())
        .limit(PAGE + 1)
    )
    if is_id(before_id):
        statement = statement.where(AuditEvent.id < before_id)
    events = list(db.session.scalars(statement))
    page = events[:PAGE]
    return Looks(_looks(page), page[-1].id if len(events) > PAGE else None)


def _looks(events: list[AuditEvent]) -> tuple[Look, ...]:
    people = {event.administrator_id or event.actor_member_id for event in events}
    names = {member.id: member.name for member in db.session.scalars(select(Member).where(Member.id.in_(people)))}
    scans = {scan.id: scan for scan in db.session.scalars(_scans_of(events))}
    titles = _titles_of(events)
    looks = []
    for event in events:
        scan = scans.get(event.subject_id or 0) if event.subject_kind == "scan" else None
        title = titles.get(event.subject_id or 0, "") if event.kind == AuditKind.CERTIFICATE_OPENED else ""
        looks.append(
            Look(
                AuditKind(event.kind),
                event.at,
                names.get(event.administrator_id or event.actor_member_id or 0, ""),
                scan.name if scan else str(event.detail.after.get("file_name", "")),
                scan.record.title if scan else title,
                event.administrator_id is not None,
            )
        )
    return tuple(looks)


def _scans_of(events: list[AuditEvent]) -> Select[Scan]:
    ids = [event.subject_id for event in events if event.subject_kind == "scan"]
    return (
        select(Scan)
        .where(Scan.id.in_(ids))
        .options(
            joinedload(Scan.certification).joinedload(Certification.type),
            joinedload(Scan.external_certificate),
            joinedload(Scan.renewal_proposal),
        )
    )


def _titles_of(events: list[AuditEvent]) -> dict[int, str]:
    ids = [event.subject_id for event in events if event.kind == AuditKind.CERTIFICATE_OPENED]
    titled = select(ExternalCertificate.id, ExternalCertificate.title).where(ExternalCertificate.id.in_(ids))
    return {row.id: row.title for row in db.session.execute(titled)}
