"""How a report looks, on a page and in a file alike: its words, and columns that say what a row holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, partial
from itertools import chain, islice, pairwise
from operator import attrgetter
from typing import Any

from flask_babel import gettext, lazy_gettext

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


# How a value of a kind looks on a page, and how a cell does: of its column, whether it is a row's first, of its text,
# the address that it leads to, the id of the member whom it names, and whether it says that there is nothing.
Writing = Callable[[Kind, Any], Any]
Framing = Callable[["Column", bool, Any, Any, Any, bool], Any]
# What stands in a cell that others are made of, in place of theirs.
_TEXT, _ADDRESS, _MEMBER = "\0text\0", "\0address\0", "\0member\0"
_THEIRS = re.compile("\0\\w+\0")


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

    def shown(self, fields: Fields, written: Writing, framed: Framing, *, first: bool) -> Iterable[Sequence[Any]]:
        """The cells of these rows as a page shows them, each in parts: what is alike in them is written once."""
        values, like = [*self._said(fields)], cache(partial(self._like, framed, first))
        is_text, is_numeric = self.kind == Kind.TEXT, self.is_numeric
        texts = {value: "" if value is None else value if is_text else written(self.kind, value) for value in {*values}}
        if self.link is nowhere and self.member is nobody:
            cells = {
                value: _filled(like(False, False, is_numeric and not value), {_TEXT: text})
                for value, text in texts.items()
            }
            return map(cells.__getitem__, values)
        return self._linked(fields.rows, values, texts, like)

    def _linked(
        self, rows: Sequence[Any], values: Sequence[Any], texts: Mapping[Any, Any], like: Callable[..., Sequence[Any]]
    ) -> Iterator[Sequence[Any]]:
        for row, value in zip(rows, values, strict=True):
            address, member = self.link(row), self.member(row)
            cell = like(address is not None, member is not None, self.is_numeric and not value)
            yield _filled(cell, {_TEXT: texts[value], _ADDRESS: address, _MEMBER: member})

    def _like(self, framed: Framing, first: bool, leads: bool, names: bool, is_quiet: bool) -> Sequence[Any]:
        """A cell of this column in parts, for others to be filled in."""
        cell = framed(self, first, _TEXT, _ADDRESS if leads else "", _MEMBER if names else "", is_quiet)
        places = [place for found in _THEIRS.finditer(cell) for place in found.span()]
        return [cell[begin:end] for begin, end in pairwise([0, *places, len(cell)])]

    def cells(self, fields: Fields, known: dict[Any, Cell]) -> Sequence[Cell]:
        """The values of these rows as a file holds them; `known` are the cells that this column had before."""
        if self.repeats:
            (values,) = map(fields.__getitem__, self.of)
            known |= {value: self._written(self.says(value)) for value in {*values} - known.keys()}
            return [*map(known.__getitem__, values)]
        said = self._said(fields)
        if self.kind == Kind.TEXT:  # most cells of a file: looked at no closer than they must be
            return [each if each is None or each.__class__ is str else self._written(each) for each in said]
        return [*map(self._written, said)]

    def _said(self, fields: Fields) -> Iterable[Any]:
        """What the rows hold here."""
        values = [fields[name] for name in self.of] or [fields.rows]
        return values[0] if self.says is itself else map(self.says, *values)

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
        names = getattr(rows[0], "_fields", None) if rows else None
        super().__init__(zip(names, zip(*rows, strict=True), strict=True) if names else ())
        self.rows = rows

    def __missing__(self, name: str) -> Sequence[Any]:
        return self.setdefault(name, [getattr(row, name) for row in self.rows])


def lines_of(
    columns: Sequence[Column], rows: Sequence[Any], written: Writing, framed: Framing
) -> Iterator[Iterable[Any]]:
    """The rows as a page shows them, each in parts, worked out column by column: what many hold is written once."""
    fields = Fields(rows)
    shown = (each.shown(fields, written, framed, first=not place) for place, each in enumerate(columns))
    return map(chain.from_iterable, zip(*shown, strict=True))


def _filled(cell: Sequence[Any], theirs: Mapping[str, Any]) -> Sequence[Any]:
    return [theirs.get(part, part) for part in cell]


def fields_of(columns: Sequence[Column]) -> set[str]:
    """The fields from which these columns can tell all that they say; none where one needs the rows themselves."""
    return {name for each in columns for name in each.of} if all(each.of for each in columns) else set()


def cells_of(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[tuple[Cell, ...]]:
    """The rows as a file holds them, read some at a time and worked out column by column."""
    left, known = iter(rows), [dict[Any, Cell]() for _ in columns]
    while some := [*islice(left, _AT_ONCE)]:
        fields = Fields(some)
        yield from zip(*(each.cells(fields, its) for each, its in zip(columns, known, strict=True)), strict=True)


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
