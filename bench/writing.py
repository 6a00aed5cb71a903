"""Writing rows in bulk, as fast as each database takes them: keys of rows are trusted, indexes are built at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import psycopg
from psycopg import sql

from bench.rows import Filling


def write_sqlite(file: str, fillings: Iterable[Filling]) -> Iterator[str]:
    """Write into the migrated database `file`; says what it did, step by step."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in ("synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY", "foreign_keys=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        aside = _put_aside(connection)
        for table, columns, rows in fillings:
            marks = ", ".join("?" * len(columns))
            connection.execute("BEGIN")
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            number = connection.executemany(statement, rows).rowcount if columns else 0
            connection.execute("COMMIT")
            yield f"{table}: {number} rows"
        for statement in aside:
            connection.execute(statement)
        connection.execute("INSERT INTO member_search(member_search) VALUES ('rebuild')")
        yield "indexes"
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield "analyze"


def _put_aside(connection: sqlite3.Connection) -> list[str]:
    """Drop triggers and indexes; return what brings them back, indexes first."""
    kept = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY type"
    ).fetchall()
    for kind, name, _ in kept:
        connection.execute(f"DROP {kind} {name}")
    return [statement for _, _, statement in kept]


def write_postgresql(address: str, fillings: Iterable[Filling]) -> Iterator[str]:
    """As `write_sqlite`; `address` is a libpq address of a role that may do everything."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute("SET session_replication_role = replica")  # neither triggers nor foreign keys look
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        aside = _put_aside_there(connection)
        for table, columns, rows in fillings:
            number = 0
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
            )
            with connection.cursor() as cursor:
                if columns:
                    with cursor.copy(into) as copy:
                        for row in rows:
                            copy.write_row(row)
                    number = cursor.rowcount
            _count_on(connection, table, columns)
            yield f"{table}: {number} rows"
        for statement in aside:
            connection.execute(statement)
        yield "indexes"
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        yield "analyze"


def _put_aside_there(connection: psycopg.Connection[Any]) -> list[str]:
    kept = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    ).fetchall()
    for name, _ in kept:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [statement for _, statement in kept]


def _count_on(connection: psycopg.Connection[Any], table: str, columns: tuple[str, ...]) -> None:
    """Let the ids that are given out next follow those that were written."""
    if "id" not in columns:
        return
    name = sql.Identifier(table)
    connection.execute(
        sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))").format(
            sql.Literal(table), name
        )
    )
