"""The throttle: counted in SQL, so that all processes share it."""

from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock
from records.database import choose_organization, db
from records.errors import TooManyAttempts
from records.models import ThrottleCount
from records.throttle import attempts, count_attempt, count_attempts, forget_old, take_back
from tests.conftest import make_app

QUARTER = timedelta(minutes=15)
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_so_many_attempts_are_free_and_the_next_is_refused(app: Flask) -> None:
    with clock.standing_at(NOON):
        for _ in range(3):
            count_attempt("account:ada", most=3, per=QUARTER)
        with pytest.raises(TooManyAttempts) as refused:
            count_attempt("account:ada", most=3, per=QUARTER)
        count_attempt("account:max", most=3, per=QUARTER)  # others are not affected
    assert refused.value.retry_after == 901
    assert refused.value.in_english() == "Too many attempts. Please wait 15 minutes and try again."


def test_a_new_window_begins_anew_and_says_when(app: Flask) -> None:
    with clock.standing_at(NOON + timedelta(minutes=14)):
        count_attempt("account:ada", most=1, per=QUARTER)
        with pytest.raises(TooManyAttempts) as refused:
            count_attempt("account:ada", most=1, per=QUARTER)
        assert refused.value.retry_after == 61
    with clock.standing_at(NOON + timedelta(minutes=15)):
        count_attempt("account:ada", most=1, per=QUARTER)
        assert attempts("account:ada", per=QUARTER) == 1


def test_an_attempt_that_is_taken_back_leaves_room_for_another(app: Flask) -> None:
    with clock.standing_at(NOON):
        for key in ("account:ada", "account:max"):
            count_attempt(key, most=1, per=QUARTER)
        take_back("account:ada", "account:nobody", per=QUARTER)
        take_back("account:ada", per=QUARTER)
        assert (attempts("account:ada", per=QUARTER), attempts("account:max", per=QUARTER)) == (0, 1)


def test_a_key_that_is_over_leaves_those_after_it_alone(app: Flask) -> None:
    """An address that guesses on, once it is refused, locks no further account out."""
    limits = {"address:1": 1, "account:ada": 10}
    count_attempts(limits, per=QUARTER)
    for _ in range(5):
        with pytest.raises(TooManyAttempts):
            count_attempts(limits, per=QUARTER)
    assert attempts("account:ada", per=QUARTER) == 1
    assert attempts("address:1", per=QUARTER) == 6


def test_any_of_several_keys_can_be_over(app: Flask) -> None:
    count_attempt("account:ada", most=1, per=QUARTER)
    with pytest.raises(TooManyAttempts):
        count_attempt("address:1", "account:ada", most=1, per=QUARTER)


def test_no_address_or_name_is_kept_in_the_clear(app: Flask) -> None:
    choose_organization(None)
    count_attempt("account:ada@fire.example", most=1, per=QUARTER)
    key = db.session.scalars(sa.select(ThrottleCount.key)).one()
    assert key.startswith("account:")
    assert "ada" not in key
    count_attempt("account:" + "x" * 10_000, most=1, per=QUARTER)


def test_old_windows_are_swept(app: Flask) -> None:
    with clock.standing_at(NOON):
        count_attempt("account:ada", most=5, per=QUARTER)
        forget_old(before=NOON)
        assert attempts("account:ada", per=QUARTER) == 1
        forget_old(before=NOON + timedelta(seconds=1))
        assert attempts("account:ada", per=QUARTER) == 0


def _try(data_dir: str, settings: dict[str, str], outcomes: Any) -> None:
    application = make_app(Path(data_dir), **settings)
    with application.app_context(), clock.standing_at(NOON):
        free = 0
        for _ in range(20):
            try:
                count_attempt("account:ada", most=10, per=QUARTER)
                free += 1
            except TooManyAttempts:
                pass
        outcomes.put(free)
        db.session.remove()
        db.engine.dispose()


def test_all_processes_count_together(app: Flask, on: str) -> None:
    url = db.engine.url.render_as_string(hide_password=False)
    settings = {} if on == "sqlite" else {"database_url": url}
    processes = multiprocessing.get_context("spawn")
    outcomes = processes.Queue()
    given = (str(app.config["DATA_DIR"]), settings, outcomes)
    tries = [processes.Process(target=_try, args=given) for _ in range(2)]
    for each in tries:
        each.start()
    free = sum(outcomes.get(timeout=60) for _ in tries)
    for each in tries:
        each.join(60)
    assert free == 10
