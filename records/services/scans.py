"""What is done with the files of a certification. Deleting one never deletes the certification."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from records import clock
from records.database import db, lock, locked, transaction
from records.errors import AttachedAgain, NotFound
from records.models import Actor, AuditEvent, AuditKind, Certification, Member, Scan
from records.queries.external_certificates import staged
from records.services.certifications import require_changeable
from records.services.files import Arrived, row_for
from records.services.scan_steps import attach, take_off
from records.services.staging_steps import Kept, forget, keep
from records.services.uploads import MOST_FILES, require_number


def stage(
    certification: Certification, arrived: Sequence[Arrived], *, key: str, by: Actor, left_out: Collection[int] = ()
) -> Kept:
    """Keep files until the form that carries `key` is sent; those `left_out` (ids of waiting files) go.

    Raises as `attach_files`.
    """
    with transaction():
        certification = lock(certification)
        require_changeable(certification, by=by)
        member = locked(Member, certification.member_id)
        return keep(member, arrived, key=key, most=MOST_FILES, by=by, left_out=left_out)


def attach_files(
    certification: Certification,
    arrived: Sequence[Arrived],
    *,
    by: Actor,
    key: str = "",
    left_out: Collection[int] = (),
    order: Sequence[int] = (),
) -> list[int]:
    """Join files whose bytes are safe to a certification, after those that wait under `key`; returns the scans' ids.

    `left_out` and `order` are ids of waiting files. The same bytes twice are one scan. Raises NoFiles, TooManyFiles
    (field `files`), NotFound, NotAllowed, OwnCertifications, ModuleOff.
    """
    with transaction():
        certification = lock(certification)
        require_changeable(certification, by=by)
        files = [(row_for(file), file.name) for file in arrived]
        if key:
            keep(certification.member, (), key=key, most=MOST_FILES, by=by, left_out=left_out, order=order)
            files = [(file.stored_file, file.name) for file in staged(key, by=by)] + files
            forget(key, by=by)
        require_number(len(files))
        return [attach(certification, stored, name=name, by=by).id for stored, name in files]


def turn(scan: Scan, *, to: int, by: Actor) -> bool:
    """Show its previews turned by so many degrees, clockwise; its bytes stay. False where they are shown so already.

    Raises NotFound (deleted), NotAllowed, NotOpen, ProposalDecided, Invalid.
    """
    with transaction() as session:
        lock(scan.record)  # whoever decides on it meanwhile is first, or waits
        scan = lock(scan)
        if scan.deleted_at is not None:
            raise NotFound()
        scan.require_turned_by(by)
        before = scan.rotation
        if before == to:
            return False
        scan.turn(to=to)
        session.add(AuditEvent.of(AuditKind.SCAN_TURNED, scan, by=by, at=clock.now(),
                                  before={"rotation": before}, after={"rotation": to}))  # fmt: skip
    return True


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
