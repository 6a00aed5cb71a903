"""What all reports have in common: the question that an address asks, who may ask it, and how rows come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Protocol, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Select, bindparam, tuple_

from records import clock
from records.database import flat_rows, this_organization
from records.models import Actor, Certification, Member
from records.models.credit_type import Span
from records.queries.capped import MOST_COUNTED, count_of, counting
from records.queries.keyset import Cursor
from records.queries.member_filters import WITHOUT_UNIT, Scope, in_scope, of_active, says_an_id, scope_of
from records.queries.reports.periods import Preset, readable_date, span_of
from records.queries.steering import its_holder
from records.queries.units import unit_and_below
from records.queries.viewable import Viewable
from records.reading.ahead import Question, rows_of, scalars_of

PAGE, MOST_AT_HAND = 50, 200  # rows of a page: of long lists, of sums
MOST_HELD = 50  # of a report: questions and scopes, each with its statements
_AT_ONCE = 1000
IDS = ("unit", "type", "credit_type", "requirement")


@dataclass(frozen=True)
class Asked:
    """The question as far as the report knows it; what it does not know is as if it had not been asked.

    `period` is '' where a report has none. `ids` are records by the names in IDS, as text or ''; a unit may be
    WITHOUT_UNIT. `choices` hold a word for each pull-down of the report. `on` is today in the organization.
    """

    on: date
    period: str = ""
    first: date | None = None
    last: date | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.on, self.period, self.first, self.last, *self.ids.values(), *self.choices.values()))

    def __getitem__(self, name: str) -> str:
        return self.choices.get(name) or self.ids.get(name, "")

    @property
    def span(self) -> Span:
        return span_of(Preset(self.period), self.first, self.last, on=self.on)

    def fields(self, **others: str) -> dict[str, str]:
        """The fields of an address that asks the same, but for the `others`; what goes without saying is left out."""
        own = self.period == Preset.OWN_DATES
        fields = {
            "period": self.period,
            "first": self.first.isoformat() if own and self.first else "",
            "last": self.last.isoformat() if own and self.last else "",
            **self.ids,
            **self.choices,
            **others,
        }
        return {name: value for name, value in fields.items() if value and value != self.defaults.get(name)}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.fields())


@dataclass(frozen=True)
class Page:
    """`following` is the word of a cursor that leads on, or ''."""

    rows: Sequence[Any]
    following: str = ""


class Rows(Protocol):
    """The rows of a report under its filters. `totals` are rows of sums at their end, or none. `count` goes no further
    than a page says: MOST_COUNTED + 1 means "more"; or than it is told to, None for to the end."""

    @property
    def totals(self) -> Sequence[Any]: ...
    def count(self, most: int | None = MOST_COUNTED + 1) -> int: ...
    def page(self, after: str) -> Page: ...
    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True)
class Listed:
    """Rows that are at hand: sums, one for each unit, type, reviewer and so on."""

    rows: Sequence[Any]
    totals: Sequence[Any] = ()

    def count(self, most: int | None = None) -> int:
        return len(self.rows)

    def page(self, after: str) -> Page:
        begin = int(after) if says_an_id(after) else 0
        end = begin + MOST_AT_HAND
        return Page(self.rows[begin:end], str(end) if end < len(self.rows) else "")

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)


@dataclass(frozen=True)
class Paged:
    """Rows that may be a million: read a page at a time by `key` and `row_id`, or all by and by for a file.

    The statement must name both columns `key` and `row_id`. `falls`: the largest key first. `lean`: a statement of the
    same rows that reads nothing but what narrows them, for counting. What is made of them is made once, for those that
    are asked again and again.
    """

    statement: Any
    key: Any
    row_id: Any
    kind: type[Any] = str
    falls: bool = False
    totals: Sequence[Any] = ()
    lean: Any = None

    def asks(self, after: str) -> list[Question]:
        """What `page` and `count` are going to ask."""
        return [self._asked_for_page(after), self._asked_for_count(MOST_COUNTED + 1)]

    def count(self, most: int | None = MOST_COUNTED + 1) -> int:
        return count_of(self._ids, None) if most is None else int(scalars_of(*self._asked_for_count(most))[0])

    def page(self, after: str) -> Page:
        rows = rows_of(*self._asked_for_page(after))
        if len(rows) <= PAGE:
            return Page(rows)
        last = rows[PAGE - 1]
        return Page(rows[:PAGE], Cursor(last.key, last.row_id).word())

    def holding(self, names: Collection[str]) -> Paged:
        """Rows with these columns alone, for whoever goes through all of them."""
        columns = [each for each in self.statement.selected_columns if each.key in names]
        return replace(self, statement=self.statement.with_only_columns(*columns, maintain_column_froms=True))

    def __iter__(self) -> Iterator[Any]:
        return flat_rows(self._in_order, at_once=_AT_ONCE)

    def _asked_for_page(self, after: str) -> Question:
        cursor, given = Cursor.read(after, self.kind), {"rows": PAGE + 1}
        if cursor is None or cursor.key is None:
            return Question(self._first, given)
        return Question(self._further_on, given | {"place": cursor.key, "place_id": cursor.id})

    def _asked_for_count(self, most: int) -> Question:
        return Question(self._counted, {"most": most})

    @cached_property
    def _in_order(self) -> Select[Any]:
        return cast(Select[Any], self.statement.order_by(*self._order))

    @property
    def _order(self) -> tuple[Any, Any]:
        return (self.key.desc(), self.row_id.desc()) if self.falls else (self.key, self.row_id)

    @cached_property
    def _ids(self) -> Select[Any]:
        # In the order of the pages: then PostgreSQL, too, walks the index that serves them and stops.
        lean = self.statement if self.lean is None else self.lean
        return cast(Select[Any], lean.order_by(*self._order).with_only_columns(self.row_id, maintain_column_froms=True))

    @cached_property
    def _counted(self) -> Select[int]:
        return counting(self._ids, bindparam("most", type_=Integer()))

    @cached_property
    def _first(self) -> Select[Any]:
        return self._in_order.limit(bindparam("rows", type_=Integer()))

    @cached_property
    def _further_on(self) -> Select[Any]:
        row = tuple_(self.key, self.row_id)
        place = tuple_(bindparam("place", type_=self.key.type), bindparam("place_id", type_=self.row_id.type))
        return self._first.where(row < place if self.falls else row > place)


def itself(numbers: Any) -> Any:
    return numbers


@dataclass(frozen=True)
class Sums:
    """A question over many members, in two halves: `count` answers it by numbers, dates as text and ids, which JSON can
    hold; `shown` makes of them what a page shows, with the names of today. Where so many would have to be gone through
    that nobody should wait for it, a job counts, and what `kept` leaves of the numbers is kept.

    `whose`: of whom it tells for somebody.
    """

    count: Callable[[Asked, Scope], Any]
    shown: Callable[[Asked, Actor, Any], Any]
    whose: Callable[[Actor], Scope] = scope_of
    kept: Callable[[Any], Any] = itself

    def __call__(self, asked: Asked, by: Actor) -> Any:
        """Counted here and now."""
        return self.shown(asked, by, self.count(asked, self.whose(by)))


@dataclass(frozen=True)
class Report(Viewable):
    """`presets`, `ids` and `choices` are the filters that it has; the first of presets and of choices goes without
    saying. `asks`: what its rows ask before anything else."""

    name: str
    rows: Callable[[Asked, Actor], Rows]
    presets: tuple[Preset, ...] = ()
    ids: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asks: Callable[[], Sequence[Question]] = tuple

    def read(self, asked: Mapping[str, str]) -> Asked:
        """From the fields of an address or of a saved view; anything may stand in them."""
        defaults = {name: words[0] for name, words in self.choices.items()}
        if self.presets:
            defaults["period"] = self.presets[0]
        said = {name: asked.get(name, "") for name in self.choices}
        period = asked.get("period", "")
        return Asked(
            on=clock.today(this_organization()),
            period=period if period in self.presets else defaults.get("period", ""),
            first=readable_date(asked.get("first", "")) if self.presets else None,
            last=readable_date(asked.get("last", "")) if self.presets else None,
            ids={name: _id(name, asked.get(name, "")) for name in self.ids},
            choices={name: said[name] if said[name] in words else words[0] for name, words in self.choices.items()},
            defaults=defaults,
        )

    def kept(self, asked: Mapping[str, str]) -> dict[str, str]:
        return self.read(asked).fields()


def people(asked: Asked, *, by: Actor | Scope, units: Sequence[int] | None = None) -> list[ColumnElement[bool]]:
    """The members that a report is about: active, in the asker's scope, of the unit that was asked for. `units`: what
    `units_in` says, for statements that are kept."""
    return [*whoever(asked, by=by, units=units), Member.deactivated_at.is_(None)]


def its_people(statement: Any, asked: Asked, *, by: Scope, units: Sequence[int]) -> Any:
    """A statement that counts certifications, narrowed to those of `people`: no member is read of whom nothing is
    asked."""
    if not is_narrow(asked, by=by):
        return of_active(statement, Certification.member_id)
    return statement.join(Member, its_holder(few=True)).where(*people(asked, by=by, units=units))


def units_in(asked: Asked) -> tuple[int, ...]:
    """The ids of the unit that was asked for and of all within it, as they are now."""
    unit = asked["unit"]
    return tuple(unit_and_below(int(unit))) if unit and unit != WITHOUT_UNIT else ()


def is_narrow(asked: Asked, *, by: Actor | Scope) -> bool:
    """Whether the report is about some of the members only."""
    return bool(asked["unit"]) or not by.covers_everyone


def whoever(asked: Asked, *, by: Actor | Scope, units: Sequence[int] | None = None) -> list[ColumnElement[bool]]:
    """As `people`, with those who were deactivated."""
    found, unit = [in_scope(by)], asked["unit"]
    if unit == WITHOUT_UNIT:
        found.append(Member.unit_id.is_(None))
    elif unit:
        found.append(Member.unit_id.in_(units_in(asked) if units is None else units))
    return found


def within(column: Any, span: Span) -> list[ColumnElement[bool]]:
    """The conditions that a date lies in the span."""
    first = [column >= span.first] if span.first else []
    return first + ([column <= span.last] if span.last else [])


def during(column: Any, span: Span) -> list[ColumnElement[bool]]:
    """The conditions that an instant lies in the days of the span, by the organization's calendar."""
    zone = ZoneInfo(this_organization().time_zone)
    found = [column >= datetime.combine(span.first, time(), zone)] if span.first else []
    if span.last:
        found.append(column < datetime.combine(span.last + timedelta(days=1), time(), zone))
    return found


def _id(name: str, text: str) -> str:
    return text if says_an_id(text) or (name == "unit" and text == WITHOUT_UNIT) else ""
