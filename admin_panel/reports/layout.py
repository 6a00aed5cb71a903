"""How a report looks, on a page and in a file alike: its words, and columns that say what a row holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask import url_for
from flask_babel import gettext, lazy_gettext

from records.models import Actor
from records.models.member import listed_name
from records.queries.reports import Asked, Rows
from records.queries.units import Choice
from records.tables import Cell
from records.web.words import moment, standing_word

WITHOUT_UNIT = lazy_gettext("Without a unit")
ALL = lazy_gettext("All")


class Kind(StrEnum):
    """How a value is shown: HOURS are a float, a UNIT is a Choice or words."""

    TEXT = "text"
    DAY = "day"
    MOMENT = "moment"
    NUMBER = "number"
    CREDITS = "credits"
    HOURS = "hours"
    STANDING = "standing"
    UNIT = "unit"


NUMERIC = (Kind.NUMBER, Kind.CREDITS, Kind.HOURS)


def nowhere(_row: Any) -> str | None:
    return None


def nobody(_row: Any) -> int | None:
    return None


@dataclass(frozen=True)
class Column:
    """`value` is what a row holds here, `link` the address that it leads to, if any; `member` the id of the member
    whose row it is, where this column names them."""

    label: str
    value: Callable[[Any], Any]
    kind: Kind = Kind.TEXT
    link: Callable[[Any], str | None] = nowhere
    member: Callable[[Any], int | None] = nobody

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC

    def cell(self, row: Any) -> Cell:
        """The value as a file holds it."""
        value = self.value(row)
        if isinstance(value, datetime):
            return moment(value)
        if isinstance(value, float):
            return Decimal(value).quantize(Decimal("0.01"))
        if isinstance(value, Choice):
            return " / ".join(value.path)
        if self.kind == Kind.STANDING and value:
            return standing_word(value)
        return value if value is None or isinstance(value, int | Decimal | date) else str(value)


@dataclass(frozen=True)
class Figure:
    """A number that a report says above its rows, and the list that it leads to; counted no further than the list is,
    or else `is_exact`."""

    label: str
    number: int
    address: str | None = None
    is_exact: bool = False


def no_figures(_asked: Asked, _by: Actor, _rows: Rows) -> Sequence[Figure]:
    return ()


@dataclass(frozen=True)
class Layout:
    """`question` is what the report answers; `note` what to know of its figures; `nothing` says that there are none."""

    title: Any
    question: Any
    columns: Callable[[Asked], Sequence[Column]]
    nothing: Any
    note: Any = ""
    figures: Callable[[Asked, Actor, Rows], Sequence[Figure]] = no_figures


def member_columns() -> list[Column]:
    """Whose row it is."""
    return [
        Column(
            gettext("Member"),
            lambda row: listed_name(row.family_name, row.given_name, row.suffix),
            link=lambda row: url_for("profile.show", member_id=row.member_id),
            member=lambda row: row.member_id,
        ),
        Column(gettext("Number"), lambda row: row.member_number),
        Column(gettext("Unit"), lambda row: row.unit),
    ]


def unit_or_words(row: Any) -> Any:
    """The unit of a row of sums, or what stands for none or all of them."""
    return row.unit or (WITHOUT_UNIT if row.without_unit else ALL)
