"""How a report looks, on a page and in a file alike: its words, and columns that say what a row holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple

from flask_babel import gettext, lazy_gettext
from sqlalchemy import Row

from records.models import Actor
from records.models.member import listed_name
from records.queries.reports import Asked, Rows
from records.queries.units import Choice
from records.tables import Cell
from records.web.links import each_address
from records.web.words import moment, standing_word

WITHOUT_UNIT = lazy_gettext("Without a unit")
ALL = lazy_gettext("All")
_AT_ONCE = 1000


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


def itself(value: Any) -> Any:
    return value


def leading_to(endpoint: str, name: str, *, by: str) -> Callable[[Any], str]:
    """The page of each row, found by the id `name`, which the row has as `by`. Files ask for no address."""
    address, found = cache(lambda: each_address(endpoint, name)), attrgetter(by)
    return lambda row: address() % found(row)


# How a value of a kind looks on a page.
Writing = Callable[[Kind, Any], Any]


class Shown(NamedTuple):
    """A cell of a page; `is_quiet`: it says that there is nothing."""

    column: Column
    text: Any
    address: str | None
    member: int | None
    is_quiet: bool


@dataclass(frozen=True)
class Column:
    """`says` tells from a row what it holds here, or from those of its fields that `of` names; `link` the address that
    it leads to, if any; `member` the id of the member whose row it is, where this column names them. What `repeats`, a
    file works out once for each value of its one field, however many rows have it."""

    label: str
    says: Callable[..., Any] = itself
    kind: Kind = Kind.TEXT
    link: Callable[[Any], str | None] = nowhere
    member: Callable[[Any], int | None] = nobody
    of: tuple[str, ...] = ()
    repeats: bool = False

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC

    def value(self, row: Any) -> Any:
        return self.says(*(getattr(row, name) for name in self.of)) if self.of else self.says(row)

    def shown(self, rows: Sequence[Any], written: Writing) -> Iterator[Shown]:
        """The cells of these rows as a page shows them."""
        values = [self.value(row) for row in rows]
        if self.kind == Kind.TEXT:
            texts: Iterable[Any] = ("" if value is None else value for value in values)
        else:
            known = {value: written(self.kind, value) for value in {*values}}
            texts = map(known.__getitem__, values)
        quiet = self.is_numeric
        for row, value, text in zip(rows, values, texts, strict=True):
            yield Shown(self, text, self.link(row), self.member(row), quiet and not value)

    def cell(self, row: Any) -> Cell:
        """The value as a file holds it."""
        return self._written(self.value(row))

    def cells(self, rows: Sequence[Any], fields: Fields, known: dict[Any, Cell]) -> Sequence[Cell]:
        """The same of many rows; `fields` are what they hold, `known` the cells that this column had before."""
        values = [fields[name] for name in self.of] or [rows]
        if self.repeats:
            known |= {value: self._written(self.says(value)) for value in {*values[0]} - known.keys()}
            return [*map(known.__getitem__, values[0])]
        said = values[0] if self.says is itself else map(self.says, *values)
        if self.kind == Kind.TEXT:  # most cells of a file: looked at no closer than they must be
            return [each if each is None or each.__class__ is str else self._written(each) for each in said]
        return [*map(self._written, said)]

    def _written(self, value: Any) -> Cell:
        if isinstance(value, datetime):
            return moment(value)
        if isinstance(value, float):
            return Decimal(value).quantize(Decimal("0.01"))
        if isinstance(value, Choice):
            return " / ".join(value.path)
        if self.kind == Kind.STANDING and value:
            return standing_word(value)
        return value if value is None or isinstance(value, int | Decimal | date) else str(value)


class Fields(dict[str, Sequence[Any]]):
    """What some rows hold, by the names of their fields: of tuples all at once, of records what is asked for."""

    def __init__(self, rows: Sequence[Any]) -> None:
        super().__init__(zip(rows[0]._fields, zip(*rows, strict=True), strict=True) if isinstance(rows[0], Row) else ())
        self._rows = rows

    def __missing__(self, name: str) -> Sequence[Any]:
        return self.setdefault(name, [getattr(row, name) for row in self._rows])


def lines_of(columns: Sequence[Column], rows: Sequence[Any], written: Writing) -> Iterator[tuple[Shown, ...]]:
    """The rows as a page shows them, worked out column by column: what stands in many of them is written once."""
    return zip(*(each.shown(rows, written) for each in columns), strict=True)


def fields_of(columns: Sequence[Column]) -> set[str]:
    """The fields from which these columns can tell all that they say; none where one needs the rows themselves."""
    return {name for each in columns for name in each.of} if all(each.of for each in columns) else set()


def cells_of(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[tuple[Cell, ...]]:
    """The rows as a file holds them, read some at a time and worked out column by column."""
    left, known = iter(rows), [dict[Any, Cell]() for _ in columns]
    while some := [*islice(left, _AT_ONCE)]:
        fields = Fields(some)
        yield from zip(*(each.cells(some, fields, its) for each, its in zip(columns, known, strict=True)), strict=True)


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
            listed_name,
            link=leading_to("profile.show", "member_id", by="member_id"),
            member=attrgetter("member_id"),
            of=("family_name", "given_name", "suffix"),
        ),
        Column(gettext("Number"), of=("member_number",)),
        Column(gettext("Unit"), of=("unit",), repeats=True),
    ]


def unit_or_words(row: Any) -> Any:
    """The unit of a row of sums, or what stands for none or all of them."""
    return row.unit or (WITHOUT_UNIT if row.without_unit else ALL)
