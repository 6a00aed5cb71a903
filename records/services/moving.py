"""Moving the whole installation to another database and another storage, from one snapshot, while this one stays.

The rows are loaded in one transaction, and within it the bytes that they name are carried: until it commits, the other
database has no rows, and a move that was killed is simply started again. Bytes that are there by then stay. Nothing is
written on this side.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from itertools import islice

from psycopg.errors import DiskFull
from sqlalchemy import Connection, Engine, func, select, table, text
from sqlalchemy.exc import DBAPIError

from records.carrying import rows, schema
from records.carrying.contents import Contents
from records.carrying.files import NotCarried, carry_all, named_bytes, not_named
from records.carrying.loading import loading
from records.database import db
from records.errors import Refusal, StorageFull, StorageOutOfReach, StorageUnavailable
from records.errors.backups import BackupInconsistent
from records.errors.moves import (
    MoveCutShort,
    MoveInconsistent,
    MovesNowhere,
    NotUpToDate,
    TargetFull,
    TargetNotEmpty,
    TargetOfNewerVersion,
    TargetUnreachable,
)
from records.models.message import WAITING
from records.storage import Storage, is_arriving, storage
from records.versions import database_is_current

Tell = Callable[[str, int], None]

_SNAPSHOTS = 3
_AT_ONCE = 500
_EVER = float("inf")
# Lies in a storage that was empty when a move began and belongs to nobody yet: no organization has the id 0.
_UNDER_WAY = f"0/{'0' * 64}-{'0' * 16}"


@dataclass(frozen=True)
class Elsewhere:
    """Where to; `storage` is None where the bytes stay in the storage that they are in."""

    engine: Engine
    storage: Storage | None


@dataclass
class Moved:
    """What was to be carried, and what was there afterwards, which is the same where all is well.

    `missing`: what could not be carried, by key, in words. `was_there`: an earlier move had carried it all."""

    here: Contents
    there: Contents
    files: int = 0
    bytes: int = 0
    missing: dict[str, str] = field(default_factory=dict)
    was_there: bool = False

    def written_since(self) -> list[str]:
        """The tables in which something was written on this side after the snapshot; reads every row once more."""
        with rows.snapshot(db.engine) as connection:
            now = Contents.of(connection).tables
        return sorted(name for name in now if now[name] != self.here.tables[name])

    @property
    def messages_waiting(self) -> int:
        """How many messages are still to be mailed, by whichever side's jobs run."""
        with db.engine.connect() as connection:
            waiting = select(func.count()).select_from(table("message")).where(text(WAITING))
            return connection.scalar(waiting) or 0


class _Swept(Exception):
    """Rows of the snapshot have lost their bytes since, as deleted files do."""


def move(to: Elsewhere, *, tell: Tell = lambda _what, _number: None) -> Moved:
    """Carry everything; `tell` hears how far it is. What is missing from the storage here, or is not what arrived, is
    left out and named.

    Raises NotUpToDate, MovesNowhere, TargetNotEmpty, TargetOfNewerVersion, TargetUnreachable, TargetFull,
    MoveInconsistent, MoveCutShort.
    """
    if not database_is_current():
        raise NotUpToDate()
    if to.engine.url == db.engine.url:
        raise MovesNowhere()
    with _in_words(TargetUnreachable):
        _bring_up(to.engine)
    with _in_words(MoveCutShort):
        moved = _was_there(to.engine) or _carried(to, tell)
        with rows.snapshot(to.engine) as connection:
            moved.there = Contents.of(connection)
    return moved


def _bring_up(engine: Engine) -> None:
    """Give an empty database this version's tables. Raises TargetNotEmpty, TargetOfNewerVersion."""
    with engine.connect() as connection:
        migration = schema.migration_of(connection)
        if migration is None and rows.table_names(connection):
            raise TargetNotEmpty(what="its database has tables that are not Certfolio's")
        if migration is not None and not schema.is_known(migration):
            raise TargetOfNewerVersion(migration=migration)
        if migration is not None and not schema.is_head(migration) and (name := rows.filled(connection)):
            raise TargetNotEmpty(what=f"its database has rows of an older version, such as in the table {name}")
    schema.bring_to(engine, "head")


def _was_there(engine: Engine) -> Moved | None:
    """An earlier move, whose database holds what stands here. Raises TargetNotEmpty where it holds anything else."""
    with rows.snapshot(engine) as target, rows.snapshot(db.engine) as source:
        filled = rows.filled(target)
        if filled is None:
            return None
        here, there = Contents.of(source), Contents.of(target)
    if here != there:
        raise TargetNotEmpty(what=f"its database has rows, such as in the table {filled}")
    return Moved(here, there, was_there=True)


def _carried(to: Elsewhere, tell: Tell) -> Moved:
    for _ in range(_SNAPSHOTS - 1):
        with suppress(_Swept):
            return _carry(to, tell)
    return _carry(to, tell, is_last=True)


def _carry(to: Elsewhere, tell: Tell, *, is_last: bool = False) -> Moved:
    with loading(to.engine) as target:
        here = _carry_rows(target, to.storage, tell)
        moved = Moved(here, here)
        if to.storage is not None:
            _carry_bytes(target, to.storage, moved, tell)
            if not is_last and _were_swept(moved.missing):
                raise _Swept()
            to.storage.delete(_UNDER_WAY)
    return moved


def _carry_rows(target: Connection, to: Storage | None, tell: Tell) -> Contents:
    """Every row as it stood here at one moment."""
    with rows.snapshot(db.engine) as source:
        if filled := rows.filled(target):
            raise TargetNotEmpty(what=f"its database has rows, such as in the table {filled}")
        if to is not None:
            _begin_in(to, source)
        try:
            rows.copy_rows(source, target, tell=lambda name, number: tell(f"rows of {name}", number))
        except ValueError as error:
            raise MoveInconsistent(problem=str(error)) from error
        rows.count_on(target, rows.numbers_given_out(source))
        return Contents.of(source)


def _begin_in(target: Storage, source: Connection) -> None:
    """Raises TargetNotEmpty where the storage may be somebody else's: their sweep would take our bytes, ours theirs."""
    try:
        target.open(_UNDER_WAY).close()
    except StorageOutOfReach:
        raise
    except StorageUnavailable:
        keys = (key for key in target.keys_before(_EVER) if not is_arriving(key))
        while some := list(islice(keys, _AT_ONCE)):
            if others := not_named(source, some):
                raise TargetNotEmpty(what=f"its storage has other bytes, such as {min(others)}") from None
        received = target.receive(BytesIO(b"A move is under way."), name="", limit=_AT_ONCE)
        try:
            target.keep(received, _UNDER_WAY)
        finally:
            target.discard(received)


def _carry_bytes(target: Connection, to: Storage, moved: Moved, tell: Tell) -> None:
    for wanted, outcome in carry_all(named_bytes(target), storage(), to):
        if isinstance(outcome, NotCarried):
            moved.missing[wanted.key] = str(outcome)
        else:
            moved.files += 1
            moved.bytes += outcome[0]
            tell("files", moved.files)


def _were_swept(missing: dict[str, str]) -> bool:
    with db.engine.connect() as connection:
        return bool(not_named(connection, missing))


@contextmanager
def _in_words(otherwise: type[Refusal]) -> Iterator[None]:
    try:
        yield
    except StorageFull as error:
        raise TargetFull() from error
    except StorageUnavailable as error:
        raise otherwise(problem=str(error.__cause__ or "its storage is out of reach")) from error
    except BackupInconsistent as error:
        raise MoveInconsistent(problem=error.params["problem"]) from error
    except DBAPIError as error:
        problem = str(error.orig).partition("\n")[0]
        is_sqlite_full = isinstance(error.orig, sqlite3.Error) and "full" in problem
        full = is_sqlite_full or isinstance(error.orig, DiskFull)
        raise (TargetFull() if full else otherwise(problem=problem)) from error
