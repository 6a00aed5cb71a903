"""What the table of access holds on to: whether a value nobody may send was taken."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.asking import assigned

RULE = "/admin/members/<int:member_id>"


@pytest.mark.parametrize(
    ("value", "trace"),
    [
        (9876, "9876"),
        ("9876", "9876"),
        (date(2031, 4, 24), "2031-04-24"),
        ("2031-04-24T04:24:00+00:00", "2031-04-24"),
        (datetime(2031, 4, 24, 4, 24, tzinfo=UTC), "2031-04-24"),
        ('{"role": "administrator"}', "administrator"),
    ],
)
def test_a_value_taken_leaves_its_trace(value: Any, trace: str) -> None:
    assert assigned({"member": [(1, None)]}, {"member": [(1, value)]}, RULE) == [trace]


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 11, 28, 7, 39, 51, 9876, tzinfo=UTC),
        datetime(2026, 11, 28, 7, 39, 51, 987600, tzinfo=UTC),
        "9876c1f0424242",
        "m=19456,t=2,p=1$ab9876cd$424242ef",
    ],
)
def test_digits_of_a_secret_or_an_instant_are_no_trace(value: Any) -> None:
    assert assigned({"member": [(1, None)]}, {"member": [(1, value)]}, RULE) == []
