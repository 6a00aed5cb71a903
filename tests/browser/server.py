"""A real server in a process of its own, on a free port, with a data folder of its own."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from records.hashing import WEB_THREADS

ROOT = Path(__file__).resolve().parents[2]
_STARTS_WITHIN, _RESTS_WITHIN = 60.0, 30.0
# Where `tests/under_way.py` answers.
UNDER_WAY = "/under-way"


class Server:
    """`python -m granian` over SQLite in `data_dir`."""

    application = "wsgi:app"

    def __init__(self, data_dir: Path, **settings: str) -> None:
        self.data_dir, self._settings = data_dir, settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "server.log"
        self.secret_key = secrets.token_hex(32)
        self.process_id = 0

    @property
    def environment(self) -> dict[str, str]:
        """Settings of the server and of the commands beside it; nothing of ours leaks in."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TZ", "TMPDIR")}
        return kept | {
            "ENVIRONMENT": "testing", "DATA_DIR": str(self.data_dir), "PUBLIC_URL": self.url,
            "SECRET_KEY": self.secret_key,
            "LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT), **self._settings,
        }  # fmt: skip

    @contextlib.contextmanager
    def running(self) -> Iterator[Server]:
        """The server, ready for requests; it is stopped by its own process id."""
        command = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--workers", "1",
                   "--blocking-threads", str(WEB_THREADS), "--no-access-log", "--log-level", "error",
                   self.application]  # fmt: skip
        with self.process("-m", *command) as process:
            self.process_id = process.pid
            self._wait_until_ready(process)
            self.pid = process.pid
            yield self

    def kill(self) -> None:
        """kill -9, with all that it started."""
        os.killpg(self.pid, signal.SIGKILL)

    @contextlib.contextmanager
    def process(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Python with `arguments` in the server's environment, ended with all that it started."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        try:
            yield process
        finally:
            _end(process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _STARTS_WITHIN
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(URLError, OSError), urlopen(f"{self.url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"the server did not start:\n{self.log.read_text()}")


class WatchedServer(Server):
    """One that can be waited for."""

    application = "tests.under_way:app"

    def wait_until_at_rest(self) -> None:
        """Until nothing that was asked is under way. Raises RuntimeError where that takes longer than half a minute."""
        until = time.monotonic() + _RESTS_WITHIN
        while time.monotonic() < until:
            with urlopen(self.url + UNDER_WAY, timeout=5) as answer:
                if answer.read() == b"0":
                    return
            time.sleep(0.02)
        raise RuntimeError(f"the server is busy still:\n{self.log.read_text()}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)
    with contextlib.suppress(ProcessLookupError):  # a worker that outlived it
        os.killpg(process.pid, signal.SIGKILL)
