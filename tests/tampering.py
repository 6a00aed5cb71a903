"""Changing what stands behind the program's back, for tests of what finds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from records.database import db


@contextmanager
def unguarded() -> Iterator[sa.Connection]:
    """A connection on which no trigger fires."""
    db.session.rollback()
    with db.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'member_search%'"
            for name in connection.exec_driver_sql(named).scalars().all():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection
