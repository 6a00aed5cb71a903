"""Lines of iCalendar, read back by a parser of another program."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.icalendar import component, line, text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (date(2028, 2, 29), b"X;VALUE=DATE:20280229\r\n"),
        (datetime(2028, 2, 29, 12, 5, 9, tzinfo=UTC), b"X:20280229T120509Z\r\n"),
        (datetime(2028, 2, 29, 12, 5, tzinfo=ZoneInfo("Asia/Tokyo")), b"X:20280229T030500Z\r\n"),
        (timedelta(hours=12), b"X:PT12H\r\n"),
        (timedelta(hours=7) - timedelta(days=30), b"X:-P29DT17H\r\n"),
        (timedelta(days=-7), b"X:-P7D\r\n"),
        (timedelta(minutes=90), b"X:PT1H30M\r\n"),
        (timedelta(), b"X:PT0S\r\n"),
        ("as it is", b"X:as it is\r\n"),
    ],
)
def test_a_value_is_written_as_the_standard_says(value, written):
    assert line("X", value) == written


@given(st.timedeltas(min_value=timedelta(days=-4000), max_value=timedelta(days=4000)))
def test_any_span_of_minutes_is_read_back(span):
    span = timedelta(minutes=span // timedelta(minutes=1))
    written = line("TRIGGER", span).decode().removeprefix("TRIGGER:").strip()
    assert icalendar.vDuration.from_ical(written) == span


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), include_characters="\n"), max_size=300)


@given(WORDS)
def test_any_text_is_read_back_from_short_lines(words):
    event = b"".join(component("VEVENT", [line("SUMMARY", text(words))]))
    lines = event.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"\n" not in event.replace(b"\r\n", b"")
    for one in lines:
        one.decode()  # no letter is cut in two
    assert str(icalendar.Event.from_ical(event)["summary"]) == words


def test_nothing_in_a_text_begins_a_line():
    assert text("a\r\nATTENDEE:x\x00\t\\;,") == r"a\nATTENDEE:x \\\;\,"
