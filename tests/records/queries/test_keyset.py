"""Words that say where a page begins."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime

import pytest

from records.queries.keyset import Cursor


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("núñez max", str),
        ("", str),
        (None, str),
        (date(2027, 3, 21), date),
        (None, date),
        (datetime(2027, 3, 21, 14, 5, 6, 7, tzinfo=UTC), datetime),
    ],
)
def test_a_cursor_reads_back_as_it_was(key, kind):
    cursor = Cursor(key, 7)
    assert Cursor.read(cursor.word(), kind) == cursor
    assert cursor.word().replace("-", "").replace("_", "").isalnum()


def _packed(*values):
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


NONSENSE = [
    "", "x", "%00", "\x00", "é", "====", "a" * 3000, "e30", "W10", _packed("a"), _packed("a", 0), _packed("a", -1),
    _packed("a", 2**63), _packed("a", "1"), _packed("a", True), _packed("a", 1.5), _packed("a", None), _packed(1, 2),
    _packed({"a": 1}, 1), _packed("a\x00b", 1), _packed("\ud800", 1), _packed("a", 1, 2), "W1s" * 500,
]  # fmt: skip


@pytest.mark.parametrize("word", NONSENSE)
def test_nonsense_is_no_cursor(word):
    assert Cursor.read(word, str) is None


@pytest.mark.parametrize("key", ["x", "2027-13-01", "0000-00-00", "2027-03-21T10:00", "10000-01-01"])
def test_a_key_of_the_wrong_kind_is_no_cursor(key):
    assert Cursor.read(_packed(key, 1), datetime) is None
    assert Cursor.read(_packed(key, 1), date) is None or key == "2027-03-21T10:00"


def test_an_instant_beyond_all_calendars_is_no_cursor():
    assert Cursor.read(_packed("0001-01-01T00:00:00+14:00", 1), datetime) is None
