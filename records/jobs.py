"""Background work, behind one small door.

A job is a function without arguments that looks in the database for what is due; so it can run again,
run late, or run twice without harm. Waking one only makes it run sooner: each has its interval, and the row that says
when it runs next, and who runs it now, is one for all workers (see `turns.py`). So work is never lost with a killed
worker. Jobs of seconds run beside all others, which wait for one another.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask, current_app
from sqlalchemy import ScalarSelect, Select, func, select
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, TimeoutError
from structlog.contextvars import bound_contextvars

from records import turns
from records.database import db, every_organization
from records.errors import StorageFull, StorageUnavailable
from records.models import JobFailure
from records.queue import Queue

Job = Callable[[], None]
Waiting = Callable[[], Select[Any]]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Registered:
    run: Job
    every_minutes: int = 0
    every_seconds: int = 0
    after_others: bool = False
    waiting: Waiting | None = None
    at_once: int = 1

    @property
    def every(self) -> timedelta:
        return timedelta(minutes=self.every_minutes, seconds=self.every_seconds)


_jobs: dict[str, _Registered] = {}


# How often a worker looks for what is due, and when again after it could not, in seconds.
_LOOK_EVERY = 0.5
_LOOK_AGAIN = 5
# How long the worker's end waits for a job of seconds; killed in its midst, it does no harm.
_LAST_WORDS = 2
# Of what waits, at most so much is counted.
_MOST_COUNTED = 100_000


def job(
    *,
    every_minutes: int = 0,
    every_seconds: int = 0,
    after_others: bool = False,
    waiting: Waiting | None = None,
    at_once: int = 1,
) -> Callable[[Job], Job]:
    """Register a function as a job, run at least every so many minutes (1 to 60), or else so many seconds after it
    last ended, by one worker, whichever it is.

    `after_others`: where all run in turn, it comes last, such as mailing what the others wrote. `waiting`: selects
    the organization of each row that waits for it; a job of seconds runs only where there are some. `at_once`: how
    many workers may share it, because each takes one of those rows for itself.
    """

    def register(function: Job) -> Job:
        _jobs[function.__name__] = _Registered(function, every_minutes, every_seconds, after_others, waiting, at_once)
        return function

    return register


def init_app(app: Flask) -> None:
    """Call this after all jobs are registered, which is when their modules are imported."""
    options = app.config["SQLALCHEMY_ENGINE_OPTIONS"].get("connect_args", {})
    app.extensions["jobs"] = _Worker(Queue.at(app.config["JOBS_URL"], options))


@dataclass(frozen=True)
class _Worker:
    queue: Queue
    ended: threading.Event = field(default_factory=threading.Event)


def _worker() -> _Worker:
    worker: _Worker = current_app.extensions["jobs"]
    return worker


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # because: it outlives this context
    return app


def registered() -> dict[str, _Registered]:
    """All jobs by name, in the order in which they run where all are due."""
    return dict(sorted(_jobs.items(), key=lambda each: each[1].after_others))


def wake(job: Job) -> None:
    """Ask the workers to run `job` soon. Failing to ask is no harm: it runs at its interval anyway."""
    wake_named(job.__name__)


def wake_named(name: str) -> None:
    try:
        _worker().queue.put(name)
    except Exception:  # because: a broken queue must not undo or fail the change that wakes it
        log.exception("could not wake %s", name)


def woken() -> int:
    """How many calls no worker has heard yet."""
    return _worker().queue.size()


def did(number: int = 1) -> None:
    """Count so much of what waited as done, in the job that runs here."""
    if turn := turns.current():
        turn.done += number


def is_over() -> bool:
    """Whether the job that runs here should end soon: its worker is told to, or another runs it meanwhile."""
    turn = turns.current()
    return turn is not None and (turn.is_over.is_set() or _worker().ended.is_set())


def how_many_wait(organization_id: int | None = None, *, most: int = _MOST_COUNTED) -> dict[str, int]:
    """By job that counts, in this organization (None: in all), up to so many of each. One statement."""
    counted = {name: _counted(each.waiting(), organization_id, most) for name, each in _jobs.items() if each.waiting}
    with every_organization():
        row = db.session.execute(select(*(each.label(name) for name, each in counted.items()))).one()
    return dict(row._mapping)


def _counted(waiting: Select[Any], organization_id: int | None, most: int) -> ScalarSelect[int]:
    (organization,) = waiting.selected_columns
    if organization_id is not None:
        waiting = waiting.where(organization == organization_id)
    return select(func.count()).select_from(waiting.limit(most).subquery()).scalar_subquery()


def run_all() -> None:
    """Run every job once, here and now, but those that a worker runs. One that fails does not keep the others from
    running; then it is raised."""
    _make_places()
    failures = [_take_turn(name, anyhow=True) for name in registered()]
    for failure in filter(None, failures):
        raise failure


def work(app: Flask) -> None:
    """Run jobs until told to stop (SIGINT or SIGTERM): woken ones at once, each at its interval."""
    worker: _Worker = app.extensions["jobs"]
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda _number, _frame: worker.ended.set())
    in_turn = [name for name, each in registered().items() if not each.every_seconds]
    beside = [
        threading.Thread(target=_look, args=(app, worker, [name], each.every_seconds), daemon=True)
        for name, each in _jobs.items()
        if each.every_seconds
    ]
    for thread in beside:
        thread.start()
    _look(app, worker, in_turn, _LOOK_EVERY, hears=True)
    for thread in beside:
        thread.join(_LAST_WORDS)


def _look(app: Flask, worker: _Worker, names: list[str], every: float, *, hears: bool = False) -> None:
    """Run what is due of these jobs, again and again; and, where it `hears`, what is woken."""
    pause, has_places = 0.0, False
    while not worker.ended.wait(pause):
        pause = every
        try:
            with app.app_context():
                if not has_places:
                    _make_places()
                    has_places = True
                run_due(names, hears=hears)
        except Exception:  # because: a database that is away, or has no tables yet, is looked at again
            log.exception("could not look for work")
            pause, has_places = _LOOK_AGAIN, False


def run_due(names: Iterable[str], *, hears: bool = True) -> None:
    """One look: run what is due of these jobs here and now; and, where it `hears`, what is woken."""
    woken = _worker().queue.take() & _jobs.keys() if hears else set()
    if woken:
        turns.want(woken)  # from here on the rows know, whatever becomes of this worker
    due = turns.due({name: _jobs[name].every for name in names if _has_work(name)})
    for name in (each for each in registered() if each in woken | due):
        if _worker().ended.is_set():
            return
        with _app().app_context():
            _take_turn(name, anyhow=name in woken)


def _make_places() -> None:
    turns.make_places({name: each.at_once for name, each in _jobs.items()})


def _has_work(name: str) -> bool:
    """A job of seconds would write a lot just to say that there was nothing to do."""
    return not _jobs[name].every_seconds or _how_many_wait_for(name, most=1) != 0


def _how_many_wait_for(name: str, *, most: int = _MOST_COUNTED) -> int | None:
    """None where this job does not count."""
    waiting = _jobs[name].waiting
    if waiting is None:
        return None
    with every_organization():
        number = db.session.scalar(select(_counted(waiting(), None, most)))
    db.session.rollback()
    return number


def _take_turn(name: str, *, anyhow: bool) -> Exception | None:
    """Run the job if nobody else does; what it failed by."""
    registered, total = _jobs[name], _how_many_wait_for(name)
    turn = turns.begin(name, every=registered.every, total=total, anyhow=anyhow)
    if turn is None:
        return None
    if registered.at_once > 1 and total and total > 1:
        wake_named(name)  # others may help
    failed: Exception | None = None
    # Whatever is logged meanwhile names the job, and this run of it.
    with bound_contextvars(job=name, run=turn.run), turns.held(turn):
        try:
            registered.run()
        except Exception as error:  # because: one job's failure is logged; the others and its next run go on
            log.exception("job failed")
            db.session.rollback()
            failed = error
    turns.end(turn, _kind_of(failed) if failed else None)
    return failed


def _kind_of(error: Exception) -> JobFailure:
    if isinstance(error, StorageFull):
        return JobFailure.STORAGE_FULL
    if isinstance(error, StorageUnavailable | OSError):
        return JobFailure.STORAGE
    is_database = isinstance(error, OperationalError | InterfaceError | InternalError | TimeoutError)
    return JobFailure.DATABASE if is_database else JobFailure.UNEXPECTED
