"""Taking files in. Bytes are safe on disk before the row that points to them; the step below makes the row.

arrived = files.take_in(stream, name=..., organization=...)   # before the transaction
with transaction():
    stored = files.row_for(arrived)                           # inside it
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import IO, Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from records import clock, jobs
from records.database import (
    after_commit,
    chosen_organization_id,
    db,
    every_organization,
    is_sqlite,
    transaction,
)
from records.errors import FileChanged, Stale, StorageUnavailable
from records.file_kinds import kind_of
from records.models import Organization, Preview, StoredFile, VirusScan
from records.models.scan import Scan, file_name
from records.models.stored_file import CAN_BE_PREVIEWED
from records.scanner import scanner
from records.services.previews import draw_previews
from records.services.virus_scans import scan_for_viruses
from records.storage import new_key, sha256_of, storage

_KNOWN = select(StoredFile.id).where(StoredFile.sha256 == bindparam("sha256"))


@dataclass(frozen=True)
class Arrived:
    """A file whose bytes are safe. `key` is None where the organization had the same bytes already."""

    name: str
    sha256: str
    size: int
    kind: str
    key: str | None


def take_in(stream: IO[bytes], *, name: str | None, organization: Organization, limit: int | None = None) -> Arrived:
    """Store the bytes; `limit` in bytes, without one the organization's own. Raises FileTooLarge, FileEmpty,
    StorageFull, StorageUnavailable (field `files`)."""
    organization_id, name = organization.id, file_name(name)
    _require_storage_in_place()
    received = storage().receive(stream, name=name, limit=limit or organization.largest_file)
    arrived = Arrived(name, received.sha256, received.size, kind_of(received.head), None)
    try:
        if _want_again(received.sha256):
            return arrived
        key = new_key(organization_id, received.sha256)
        storage().keep(received, key)
        return Arrived(name, received.sha256, received.size, arrived.kind, key)
    finally:
        storage().discard(received)


def _require_storage_in_place() -> None:
    """An empty storage beside a database that knows of files is a disk that is not mounted: what it took in would be
    out of reach once the disk is back. Raises StorageUnavailable."""
    if storage().is_empty():
        with every_organization():
            if db.session.scalar(select(StoredFile.id).limit(1)) is not None:
                raise StorageUnavailable()


def _want_again(sha256: str) -> bool:
    """Whether the organization has these bytes; from now on the sweep leaves them alone for its grace time."""
    if db.session.scalar(_KNOWN, {"sha256": sha256}) is None:
        return False  # mostly so, and it need not wait for others who write
    with transaction() as session:
        wanted = update(StoredFile).where(StoredFile.sha256 == sha256).values(wanted_at=clock.now())
        return bool(session.execute(wanted).rowcount)  # type: ignore[attr-defined]  # because: an UPDATE's result counts rows


def row_for(arrived: Arrived) -> StoredFile:
    """The shared step, inside a transaction: the row of these bytes, made where there is none."""
    stored = (_new_row(arrived) if arrived.key is not None else None) or _wanted_row(arrived)
    if stored.virus_scan == VirusScan.UNSCANNED:
        after_commit(lambda: jobs.wake(scan_for_viruses))
    elif stored.preview == Preview.WAITING:
        after_commit(lambda: jobs.wake(draw_previews))
    return stored


def _wanted_row(arrived: Arrived) -> StoredFile:
    """Raises Stale where the organization had these bytes, and they have been swept meanwhile."""
    stored = _row(arrived.sha256)
    if stored is None:
        raise Stale()
    stored.wanted_at = clock.now()
    db.session.flush()
    return stored


def discard(arrived: Arrived) -> None:
    """Bytes that came for nothing go at once, unless the organization had them already: no row points to them."""
    if arrived.key is not None:
        with suppress(StorageUnavailable):  # then the sweep takes them
            storage().delete(arrived.key)


def require_sound(scans: Iterable[Scan]) -> None:
    """Before a decision: no file waits for the virus scan or has a virus, and all bytes, read again, are those that
    arrived. Raises FileUnscanned, FileInfected, FileChanged, StorageUnavailable."""
    for scan in scans:
        stored = scan.stored_file
        stored.require_released(name=scan.name)
        with storage().open(stored.key) as stream:
            if sha256_of(stream) != stored.sha256:
                raise FileChanged()


def _row(sha256: str) -> StoredFile | None:
    return db.session.scalar(select(StoredFile).where(StoredFile.sha256 == sha256))


def _new_row(arrived: Arrived) -> StoredFile | None:
    """None where the organization has these bytes. Of two uploads of the same new bytes at once, one makes the row; the
    other's bytes are swept later."""
    now, scans = clock.now(), scanner() is not None
    row = {
        "organization_id": chosen_organization_id(),
        "sha256": arrived.sha256,
        "key": arrived.key,
        "size": arrived.size,
        "kind": arrived.kind,
        "preview": Preview.WAITING if arrived.kind in CAN_BE_PREVIEWED else Preview.NONE,
        "virus_scan": VirusScan.UNSCANNED if scans else VirusScan.NOT_SCANNED,
        "virus_scan_due_at": now if scans else None,
        "created_at": now,
        "wanted_at": now,
    }
    return db.session.scalar(_making(is_sqlite()), row)


@cache
def _making(lite: bool) -> Any:
    """For SQLite or for PostgreSQL; made once."""
    insert = (sqlite.insert if lite else postgresql.insert)(StoredFile)
    return insert.on_conflict_do_nothing(index_elements=["organization_id", "sha256"]).returning(StoredFile)
