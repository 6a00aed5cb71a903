"""The time that a report looks at: a span that moves with the calendar, or dates that somebody set."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from dateutil.relativedelta import relativedelta

from records.models.credit_type import Span
from records.queries.credit_spans import this_year


class Preset(StrEnum):
    """Kept by its name, so that a saved view of the next 30 days means the next 30 days on every day."""

    NEXT_30 = "next_30"
    NEXT_60 = "next_60"
    NEXT_90 = "next_90"
    PAST = "past"
    LAST_30 = "last_30"
    LAST_90 = "last_90"
    THIS_YEAR = "this_year"
    LAST_YEAR = "last_year"
    EVER = "ever"
    OWN_DATES = "own_dates"


AHEAD = (Preset.NEXT_90, Preset.NEXT_30, Preset.NEXT_60, Preset.THIS_YEAR, Preset.PAST, Preset.OWN_DATES)
BEHIND = (Preset.LAST_30, Preset.LAST_90, Preset.THIS_YEAR, Preset.LAST_YEAR, Preset.EVER, Preset.OWN_DATES)

_DAYS = {
    Preset.NEXT_30: (0, 30),
    Preset.NEXT_60: (0, 60),
    Preset.NEXT_90: (0, 90),
    Preset.LAST_30: (-30, 0),
    Preset.LAST_90: (-90, 0),
}
_YEARS = range(1900, 2200)


def span_of(preset: Preset, first: date | None, last: date | None, *, on: date) -> Span:
    """The days that are meant on the day `on`, both ends included. Own dates in either order; an open end is None."""
    if preset == Preset.OWN_DATES:
        return Span(last, first) if first and last and last < first else Span(first, last)
    if preset == Preset.THIS_YEAR:
        return this_year(on)
    if preset == Preset.LAST_YEAR:
        return this_year(date(on.year - 1, 1, 1))
    if preset == Preset.EVER:
        return Span(None, None)
    if preset == Preset.PAST:
        return Span(None, on - timedelta(days=1))
    begin, end = _DAYS[preset]
    return Span(on + timedelta(days=begin), on + timedelta(days=end))


@lru_cache(10)
def coming_months(on: date) -> tuple[tuple[date, date], ...]:
    """First and last days of twelve months: what is left of the present one, and the eleven after it."""
    begin = on.replace(day=1)
    firsts = [begin + relativedelta(months=number) for number in range(13)]
    ends = [first - timedelta(days=1) for first in firsts[1:]]
    return tuple((max(first, on), end) for first, end in zip(firsts[:-1], ends, strict=True))


def readable_date(text: str) -> date | None:
    """A date as browsers send it, 2027-03-21; None for anything else."""
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day and day.year in _YEARS else None
