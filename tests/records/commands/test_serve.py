"""Server and job worker as people start them: real processes, ended in every way."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[3]
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
MAKE = ["make", "--no-print-directory", "-o", ".venv/installed", "run"]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def start(tmp_path: Path, port: int) -> Iterator[Start]:
    """Starts a command with settings of its own; whatever it leaves behind is ended after the test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    settings = {"ENVIRONMENT": "development", "DATA_DIR": str(tmp_path), "PORT": str(port), "DEMO": "0"}
    started: list[subprocess.Popen[str]] = []

    def run(*command: str, **others: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, cwd=ROOT, env=kept | settings | others, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        _end_group(process)
        process.communicate(timeout=30)


def _end_group(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _group(process: subprocess.Popen[str]) -> dict[int, str]:
    """The processes that run in its group, with what each was called by."""
    listed = subprocess.run(["ps", "-wweo", "pgid=,pid=,stat=,args="], capture_output=True, text=True, check=True)
    lines = (line.split(None, 3) for line in listed.stdout.splitlines())
    return {int(pid): args for group, pid, state, args in lines if int(group) == process.pid and state[0] != "Z"}


def _workers_of(serving: subprocess.Popen[str]) -> list[int]:
    return [pid for pid, args in _group(serving).items() if args.endswith("jobs run")]


def test_a_signal_to_make_ends_all_that_it_started(start: Start, port: int) -> None:
    make = start(*MAKE)
    _wait(lambda: _is_ready(port))
    make.send_signal(signal.SIGTERM)
    _wait(lambda: not _group(make))
    assert not _is_ready(port)


def test_ctrl_c_ends_everything_cleanly(start: Start, port: int) -> None:
    make = start(*MAKE)
    _wait(lambda: _is_ready(port))
    os.killpg(make.pid, signal.SIGINT)
    said, _ = make.communicate(timeout=60)
    assert "Traceback" not in said
    assert not _group(make)


def test_a_job_worker_that_is_killed_ends_the_server_which_says_so(start: Start, port: int) -> None:
    assert start(*FLASK, "db", "upgrade").wait(timeout=60) == 0
    serving = start(*FLASK, "serve")
    _wait(lambda: _is_ready(port))
    _wait(lambda: bool(_workers_of(serving)))  # the server may answer first
    [worker] = _workers_of(serving)
    os.kill(worker, signal.SIGKILL)
    said, _ = serving.communicate(timeout=60)
    assert serving.returncode == 1
    assert "The job worker ended by itself, so everything was stopped." in said
    assert not _group(serving)


def test_a_port_that_is_taken_is_named(start: Start, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        said, _ = (serving := start(*FLASK, "serve")).communicate(timeout=60)
    assert serving.returncode == 1
    assert re.search(rf"Port {port} on 127\.0\.0\.1 cannot be used: .+ Choose another, such as PORT={port + 1}\.", said)
