"""Jobs: each looks for what is due; waking one never harms the change that wakes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask import Flask

from records import jobs
from tests.conftest import make_app, upgrade


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> dict[str, jobs._Registered]:
    """No job but those that the test registers."""
    registered: dict[str, jobs._Registered] = {}
    monkeypatch.setattr(jobs, "_jobs", registered)
    return registered


def test_every_job_runs_though_one_fails(only: dict[str, jobs._Registered]) -> None:
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


def test_waking_a_job_runs_it_in_the_worker_not_here(only: dict[str, jobs._Registered], tmp_path: Path) -> None:
    ran: list[str] = []

    @jobs.job(every_minutes=1)
    def woken() -> None:
        ran.append("woken")

    application = make_app(tmp_path / "data")
    with application.app_context():
        jobs.wake(woken)
        assert ran == []
        queue = application.extensions["jobs"].queue
        queue.execute(queue.dequeue())
    assert ran == ["woken"]


def test_a_job_that_fails_in_the_worker_is_logged_only(
    only: dict[str, jobs._Registered], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    @jobs.job(every_minutes=1)
    def failing() -> None:
        raise ValueError("broken")

    application = make_app(tmp_path / "data")
    with application.app_context():
        jobs.wake(failing)
        queue = application.extensions["jobs"].queue
        queue.execute(queue.dequeue())
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["job"], line["exception"][0]["type"]) == ("job failed", "failing", "ValueError")
    assert len(line["run"]) == 16


def test_waking_never_raises(app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise OSError("the queue's disk is gone")

    from records.mail import send_messages

    monkeypatch.setitem(app.extensions["jobs"].woken, "send_messages", broken)
    jobs.wake(send_messages)

    def unknown() -> None: ...

    jobs.wake(unknown)
    assert caplog.text.count("could not wake") == 2


@pytest.mark.parametrize(
    ("url", "path"), [("sqlite:////tmp/a/jobs.db", "/tmp/a/jobs.db"), ("sqlite:///a/jobs.db", "a/jobs.db")]
)
def test_the_queue_is_where_its_url_says(url: str, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    opened: list[str] = []
    monkeypatch.setattr(jobs, "SqliteHuey", lambda _name, filename, timeout: opened.append(filename))
    monkeypatch.setattr(Path, "mkdir", lambda *_args, **_options: None)
    jobs._queue(url)
    assert opened == [path]


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
