"""Spans of time as the ledger is asked for them: a span's two days, or each credit type's own period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, and_, bindparam, false, or_

from records.models import CreditEntry, CreditKind
from records.models.credit_type import Span

_MOST_KEPT = 200  # of periods


def this_year(on: date) -> Span:
    return Span(date(on.year, 1, 1), date(on.year, 12, 31))


@lru_cache(10)
def twelve_months(on: date) -> Span:
    """The year that ends with this day."""
    return Span(on - relativedelta(years=1) + timedelta(days=1), on)


@lru_cache(_MOST_KEPT)
def periods_of(types: tuple[CreditKind, ...], joined_on: date | None, on: date) -> Mapping[int, Span]:
    """The present period of each type by its id, for a member who joined that day."""
    return {each.id: each.period_around(on, joined_on=joined_on) for each in types}


def within(span: str) -> ColumnElement[bool]:
    """Within the span whose `ends_of` are given."""
    return CreditEntry.counts_on.between(bindparam(f"{span}_first"), bindparam(f"{span}_last"))


def ends_of(span: str, ends: Span) -> dict[str, Any]:
    """What is given for `within`."""
    return {f"{span}_first": ends.first or date.min, f"{span}_last": ends.last or date.max}


def in_periods(number: int, name: str) -> ColumnElement[bool]:
    """Within one of so many periods, each of the entry's own type. `name` is that of their parameters."""
    of_types = (CreditEntry.credit_type_id == bindparam(f"{name}_{each}_type") for each in range(number))
    return or_(false(), *(and_(of_type, within(f"{name}_{each}")) for each, of_type in enumerate(of_types)))


def given_periods(periods: Sequence[tuple[int, Span]], name: str) -> dict[str, Any]:
    """What is given for `in_periods`: ids of credit types, each with its period."""
    given: dict[str, Any] = {}
    for each, (type_id, span) in enumerate(periods):
        given |= {f"{name}_{each}_type": type_id} | ends_of(f"{name}_{each}", span)
    return given
