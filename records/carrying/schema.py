"""The tables of a database, at any migration that this version of the program knows."""

from __future__ import annotations

from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from sqlalchemy import Connection, Engine


def migration_of(connection: Connection) -> str | None:
    """The migration at which the database stands; None where it has no tables."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(migration: str) -> bool:
    try:
        return _scripts().get_revision(migration) is not None
    except CommandError:
        return False


def is_head(migration: str) -> bool:
    return _scripts().get_current_head() == migration


def bring_to(engine: Engine, migration: str) -> None:
    """Bring the database up or down to `migration` ("head": the newest); the way down takes rows with it."""
    scripts = _scripts()
    wanted = scripts.get_revision(migration).revision
    with engine.connect() as connection:
        now = migration_of(connection)
    if wanted == now:
        return
    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["engine"] = engine
    lower = {script.revision for script in scripts.iterate_revisions(now, "base")} if now else set()
    (command.downgrade if wanted in lower else command.upgrade)(config, wanted)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(current_app.config["MIGRATIONS"])
