"""A database while rows are loaded into it, in any order of tables: its guards sleep, and wake before the commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from records.errors.backups import BackupInconsistent


@contextmanager
def loading(engine: Engine) -> Iterator[Connection]:
    """One transaction without triggers and foreign keys. At its end both are back as they were, every key is checked,
    search indexes are made anew, and all is committed, or nothing. Raises BackupInconsistent."""
    guards = _on_postgresql if engine.dialect.name == "postgresql" else _on_sqlite
    try:
        with guards(engine) as connection:
            yield connection
    except IntegrityError as error:
        raise BackupInconsistent(problem=str(error.orig).splitlines()[0]) from error


_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
 WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"""
_GUARDED = """
SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
 WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace ORDER BY 1"""


@contextmanager
def _on_postgresql(engine: Engine) -> Iterator[Connection]:
    """What the owner of the tables may do; sleeping keys (session_replication_role) are for superusers."""
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")  # bytes may come in between
        keys = connection.exec_driver_sql(_KEYS).all()
        guarded = connection.exec_driver_sql(_GUARDED).scalars().all()
        for table, name, _definition in keys:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for table in guarded:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield connection
        for table in guarded:
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table, name, definition in keys:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        connection.exec_driver_sql("ANALYZE")  # or nobody knows how to ask for these rows until the server gets to it


@contextmanager
def _on_sqlite(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")  # does nothing inside a transaction
        try:
            with connection.execution_options(writes=True).begin():
                triggers = _named(connection, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
                for name in triggers:
                    connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
                yield connection
                for definition in triggers.values():
                    connection.exec_driver_sql(definition)
                for name in _named(connection, "SELECT name, type FROM pragma_table_list WHERE type = 'virtual'"):
                    connection.exec_driver_sql(f'INSERT INTO "{name}"("{name}") VALUES (\'rebuild\')')  # noqa: S608  # because: the name of a search index, no input
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise BackupInconsistent(problem=f"a row of {broken[0]} names one of {broken[2]} that is not there")
        finally:
            driver.execute("PRAGMA foreign_keys=ON")


def _named(connection: Connection, asked: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.exec_driver_sql(asked)}
