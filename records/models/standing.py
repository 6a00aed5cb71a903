"""Standing: what a certification is worth on a day. Derived, never stored.

`standing_on` decides in Python and `standing_case` in SQL; a property test holds them equal.
Source of the rule and of its order: DOMAIN, Certifications.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Integer, case, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from records.errors import N_


class Standing(StrEnum):
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"
    NOT_YET_VALID = "not yet valid"
    EXPIRED = "expired"
    IN_GRACE = "in grace"
    EXPIRING_SOON = "expiring soon"
    VALID = "valid"

    @property
    def holds(self) -> bool:
        """Whether a member with such a certification counts as holding its type."""
        return self in HOLDING


HOLDING = frozenset({Standing.VALID, Standing.EXPIRING_SOON, Standing.IN_GRACE})

# A member's standing in a type is that of the best certification of it: best first.
BEST_FIRST = (
    Standing.VALID,
    Standing.EXPIRING_SOON,
    Standing.IN_GRACE,
    Standing.NOT_YET_VALID,
    Standing.SUSPENDED,
    Standing.EXPIRED,
    Standing.REVOKED,
    Standing.SUPERSEDED,
)

_REASONS = {
    Standing.REVOKED: N_("Revoked by the issuer."),
    Standing.SUSPENDED: N_("Suspended by the issuer."),
    Standing.SUPERSEDED: N_("Its renewal is in effect."),
    Standing.NOT_YET_VALID: N_("Valid from its issue date on."),
    Standing.EXPIRED: N_("Past its expiry date."),
    Standing.IN_GRACE: N_("Past its expiry date, within the days of grace."),
    Standing.EXPIRING_SOON: N_("Expires soon."),
    Standing.VALID: N_("Valid through its expiry date."),
}


class Validity(NamedTuple):
    """The facts that standing is derived from. `renewed_on`: the day its renewal took or takes effect."""

    expires_on: date
    issued_on: date | None = None
    grace_days: int = 0
    notice_days: int = 0
    suspended_on: date | None = None
    revoked_on: date | None = None
    renewed_on: date | None = None


def standing_on(day: date, facts: Validity) -> Standing:
    """The standing on `day`, in the organization's time zone. First match wins."""
    if facts.revoked_on and facts.revoked_on <= day:
        return Standing.REVOKED
    if facts.suspended_on and facts.suspended_on <= day:
        return Standing.SUSPENDED
    if facts.renewed_on and facts.renewed_on <= day:
        return Standing.SUPERSEDED
    if facts.issued_on and day < facts.issued_on:
        return Standing.NOT_YET_VALID
    if (day - facts.expires_on).days > facts.grace_days:
        return Standing.EXPIRED
    if day > facts.expires_on:
        return Standing.IN_GRACE
    if (facts.expires_on - day).days <= facts.notice_days:
        return Standing.EXPIRING_SOON
    return Standing.VALID


def held_between(facts: Validity) -> tuple[date, date]:
    """The first and the last day on which it counts as held; never where the last lies before the first.

    Said once more for whoever asks of many days at once: a property test holds it equal to `standing_on`.
    """
    graced = min(facts.expires_on.toordinal() + facts.grace_days, date.max.toordinal())
    ended = [day - timedelta(days=1) for day in (facts.revoked_on, facts.suspended_on, facts.renewed_on) if day]
    return facts.issued_on or date.min, min([date.fromordinal(graced), *ended])


def reason_for(standing: Standing) -> str:
    """Why, as a sentence marked for translation."""
    return _REASONS[standing]


class days_from(FunctionElement[int]):
    """SQL: the days from the first date to the second, negative where it lies before."""

    type = Integer()
    inherit_cache = True
    name = "days_from"


@compiles(days_from, "sqlite")
def _days_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(julianday({second}) - julianday({first}) AS INTEGER)"


@compiles(days_from, "postgresql")
def _days_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(CAST({second} AS DATE) - CAST({first} AS DATE))"


class days_before(FunctionElement[date]):
    """SQL: the day that lies so many days (a literal) before a date; after it where they are negative."""

    type = Date()
    inherit_cache = True
    name = "days_before"


@compiles(days_before, "sqlite")
def _before_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    day, number = (compiler.process(clause, **options) for clause in element.clauses)
    return f"date({day}, -{number} || ' days')"


@compiles(days_before, "postgresql")
def _before_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    day, number = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({day} - CAST({number} AS INTEGER))"


def standing_case(day: date, facts: Any) -> ColumnElement[str]:
    """The same decision in SQL. `facts` has the attributes of `Validity`, each an SQL expression."""
    today = literal(day, Date)
    past, is_past = days_from(facts.expires_on, today), facts.expires_on < today  # a day is compared in less time
    return case(
        (facts.revoked_on <= today, Standing.REVOKED),
        (facts.suspended_on <= today, Standing.SUSPENDED),
        (facts.renewed_on <= today, Standing.SUPERSEDED),
        (facts.issued_on > today, Standing.NOT_YET_VALID),
        (is_past & (past > facts.grace_days), Standing.EXPIRED),
        (is_past, Standing.IN_GRACE),
        (-past <= facts.notice_days, Standing.EXPIRING_SOON),
        else_=literal(Standing.VALID.value),
    )
