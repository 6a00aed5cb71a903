"""Amounts of credits: exact, within their limits, with two places."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.errors import Invalid
from records.models.amounts import LEAST, MOST, Credits, amount

column = Credits()


@given(st.integers(-99_999_999, 99_999_999))
def test_what_is_stored_reads_back_the_same(hundredths):
    value = Decimal(hundredths).scaleb(-2)
    assert column.process_bind_param(value, None) == hundredths
    assert column.process_result_value(hundredths, None) == value


@given(st.lists(st.decimals(LEAST, MOST, places=2), max_size=60))
def test_sums_of_what_is_stored_are_exact(amounts):
    stored = sum(column.process_bind_param(each, None) for each in amounts)
    assert column.process_result_value(stored, None) == sum(amounts)


@given(st.decimals(LEAST, MOST, places=2))
def test_every_amount_within_the_limits_is_taken_with_two_places(value):
    taken = amount(value, field="credits")
    assert taken == value
    assert taken.as_tuple().exponent == -2


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_any_other_number_is_refused(value):
    fits = value.is_finite() and LEAST <= value <= MOST and value * 100 == int(value * 100)
    with contextlib.nullcontext() if fits else pytest.raises(Invalid):
        assert amount(value, field="credits") == value


@pytest.mark.parametrize(
    "value", [None, "0", "0.00", "-1", "0.001", "2.505", "9999.991", "10000", "1E+50", "NaN", "sNaN"]
)
def test_what_is_no_amount(value):
    with pytest.raises(Invalid):
        amount(None if value is None else Decimal(value), field="credits")


def test_a_column_refuses_a_third_place():
    with pytest.raises(ValueError, match="two places"):
        column.process_bind_param(Decimal("0.005"), None)
    assert column.process_bind_param(None, None) is None
    assert column.process_result_value(None, None) is None
