"""How background work stands, for those who look after an organization: each job once, whichever workers run it.

The state of jobs is one for the installation; what waits is counted in one's own organization only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from records import clock, jobs, turns
from records.database import chosen_organization_id
from records.models import JobState

# What waits is counted up to here.
MOST_WAITING = 1000
# So long after its time a job that nobody runs is late: no worker is there, or too few are.
_LATE = timedelta(minutes=5)


@dataclass(frozen=True)
class Work:
    """A job. `share`: while it runs, how much is done of what waited when it began, in percent, where that is known.
    `waiting`: how much waits for it in this organization; None where nothing is counted. `failure`: what its newest
    run failed by, or ''. `is_asked`: somebody wants it to run now. `began_at`, `ended_at`: of the newest run."""

    name: str
    runs: bool
    share: int | None
    began_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None
    is_asked: bool
    is_late: bool
    failure: str
    failed_at: datetime | None
    waiting: int | None


def background_work() -> list[Work]:
    """All jobs, those that fail first."""
    registered = jobs.registered()
    waiting = jobs.how_many_wait(chosen_organization_id(), most=MOST_WAITING + 1)
    places: defaultdict[str, list[JobState]] = defaultdict(list)
    for state in turns.states(registered.keys()):
        places[state.name].append(state)
    work = [_work(name, places[name], waiting.get(name)) for name in registered]
    return sorted(work, key=lambda each: not each.failure)


def stands_still(work: Iterable[Work]) -> bool:
    """Whether no worker seems to be there."""
    return all(each.is_late for each in work if not _is_of_seconds(each.name))


def _work(name: str, places: Sequence[JobState], waiting: int | None) -> Work:
    running = [each for each in places if turns.runs_now(each)]
    first = next((each for each in places if each.place == 0), None)
    begun = [(each.began_at, each.place, each) for each in places if each.began_at]
    newest = max(begun)[2] if begun else None
    due_at = first.due_at if first and (waiting or not _is_of_seconds(name)) else None
    return Work(
        name=name,
        runs=bool(running),
        share=_share(running),
        began_at=newest.began_at if newest else None,
        ended_at=newest.ended_at if newest else None,
        due_at=None if running else due_at,
        is_asked=bool(first and first.wanted),
        is_late=not running and (first is None or (due_at is not None and due_at < clock.now() - _LATE)),
        failure=newest.failure if newest else "",
        failed_at=newest.failed_at if newest else None,
        waiting=waiting,
    )


def _is_of_seconds(name: str) -> bool:
    """Such a job runs only where something waits."""
    return bool(jobs.registered()[name].every_seconds)


def _share(running: Sequence[JobState]) -> int | None:
    total = max((each.total or 0 for each in running), default=0)
    return min(100, 100 * sum(each.done for each in running) // total) if total else None
