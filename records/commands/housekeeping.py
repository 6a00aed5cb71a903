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

from records import hashing, jobs
from records.errors import StorageUnavailable
from records.models import Actor
from records.services import (  # noqa: F401  # because: importing them registers their jobs
    export_writing,
    figures,
    previews,
    proposal_digests,
    reminding,
    retention,
    sealing,
    submission_digests,
    sweeps,
)
from records.storage import storage
from records.web import metrics

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
    "exports": "exports whose day is over removed",
    "figures": "kept figures that nobody asked for in a day removed",
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
@click.option("--job-workers", default=1, show_default=True, type=click.IntRange(0), help="Job workers.")
def serve(workers: int, job_workers: int) -> None:
    """Run the web server and job workers together on HOST and PORT; one ending ends all."""
    host, port = current_app.config["HOST"], current_app.config["PORT"]
    _require_free(host, port)
    _forget_metrics()
    running: list[tuple[str, subprocess.Popen[bytes]]] = []
    asked: list[int] = []

    def stop(number: int, _frame: object) -> None:
        asked.append(number)
        _end(running)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, stop)
    jobs_run = ["-m", "flask", "--app", "wsgi", "jobs", "run"]
    commands = [("web server", _web(host, port, workers)), *[("job worker", jobs_run)] * job_workers]
    for name, arguments in commands:
        running.append((name, subprocess.Popen([sys.executable, *arguments])))  # noqa: S603  # because: our own commands
    click.echo(f"Certfolio runs on http://{host}:{port} (Ctrl+C stops it).")
    while all(process.poll() is None for _, process in running):
        time.sleep(0.2)
    ended = dict.fromkeys(name for name, process in running if process.poll() is not None)
    _end(running)
    for _, process in running:
        process.wait()
    if not asked:
        raise click.ClickException(f"The {' and the '.join(ended)} ended by itself, so everything was stopped.")


def _web(host: str, port: int, workers: int) -> list[str]:
    web = ["-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", str(workers)]
    web += ["--blocking-threads", str(hashing.WEB_THREADS), "--no-access-log", "--log-level", "error"]
    return [*web, "--workers-kill-timeout", str(_LAST_WORDS), "wsgi:app"]


def _forget_metrics() -> None:
    """What processes counted that are no more."""
    for file in metrics.folder(current_app).glob("*.db"):
        file.unlink(missing_ok=True)


def _require_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        raise click.ClickException(
            f"Port {port} on {host} cannot be used: {error.strerror}. Choose another, such as PORT={port + 1}."
        ) from None


def _end(running: Iterable[tuple[str, subprocess.Popen[bytes]]]) -> None:
    for _, process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
