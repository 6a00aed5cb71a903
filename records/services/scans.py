"""What is done with the files of a certification. Deleting one never deletes the certification."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from records import clock
from records.database import db, lock, locked, transaction
from records.errors import AttachedAgain
from records.models import Actor, AuditEvent, AuditKind, Certification, Scan
from records.services.certifications import require_changeable
from records.services.files import Arrived, row_for
from records.services.scan_steps import attach, take_off


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
    with transaction():
        scan = lock(scan)
        require_changeable(locked(Certification, scan.its_certification.id), by=by)
        if scan.deleted_at is not None:
            return False
        take_off(scan, by=by)
    return True


def restore(scan: Scan, *, by: Actor) -> bool:
    """Put a deleted file back; False where it stands already. Raises AttachedAgain, and as `attach_files`."""
    with transaction() as session:
        scan = lock(scan)
        require_changeable(locked(Certification, scan.its_certification.id), by=by)
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
        facts = {"name": scan.name, "certification_id": scan.certification_id}
        session.add(AuditEvent.of(AuditKind.SCAN_RESTORED, scan, by=by, at=clock.now(), after=facts))
    return True
