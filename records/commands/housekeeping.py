"""flask jobs run, flask sweep, flask serve."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import click
from flask import current_app
from flask.cli import AppGroup

from records import jobs
from records.models import Actor
from records.services import previews, sweeps  # noqa: F401  # because: importing them registers their jobs

group = AppGroup("jobs", help="Background work: mail, previews, sweeps.")

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
@click.option("--host", envvar="HOST", default="127.0.0.1", show_default=True)
@click.option("--port", envvar="PORT", default=8000, show_default=True, type=int)
@click.option("--workers", default=1, show_default=True, type=int, help="Web processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Run the web server and the job worker together; either ending ends both."""
    _require_free(host, port)
    web = ["granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--workers", str(workers)]
    web += ["--blocking-threads", "8", "--no-access-log", "--log-level", "error", "wsgi:app"]
    commands = ([sys.executable, "-m", *web], [sys.executable, "-m", "flask", "--app", "wsgi", "jobs", "run"])
    running = [subprocess.Popen(command) for command in commands]  # noqa: S603  # because: our own two commands
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, lambda *_: _end(running))
    click.echo(f"Certfolio runs on http://{host}:{port} (Ctrl+C stops it).")
    while all(process.poll() is None for process in running):
        time.sleep(0.2)
    _end(running)
    sys.exit(1 if any(process.wait() > 0 for process in running) else 0)


def _require_free(host: str, port: int) -> None:
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        raise click.ClickException(
            f"Port {port} on {host} cannot be used: {error.strerror}. Choose another, such as PORT={port + 1}."
        ) from None


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
