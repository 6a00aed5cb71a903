"""What time it is: the only place that asks. Tests set the source instead of patching datetime."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class HasTimeZone(Protocol):
    time_zone: str


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """The instant, aware, in UTC."""
    return _source()


def today(organization: HasTimeZone) -> date:
    """The date that the calendar on the organization's wall shows."""
    return now().astimezone(ZoneInfo(organization.time_zone)).date()


@contextmanager
def standing_at(instant: datetime) -> Iterator[None]:
    """Let the clock stand at `instant` (aware) for a while."""
    global _source
    before, _source = _source, lambda: instant
    try:
        yield
    finally:
        _source = before
