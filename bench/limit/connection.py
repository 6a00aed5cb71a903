"""One connection a thread, and the statements of the limit in the words of its database."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

import psycopg

from bench.limit.statements import FOUND_BY_POSTGRESQL, FOUND_BY_SQLITE, STATEMENTS

DATABASE = os.environ.get("BENCH_DATABASE", "")
_FILE = os.environ.get("BENCH_FILE", "")
_PRAGMAS = ("journal_mode=WAL", "cache_size=-65536", "mmap_size=1073741824", "temp_store=MEMORY")
_kept = threading.local()


def connect() -> Any:
    """A connection that commits by itself."""
    if DATABASE:
        return psycopg.connect(DATABASE, autocommit=True, prepare_threshold=1)
    connection = sqlite3.connect(_FILE, isolation_level=None, cached_statements=256)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def rows_of(name: str, *values: Any) -> list[Any]:
    """What the statement of this name answers."""
    return _connection().execute(_STATEMENTS[name], values).fetchall()


def rows_of_many(name: str, values: list[Any]) -> list[Any]:
    """The same, of a statement that asks about several values at once."""
    marks = ", ".join([_MARK] * len(values))
    return _connection().execute(_STATEMENTS[name].replace("%s", marks, 1), values).fetchall()


def part(word: str) -> str:
    """`word` as the search wants it."""
    return f"%{word}%" if DATABASE else f'"{word}"'


def _connection() -> Any:
    connection = getattr(_kept, "connection", None)
    if connection is None:
        connection = _kept.connection = connect()
    return connection


_MARK = "%s" if DATABASE else "?"
_STATEMENTS = {
    name: statement.replace("?", _MARK).replace(
        "{match}", (FOUND_BY_POSTGRESQL if DATABASE else FOUND_BY_SQLITE).replace("?", _MARK)
    )
    for name, statement in STATEMENTS.items()
}
