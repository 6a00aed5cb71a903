"""Reading dates."""

from __future__ import annotations

from datetime import date

import pytest

from records.errors import Invalid
from records.registers.dates import DateOrder, DateStyle, ShortYears, order_evidence, read_date

US, EUROPE, UNSAID = DateStyle(DateOrder.MONTH_FIRST), DateStyle(DateOrder.DAY_FIRST), DateStyle()
DAY = date(2027, 3, 21)


@pytest.mark.parametrize(
    "text",
    [
        "2027-03-21", "2027/3/21", "2027.03.21", "20270321", "2027-03-21T00:00:00", "2027-03-21 00:00:00",
        "21 Mar 2027", "21. März 2027", "21-MAR-2027", "March 21, 2027", "Mar. 21st 2027", "21 march 2027",
        "21 mars 2027", "21 marzo 2027", "  2027-03-21 ",
    ],
)  # fmt: skip
@pytest.mark.parametrize("style", [US, EUROPE, UNSAID])
def test_what_can_be_read_in_one_way_only_needs_no_order(text, style):
    assert read_date(text, style) == DAY


@pytest.mark.parametrize(
    ("text", "style"),
    [("03/21/2027", US), ("3-21-2027", US), ("03/21/2027 12:00:00 AM", US), ("21/03/2027", EUROPE),
     ("21.3.2027", EUROPE), ("03/21/2027", UNSAID), ("21.03.2027", UNSAID)],
)  # fmt: skip
def test_the_order_is_as_chosen(text, style):
    assert read_date(text, style) == DAY


def test_what_can_be_read_in_two_ways_is_refused_without_an_order():
    assert read_date("03/04/2027", US) == date(2027, 3, 4)
    assert read_date("03/04/2027", EUROPE) == date(2027, 4, 3)
    assert read_date("04/04/2027", UNSAID) == date(2027, 4, 4)
    with pytest.raises(Invalid, match="day or with the month first"):
        read_date("03/04/2027", UNSAID)


def test_29_february_in_a_common_year_says_so():
    assert read_date("02/29/2028", US) == date(2028, 2, 29)
    for text in ("02/29/2027", "2027-02-29", "29 Feb 2027"):
        with pytest.raises(Invalid, match="2027 is not a leap year"):
            read_date(text, US)


@pytest.mark.parametrize("text", ["13/21/2027", "2027-02-30", "31 Apr 2027", "00/10/2027", "2027-00-10"])
def test_what_is_not_in_the_calendar_is_refused(text):
    with pytest.raises(Invalid, match="does not exist in the calendar"):
        read_date(text, US)


@pytest.mark.parametrize("text", ["soon", "1231", "13012024", "45000", "n/a", "INVALID", "21 Foo 2027", "=A1+1"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(Invalid):
        read_date(text, US)


def test_years_of_two_digits_are_refused_unless_it_is_said_what_they_mean():
    with pytest.raises(Invalid, match="two digits"):
        read_date("03/21/27", US)
    assert read_date("03/21/27", DateStyle(DateOrder.MONTH_FIRST, ShortYears.FROM_1950)) == DAY
    assert read_date("03/21/87", DateStyle(DateOrder.MONTH_FIRST, ShortYears.FROM_1950)) == date(1987, 3, 21)
    assert read_date("03/21/87", DateStyle(DateOrder.MONTH_FIRST, ShortYears.FROM_2000)) == date(2087, 3, 21)


def test_a_year_long_ago_is_refused():
    with pytest.raises(Invalid, match="before the year 1900"):
        read_date("0204-01-01", US)
    assert read_date("9999-12-31", US) == date(9999, 12, 31)


def test_a_spreadsheets_dates_and_day_numbers_are_dates():
    assert read_date(DAY, UNSAID) == DAY
    assert read_date(46467.0, UNSAID) == DAY
    assert read_date(20270321.0, UNSAID) == DAY
    for number in (46467.5, -3.0, 1e300, float("inf"), float("nan")):
        with pytest.raises(Invalid):
            read_date(number, UNSAID)


def test_a_blank_cell_holds_no_date():
    assert read_date("  ", US) is None


@pytest.mark.parametrize(
    ("text", "evidence"),
    [("03/21/2027", "month_first"), ("21/03/2027", "day_first"), ("03/04/2027", "either"), ("4/4/2027", None),
     ("2027-03-21", None), ("21 Mar 2027", None), ("x", None)],
)  # fmt: skip
def test_values_show_their_order(text, evidence):
    assert order_evidence(text) == evidence
