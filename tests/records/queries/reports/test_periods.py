"""The times that reports look at."""

from __future__ import annotations

from datetime import date

import pytest

from records.models.credit_type import Span
from records.queries.reports.periods import Preset, readable_date, span_of

ON = date(2028, 2, 29)


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.NEXT_30, ON, date(2028, 3, 30)),
        (Preset.NEXT_60, ON, date(2028, 4, 29)),
        (Preset.NEXT_90, ON, date(2028, 5, 29)),
        (Preset.LAST_30, date(2028, 1, 30), ON),
        (Preset.LAST_90, date(2027, 12, 1), ON),
        (Preset.THIS_YEAR, date(2028, 1, 1), date(2028, 12, 31)),
        (Preset.LAST_YEAR, date(2027, 1, 1), date(2027, 12, 31)),
        (Preset.EVER, None, None),
    ],
)
def test_a_preset_moves_along_with_the_calendar(preset, first, last):
    assert span_of(preset, date(2020, 1, 1), None, on=ON) == Span(first, last)


def test_own_dates_come_in_either_order_and_may_be_open():
    early, late = date(2027, 1, 1), date(2027, 2, 1)
    assert span_of(Preset.OWN_DATES, early, late, on=ON) == Span(early, late)
    assert span_of(Preset.OWN_DATES, late, early, on=ON) == Span(early, late)
    assert span_of(Preset.OWN_DATES, None, late, on=ON) == Span(None, late)
    assert span_of(Preset.OWN_DATES, early, None, on=ON) == Span(early, None)


@pytest.mark.parametrize("text", ["", "2027-02-30", "20270101", "1 Mar 2027", "0001-01-01", "9999-12-31", "2027-1-1"])
def test_what_is_no_date_is_none(text):
    assert readable_date(text) is None


def test_a_date_is_read():
    assert readable_date("2027-03-21") == date(2027, 3, 21)
