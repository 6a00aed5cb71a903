"""Amounts of credits: decimals with two places, kept as whole hundredths, because SQLite has no exact decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, TypeDecorator

from records.errors import N_, Invalid

# Source: DOMAIN, Credits.
LEAST, MOST = Decimal("0.01"), Decimal("9999.99")
_HUNDREDTHS = Decimal("0.01")


class Credits(TypeDecorator[Decimal]):
    """A signed amount of credits. Refuses (ValueError) what is no whole number of hundredths."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        if value is None:
            return None
        hundredths = value.scaleb(2)
        if hundredths != hundredths.to_integral_value():
            raise ValueError("an amount of credits has at most two places")
        return int(hundredths)

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        return None if value is None else (Decimal(int(value)) * _HUNDREDTHS).quantize(_HUNDREDTHS)


def amount(value: Decimal | None, *, field: str) -> Decimal:
    """`value` as an amount that a certificate can claim or be awarded. Raises Invalid (`field`)."""
    if value is None:
        raise Invalid(N_("Enter a number of credits, such as 2.5."), field=field)
    if not value.is_finite() or not LEAST <= value <= MOST:
        raise Invalid(N_("Enter a number from %(least)s to %(most)s."), field=field, least=LEAST, most=MOST)
    if value != value.quantize(_HUNDREDTHS):
        raise Invalid(N_("Use at most two places behind the decimal mark."), field=field)
    return value.quantize(_HUNDREDTHS)
