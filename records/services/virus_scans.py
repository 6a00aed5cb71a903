"""Scanning stored files for viruses: background work that waits for a daemon that is away. Nobody opens a file before.

Source of the rules: DOMAIN, "External certificates": every file scanned where scanning is on.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select, update

from records import clock, jobs
from records.database import (
    after_commit,
    chosen_organization_id,
    db,
    every_organization,
    organization_scope,
    transaction,
)
from records.errors import StorageUnavailable
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Member,
    MessageKind,
    Scan,
    StoredFile,
    Upload,
    UploadedFile,
    VirusScan,
)
from records.models.stored_file import LONGEST_VIRUS
from records.scanner import NoAnswer, NotScannable, Scanner, scanner
from records.services.outbox import notify
from records.services.previews import draw_previews
from records.storage import storage

log = logging.getLogger(__name__)

# Longer than scanning one file may take: who took it and says nothing by then was killed.
_CLAIM = timedelta(minutes=6)
# When a file is tried again that could not be scanned: the others come first.
_AGAIN = timedelta(minutes=1)
_TURN_SECONDS = 60
_AT_ONCE = 1000


@dataclass(frozen=True)
class _Claimed:
    id: int
    organization_id: int
    key: str


def _unscanned() -> Select[Any]:
    return select(StoredFile.organization_id).where(StoredFile.virus_scan == VirusScan.UNSCANNED)


@jobs.job(every_minutes=1, waiting=_unscanned, at_once=4)
def scan_for_viruses() -> None:
    """Scan what waits, for a minute at most, and bring files in line with whether scanning is on."""
    door, ends_at = scanner(), time.monotonic() + _TURN_SECONDS
    with every_organization():
        if door is None:
            _let_go()
            return
        _queue_old_files()
        while (claimed := _claim()) is not None and _scan(claimed, door):
            jobs.did()
            if jobs.is_over() or time.monotonic() > ends_at:
                jobs.wake(scan_for_viruses)
                return


def _queue_old_files() -> None:
    """Those that came while scanning was off."""
    old = select(StoredFile.id).where(StoredFile.virus_scan == VirusScan.NOT_SCANNED)
    _change(old, virus_scan=VirusScan.UNSCANNED, virus_scan_due_at=clock.now())


def _let_go() -> None:
    """Scanning was switched off: nothing waits for it any more. What was found infected stays so."""
    waiting = select(StoredFile.id).where(StoredFile.virus_scan == VirusScan.UNSCANNED)
    _change(waiting, virus_scan=VirusScan.NOT_SCANNED, virus_scan_due_at=None)


def _change(files: Select[Any], **values: Any) -> None:
    """A thousand at a time, so that other writers have their turn."""
    some = files.order_by(StoredFile.id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    changed = _AT_ONCE
    while changed == _AT_ONCE:
        with transaction() as session:
            ids = session.scalars(some).all()
            session.execute(update(StoredFile).where(StoredFile.id.in_(ids)).values(**values))
        changed = len(ids)


def _claim() -> _Claimed | None:
    """The file that waits longest, and that no other worker takes for now."""
    now = clock.now()
    due = (
        select(StoredFile)
        .where(StoredFile.virus_scan == VirusScan.UNSCANNED, StoredFile.virus_scan_due_at <= now)
        .order_by(StoredFile.virus_scan_due_at, StoredFile.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    with transaction() as session:
        stored = session.scalar(due)
        if stored is None:
            return None
        stored.virus_scan_due_at = now + _CLAIM
        return _Claimed(stored.id, stored.organization_id, stored.key)


def _scan(claimed: _Claimed, door: Scanner) -> bool:
    """Whether to go on with the next one: not while the scanner or the storage is away."""
    try:
        with storage().open(claimed.key) as stream:
            virus = door.virus_in(stream)
    except (NoAnswer, NotScannable, StorageUnavailable) as error:
        log.warning("file %s is not scanned yet: %s", claimed.id, error)
        with transaction() as session:
            again = update(StoredFile).where(StoredFile.id == claimed.id, StoredFile.virus_scan == VirusScan.UNSCANNED)
            session.execute(again.values(virus_scan_due_at=clock.now() + _AGAIN))
        return isinstance(error, NotScannable)
    with organization_scope(claimed.organization_id):
        _settle(claimed.id, virus)
    return True


def _settle(stored_id: int, virus: str) -> None:
    """What the scanner said of a file stands, once; a virus is told to those who brought it."""
    with transaction() as session:
        verdict = VirusScan.INFECTED if virus else VirusScan.CLEAN
        still = update(StoredFile).where(StoredFile.id == stored_id, StoredFile.virus_scan == VirusScan.UNSCANNED)
        values = {"virus_scan": verdict, "virus": virus[:LONGEST_VIRUS], "virus_scan_due_at": None}
        if session.execute(still.values(**values)).rowcount != 1:  # type: ignore[attr-defined]  # because: an UPDATE's result counts rows
            return
        if virus:
            _tell(stored_id, virus)
        else:
            after_commit(lambda: jobs.wake(draw_previews))


def _tell(stored_id: int, virus: str) -> None:
    """An event for each record that has the file, or is to have it, and a message to who added it there."""
    for scan in db.session.scalars(select(Scan).where(Scan.stored_file_id == stored_id, Scan.deleted_at.is_(None))):
        _note(scan, name=scan.name, virus=virus, member_id=scan.member_id)
        _notify(_who_added(scan), name=scan.name, virus=virus, page=f"/scan/{scan.id}")
    staged = select(UploadedFile, Upload).join(Upload, UploadedFile.upload_id == Upload.id)
    waiting = staged.where(UploadedFile.stored_file_id == stored_id, UploadedFile.submitted_at.is_(None))
    for file, upload in db.session.execute(waiting).all():
        _note(None, name=file.name, virus=virus, member_id=upload.member_id)
        _notify(upload.started_by_id, name=file.name, virus=virus, page="")


def _note(scan: Scan | None, *, name: str, virus: str, member_id: int) -> None:
    by = Actor.job("scan_for_viruses", chosen_organization_id())
    event = AuditEvent.of(AuditKind.VIRUS_FOUND, scan, by=by, at=clock.now(), member_id=member_id,
                          after={"name": name, "virus": virus})  # fmt: skip
    db.session.add(event)


def _notify(member_id: int | None, *, name: str, virus: str, page: str) -> None:
    member = db.session.get(Member, member_id) if member_id else None
    if member is not None:
        notify(member, MessageKind.VIRUS_FOUND, facts={"file": name, "virus": virus}, page=page)


def _who_added(scan: Scan) -> int | None:
    """The id of the member who joined the file to its record, as the audit trail tells."""
    return db.session.scalar(
        select(AuditEvent.actor_member_id).where(
            AuditEvent.organization_id == scan.organization_id,
            AuditEvent.subject_kind == Scan.__tablename__,
            AuditEvent.subject_id == scan.id,
            AuditEvent.kind == AuditKind.SCAN_ATTACHED,
        )
    )
