"""What a certification type proposes."""

from __future__ import annotations

from datetime import date

import pytest

from records.models import CertificationType


@pytest.mark.parametrize(
    ("issued_on", "months", "expires_on"),
    [
        (date(2028, 2, 29), 24, date(2030, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2027, 2, 28), 12, date(2028, 2, 28)),  # it does not move on to the 29th
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2027, 12, 31), 12, date(2028, 12, 31)),
        (date(9999, 1, 1), 12, None),
        (date(2027, 1, 1), None, None),
    ],
)
def test_a_usual_term_ends_on_the_same_day_or_on_the_months_last(
    issued_on: date, months: int | None, expires_on: date | None
) -> None:
    assert CertificationType(name="EMT-Basic", usual_term=months).proposed_expiry(issued_on) == expires_on
