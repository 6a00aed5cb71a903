"""Periods of credit types: every day lies in exactly one, and they follow each other without a gap."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.errors import Invalid
from records.models import CreditType, Period
from records.models.credit_type import Span

DAY = timedelta(days=1)
days = st.dates(date(1970, 1, 1), date(2120, 12, 31))


def _type(period, first=None, last=None):
    return CreditType(name="CEU", unit="hours", period=period, starts_on=first, ends_on=last)


@st.composite
def repeating(draw):
    """A type whose period begins anew, and the day on which its member joined."""
    period = draw(st.sampled_from([Period.CALENDAR_YEAR, Period.FROM_JOINING, Period.OWN_DATES]))
    first = draw(days)
    last = first + timedelta(days=draw(st.integers(0, 1500)))
    return _type(period, first, last), draw(st.none() | days)


@given(repeating(), days)
def test_every_day_lies_in_its_own_period(case, day):
    type_, joined_on = case
    span = type_.period_around(day, joined_on=joined_on)
    assert span.first <= day <= span.last


@given(repeating(), days)
def test_every_day_of_a_period_names_the_same_one_and_the_next_follows_at_once(case, day):
    type_, joined_on = case
    span = type_.period_around(day, joined_on=joined_on)
    middle = span.first + (span.last - span.first) / 2
    for other in (span.first, middle, span.last):
        assert type_.period_around(other, joined_on=joined_on) == span
    assert type_.period_around(span.last + DAY, joined_on=joined_on).first == span.last + DAY
    assert type_.period_around(span.first - DAY, joined_on=joined_on).last == span.first - DAY


@given(days, st.integers(0, 1500))
def test_the_dates_that_were_given_are_a_period_of_their_own(first, length):
    last = first + timedelta(days=length)
    assert _type(Period.OWN_DATES, first, last).period_around(first, joined_on=None) == Span(first, last)


@pytest.mark.parametrize(
    ("joined", "day", "first", "last"),
    [
        ("2024-02-29", "2025-02-27", "2024-02-29", "2025-02-27"),
        ("2024-02-29", "2025-02-28", "2025-02-28", "2026-02-27"),
        ("2024-02-29", "2028-02-28", "2027-02-28", "2028-02-28"),
        ("2024-02-29", "2028-02-29", "2028-02-29", "2029-02-27"),
        ("2023-03-01", "2024-02-29", "2023-03-01", "2024-02-29"),
        ("2024-07-15", "2024-01-01", "2023-07-15", "2024-07-14"),
    ],
)
def test_a_year_from_joining(joined, day, first, last):
    span = _type(Period.FROM_JOINING).period_around(date.fromisoformat(day), joined_on=date.fromisoformat(joined))
    assert (span.first.isoformat(), span.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("first", "last", "day", "expected"),
    [
        ("2024-09-01", "2026-08-31", "2027-01-01", ("2026-09-01", "2028-08-31")),
        ("2024-01-01", "2024-02-29", "2025-03-01", ("2025-03-01", "2025-04-30")),
        ("2025-01-31", "2025-02-27", "2025-03-01", ("2025-02-28", "2025-03-30")),
        ("2025-01-01", "2025-01-10", "2025-01-31", ("2025-01-31", "2025-02-09")),
        ("2025-01-01", "2025-01-01", "2024-12-31", ("2024-12-31", "2024-12-31")),
    ],
)
def test_own_dates_repeat_in_months_where_they_are_whole_ones_and_else_in_days(first, last, day, expected):
    type_ = _type(Period.OWN_DATES, date.fromisoformat(first), date.fromisoformat(last))
    span = type_.period_around(date.fromisoformat(day), joined_on=None)
    assert (span.first.isoformat(), span.last.isoformat()) == expected


def test_a_lifetime_has_no_ends_and_an_unknown_joining_goes_by_calendar():
    assert _type(Period.LIFETIME).period_around(date(2025, 5, 5), joined_on=None) == Span(None, None)
    year = Span(date(2024, 1, 1), date(2024, 12, 31))
    assert _type(Period.FROM_JOINING).period_around(date(2024, 2, 29), joined_on=None) == year


def test_own_dates_need_both_ends_in_order():
    for first, last, field in (
        (None, date(2025, 1, 1), "starts_on"),
        (date(2025, 1, 1), None, "ends_on"),
        (date(2025, 1, 2), date(2025, 1, 1), "ends_on"),
    ):
        with pytest.raises(Invalid) as refusal:
            _type(Period.OWN_DATES, first, last).check()
        assert refusal.value.field == field
    other = _type(Period.LIFETIME, date(2025, 1, 2), date(2025, 1, 1))
    other.check()
    assert (other.starts_on, other.ends_on) == (None, None)


def test_questions_are_tidy_and_stand_once():
    type_ = CreditType(checklist=["  Is the name\tthe learner's? ", "", "Is it signed?", "Is it signed?"])
    assert type_.checklist == ["Is the name the learner's?", "Is it signed?"]
    for questions in (["x" * 256], [f"Question {number}?" for number in range(21)]):
        with pytest.raises(Invalid):
            type_.checklist = questions


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("name", "x" * 256), ("unit", ""), ("unit", "x" * 41), ("goal", Decimal(0)),
     ("largest_claim", Decimal("10000"))],
)  # fmt: skip
def test_what_a_field_refuses(field, value):
    with pytest.raises(Invalid) as refusal:
        CreditType(**{field: value})
    assert refusal.value.field == field
