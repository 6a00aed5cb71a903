"""kill -9 at every step and at random instants: what stood stands, what was asked for can be asked for again.

The points are system calls: strace kills the process as it enters one, so the product needs no code for it.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask

from records.database import choose_organization
from tests.beginnings import Beginnings
from tests.cast import Cast
from tests.durability.actions import (
    ACTIONS,
    BY_PEOPLE,
    DAY,
    Action,
    Scene,
    rows,
    stored_by_rows,
    stored_files,
    sweep_everything,
)
from tests.durability.conftest import scene_name
from tests.durability.processes import Door, Killable, ServedAsInUse, job_process, killed_at, points_in, traced

# All that writes, also to a database server, to a store of objects and to the browser; and what of it makes something
# last or takes it away, tells a server to commit, or answers.
WRITING = "fsync,fdatasync,rename,unlink,mkdir,write,pwrite64,ftruncate,sendto"
LASTING = r"\d+ +(fsync|fdatasync|rename|unlink|mkdir)\(|COMMIT|\"(PUT|DELETE) /|\"HTTP/1"
Around = Callable[[Killable], AbstractContextManager[None]]
_OWN_NUMBER = re.compile(r"-[0-9a-f]{16}(?=\.|$)")


class Interrupted:
    """One action, tried again and again from the same scene, each time killed elsewhere."""

    def __init__(
        self, app: Flask, cast: Cast, scene: Scene, door: Door, beginnings: Beginnings, action: Action
    ) -> None:
        self.app, self.cast, self.scene, self.door, self.action = app, cast, scene, door, action
        self._beginnings = beginnings
        assert not self.attempt()
        sweep_everything(cast)
        self.expected = self._outcome()

    def attempt(self, around: Around = lambda _process: nullcontext()) -> bool:
        """From the scene on, with something done to the process; whether it was killed on the way."""
        self._beginnings.bring_back(scene_name())
        if self.action.job is None:
            with self.door.served() as process, around(process):
                return self._send() is None
        with job_process(self.app, self.action.job, later=2 * DAY) as (process, go_on):
            with around(process):
                go_on.set()
                process.join()
            return process.exitcode != 0

    def attempt_until(self, seconds: float) -> bool:
        """From the scene on, killed after so many seconds; whether the answer had not come by then."""
        self._beginnings.bring_back(scene_name())
        statuses: list[int | None] = []
        with self.door.served() as process:
            sending = Thread(target=lambda: statuses.append(self._send()))
            sending.start()
            time.sleep(seconds)
            process.kill()
            with self.door.served():  # whoever was still waiting at the door is let in now
                sending.join()
        return statuses == [None]

    def _send(self) -> int | None:
        assert self.action.send is not None
        return self.action.send(self.door, self.scene)

    def require_mended(self) -> None:
        """After a restart: the books are right, the same again has one outcome, and the sweep leaves no stray byte."""
        choose_organization(self.cast.fire.id)
        assert _problems(self.app) == []
        self._again()
        sweep_everything(self.cast)
        assert _problems(self.app, swept=True) == []
        assert self._outcome() == self.expected

    def _again(self) -> None:
        if self.action.job is None:
            with self.door.served():
                assert self._send() in self.action.again
            return
        with job_process(self.app, self.action.job, later=3 * DAY) as (process, go_on):
            go_on.set()
            process.join()
            assert process.exitcode == 0

    def _outcome(self) -> tuple[Counter[str], set[str]]:
        """How many rows stand, and the files by what they hold: each key ends in a number of its own."""
        files = stored_files()
        assert files == stored_by_rows()
        return rows(), {_OWN_NUMBER.sub("", name) for name in files}


def _problems(app: Flask, *, swept: bool = False) -> list[str]:
    said = app.test_cli_runner().invoke(args=["check", "--json"])
    facts = json.loads(said.output)
    assert (said.exit_code == 0) is facts["ok"]
    assert not swept or facts["stray"] == {"young": 0, "overdue": 0}
    return [str(problem) for each in facts["organizations"] for problem in each["problems"]]


@pytest.fixture
def interrupted(
    request: pytest.FixtureRequest, app: Flask, cast: Cast, scene: Scene, door: Door, beginnings: Beginnings
) -> Interrupted:
    return Interrupted(app, cast, scene, door, beginnings, ACTIONS[request.param])


def _kill_at_each(interrupted: Interrupted, log: Path, only: str = "") -> tuple[int, int]:
    """At how many points it was tried, and at how many the process was there before it was done."""
    assert not interrupted.attempt(lambda process: traced(process, WRITING, log))
    points, killed = points_in(log, only), 0
    for point in points:
        killed += interrupted.attempt(lambda process, point=point: killed_at(process, point))
        interrupted.require_mended()
    print("killed", interrupted.action.name, Counter(point.call for point in points))
    return len(points), killed


@pytest.mark.parametrize("interrupted", ACTIONS, indirect=True)
def test_killed_at_each_step_that_lasts(interrupted: Interrupted, tmp_path: Path) -> None:
    points, killed = _kill_at_each(interrupted, tmp_path / "trace", LASTING)
    assert killed == points >= 2


@pytest.mark.long
@pytest.mark.parametrize("interrupted", ACTIONS, indirect=True)
def test_killed_at_each_call_that_writes(interrupted: Interrupted, tmp_path: Path) -> None:
    """Some, such as a line of the log, come after the answer, or not each time."""
    points, killed = _kill_at_each(interrupted, tmp_path / "trace")
    assert points >= killed > 5


def _kill_at_random(interrupted: Interrupted, kills: int) -> int:
    began = time.monotonic()
    interrupted.attempt()
    usual, draw, cut_short = time.monotonic() - began, random.Random(kills), 0
    for _ in range(kills):
        cut_short += interrupted.attempt_until(draw.random() * usual)
        interrupted.require_mended()
    return cut_short


@pytest.mark.once
@pytest.mark.parametrize("interrupted", BY_PEOPLE, indirect=True)
def test_killed_at_a_few_random_instants(interrupted: Interrupted) -> None:
    assert 0 <= _kill_at_random(interrupted, 3) <= 3


@pytest.mark.long
@pytest.mark.parametrize("interrupted", BY_PEOPLE, indirect=True)
def test_killed_at_many_random_instants(interrupted: Interrupted) -> None:
    assert _kill_at_random(interrupted, 40) > 0


@pytest.mark.long
@pytest.mark.parametrize("action", BY_PEOPLE)
def test_the_server_that_is_used_killed_at_random_instants(
    app: Flask, cast: Cast, scene: Scene, beginnings: Beginnings, action: str
) -> None:
    door = ServedAsInUse(app)
    try:
        interrupted = Interrupted(app, cast, scene, door, beginnings, ACTIONS[action])
        for seconds in (0.02, 0.1, 0.3):
            interrupted.attempt_until(seconds)
            interrupted.require_mended()
    finally:
        door.close()
