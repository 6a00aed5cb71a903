"""Writing long lists to workbooks: the job, one export after the other, each begun anew where its worker died.

The row holds the state. Whoever writes an export says so in it by the name of a run, and everything that is written to
the row later asks for that name: an export that was cancelled, or that another worker has taken up meanwhile, is left
as it is.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from sqlalchemy import Select, select, update
from sqlalchemy.exc import DBAPIError

from records import clock, jobs, signin
from records.connections import writing
from records.database import (
    db,
    every_organization,
    organization_scope,
    read_as_of_one_instant,
    this_organization,
    transaction,
)
from records.errors import FileTooLarge, Refusal, StorageFull, StorageUnavailable
from records.models import Actor, AuditEvent, AuditKind, ExportFailure, ExportState, ListExport, Member, VirusScan
from records.models.list_export import IN_PROGRESS
from records.queries.list_pages import page_named
from records.services import files
from records.services.exports import KEPT, rights_of
from records.storage import is_full
from records.tables import XLSX, Cell, Table, table_of, words_in, write

log = logging.getLogger(__name__)

# So many runs may be cut short; what kills its worker each time would go on for ever.
_TRIES = 3
_TELL_EVERY = 1.0  # seconds
_LOOK_EVERY = 1000  # rows
_MOST_BYTES = 2 * 1024**3


class _Over(Exception):
    """Somebody else decides on the export by now, or the worker is told to stop."""


class _CutShort(Exception):
    """It was begun too often, and never came to its end."""


@dataclass(frozen=True)
class _Claimed:
    id: int
    organization_id: int
    run: str


@dataclass(frozen=True)
class _Written:
    """What the workbook is called, how many rows it has, and what its asker might see."""

    name: str
    rows: int
    rights: str


def _waiting() -> Select[Any]:
    return select(ListExport.organization_id).where(ListExport.state.in_(IN_PROGRESS))


@jobs.job(every_seconds=2, waiting=_waiting)
def write_exports() -> None:
    """All that wait, the one that was tried least first. What runs by its row while we have this job's only place was
    left by a worker that died."""
    while not jobs.is_over() and (claimed := _claim()) is not None:
        with organization_scope(claimed.organization_id):
            _write(claimed)
        jobs.did()


def _claim() -> _Claimed | None:
    with every_organization(), transaction() as session:
        waiting = select(ListExport).where(ListExport.state.in_(IN_PROGRESS))
        first = waiting.order_by(ListExport.tries, ListExport.id).limit(1).with_for_update(skip_locked=True)
        export = session.scalar(first)
        if export is None:
            return None
        export.state, export.run, export.rows_done = ExportState.RUNNING, secrets.token_hex(8), 0
        export.rows_total, export.tries = None, export.tries + 1
        return _Claimed(export.id, export.organization_id, export.run)


def _write(claimed: _Claimed) -> None:
    try:
        with TemporaryFile() as out:
            written = _workbook(claimed, out)
            _keep(claimed, out, written)
    except _Over:
        db.session.rollback()
        _give_back(claimed)
    except FileTooLarge:
        _fail(claimed, ExportFailure.TOO_LARGE)
    except StorageFull:
        _fail(claimed, ExportFailure.STORAGE_FULL)
    except (DBAPIError, StorageUnavailable):
        raise  # the job is tried again, later and later
    except _CutShort:
        _fail(claimed, ExportFailure.CUT_SHORT)
    except Refusal:
        _fail(claimed, ExportFailure.REFUSED)
    except Exception as error:  # because: one export's failure is told to its asker, and the others go on
        log.exception("an export failed")
        full = isinstance(error, OSError) and is_full(error)
        _fail(claimed, ExportFailure.STORAGE_FULL if full else ExportFailure.UNEXPECTED)


def _workbook(claimed: _Claimed, out: IO[bytes]) -> _Written:
    """Write it as of one instant, by the rights that its asker has now. Raises as the list itself, and _Over."""
    db.session.rollback()
    read_as_of_one_instant()
    export = db.session.get(ListExport, claimed.id)
    member = db.session.get(Member, export.member_id) if export else None
    if export is None or member is None or export.run != claimed.run:
        raise _Over
    if export.tries > _TRIES:
        raise _CutShort
    if not member.is_active:
        raise Refusal
    by = signin.actor_of(member)
    page_named(export.page, by=by)
    with words_in(export.language):
        table = table_of(export.page, export.asked, by=by)
        total = table.count(None) if table.count else None
        _tell(claimed, rows_total=total)
        counted = _Counted(claimed, table)
        write(out, XLSX, table.header, counted, title=table.title)
        written = _Written(table.file_name(XLSX, today=clock.today(this_organization())), counted.number, rights_of(by))
    db.session.rollback()
    return written


class _Counted(Iterable[Sequence[Cell]]):
    """The rows of a table; its row tells meanwhile how many there were. Raises _Over."""

    def __init__(self, claimed: _Claimed, table: Table) -> None:
        self.number, self._claimed, self._rows = 0, claimed, table.rows

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        told = time.monotonic()
        for row in self._rows:
            yield row
            self.number += 1
            if self.number % _LOOK_EVERY == 0:
                if jobs.is_over():
                    raise _Over
                if time.monotonic() - told > _TELL_EVERY:
                    _tell(self._claimed, rows_done=self.number)
                    told = time.monotonic()


def _tell(claimed: _Claimed, **values: Any) -> None:
    """On a connection of its own, beside the one that reads. Raises _Over where the export is no longer ours."""
    told = update(ListExport).where(ListExport.id == claimed.id, ListExport.run == claimed.run)
    with writing(db.engine) as connection:
        if connection.execute(told.values(**values)).rowcount != 1:
            raise _Over


def _keep(claimed: _Claimed, out: IO[bytes], written: _Written) -> None:
    """Store the bytes, then the row that points to them. Raises as `take_in`, and _Over."""
    out.seek(0)
    arrived = files.take_in(out, name=written.name, organization=this_organization(), limit=_MOST_BYTES)
    try:
        with transaction() as session:
            export = _ours(claimed)
            stored = files.row_for(arrived)
            stored.virus_scan, stored.virus_scan_due_at = VirusScan.CLEAN, None  # we wrote it
            now = clock.now()
            export.state, export.stored_file_id, export.run = ExportState.DONE, stored.id, ""
            export.rows_done = export.rows_total = written.rows
            export.file_name, export.rights = arrived.name, written.rights
            export.finished_at, export.expires_at = now, now + KEPT
            session.add(_event(AuditKind.EXPORT_WRITTEN, export, at=now, rows=written.rows))
    except BaseException:
        files.discard(arrived)
        raise


def _fail(claimed: _Claimed, failure: ExportFailure) -> None:
    db.session.rollback()
    try:
        with transaction() as session:
            export, now = _ours(claimed), clock.now()
            export.state, export.failure, export.run = ExportState.FAILED, failure, ""
            export.finished_at, export.expires_at = now, now + KEPT
            session.add(_event(AuditKind.EXPORT_FAILED, export, at=now))
    except _Over:
        db.session.rollback()


def _give_back(claimed: _Claimed) -> None:
    """Of a worker that is told to stop: the next one begins anew, and it counts as no try."""
    with suppress(_Over):
        _tell(claimed, state=ExportState.WAITING, run="", tries=ListExport.tries - 1)


def _ours(claimed: _Claimed) -> ListExport:
    """Inside a transaction. Raises _Over."""
    found = db.session.scalar(
        select(ListExport).where(ListExport.id == claimed.id, ListExport.run == claimed.run).with_for_update()
    )
    if found is None:
        raise _Over
    return found


def _event(kind: AuditKind, export: ListExport, *, at: datetime, **facts: Any) -> AuditEvent:
    by = Actor.job("write_exports", export.organization_id)
    return AuditEvent.of(kind, export, by=by, at=at, after={"page": export.page, **facts})
