"""flask jobs run, flask sweep, flask serve."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import click
from flask import current_app
from flask.cli import AppGroup

from records import jobs
from records.errors import StorageUnavailable
from records.models import Actor
from records.services import previews, proposal_digests, reminding, retention, sealing, submission_digests, sweeps  # noqa: F401  # because: importing them registers their jobs
from records.storage import storage

# Seconds that a web process has to end. Now and then one never would that is told twice at once, as by Ctrl+C: by the
# terminal and by its parent (granian 2.8).
_LAST_WORDS = 5

group = AppGroup("jobs", help="Background work: reminders, digests, mail, previews, seals of the trail, sweeps.")

_SWEPT = {
    "uploads": "uploads forgotten",
    "imports": "registers never brought in forgotten",
    "scans": "deleted scans past retention removed",
    "files": "stored files that nothing refers to removed",
    "bytes_without_row": "leftovers in the storage removed",
    "sessions": "sessions long over removed",
    "links": "links long over removed",
}


def add_to(cli: click.Group) -> None:
    cli.add_command(group)
    cli.add_command(serve)
    cli.add_command(sweep)


@group.command("run")
@click.option("--once", is_flag=True, help="Run every job once, then end.")
def run(once: bool) -> None:
    """Run jobs until told to stop."""
    with suppress(StorageUnavailable):  # the log says at once what is wrong with the settings of a bucket
        storage().is_empty()
    if once:
        jobs.run_all()
    else:
        jobs.work(current_app._get_current_object())  # type: ignore[attr-defined]  # because: the worker outlives this context


@click.command("sweep")
def sweep() -> None:
    """Remove what nobody needs any more, and say what that was."""
    for what, number in sweeps.sweep_now(by=Actor.command("sweep")).counts().items():
        click.echo(f"{number:>6}  {_SWEPT[what]}")


@click.command("serve")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Web processes.")
def serve(workers: int) -> None:
    """Run the web server and the job worker together on HOST and PORT; either ending ends both."""
    host, port = current_app.config["HOST"], current_app.config["PORT"]
    _require_free(host, port)
    web = ["granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", str(workers)]
    web += ["--blocking-threads", "8", "--no-access-log", "--log-level", "error"]
    web += ["--workers-kill-timeout", str(_LAST_WORDS), "wsgi:app"]
    commands = {"web server": ["-m", *web], "job worker": ["-m", "flask", "--app", "wsgi", "jobs", "run"]}
    running: dict[str, subprocess.Popen[bytes]] = {}
    asked: list[int] = []

    def stop(number: int, _frame: object) -> None:
        asked.append(number)
        _end(running.values())

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    for name, arguments in commands.items():
        running[name] = subprocess.Popen([sys.executable, *arguments])  # noqa: S603  # because: our own two commands
    click.echo(f"Certfolio runs on http://{host}:{port} (Ctrl+C stops it).")
    while all(process.poll() is None for process in running.values()):
        time.sleep(0.2)
    ended = [name for name, process in running.items() if process.poll() is not None]
    _end(running.values())
    for process in running.values():
        process.wait()
    if not asked:
        raise click.ClickException(f"The {' and the '.join(ended)} ended by itself, so everything was stopped.")


def _require_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        raise click.ClickException(
            f"Port {port} on {host} cannot be used: {error.strerror}. Choose another, such as PORT={port + 1}."
        ) from None


def _end(running: Iterable[subprocess.Popen[bytes]]) -> None:
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
