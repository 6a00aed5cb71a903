"""What certificates are worth: "CEU", "CPD hours", each with its period and its goal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from records.errors import N_, Invalid
from records.models.amounts import Credits, amount
from records.models.base import Base, Identity, OrganizationOwned, folded_string, one_of, owned
from records.models.text import folded, line, name_line, tidy

MOST_QUESTIONS = 20
_MOST_SPANS = 5000  # that are kept


class Period(StrEnum):
    """In which spans of time a goal is to be reached."""

    CALENDAR_YEAR = "calendar_year"
    FROM_JOINING = "from_joining"
    OWN_DATES = "own_dates"
    LIFETIME = "lifetime"


@dataclass(frozen=True)
class Span:
    """Both days count. None: without a beginning, or without an end."""

    first: date | None
    last: date | None


class CreditType(OrganizationOwned, Base):
    """`goal` in credits per period; `largest_claim` is the most that one certificate usually claims.

    `starts_on` and `ends_on` are the first and last day of a period of own dates; the next periods follow
    in the same length. `checklist` are the questions that a reviewer must answer.
    """

    __tablename__ = "credit_type"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "folded_name"),
        one_of("period", Period),
        CheckConstraint("goal IS NULL OR goal > 0", name="goal_is_positive"),
        CheckConstraint("largest_claim IS NULL OR largest_claim > 0", name="largest_claim_is_positive"),
        CheckConstraint(
            "(period = 'own_dates') = (starts_on IS NOT NULL) AND (starts_on IS NULL) = (ends_on IS NULL)",
            name="own_dates_have_both_ends",
        ),
        CheckConstraint("starts_on IS NULL OR starts_on <= ends_on", name="starts_before_it_ends"),
        Index("ix_credit_type_position", "organization_id", "position", "folded_name"),
    )

    id: Mapped[Identity]
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(folded_string(255))
    unit: Mapped[str] = mapped_column(String(40))
    accepts_uploads: Mapped[bool] = mapped_column(default=True)
    period: Mapped[str] = mapped_column(String(20), default=Period.CALENDAR_YEAR)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    goal: Mapped[Decimal | None] = mapped_column(Credits)
    largest_claim: Mapped[Decimal | None] = mapped_column(Credits)
    checklist: Mapped[list[Any]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @validates("name")
    def _name_folds(self, _key: str, name: str) -> str:
        name = name_line(name)
        self.folded_name = folded(name)[:255]
        return name

    @validates("unit")
    def _unit_is_a_word(self, _key: str, unit: str) -> str:
        unit = line(unit, field="unit", most=40)
        if not unit:
            raise Invalid(N_("Enter what is counted, such as hours or points."), field="unit")
        return unit

    @validates("goal", "largest_claim")
    def _amount_fits(self, key: str, value: Decimal | None) -> Decimal | None:
        return None if value is None else amount(value, field=key)

    @validates("checklist")
    def _questions_are_tidy(self, _key: str, questions: list[str]) -> list[str]:
        asked = [question for question in map(tidy, questions) if question]
        if len(asked) > MOST_QUESTIONS or any(len(question) > 255 for question in asked):
            sentence = N_("Use at most %(most)s questions of at most 255 characters, one a line.")
            raise Invalid(sentence, field="checklist", most=MOST_QUESTIONS)
        return list(dict.fromkeys(asked))

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None

    @property
    def may_be_claimed(self) -> bool:
        """Whether learners may choose it for a certificate of their own."""
        return self.accepts_uploads and not self.is_retired

    def check(self) -> None:
        """Raises Invalid (fields `starts_on`, `ends_on`) where own dates are wanted and none make a span."""
        if self.period != Period.OWN_DATES:
            self.starts_on = self.ends_on = None
        elif self.starts_on is None or self.ends_on is None:
            missing = "starts_on" if self.starts_on is None else "ends_on"
            raise Invalid(N_("Enter the first and the last day of the period."), field=missing)
        elif self.ends_on < self.starts_on:
            raise Invalid(N_("The last day cannot be before the first."), field="ends_on")

    def period_around(self, day: date, *, joined_on: date | None) -> Span:
        """The period that `day` is in, for a member who joined on `joined_on` (None: not known, so by calendar)."""
        return _period_around(self, day, joined_on)


@dataclass(frozen=True, slots=True)
class CreditKind:
    """What credits need to know of their type: the type's values, for reading only."""

    id: int
    name: str
    folded_name: str
    position: int
    unit: str
    goal: Decimal | None
    period: str
    starts_on: date | None
    ends_on: date | None
    accepts_uploads: bool
    is_retired: bool

    def __hash__(self) -> int:
        return self.id  # in no time: what is made of kinds is kept by what they are

    @property
    def may_be_claimed(self) -> bool:
        """Whether learners may choose it for a certificate of their own."""
        return self.accepts_uploads and not self.is_retired

    def period_around(self, day: date, *, joined_on: date | None) -> Span:
        return _period_around(self, day, joined_on)


def _period_around(type_: CreditType | CreditKind, day: date, joined_on: date | None) -> Span:
    if type_.period == Period.LIFETIME:
        return Span(None, None)
    if type_.period == Period.OWN_DATES and type_.starts_on and type_.ends_on:
        return _repeated(type_.starts_on, type_.ends_on, day)
    if type_.period == Period.FROM_JOINING and joined_on is not None:
        return _repeated(joined_on, _years_after(joined_on, 1) - timedelta(days=1), day)
    return Span(date(day.year, 1, 1), date(day.year, 12, 31))


def _years_after(day: date, years: int) -> date:
    """29 February becomes 28 February in a common year."""
    return day + relativedelta(years=years)


@lru_cache(_MOST_SPANS)
def _repeated(first: date, last: date, day: date) -> Span:
    """The span around `day`, where spans of the same length follow (and came before) `first` to `last`.

    A span of whole months repeats by months, counted from its own beginning; any other by days.
    """
    after = last + timedelta(days=1)
    gap = relativedelta(after, first)
    months = gap.years * 12 + gap.months
    if months and first + relativedelta(months=months) == after:
        away = relativedelta(day, first)
        number = (away.years * 12 + away.months) // months
        starts = [first + relativedelta(months=months * each) for each in range(number - 1, number + 3)]
    else:
        length = after - first
        number = (day - first) // length
        starts = [first + length * each for each in (number, number + 1)]
    begin = max(start for start in starts if start <= day)
    return Span(begin, min(start for start in starts if start > day) - timedelta(days=1))
