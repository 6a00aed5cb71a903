"""A look over a whole register before it is mapped: samples, distinct words, and what its dates say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from records.registers.dates import DateOrder, has_short_year, order_evidence
from records.registers.files import Register
from records.registers.rows import Row, named_columns, shown

MOST_DISTINCT = 100
_SAMPLES = 3
_LONGEST_SAMPLE = 60


@dataclass
class Column:
    """`words` counts each distinct value, None where there are too many to ask about.

    `month_first`, `day_first`, `either`: how many values show, or could be in, each order of day and month.
    """

    name: str
    samples: list[str] = field(default_factory=list)
    filled: int = 0
    words: dict[str, int] | None = field(default_factory=dict)
    month_first: int = 0
    day_first: int = 0
    either: int = 0
    short_years: int = 0

    def add(self, text: str) -> None:
        self.filled += 1
        if len(self.samples) < _SAMPLES and text[:_LONGEST_SAMPLE] not in self.samples:
            self.samples.append(text[:_LONGEST_SAMPLE])
        if self.words is not None:
            self.words[text] = self.words.get(text, 0) + 1
            if len(self.words) > MOST_DISTINCT:
                self.words = None
        if text[:1].isdigit() and len(text) < 40:
            self._add_date(text)

    def _add_date(self, text: str) -> None:
        evidence = order_evidence(text)
        self.month_first += evidence == DateOrder.MONTH_FIRST
        self.day_first += evidence == DateOrder.DAY_FIRST
        self.either += evidence == "either"
        self.short_years += has_short_year(text)


@dataclass
class Survey:
    """`unreadable` counts the rows that cannot be read whatever the mapping."""

    columns: list[Column]
    rows: int = 0
    unreadable: int = 0

    @property
    def header(self) -> list[str]:
        return [column.name for column in self.columns]

    def column(self, name: str | None) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def date_order(self, names: Iterable[str]) -> DateOrder | None:
        """The order that the values of these columns show, None where they do not."""
        columns = [column for column in self.columns if column.name in set(names)]
        months, days = sum(column.month_first for column in columns), sum(column.day_first for column in columns)
        if months == days:
            return None
        return DateOrder.MONTH_FIRST if months > days else DateOrder.DAY_FIRST

    def needs_date_order(self, names: Iterable[str]) -> bool:
        wanted = set(names)
        return any(column.month_first + column.day_first + column.either
                   for column in self.columns if column.name in wanted)  # fmt: skip

    def has_short_years(self, names: Iterable[str]) -> bool:
        wanted = set(names)
        return any(column.short_years for column in self.columns if column.name in wanted)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Survey:
        columns = [Column(**column) for column in facts["columns"]]
        return cls(columns, rows=facts["rows"], unreadable=facts["unreadable"])


def surveyed(register: Register) -> Survey:
    """Reads the whole register once."""
    survey = Survey([Column(name) for name in named_columns(register.header)])
    for row in _readable(register.rows(), survey):
        for position, cell in enumerate(row.cells):
            text = shown(cell).strip()
            if text:
                survey.columns[position].add(text)
    return survey


def _readable(rows: Iterable[Row], survey: Survey) -> Iterator[Row]:
    for row in rows:
        survey.rows += 1
        if row.problem is None:
            yield row
        else:
            survey.unreadable += 1
