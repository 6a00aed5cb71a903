"""Starting and stopping what is measured: Certfolio as `flask serve` starts it, and the limit likewise."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from urllib.parse import urlencode

from bench.few_rows import PASSWORD
from bench.forms import value_of
from bench.installation import ROOT, Installation
from bench.processes import family_of
from records.hashing import WEB_THREADS

WORKERS = 2
_READY_WITHIN = 60.0  # seconds


class Server:
    """A granian with two workers on a port that was free, from `with` to its end. `started_in`: seconds until it
    answered."""

    def __init__(self, application: str, environment: dict[str, str], *, log: Path) -> None:
        self.port = free_port()
        self.started_in = 0.0
        self._application, self._environment, self._log = application, environment, log
        self._running: subprocess.Popen[bytes] | None = None

    def _command(self) -> list[str]:
        command = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", str(WORKERS), "--blocking-threads", str(WEB_THREADS)]
        # A worker that was still starting does not hear that it is to end.
        command += ["--workers-kill-timeout", "5"]
        return [*command, "--no-access-log", "--log-level", "error", self._application]

    def __enter__(self) -> Server:
        command = [sys.executable, *self._command()]
        began = time.monotonic()
        with self._log.open("wb") as log:
            self._running = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
        while not self._answers():
            if self._running.poll() is not None or time.monotonic() - began > _READY_WITHIN:
                self.__exit__(None, None, None)
                raise RuntimeError(f"{self._application} does not answer: see {self._log}")
            time.sleep(0.02)
        self.started_in = time.monotonic() - began
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._running is not None and self._running.poll() is None:
            self._running.terminate()
            try:
                self._running.wait(20)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait()

    @property
    def workers(self) -> list[int]:
        """The ids of the processes that answer, without the one that watches them."""
        return family_of(self._running.pid)[1:] if self._running else []

    @property
    def family(self) -> list[int]:
        """The ids of all processes."""
        return family_of(self._running.pid) if self._running else []

    def _answers(self) -> bool:
        there = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with suppress(OSError, http.client.HTTPException), closing(there) as connection:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return True
        return False


class WholeServer(Server):
    """`flask serve --workers 2`: with a job worker beside the web processes."""

    def __init__(self, installation: Installation) -> None:
        super().__init__("wsgi", installation.environment(), log=installation.folder / "server.log")
        self._environment |= {"HOST": "127.0.0.1", "PORT": str(self.port)}

    def _command(self) -> list[str]:
        return ["-m", "flask", "--app", "wsgi", "serve", "--workers", str(WORKERS)]


def certfolio(installation: Installation, **settings: str) -> Server:
    return Server("wsgi:app", installation.environment() | settings, log=installation.folder / "server.log")


def limit(installation: Installation) -> Server:
    return Server("bench.limit.app:application", limit_environment(installation), log=installation.folder / "limit.log")


def limit_environment(installation: Installation) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"BENCH_DATABASE": installation.database, "BENCH_FILE": str(installation.file)}


def sign_in(port: int, account: str) -> str:
    """The cookies of a browser that signed in at Certfolio, as it sends them back."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/login")
    page = connection.getresponse()
    token = value_of(page.read().decode(), "csrf_token")
    given = {"email": account, "password": PASSWORD, "csrf_token": token}
    address = f"http://127.0.0.1:{port}/login"
    heads = {"Content-Type": "application/x-www-form-urlencoded", "Referer": address, "Cookie": cookies_of(page)}
    connection.request("POST", "/login", urlencode(given), heads)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status not in (302, 303):
        raise RuntimeError(f"nobody could sign in as {account}: {answer.status}")
    return cookies_of(answer)


def cookies_of(answer: http.client.HTTPResponse) -> str:
    """Those that an answer gives, as a browser sends them back."""
    given = answer.headers.get_all("Set-Cookie") or []
    return "; ".join(each.partition(";")[0] for each in given)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as drawn:
        return int(drawn.getsockname()[1])
