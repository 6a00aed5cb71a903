"""Turns: whoever has the place at a job runs it, alone; a worker that falls silent loses it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock, turns
from records.database import db
from records.models import JobFailure, JobState

NOON = datetime(2027, 3, 14, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def places(app: Flask) -> None:
    with clock.standing_at(NOON):
        turns.make_places({"remind": 1, "draw": 2})


def state(name: str = "remind", place: int = 0) -> JobState:
    db.session.rollback()
    return db.session.get_one(JobState, (name, place))


def begin(at: datetime, *, anyhow: bool = False, name: str = "remind") -> turns.Turn | None:
    with clock.standing_at(at):
        return turns.begin(name, every=QUARTER, anyhow=anyhow)


def end(turn: turns.Turn | None, at: datetime, failure: JobFailure | None = None) -> bool:
    assert turn is not None
    with clock.standing_at(at):
        return turns.end(turn, failure)


def due(at: datetime) -> set[str]:
    with clock.standing_at(at):
        return turns.due({"remind": QUARTER})


def test_places_that_stand_stay_as_they_are() -> None:
    end(begin(NOON), NOON)
    turns.make_places({"remind": 1, "draw": 3})
    assert state().succeeded_at == NOON
    assert state("draw", 2).run == ""


def test_a_job_runs_once_in_an_interval_whoever_looks() -> None:
    assert due(NOON) == {"remind"}
    turn = begin(NOON)
    later = NOON + timedelta(minutes=1)
    assert due(later - timedelta(seconds=50)) == set()
    assert begin(NOON + timedelta(seconds=10)) is None
    assert end(turn, later)
    assert begin(NOON + QUARTER - timedelta(seconds=1)) is None
    assert due(NOON + QUARTER) == {"remind"}
    assert begin(NOON + QUARTER) is not None


def test_of_many_workers_at_once_one_begins(app: Flask) -> None:
    barrier = threading.Barrier(8)

    def worker(_number: int) -> turns.Turn | None:
        with app.app_context():
            barrier.wait()
            return turns.begin("remind", every=QUARTER)

    with ThreadPoolExecutor(8) as workers:
        began = [turn for turn in workers.map(worker, range(8)) if turn]
    assert len(began) == 1
    assert state().run == began[0].run


def test_a_dead_workers_job_runs_again_at_once_and_says_so() -> None:
    dead = begin(NOON)
    silent = NOON + timedelta(seconds=31)
    assert due(silent) == {"remind"}
    again = begin(silent)
    assert again is not None
    assert (state().failure, state().failed_at, state().failures) == (JobFailure.CUT_SHORT, silent, 1)
    assert not end(dead, silent)  # it was not dead after all, and has nothing to say any more
    assert state().run == again.run
    assert end(again, silent)
    assert (state().failure, state().failures, state().run) == ("", 0, "")


def test_a_job_that_takes_long_keeps_its_place_and_hears_when_it_lost_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_BEAT_SECONDS", 0.01)
    turn = begin(NOON)
    assert turn is not None
    with clock.standing_at(NOON + timedelta(hours=1)), turns.held(turn):
        turn.done = 7
        until = datetime.now(UTC) + timedelta(seconds=30)
        while state().done != 7:
            assert datetime.now(UTC) < until
        assert turns.runs_now(state())
        assert turns.current() is turn
        with db.engine.begin() as connection:
            connection.execute(sa.update(JobState).where(JobState.name == "remind").values(run="another"))
        assert turn.is_over.wait(30)
    assert turns.current() is None


def test_a_failed_job_is_tried_again_after_a_minute_then_ever_later() -> None:
    at, waits = NOON, []
    for _ in range(6):
        end(begin(at), at, JobFailure.STORAGE)
        waits.append((state().due_at - at) // timedelta(minutes=1))
        at = state().due_at
    assert waits == [1, 2, 4, 8, 15, 15]
    assert (state().failure, state().failures, state().succeeded_at) == (JobFailure.STORAGE, 6, None)


def test_who_is_called_runs_a_job_before_its_time_and_what_is_wanted_runs_after_the_one_that_runs() -> None:
    turn = begin(NOON)
    assert begin(NOON, anyhow=True) is None
    turns.want({"remind"})
    assert due(NOON) == set()
    end(turn, NOON)
    assert due(NOON) == {"remind"}
    end(begin(NOON), NOON)
    assert due(NOON) == set()
    assert begin(NOON, anyhow=True) is not None


def test_a_job_that_can_be_shared_has_as_many_places() -> None:
    first, second = (begin(NOON, anyhow=True, name="draw") for _ in range(2))
    assert first is not None
    assert second is not None
    assert [first.place, second.place] == [0, 1]
    assert begin(NOON, anyhow=True, name="draw") is None
    end(second, NOON)
    assert begin(NOON, name="draw") is None  # by themselves, workers do not help
    assert begin(NOON, anyhow=True, name="draw") is not None


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1)], ids=str)
def test_a_clock_that_is_set_back_stops_no_job(back: timedelta) -> None:
    end(begin(NOON), NOON)
    assert due(NOON - back) == {"remind"}
    begin(NOON + QUARTER)  # and its worker died
    assert due(NOON - back) == {"remind"}
    assert begin(NOON - back) is not None
