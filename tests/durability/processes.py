"""The application in processes of its own, which can be traced and killed while the tests go on."""

from __future__ import annotations

import contextlib
import multiprocessing
import re
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

import requests
from flask import Flask
from werkzeug.serving import make_server

from records import clock
from records.database import db
from records.models import Member
from tests.browser.server import Server
from tests.clients import SignedClient
from tests.conftest import same_place

_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Visitor:
    """A member's browser: the cookie of a session, and the token that its forms carry."""

    cookie: str
    token: str

    @classmethod
    def of(cls, app: Flask, member: Member) -> Visitor:
        client = SignedClient(app)
        client.enter(member)
        token = client.csrf_token()
        cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        return cls(cookie.value, token)


class Killable(Protocol):
    @property
    def pid(self) -> int | None: ...
    def kill(self) -> None: ...


class Door:
    """A port on which one process after the other serves the application; who knocks meanwhile waits for the next."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://{}:{}".format(*self._socket.getsockname())

    @contextlib.contextmanager
    def served(self) -> Iterator[Killable]:
        """A process that answers one request at a time, until the end of the block or its own."""
        with forked(self._serve) as process:
            yield process

    def _serve(self) -> None:
        server = make_server("127.0.0.1", 0, self.app, fd=self._socket.fileno())
        Context().run(server.serve_forever)  # nothing that is set up around the test leaks into requests

    def post(self, path: str, visitor: Visitor, data: dict[str, Any], files: Any = None) -> int | None:
        """The status of the answer; None where there is none, because the process has ended."""
        cookies = {self.app.config["SESSION_COOKIE_NAME"]: visitor.cookie}
        sent = {"csrf_token": visitor.token} | data
        try:
            answer = requests.post(
                self.url + path, data=sent, files=files, cookies=cookies, allow_redirects=False, timeout=60
            )
        except requests.ConnectionError:
            return None
        return answer.status_code

    def close(self) -> None:
        self._socket.close()


class ServedAsInUse(Door):
    """By a server of several processes and threads, on the same data and with the same secret."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        settings = {"SECRET_KEY": app.config["SECRET_KEY"], "JOBS_URL": "memory://"}
        settings |= {name.upper(): value for name, value in same_place(app).items()}
        self._server = Server(Path(app.config["DATA_DIR"]), **settings)
        self.url = self._server.url

    @contextlib.contextmanager
    def served(self) -> Iterator[Killable]:
        db.session.rollback()
        db.engine.dispose()
        with self._server.running() as server:
            yield server


@contextlib.contextmanager
def forked(act: Callable[[], None]) -> Iterator[BaseProcess]:
    """A copy of this process that runs `act`; it is killed at the end of the block. Nothing open is shared with it."""
    db.session.rollback()
    db.engine.dispose()
    process = _FORK.Process(target=act)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


@contextlib.contextmanager
def job_process(app: Flask, job: Callable[[], Any], *, later: timedelta) -> Iterator[tuple[BaseProcess, Any]]:
    """A process that runs `job` once told to go on by the event beside it, as if it were that much later."""
    go_on = _FORK.Event()

    def act() -> None:
        go_on.wait()
        with app.app_context(), clock.standing_at(clock.now() + later):
            job()

    with forked(act) as process:
        yield process, go_on


@contextlib.contextmanager
def traced(process: Killable, calls: str, log: Path, *options: str) -> Iterator[None]:
    """Trace these system calls of the process into `log`."""
    command = ["strace", "-f", "-y", "-s", "64", "-o", str(log), "-e", f"trace={calls}", *options]
    tracer = subprocess.Popen([*command, "-p", str(process.pid)], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    assert "attached" in said, f"these tests must be allowed to trace a process (ptrace): {said}"
    try:
        yield
    finally:
        if tracer.poll() is None:
            tracer.terminate()
        tracer.communicate()


@dataclass(frozen=True)
class Point:
    """A process enters a system call, such as `fsync`, for the n-th time."""

    call: str
    number: int


def killed_at(process: Killable, point: Point) -> contextlib.AbstractContextManager[None]:
    """kill -9 the process there."""
    return traced(process, point.call, Path("/dev/null"), "-e", f"inject={point.call}:signal=KILL:when={point.number}")


def points_in(log: Path, only: str = "") -> list[Point]:
    """Each call that a trace shows, in order; `only` those whose line has what this regular expression says. They are
    counted as strace does: of each thread and each child by itself."""
    seen: Counter[tuple[str, str]] = Counter()
    points = []
    for line in log.read_text().splitlines():
        if found := re.match(r"(\d+) +(\w+)\(", line):
            seen[found[1], found[2]] += 1
            if re.search(only, line):
                points.append(Point(found[2], seen[found[1], found[2]]))
    return [*dict.fromkeys(points)]
