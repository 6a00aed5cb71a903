"""Charts as templates draw them: every place and length worked out, in percent of the drawing.

Percents of an SVG without a viewBox leave words at the size of the page's words, however wide the drawing is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

_TOP, _FLOOR = 14.0, 84.0  # between them stand the bars: above is room for an amount, below for a label
_SHARE = 0.62  # of its column that a bar fills


class Value(NamedTuple):
    """One bar to draw. `label` stands under it, `name` in the table; `amount` is the number in words.

    `address` leads to the list behind it. `is_marked`: the one to look at first.
    """

    label: str
    name: str
    number: int | Decimal
    amount: str
    address: str | None = None
    is_marked: bool = False


class Bar(NamedTuple):
    """Lengths are in percent; `is_drawn` where there is anything to draw."""

    value: Value
    x: float
    middle: float
    width: float
    y: float
    height: float
    above: float

    @property
    def is_drawn(self) -> bool:
        return self.height > 0


@dataclass(frozen=True)
class BarChart:
    """`title` is what a screen reader says of the picture and of its table; `heads` are those of the table."""

    title: str
    heads: tuple[str, str]
    bars: tuple[Bar, ...]
    floor: float = _FLOOR

    @property
    def is_empty(self) -> bool:
        return not any(bar.is_drawn for bar in self.bars)

    @property
    def leads_on(self) -> bool:
        """Whether there is a list behind any of its bars."""
        return any(bar.value.address for bar in self.bars)


@dataclass(frozen=True)
class Line:
    """`points` as SVG has them, in a square of 100 by 100. `kind` is a class of the stylesheet."""

    kind: str
    points: str


@dataclass(frozen=True)
class Tick:
    """A word on an axis, and its place along it in percent."""

    at: float
    label: str


@dataclass(frozen=True)
class LineChart:
    title: str
    lines: tuple[Line, ...]
    amounts: tuple[Tick, ...]
    labels: tuple[Tick, ...]


def bar_chart(title: str, heads: tuple[str, str], values: Sequence[Value]) -> BarChart:
    """Bars side by side, the largest as tall as there is room; what is not above nothing has none."""
    column = 100 / max(len(values), 1)
    most = max((float(each.number) for each in values), default=0.0)
    bars = []
    for place, value in enumerate(values):
        height = (_FLOOR - _TOP) * float(value.number) / most if value.number > 0 else 0.0
        begin = place * column
        bars.append(
            Bar(
                value,
                x=round(begin + column * (1 - _SHARE) / 2, 2),
                middle=round(begin + column / 2, 2),
                width=round(column * _SHARE, 2),
                y=round(_FLOOR - height, 2),
                height=round(max(height, 1.0) if height else 0.0, 2),
                above=round(_FLOOR - height - 2.5, 2),
            )
        )
    return BarChart(title, heads, tuple(bars))


def line_chart(
    title: str, lines: Mapping[str, Sequence[int]], labels: Sequence[str], *, labelled: int = 3
) -> LineChart:
    """Lines by their class, each a number for every label; about `labelled` of the labels are written."""
    most = max([1, *(number for numbers in lines.values() for number in numbers)])
    last = max(len(labels) - 1, 1)
    every = max(-(-len(labels) // labelled), 1)
    shown = [place for place in range(0, len(labels), every) if place + every / 2 < len(labels)]
    halves = (0.0, 0.5, 1.0) if most > 1 else (0.0, 1.0)
    return LineChart(
        title,
        tuple(Line(kind, _points(numbers, most, last)) for kind, numbers in lines.items()),
        amounts=tuple(Tick(round(100 - 100 * share, 2), f"{round(most * share):,}") for share in halves),
        labels=tuple(Tick(round(100 * place / last, 2), labels[place]) for place in shown),
    )


def _points(numbers: Sequence[int], most: int, last: int) -> str:
    places = (f"{100 * place / last:.2f},{100 - 100 * number / most:.2f}" for place, number in enumerate(numbers))
    return " ".join(places)
