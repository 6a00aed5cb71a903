"""Which migration the database stands at, and whether this version can work there."""

from __future__ import annotations

from functools import cache

from flask import current_app

from records.database import db


def database_is_current() -> bool:
    """Whether the database answers and stands at the newest migration."""
    here, *_older = _migrations(current_app.config["MIGRATIONS"])
    return _migration() == here


def database_is_ready() -> bool:
    """Whether it stands there, or at a migration of a newer version: what that one brings, this one works on with."""
    _here, *older = _migrations(current_app.config["MIGRATIONS"])
    return _migration() not in (None, *older)


@cache
def _migrations(folder: str) -> list[str]:
    """All that this version knows, the newest first."""
    from alembic.script import ScriptDirectory

    return [script.revision for script in ScriptDirectory(folder).walk_revisions()]


def _migration() -> str | None:
    from alembic.runtime.migration import MigrationContext

    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
