"""Background work, behind one small door.

A job is a function without arguments that looks in the database for what is due; so it can run again,
run late, or run twice without harm. Waking one only makes it run sooner: the worker runs each by itself
at its interval, so work is never lost with a killed worker. Jobs of seconds run beside all others, which
wait for one another.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from flask import Flask, current_app
from huey import Huey, MemoryHuey, SqliteHuey, crontab
from structlog.contextvars import bound_contextvars

Job = Callable[[], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Registered:
    run: Job
    every_minutes: int = 0
    every_seconds: int = 0
    after_others: bool = False


_jobs: dict[str, _Registered] = {}


# How long the worker's end waits for a job of seconds; killed in its midst, it does no harm.
_LAST_WORDS = 2


def job(*, every_minutes: int = 0, every_seconds: int = 0, after_others: bool = False) -> Callable[[Job], Job]:
    """Register a function as a job, run by the worker at least every so many minutes (1 to 60), or else so many
    seconds after it last ended.

    `after_others`: where all run in turn, it comes last, such as mailing what the others wrote.
    """

    def register(function: Job) -> Job:
        _jobs[function.__name__] = _Registered(function, every_minutes, every_seconds, after_others)
        return function

    return register


def init_app(app: Flask) -> None:
    """Call this after all jobs are registered, which is when their modules are imported."""
    queue = _queue(app.config["JOBS_URL"])
    woken = {}
    for name, registered in _jobs.items():
        run = _in_context(app, name, registered.run)
        if registered.every_minutes:
            woken[name] = queue.task(name=f"woken_{name}")(run)
            queue.periodic_task(crontab(minute=f"*/{registered.every_minutes}"), name=f"every_{name}")(run)
    app.extensions["jobs"] = _Jobs(queue, woken)


@dataclass(frozen=True)
class _Jobs:
    queue: Huey
    woken: dict[str, Any]


def _queue(url: str) -> Huey:
    address = urlparse(url)
    if address.scheme == "memory":
        return MemoryHuey("certfolio", immediate=False)
    path = Path(unquote(address.path.removeprefix("/")))  # as in a database's URL: four slashes for an absolute path
    path.parent.mkdir(parents=True, exist_ok=True)
    # A page wakes a job after its commit: it waits for a busy queue only so many seconds.
    return SqliteHuey("certfolio", filename=str(path), timeout=2)


def wake(job: Job) -> None:
    """Ask the worker to run `job` soon. Failing to ask is no harm: it runs at its interval anyway."""
    jobs: _Jobs = current_app.extensions["jobs"]
    try:
        jobs.woken[job.__name__]()
    except Exception:  # because: a broken queue must not undo or fail the change that wakes it
        log.exception("could not wake %s", job.__name__)


def run_all() -> None:
    """Run every job once, here and now. One that fails does not keep the others from running; then it is raised."""
    failures: list[Exception] = []
    for name, registered in sorted(_jobs.items(), key=lambda each: each[1].after_others):
        with _named(name):
            try:
                registered.run()
            except Exception as error:  # because: raised below, once all have run
                log.exception("job failed")
                failures.append(error)
    if failures:
        raise failures[0]


def work(app: Flask) -> None:
    """Run jobs until told to stop (SIGINT or SIGTERM): woken ones at once, each at its interval."""
    jobs: _Jobs = app.extensions["jobs"]
    ended = threading.Event()
    beside = [
        threading.Thread(
            target=_steadily, args=(_in_context(app, name, each.run), each.every_seconds, ended), daemon=True
        )
        for name, each in _jobs.items()
        if each.every_seconds
    ]
    for thread in beside:
        thread.start()
    try:
        jobs.queue.create_consumer(workers=1, periodic=True, initial_delay=0.1, max_delay=1.0).run()
    finally:
        ended.set()
        for thread in beside:
            thread.join(_LAST_WORDS)


def _steadily(run: Job, seconds: int, ended: threading.Event) -> None:
    while not ended.wait(seconds):
        run()


def _in_context(app: Flask, name: str, job: Job) -> Job:
    def run() -> None:
        with app.app_context(), _named(name):
            try:
                job()
            except Exception:  # because: one job's failure is logged; the others and its next run go on
                log.exception("job failed")

    return run


def _named(job: str) -> AbstractContextManager[None]:
    """Whatever is logged meanwhile names the job, and this run of it."""
    return bound_contextvars(job=job, run=secrets.token_hex(8))
