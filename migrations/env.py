"""Runs migrations on the application's own database, each in a transaction of its own."""

from __future__ import annotations

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import String, text

engine = current_app.extensions["migrate"].db.engine
metadata = current_app.extensions["migrate"].db.metadata

# Tables of the search index on SQLite: made by triggers and FTS5, not by the models.
SEARCH_TABLES = "member_search"


def include_object(_object: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    if kind == "table" and name:
        return not name.startswith(SEARCH_TABLES)
    return not (kind == "index" and name == "ix_member_search_text")


def compare_type(_context: Any, column: Any, _model: Any, reflected: Any, wanted: Any) -> bool | None:
    """SQLite keeps an instant and an id under other names; lengths of strings do count."""
    if engine.dialect.name == "sqlite" and not isinstance(wanted, String):
        return False
    return None


def run() -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA foreign_keys=OFF"))
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_object=include_object,
            compare_type=compare_type,
            render_as_batch=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA foreign_keys=ON"))


run()
