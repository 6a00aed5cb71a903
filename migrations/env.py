"""Runs migrations on the application's own database, or on the `engine` among the attributes of the configuration; each
in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext
from flask import current_app
from sqlalchemy import Connection, String

from records.connections import count_for_the_planner

engine = context.config.attributes.get("engine") or current_app.extensions["migrate"].db.engine
metadata = current_app.extensions["migrate"].db.metadata

# Tables of the search index on SQLite: made by triggers and FTS5, not by the models.
SEARCH_TABLES = "member_search"
# Where the queue that wakes workers stands in the same database, it makes its own.
QUEUE_TABLES = "huey_"


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    if kind == "table" and name:
        return not name.startswith((SEARCH_TABLES, QUEUE_TABLES))
    return not (kind == "index" and name == "ix_member_search_text")


def compare_type(_context: Any, column: Any, _model: Any, reflected: Any, wanted: Any) -> bool | None:
    """SQLite keeps an instant and an id under other names; lengths of strings do count."""
    if engine.dialect.name == "sqlite" and not isinstance(wanted, String):
        return False
    return None


def foreign_keys_hold(*, ctx: MigrationContext, **_step: Any) -> None:
    """At the end of each migration, inside its transaction. Raises RuntimeError."""
    if engine.dialect.name == "sqlite" and ctx.connection is not None:
        broken = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"foreign keys do not hold after this migration: {broken[:5]}")


def planner_has_numbers(*, ctx: MigrationContext, **_step: Any) -> None:
    """Likewise: of indexes that the migration made."""
    if ctx.connection is not None:
        count_for_the_planner(ctx.connection)


@contextmanager
def without_foreign_keys(connection: Connection) -> Iterator[None]:
    """SQLite: a batch migration drops tables, and with them, were foreign keys on, all rows that hang on theirs.

    The PRAGMA does nothing inside a transaction, so it goes to the driver's connection.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def run() -> None:
    with engine.connect() as connection, without_foreign_keys(connection):
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=include_object,
            compare_type=compare_type,
            render_as_batch=True,
            transaction_per_migration=True,
            on_version_apply=(foreign_keys_hold, planner_has_numbers),
        )
        with context.begin_transaction():
            context.run_migrations()


run()
