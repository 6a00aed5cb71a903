"""The queue that wakes job workers: names of jobs that somebody wants to run soon. Losing it loses no work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlparse

from huey.storage import MemoryStorage, PostgresStorage, SqliteStorage
from psycopg.errors import UndefinedTable
from sqlalchemy import make_url

from records.connections import BoundedConnection

_NAME = "certfolio"
# A worker hears so many calls at once: those of the same job are one.
_AT_ONCE = 1000
Result = TypeVar("Result")


@dataclass(frozen=True)
class Queue:
    """`storage` is one of Huey's."""

    storage: Any

    @classmethod
    def at(cls, url: str, options: Mapping[str, Any]) -> Queue:
        """The queue at `url`; `options` of psycopg bound how long PostgreSQL is waited for. Connects to no server
        yet."""
        address = urlparse(url)
        if address.scheme == "memory":
            return cls(MemoryStorage(_NAME))
        if address.scheme.startswith("postgresql"):
            server = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
            connect = partial(BoundedConnection.connect, server, **options)
            # It looks again and again instead of listening, which pools of connections do not pass on.
            return cls(PostgresStorage(_NAME, connection=connect, blocking=False, create_tables=False))
        path = Path(
            unquote(address.path.removeprefix("/"))
        )  # as in a database's URL: four slashes for an absolute path
        path.parent.mkdir(parents=True, exist_ok=True)
        # A page wakes a job after its commit: it waits for a busy queue only so many seconds.
        return cls(SqliteStorage(_NAME, filename=str(path), timeout=2))

    def put(self, name: str) -> None:
        self._with_tables(lambda: self.storage.enqueue(name.encode()))

    def take(self) -> set[str]:
        """The names that were put here, and are no longer."""
        names: set[str] = set()
        for _ in range(_AT_ONCE):
            name = self._with_tables(self.storage.dequeue)
            if name is None:
                break
            names.add(bytes(name).decode())
        return names

    def size(self) -> int:
        return int(self._with_tables(self.storage.queue_size))

    def _with_tables(self, act: Callable[[], Result]) -> Result:
        """Whoever comes first makes them. Two who do so at once: one fails, and finds them the next time."""
        try:
            return act()
        except UndefinedTable:
            self.storage.initialize_schema()
            return act()
