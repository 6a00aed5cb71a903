"""A member's credits month by month, as charts draw them."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from dateutil.relativedelta import relativedelta
from sqlalchemy import Integer, Select, bindparam, cast, extract, func, select

from records.models import CreditEntry, Member
from records.queries.credits import NOTHING
from records.reading.ahead import Question, rows_of

MONTHS = 12


class Month(NamedTuple):
    """`first` is its first day."""

    first: date
    credits: Decimal


def months_of(member: Member, *, on: date) -> dict[int, tuple[Month, ...]]:
    """The months of the chart, the present one last, by credit type: of those that have entries in them."""
    sums: dict[int, dict[date, Decimal]] = defaultdict(dict)
    for type_id, year, month, credits in rows_of(*asked_for_months(member, on=on)):
        sums[type_id][date(year, month, 1)] = credits
    firsts = _last_months(on)
    return {
        type_id: tuple([Month(first, of_type.get(first, NOTHING)) for first in firsts])
        for type_id, of_type in sums.items()
    }


def asked_for_months(member: Member, *, on: date) -> Question:
    """What `months_of` is going to ask."""
    return Question(_by_month(), {"member_id": member.id, "first": _last_months(on)[0]})


@cache
def _by_month() -> Select[int, int, int, Decimal]:
    # As whole numbers: PostgreSQL takes them out of a date as numerics.
    year, month = (cast(extract(part, CreditEntry.counts_on), Integer) for part in ("year", "month"))
    return (
        select(CreditEntry.credit_type_id, year, month, func.sum(CreditEntry.amount))
        .where(CreditEntry.member_id == bindparam("member_id"), CreditEntry.counts_on >= bindparam("first"))
        .group_by(CreditEntry.credit_type_id, year, month)
    )


@lru_cache(10)
def _last_months(on: date) -> tuple[date, ...]:
    """The first days of the months of the chart, the present month last."""
    this_month = on.replace(day=1)
    return tuple(this_month - relativedelta(months=back) for back in reversed(range(MONTHS)))
