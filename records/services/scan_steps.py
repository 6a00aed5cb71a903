"""Joining files to records and taking them off: steps that verbs share, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from records import clock
from records.database import db
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Certification,
    ExternalCertificate,
    RenewalProposal,
    Scan,
    StoredFile,
)

Record = Certification | ExternalCertificate | RenewalProposal
_COLUMNS: dict[type[Record], str] = {
    Certification: "certification_id",
    ExternalCertificate: "external_certificate_id",
    RenewalProposal: "renewal_proposal_id",
}


def attach(record: Record, stored: StoredFile, *, name: str, by: Actor, rotation: int = 0) -> Scan:
    """Join a stored file to a record; the same bytes twice are one scan. `rotation` is that of its previews."""
    belongs = _belongs(record)
    same = select(Scan).where(Scan.stored_file_id == stored.id, Scan.deleted_at.is_(None))
    scan = db.session.scalar(same.filter_by(**belongs))
    if scan is not None:
        return scan
    (scan,) = join(record, [(stored, name)], by=by, rotation=rotation)
    return scan


def join(record: Record, files: Sequence[tuple[StoredFile, str]], *, by: Actor, rotation: int = 0) -> list[Scan]:
    """Scans of stored files, with their names, that the record has none of: flushed, in their order."""
    belongs, at = _belongs(record), clock.now()
    scans = [
        Scan(organization_id=record.organization_id, stored_file_id=stored.id, name=name, rotation=rotation,
             created_at=at, **belongs)
        for stored, name in files
    ]  # fmt: skip
    db.session.add_all(scans)
    db.session.flush()
    for scan, (stored, name) in zip(scans, files, strict=True):
        set_committed_value(scan, "stored_file", stored)
        facts = {"name": name, "sha256": stored.sha256} | belongs
        event = AuditEvent.of(AuditKind.SCAN_ATTACHED, scan, by=by, at=at, member_id=record.member_id, after=facts)
        db.session.add(event)
    return scans


def take_off(scan: Scan, *, by: Actor) -> None:
    """Leave a tombstone of a live scan: its record stays, and the file can come back."""
    record, at = scan.record, clock.now()
    scan.delete(at=at)
    facts = {"name": scan.name, "sha256": scan.stored_file.sha256} | _belongs(record)
    event = AuditEvent.of(AuditKind.SCAN_DELETED, scan, by=by, at=at, member_id=record.member_id, before=facts)
    db.session.add(event)


def _belongs(record: Record) -> dict[str, int]:
    return {_COLUMNS[type(record)]: record.id}
