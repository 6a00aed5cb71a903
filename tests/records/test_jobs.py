"""Jobs: each looks for what is due; waking one never harms the change that wakes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock, jobs, queue, turns
from records.database import transaction
from records.mail import send_messages
from records.models import Actor, AuditEvent, AuditKind
from records.queue import Queue
from tests.conftest import upgrade


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> dict[str, jobs._Registered]:
    """No job but those that the test registers."""
    registered: dict[str, jobs._Registered] = {}
    monkeypatch.setattr(jobs, "_jobs", registered)
    return registered


def test_every_job_runs_though_one_fails(only: dict[str, jobs._Registered], app: Flask) -> None:
    ran: list[str] = []

    @jobs.job(every_minutes=1)
    def first() -> None:
        ran.append("first")
        raise ValueError("broken")

    @jobs.job(every_minutes=1)
    def second() -> None:
        ran.append("second")

    with pytest.raises(ValueError, match="broken"):
        jobs.run_all()
    assert ran == ["first", "second"]


def test_waking_a_job_runs_it_in_the_worker_not_here(only: dict[str, jobs._Registered], app: Flask) -> None:
    ran: list[str] = []

    @jobs.job(every_minutes=1)
    def woken() -> None:
        ran.append("woken")

    jobs._make_places()
    jobs.run_due(["woken"])  # its first time has come anyway
    jobs.wake(woken)
    jobs.wake(woken)
    assert ran == ["woken"]
    jobs.run_due(["woken"])
    assert ran == ["woken", "woken"]
    jobs.run_due(["woken"])
    assert len(ran) == 2


def test_a_job_that_fails_in_the_worker_is_logged_only(
    only: dict[str, jobs._Registered], app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    @jobs.job(every_minutes=1)
    def failing() -> None:
        raise ValueError("broken")

    jobs._make_places()
    jobs.run_due(["failing"])
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["job"], line["exception"][0]["type"]) == ("job failed", "failing", "ValueError")
    assert len(line["run"]) == 16


def test_waking_never_raises(app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_args: object) -> None:
        raise OSError("the queue's disk is gone")

    monkeypatch.setattr(Queue, "put", broken)
    jobs.wake(send_messages)
    assert caplog.text.count("could not wake") == 1


def test_a_job_that_is_called_while_it_runs_runs_once_more(only: dict[str, jobs._Registered], app: Flask) -> None:
    """What came while it looked may be what it did not see."""
    ran: list[int] = []

    @jobs.job(every_minutes=60)
    def busy() -> None:
        ran.append(len(ran))
        if len(ran) == 1:
            jobs.wake(busy)
            jobs.run_due(["busy"])  # as another worker would, meanwhile
            assert len(ran) == 1

    jobs._make_places()
    jobs.run_due(["busy"])
    jobs.run_due(["busy"])
    jobs.run_due(["busy"])
    assert ran == [0, 1]


def test_a_job_of_seconds_runs_only_where_something_waits(only: dict[str, jobs._Registered], app: Flask) -> None:
    ran: list[str] = []

    def some() -> sa.Select[Any]:
        return sa.select(AuditEvent.organization_id)

    @jobs.job(every_seconds=3, waiting=some)
    def quick() -> None:
        ran.append("quick")

    jobs._make_places()
    jobs.run_due(["quick"])
    assert ran == []
    with transaction() as session:
        session.add(AuditEvent.of(AuditKind.REFUSED, by=Actor.command("test"), at=clock.now()))
    jobs.run_due(["quick"])
    assert ran == ["quick"]


def test_others_are_called_to_help_with_much_that_each_takes_for_itself(
    only: dict[str, jobs._Registered], app: Flask
) -> None:
    at_once: list[int] = []

    def some() -> sa.Select[Any]:
        return sa.select(sa.literal(1).label("organization_id")).union_all(sa.select(sa.literal(2))).subquery().select()

    @jobs.job(every_minutes=60, waiting=some, at_once=2)
    def shared() -> None:
        at_once.append(sum(turns.runs_now(state) for state in turns.states({"shared"})))
        if len(at_once) < 5:
            jobs.run_due([])  # as another worker would, meanwhile

    jobs._make_places()
    jobs.run_due(["shared"])
    assert at_once == [1, 2]  # a third finds no place


@pytest.mark.parametrize(
    ("url", "path"), [("sqlite:////tmp/a/jobs.db", "/tmp/a/jobs.db"), ("sqlite:///a/jobs.db", "a/jobs.db")]
)
def test_the_queue_is_where_its_url_says(url: str, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    opened: list[str] = []
    monkeypatch.setattr(queue, "SqliteStorage", lambda _name, filename, timeout: opened.append(filename))
    monkeypatch.setattr(Path, "mkdir", lambda *_args, **_options: None)
    Queue.at(url, {})
    assert opened == [path]


def test_a_queue_in_postgresql_makes_its_tables_when_they_are_needed(new_postgresql: Callable[..., str]) -> None:
    here, there = (Queue.at(url, {"connect_timeout": 4}) for url in [new_postgresql()] * 2)
    assert here.size() == 0
    here.put("sweep")
    here.put("sweep")
    assert here.size() == 2
    there.put("seal")
    assert there.take() == {"sweep", "seal"}
    assert here.take() == set()
    for each in (here, there):
        each.storage.close()


def test_every_registered_job_has_an_interval_that_a_clock_face_knows(app: Flask) -> None:
    assert jobs._jobs
    for registered in jobs._jobs.values():
        seconds = registered.every_seconds
        assert seconds or registered.every_minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)


def test_the_worker_sends_what_it_is_woken_for_and_ends_when_told(tmp_path: Path) -> None:
    """The whole way: a verb in this process, the queue, a worker in another, and a mail in the folder."""
    from records.database import db, every_organization, transaction
    from records.models import MessageKind
    from records.services.outbox import post

    data = tmp_path / "data"
    environment = {**os.environ, "ENVIRONMENT": "development", "DATA_DIR": str(data)}
    application = _with_queue(data)
    upgrade(application)
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "run"]
    worker = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        with application.app_context(), every_organization(), transaction():
            post(MessageKind.EMAIL_CHANGED, "max@example.org", organization=None, facts={"new_email": "x@example.org"})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not list((data / "outbox").glob("*")):
            time.sleep(0.1)
        assert list((data / "outbox").glob("*"))
    finally:
        worker.send_signal(signal.SIGINT)
        _, errors = worker.communicate(timeout=30)
        with application.app_context():
            db.session.remove()
            db.engine.dispose()
    assert b"Traceback" not in errors


def _with_queue(data: Path) -> Flask:
    from config import Settings
    from wsgi import create_app

    return create_app(Settings(environment="testing", secret_key="x" * 40, data_dir=data))
