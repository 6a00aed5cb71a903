"""Reading dates as people and programs write them: clear ones always, the others in the order that was chosen."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from babel.dates import get_month_names

from records.errors import N_, Invalid
from records.models.text import folded
from records.registers.rows import Cell

_TIME = r"(?:[T ]\s*\d{1,2}:\d{2}.*)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})\s*[-/. ]\s*(\d{{1,2}})\s*[-/. ]\s*(\d{{1,2}}){_TIME}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMERIC = re.compile(rf"(\d{{1,2}})\s*[-/. ]\s*(\d{{1,2}})\s*[-/. ]\s*(\d{{4}}|\d{{2}}){_TIME}")
_DAY_MONTH = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th|\.)?[\s\-/.]*([^\W\d_]+)[.,]?[\s\-/,]*(\d{{4}}|\d{{2}}){_TIME}")
_MONTH_DAY = re.compile(rf"([^\W\d_]+)[.]?[\s\-/]*(\d{{1,2}})(?:st|nd|rd|th)?[\s,\-/]+(\d{{4}}|\d{{2}}){_TIME}")
_MONTHS_IN = ("en", "de", "fr", "es", "it", "nl", "pt", "sv", "pl")
_EXCEL_BEGAN = date(1899, 12, 30)
_EXCEL_LAST = 2_958_465
_EARLIEST_YEAR = 1900


class DateOrder(StrEnum):
    """How 03/04/2027 is meant. Years that stand first and months in words need no choice."""

    MONTH_FIRST = "month_first"
    DAY_FIRST = "day_first"


class ShortYears(StrEnum):
    """What a year of two digits means: nothing, or one of a hundred years."""

    REFUSE = "refuse"
    FROM_1950 = "1950-2049"
    FROM_2000 = "2000-2099"


@dataclass(frozen=True)
class DateStyle:
    order: DateOrder | None = None
    short_years: ShortYears = ShortYears.REFUSE


def read_date(cell: Cell, style: DateStyle) -> date | None:
    """The date in a cell, None in a blank one. Raises Invalid, whose sentence names the value."""
    if isinstance(cell, date):
        return cell
    if isinstance(cell, str):
        text = cell.strip()
        return _parsed(text, style) if text else None
    if 1 <= cell <= _EXCEL_LAST and cell == int(cell):
        return _EXCEL_BEGAN + timedelta(days=int(cell))
    return _parsed(f"{cell:.10g}", style)


@lru_cache(maxsize=8192)
def order_evidence(text: str) -> str | None:
    """What a value says about the order: a `DateOrder`, "either", or None where it needs no order."""
    match = _NUMERIC.fullmatch(text.strip())
    if match is None:
        return None
    first, second = int(match[1]), int(match[2])
    if first > 12 >= second:
        return DateOrder.DAY_FIRST
    if second > 12 >= first:
        return DateOrder.MONTH_FIRST
    return None if first == second else "either"


@lru_cache(maxsize=8192)
def has_short_year(text: str) -> bool:
    match = _NUMERIC.fullmatch(text.strip()) or _textual(text.strip())
    return match is not None and len(match[3]) == 2


@lru_cache(maxsize=8192)
def _parsed(text: str, style: DateStyle) -> date:
    for pattern, arrange in _SHAPES:
        match = pattern.fullmatch(text)
        if match is not None:
            return _made(text, *arrange(match, style), style)
    raise Invalid(N_("“%(value)s” is not a date."), value=text[:60])


def _numeric(match: re.Match[str], style: DateStyle) -> tuple[str, int, int]:
    first, second = int(match[1]), int(match[2])
    if style.order is None and first != second:
        if first <= 12 and second <= 12:
            raise Invalid(N_("“%(value)s” can be read with the day or with the month first."), value=match[0])
        return (match[3], second, first) if first > 12 else (match[3], first, second)
    return (match[3], second, first) if style.order is DateOrder.DAY_FIRST else (match[3], first, second)


def _in_words(match: re.Match[str], day: int, month: int) -> tuple[str, int, int]:
    number = _months().get(folded(match[month]))
    if number is None:
        raise Invalid(N_("“%(value)s” is not a date."), value=match[0][:60])
    return match[3], number, int(match[day])


_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], DateStyle], tuple[str, int, int]]], ...] = (
    (_YEAR_FIRST, lambda match, _style: (match[1], int(match[2]), int(match[3]))),
    (_NUMERIC, _numeric),
    (_COMPACT, lambda match, _style: (match[1], int(match[2]), int(match[3]))),
    (_DAY_MONTH, lambda match, _style: _in_words(match, 1, 2)),
    (_MONTH_DAY, lambda match, _style: _in_words(match, 2, 1)),
)


def _made(text: str, written_year: str, month: int, day: int, style: DateStyle) -> date:
    year = _full_year(text, written_year, style)
    if year < _EARLIEST_YEAR:
        raise Invalid(N_("“%(value)s” lies before the year %(year)s."), value=text, year=_EARLIEST_YEAR)
    try:
        return date(year, month, day)
    except ValueError:
        if (month, day) == (2, 29):
            raise Invalid(
                N_("“%(value)s” does not exist: %(year)s is not a leap year, so it has no 29 February."),
                value=text, year=year,
            ) from None  # fmt: skip
        raise Invalid(N_("“%(value)s” does not exist in the calendar."), value=text) from None


def _full_year(text: str, written: str, style: DateStyle) -> int:
    year = int(written)
    if len(written) == 4:
        return year
    if style.short_years is ShortYears.REFUSE:
        raise Invalid(N_("“%(value)s” has a year of two digits. Write it with four."), value=text)
    if style.short_years is ShortYears.FROM_2000:
        return 2000 + year
    return 1900 + year if year >= 50 else 2000 + year


def _textual(text: str) -> re.Match[str] | None:
    return _DAY_MONTH.fullmatch(text) or _MONTH_DAY.fullmatch(text)


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """The months' numbers by their names in the languages that registers come in, in full and in short."""
    numbers: dict[str, int] = {"sept": 9}
    for language in _MONTHS_IN:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, language).items():
                    numbers.setdefault(folded(name).rstrip("."), number)
    return numbers
