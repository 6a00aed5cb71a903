"""What tests begin with: states of the database and its files, each made once and brought back in milliseconds."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask

from records.database import db
from records.storage.bucket import BucketStorage
from tests.stored import KeptBytes

EMPTY = "empty"
_FOLDERS = ("scans", "outbox")


class Beginnings(ABC):
    """`keep` remembers under a name how all stands now, and facts about it (ids, never records); `bring_back` puts it
    in place of whatever stands then, and gives back a copy of the facts."""

    def __init__(self, data_dir: Path, bucket: KeptBytes | None = None) -> None:
        self.data_dir, self._bucket = data_dir, bucket
        self._facts: dict[str, Any] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._facts

    def close(self) -> None:  # noqa: B027  # because: only some hold anything open
        """Nothing is brought back any more."""

    def keep(self, name: str, facts: Any = None) -> None:
        self._keep_rows(name)
        for folder in _FOLDERS:
            if (self.data_dir / folder).exists():
                shutil.copytree(self.data_dir / folder, self._kept(name) / folder)
        if self._bucket:
            self._bucket.keep(name)
        self._facts[name] = facts

    def bring_back(self, name: str) -> Any:
        db.session.rollback()
        db.session.expire_all()
        self._bring_rows_back(name)
        for folder in _FOLDERS:
            shutil.rmtree(self.data_dir / folder, ignore_errors=True)
            if (self._kept(name) / folder).exists():
                shutil.copytree(self._kept(name) / folder, self.data_dir / folder)
        if self._bucket:
            self._bucket.bring_back(name)
        return deepcopy(self._facts[name])

    def _kept(self, name: str) -> Path:
        folder = self.data_dir / "beginnings" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @abstractmethod
    def _keep_rows(self, name: str) -> None: ...

    @abstractmethod
    def _bring_rows_back(self, name: str) -> None: ...


class OnSqlite(Beginnings):
    """Copies of the database file."""

    def __init__(self, data_dir: Path, bucket: KeptBytes | None = None) -> None:
        super().__init__(data_dir, bucket)
        self.database = data_dir / "certfolio.db"

    def _keep_rows(self, name: str) -> None:
        _copy(self.database, self._file(name))

    def _bring_rows_back(self, name: str) -> None:
        db.engine.dispose()
        for ending in ("", "-wal", "-shm"):
            self.database.with_name(self.database.name + ending).unlink(missing_ok=True)
        shutil.copy(self._file(name), self.database)

    def _file(self, name: str) -> Path:
        return self._kept(name) / "certfolio.db"


class UnderAServer(OnSqlite):
    """The same while a server has the database open: written over it in one transaction, once the server has done what
    it was asked for before (`at_rest` waits for that)."""

    def __init__(self, data_dir: Path, *, at_rest: Callable[[], None]) -> None:
        super().__init__(data_dir)
        self._at_rest = at_rest

    def bring_back(self, name: str) -> Any:
        self._at_rest()
        return super().bring_back(name)

    def _bring_rows_back(self, name: str) -> None:
        _copy(self._file(name), self.database)


def _copy(one: Path, other: Path) -> None:
    with contextlib.closing(sqlite3.connect(one)) as source, contextlib.closing(sqlite3.connect(other)) as target:
        target.execute("PRAGMA busy_timeout=30000")
        source.backup(target)


class OnPostgresql(Beginnings):
    """The rows of the few tables that have any, and how far numbers are given out. TRUNCATE would make new files for
    every table and index, and a new database takes ten times as long as that. Triggers and foreign keys sleep
    meanwhile. Connections of the application stay open, but for those that are in the middle of something."""

    def __init__(self, data_dir: Path, bucket: KeptBytes | None, url: str) -> None:
        super().__init__(data_dir, bucket)
        address = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(address, autocommit=True)
        self._rows: dict[str, dict[str, bytes]] = {}
        self._numbers: dict[str, list[tuple[Any, ...]]] = {}

    def close(self) -> None:
        self._connection.close()

    def _keep_rows(self, name: str) -> None:
        with self._connection.cursor() as cursor:
            self._rows[name] = {}
            for table in self._filled(cursor):
                with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                    self._rows[name][table] = b"".join(copy)
            self._numbers[name] = cursor.execute(_USED_NUMBERS).fetchall()

    def _bring_rows_back(self, name: str) -> None:
        with self._connection.cursor() as cursor:
            self._end_others(cursor)
            with self._connection.transaction():
                cursor.execute("SET LOCAL session_replication_role = replica")
                for table in self._filled(cursor):
                    cursor.execute(f'DELETE FROM "{table}"')
                for table, rows in self._rows[name].items():
                    with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                        copy.write(rows)
                cursor.execute(_BEGIN_NUMBERS)
                for sequence, number in self._numbers[name]:
                    cursor.execute("SELECT setval(%s::regclass, %s)", (sequence, number))

    @staticmethod
    def _end_others(cursor: psycopg.Cursor[Any]) -> None:
        """Whoever still holds a transaction, as a process that outlived its test."""
        if cursor.execute(_BUSY).fetchall():
            cursor.execute(_END)
            db.engine.dispose()

    @staticmethod
    def _filled(cursor: psycopg.Cursor[Any]) -> list[str]:
        return [name for (name,) in cursor.execute(_FILLED, prepare=True).fetchall()]


_FILLED = " UNION ALL ".join(f"(SELECT '{name}' FROM \"{name}\" LIMIT 1)" for name in db.metadata.tables)
_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_BUSY = f"SELECT pid {_OTHERS} AND state <> 'idle'"
_END = f"SELECT pg_terminate_backend(pid, 5000) {_OTHERS}"
_SEQUENCES = "FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL"
_USED_NUMBERS = f"SELECT format('%I', sequencename), last_value {_SEQUENCES}"
_BEGIN_NUMBERS = f"SELECT setval(format('%I', sequencename)::regclass, 1, false) {_SEQUENCES}"


def beginnings_of(app: Flask) -> Beginnings:
    """Those that fit the database under `app`, with EMPTY among them."""
    data_dir, url = Path(app.config["DATA_DIR"]), app.config["SQLALCHEMY_DATABASE_URI"]
    door = app.extensions["storage"]
    bucket = KeptBytes(door) if isinstance(door, BucketStorage) else None
    made = OnPostgresql(data_dir, bucket, url) if str(url).startswith("postgresql") else OnSqlite(data_dir, bucket)
    made.keep(EMPTY)
    return made
