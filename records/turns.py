"""Whose turn it is to run a job: one row for each place at a job, which the workers of all machines share.

Whoever holds a place runs the job, and says again and again that it lives. A worker that falls silent loses its place
after `_LEASE`, and the next one that looks runs the job again. Nothing here is part of what a job does: each step is a
short transaction on a connection of its own.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Engine, and_, false, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from records import clock
from records.connections import writing
from records.database import db, is_sqlite
from records.models import JobFailure, JobState

# So long after its last sign of life a worker is taken for dead. Clocks of all machines have to agree far better.
_LEASE = timedelta(seconds=30)
_BEAT_SECONDS = 5
# A failed job is tried again after a minute, then ever later, up to its interval.
_AGAIN = timedelta(minutes=1)
_LAST_DOUBLING = 10

log = structlog.get_logger(__name__)


@dataclass
class Turn:
    """A run of a job. `is_over`: it should end soon, for its worker is told to, or another has taken its place."""

    name: str
    place: int
    every: timedelta
    total: int | None
    engine: Engine
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    done: int = 0
    failures: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)


_current: ContextVar[Turn | None] = ContextVar("turn", default=None)


def current() -> Turn | None:
    """The run that this thread is in the midst of."""
    return _current.get()


def make_places(names: Mapping[str, int]) -> None:
    """Let each job have so many places; those that it has stay as they are."""
    dialect, now = (sqlite if is_sqlite() else postgresql), clock.now()
    idle = {"due_at": now, "wanted": False, "run": "", "done": 0, "failure": "", "failures": 0}
    places = [{"name": name, "place": place} | idle for name, number in names.items() for place in range(number)]
    with writing(db.engine) as connection:
        connection.execute(dialect.insert(JobState).on_conflict_do_nothing(), places)


def due(intervals: Mapping[str, timedelta]) -> set[str]:
    """The jobs among these whose time has come, with how often each runs by itself."""
    now = clock.now()
    timely = or_(false(), *(and_(JobState.name == name, _is_timely(now, every)) for name, every in intervals.items()))
    with db.engine.connect() as connection:
        return set(connection.scalars(select(JobState.name).where(_is_free(now), timely, JobState.place == 0)))


def want(names: Collection[str]) -> None:
    """Let these jobs run once more, soon: where one runs now, after that."""
    with writing(db.engine) as connection:
        wanted = update(JobState).where(JobState.name.in_(names), JobState.place == 0, ~JobState.wanted)
        connection.execute(wanted.values(wanted=True))


def begin(name: str, *, every: timedelta, total: int | None = None, anyhow: bool = False) -> Turn | None:
    """Take a free place at this job, if its time has come, or `anyhow`. None where there is none."""
    now, turn = clock.now(), Turn(name, 0, every, total, db.engine)
    mine = select(JobState).where(JobState.name == name, _is_free(now)).order_by(JobState.place).limit(1)
    if not anyhow:
        mine = mine.where(_is_timely(now, every), JobState.place == 0)
    with writing(turn.engine) as connection:
        place = connection.execute(mine.with_for_update(skip_locked=True)).one_or_none()
        if place is None:
            return None
        turn.place, turn.failures = place.place, place.failures
        values: dict[str, Any] = {"run": turn.run, "held_until": now + _LEASE, "began_at": now, "due_at": now + every,
                                  "wanted": False, "done": 0, "total": total}  # fmt: skip
        if place.held_until is not None:
            turn.failures += 1
            values |= {"failed_at": now, "failure": JobFailure.CUT_SHORT, "failures": turn.failures}
            log.warning("the worker of a job is gone", job=name, gone=place.run)
        connection.execute(update(JobState).where(_is(turn, run=place.run)).values(**values))
    return turn


@contextmanager
def held(turn: Turn) -> Iterator[None]:
    """Keep the place while the job runs in here; another thread sees to it."""
    ended, before = threading.Event(), _current.set(turn)
    alive = threading.Thread(target=_keep_alive, args=(turn, ended), daemon=True)
    alive.start()
    try:
        yield
    finally:
        _current.reset(before)
        ended.set()
        alive.join()


def _keep_alive(turn: Turn, ended: threading.Event) -> None:
    while not ended.wait(_BEAT_SECONDS):
        values = {"held_until": clock.now() + _LEASE, "done": turn.done}
        try:
            is_mine = _change(turn, values)
        except SQLAlchemyError as error:
            log.warning("a job could not say that it is alive", job=turn.name, error=type(error).__name__)
            continue
        if not is_mine:
            turn.is_over.set()
            return


def end(turn: Turn, failure: JobFailure | None = None) -> bool:
    """Leave the place. False where another worker had taken it meanwhile: how it stands is the other's to say."""
    now, is_of_seconds = clock.now(), turn.every < timedelta(minutes=1)
    values: dict[str, Any] = {"run": "", "held_until": None, "ended_at": now, "done": turn.done}
    if is_of_seconds:
        values["due_at"] = now + turn.every
    if failure is None:
        values |= {"succeeded_at": now, "failure": "", "failures": 0}
    else:
        put_off = min(turn.every, _AGAIN * 2 ** min(turn.failures, _LAST_DOUBLING))
        values |= {"failed_at": now, "failure": failure, "failures": turn.failures + 1, "due_at": now + put_off}
    return _change(turn, values)


def states(names: Collection[str]) -> list[JobState]:
    """How each place at these jobs stands."""
    return list(db.session.scalars(select(JobState).where(JobState.name.in_(names))))


def runs_now(state: JobState) -> bool:
    """Whether a worker that gives signs of life holds this place."""
    return state.held_until is not None and state.held_until >= clock.now()


def _is_free(now: datetime) -> ColumnElement[bool]:
    """Nobody holds it, or one who is silent; where the clock was set back, a lease may lie too far ahead to be one."""
    return or_(JobState.held_until.is_(None), JobState.held_until < now, JobState.held_until > now + 2 * _LEASE)


def _is_timely(now: datetime, every: timedelta) -> ColumnElement[bool]:
    """Of a free place: its time has come, somebody asked, or its worker is gone. No time lies further ahead than one
    interval, unless the clock was set back."""
    is_due = or_(JobState.due_at <= now, JobState.due_at > now + every)
    return or_(is_due, JobState.wanted, JobState.held_until.is_not(None))


def _is(turn: Turn, *, run: str) -> ColumnElement[bool]:
    return and_(JobState.name == turn.name, JobState.place == turn.place, JobState.run == run)


def _change(turn: Turn, values: dict[str, Any]) -> bool:
    with writing(turn.engine) as connection:
        return connection.execute(update(JobState).where(_is(turn, run=turn.run)).values(**values)).rowcount == 1
