"""What is done with the files of a certification. Deleting one never deletes the certification."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from records import clock
from records.database import db, lock, locked, transaction
from records.errors import AttachedAgain
from records.models import Actor, AuditEvent, AuditKind, Certification, Scan
from records.services.certification_steps import attach
from records.services.certifications import require_changeable
from records.services.files import Arrived, row_for


def attach_files(certification: Certification, arrived: Sequence[Arrived], *, by: Actor) -> list[int]:
    """Join files whose bytes are safe to a certification; returns the scans' ids.

    The same bytes twice are one scan. Raises NotFound, NotAllowed, OwnCertifications, ModuleOff.
    """
    with transaction():
        certification = lock(certification)
        require_changeable(certification, by=by)
        return [attach(certification, row_for(file), name=file.name, by=by).id for file in arrived]


def delete(scan: Scan, *, by: Actor) -> bool:
    """Take one file off its certification; False where it was gone already. Raises as `attach_files`."""
    with transaction() as session:
        scan = lock(scan)
        require_changeable(locked(Certification, scan.certification_id), by=by)
        if scan.deleted_at is not None:
            return False
        scan.delete(at=clock.now())
        session.add(_event(AuditKind.SCAN_DELETED, scan, by=by))
    return True


def restore(scan: Scan, *, by: Actor) -> bool:
    """Put a deleted file back; False where it stands already. Raises AttachedAgain, and as `attach_files`."""
    with transaction() as session:
        scan = lock(scan)
        require_changeable(locked(Certification, scan.certification_id), by=by)
        if scan.deleted_at is None:
            return False
        same = select(Scan.id).where(
            Scan.certification_id == scan.certification_id,
            Scan.stored_file_id == scan.stored_file_id,
            Scan.deleted_at.is_(None),
        )
        if db.session.scalar(same) is not None:
            raise AttachedAgain(name=scan.name)
        scan.restore()
        session.add(_event(AuditKind.SCAN_RESTORED, scan, by=by))
    return True


def _event(kind: AuditKind, scan: Scan, *, by: Actor) -> AuditEvent:
    facts = {"name": scan.name, "certification_id": scan.certification_id}
    deleted = kind == AuditKind.SCAN_DELETED
    return AuditEvent.of(
        kind,
        scan,
        by=by,
        at=clock.now(),
        member_id=scan.certification.member_id,
        before=facts if deleted else None,
        after=None if deleted else facts,
    )
