"""Connections to the database: what each is told when it opens, and how long anybody waits for it.

Whoever waits for a page gets an answer within bounded time, also from a database that hangs: each statement of a
request has `_ANSWER_WITHIN` seconds, a new connection has what `config.py` gives it. Jobs and commands wait as long as
it takes, for they may have much to do.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from flask import has_request_context
from psycopg.errors import OperationalError
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event

# An option of a statement: the server is to keep it, understood and planned, for the next time.
PREPARED = "prepared"
# How long a writer waits for its turn, in milliseconds.
PATIENCE = 15_000
# How long a request waits for one answer of a database server, and for that to end what it was asked, in seconds.
_ANSWER_WITHIN = 12.0
_CANCEL_WITHIN = 1.0
_LOOK_EVERY = 0.1  # as psycopg does
_SAMPLE = 1000  # rows of each index
# Of each engine, whose threads write in turn.
_turns: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()
# SQLite reads from memory that all processes share: up to 1 GiB of the file is mapped, and each connection keeps up to
# 8 MiB of pages for itself. What it sorts it sorts in memory.
_QUICK = ("mmap_size=1073741824", "cache_size=-8192", "temp_store=MEMORY")


class BoundedConnection(psycopg.Connection[Any]):
    """A connection on which no request waits for ever. One that gave no answer in time is closed: who knows what it
    would say next."""

    _is_of_requests = False

    def wait(self, gen: Any, interval: float = _LOOK_EVERY, timeout: float | None = None) -> Any:
        """What `gen` returns. Raises OperationalError where a request got no answer in time."""
        # Once a request has used it, its last words count, too: they are said when the request is over.
        self._is_of_requests = self._is_of_requests or has_request_context()
        if timeout is None and self._is_of_requests:
            timeout = _ANSWER_WITHIN
        try:
            return super().wait(gen, interval, timeout)
        except OperationalError as error:
            if not self.closed and "wait timeout expired" in str(error):
                with suppress(psycopg.Error):
                    self.cancel_safe(timeout=_CANCEL_WITHIN)
                self.pgconn.finish()
            raise

    def rollback(self) -> None:
        """Keeps what the server has prepared, which psycopg would let it forget: every page ends like this. Where a
        statement has failed, the reason may be one that was prepared for another schema, and all are forgotten."""
        if self.info.transaction_status is not TransactionStatus.INTRANS:
            super().rollback()
            return
        with self.lock:
            self.wait(self._exec_command(b"ROLLBACK"))


def prepare(engine: Engine) -> None:
    """Let all connections of `engine` be as this installation needs them."""
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    else:
        event.listen(engine, "do_connect", _bounded)
        event.listen(engine, "do_execute", _as_prepared)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A short transaction that writes, on a connection of its own: no part of what the session does meanwhile."""
    with engine.connect() as connection:
        connection = connection.execution_options(writes=True)
        with connection.begin():
            yield connection


@contextmanager
def turn_to_write(engine: Engine, patience: int) -> Iterator[int]:
    """On SQLite one writer at a time: the threads of a process wait for one another here and not at the file, which
    they would ask again and again, each as lucky as the next. How many milliseconds of `patience` are left for writers
    of other processes; whoever has lost all of it learns of the database that it is locked."""
    if engine.dialect.name != "sqlite":
        yield patience
        return
    turns, began = _turns.setdefault(engine, Lock()), time.monotonic()
    is_mine = turns.acquire(timeout=patience / 1000)
    try:
        yield max(1, patience - int(1000 * (time.monotonic() - began)))
    finally:
        if is_mine:
            turns.release()


def count_for_the_planner(connection: Connection) -> None:
    """SQLite plans by numbers that somebody has to take, here of a sample of each index; PostgreSQL takes its own. An
    index without numbers is taken for a far better one than those with. Made anew, the table of them lets connections
    that are open read them, too."""
    if connection.dialect.name == "sqlite":
        for act in (f"PRAGMA analysis_limit={_SAMPLE}", "DROP TABLE IF EXISTS sqlite_stat1", "ANALYZE"):
            connection.exec_driver_sql(act)


def _bounded(_dialect: Any, _record: Any, arguments: Any, options: Any) -> BoundedConnection:
    return BoundedConnection.connect(*arguments, **options)


def _as_prepared(cursor: Any, statement: str, given: Any, context: Any) -> bool:
    """Of others than those that ask for it PostgreSQL is to know the values: how many rows they find it cannot guess,
    and reads too many where a page ends after a few."""
    asked = bool(context.execution_options.get(PREPARED))
    if asked:
        cursor.execute(statement, given, prepare=True)
    return asked


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's "begin" event below says BEGIN itself
        cursor = connection.cursor()
        # recursive_triggers: what a REPLACE takes away is a deletion to triggers, too.
        # secure_delete: what goes is overwritten, not left behind in free pages.
        guarded = ("foreign_keys=ON", "recursive_triggers=ON", "secure_delete=ON")
        for pragma in ("journal_mode=WAL", "synchronous=FULL", *guarded, *_QUICK, f"busy_timeout={PATIENCE}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        patience = options.get("patience", PATIENCE)
        if connection.info.get("patience", PATIENCE) != patience:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={patience}")
            connection.info["patience"] = patience
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")
