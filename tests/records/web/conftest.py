"""An application with pages that fail, each in a way of its own."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, abort

from records.database import db, every_organization, transaction
from records.errors import Invalid, NotFound, StorageFull, StorageUnavailable, TooManyAttempts
from records.models import Organization
from tests.beginnings import EMPTY, Beginnings, beginnings_of
from tests.cast import Cast
from tests.clients import SignedClient
from tests.conftest import make_app, upgrade

CANARY = "canary-7f3a"


def _integrity() -> Any:
    with every_organization(), transaction() as session:
        for _ in range(2):
            session.add(Organization(name=CANARY, created_at=None))
            session.flush()


def _raise(error: Exception) -> Callable[[], Any]:
    def view() -> Any:
        raise error

    return view


def _driver_error(kind: type[sa.exc.DBAPIError], words: str) -> Exception:
    return kind(f"SELECT '{CANARY}'", {"password": CANARY}, Exception(words))


FAILURES: dict[str, tuple[int, Callable[[], Any]]] = {
    "bad-request": (400, lambda: abort(400)),
    "forbidden": (403, lambda: abort(403)),
    "refused-404": (404, _raise(NotFound())),
    "conflict": (409, lambda: abort(409)),
    "unsupported": (415, lambda: abort(415)),
    "teapot": (418, lambda: abort(418)),
    "too-large": (413, lambda: abort(413)),
    "invalid": (422, _raise(Invalid())),
    "throttled": (429, _raise(TooManyAttempts(90))),
    "bug": (500, lambda: {}[CANARY]),  # type: ignore[index]  # because: the bug that it is
    "bug-in-sql": (500, _raise(_driver_error(sa.exc.ProgrammingError, CANARY))),
    "constraint": (500, _integrity),
    "number": (422, _raise(OverflowError("Python int too large to convert to SQLite INTEGER"))),
    "nul": (422, _raise(_driver_error(sa.exc.DataError, CANARY))),
    "database": (503, _raise(_driver_error(sa.exc.OperationalError, "connection refused"))),
    "locked": (503, _raise(_driver_error(sa.exc.OperationalError, "database is locked"))),
    "pool": (503, _raise(sa.exc.TimeoutError("QueuePool limit"))),
    "storage": (503, _raise(StorageUnavailable())),
    "storage-full": (507, _raise(StorageFull())),
    "spool-full": (507, _raise(OSError(errno.ENOSPC, "No space left on device"))),
    "disk-full": (507, _raise(_driver_error(sa.exc.OperationalError, "database or disk is full"))),
}


@pytest.fixture(scope="module")
def failing_from(
    on: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, Beginnings]]:
    """`/fail/<name>` fails as FAILURES says; and what its tests begin with."""
    settings = {"database_url": request.getfixturevalue("lasting_postgresql")} if on == "postgresql" else {}
    application = make_app(tmp_path_factory.mktemp("failing"), **settings)
    for name, (_status, view) in FAILURES.items():
        application.add_url_rule(f"/fail/{name}", f"fail_{name}", view, methods=["GET", "POST"])
    upgrade(application)
    with contextlib.closing(beginnings_of(application)) as beginnings:
        yield application, beginnings
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def failing(failing_from: tuple[Flask, Beginnings]) -> Iterator[Flask]:
    application, beginnings = failing_from
    with application.app_context():
        beginnings.bring_back(EMPTY)
        yield application
        db.session.remove()


@pytest.fixture
def failing_client(failing: Flask) -> SignedClient:
    """Signed in there as an administrator."""
    client = SignedClient(failing)
    client.enter(Cast.enter().ada)
    return client
