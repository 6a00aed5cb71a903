"""Plots as SVG: p50 against the number of members, both axes logarithmic, one line for each database and program."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from bench.measure import CERTFOLIO, LIMIT
from bench.results import OnePage, Results

_WIDE, _HIGH = 560, 300
_LEFT, _RIGHT, _TOP, _FLOOR = 56, 546, 34, 262
_DASHES = {CERTFOLIO: "", LIMIT: "4 3"}
_COLOURS = {"sqlite": "#1f6fb2", "postgresql": "#b2541f"}

Point = tuple[float, float]  # members, milliseconds


def write_plots(every: Sequence[Results], folder: Path) -> list[Path]:
    """One picture for each page that was measured, by its name; where they were written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, lines in lines_of(every).items():
        file = folder / f"{name.replace(',', '').replace(' ', '-')}.svg"
        file.write_text(plot(name, lines))
        written.append(file)
    return written


def lines_of(every: Sequence[Results]) -> dict[str, dict[tuple[str, str], list[Point]]]:
    """By page: by database and program, the points from the smallest size to the largest."""
    lines: defaultdict[str, dict[tuple[str, str], list[Point]]] = defaultdict(dict)
    for results in sorted(every, key=lambda each: each.members):
        for page in results.pages:
            for by, p50 in _p50s(page):
                lines[page.name].setdefault((results.engine, by), []).append((results.members, p50))
    return dict(lines)


def plot(title: str, lines: Mapping[tuple[str, str], Sequence[Point]]) -> str:
    """The picture. Without lines it has axes alone."""
    points = [point for line in lines.values() for point in line]
    across = _Axis([x for x, _ in points] or [1.0], _LEFT, _RIGHT)
    up = _Axis([y for _, y in points] or [1.0], _FLOOR, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" role="img" font-family="sans-serif"'
        ' font-size="11">',
        f"<title>{escape(title)}: p50 in milliseconds against the number of members</title>",
        f'<rect width="{_WIDE}" height="{_HIGH}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="18" font-size="13">{escape(title)}: p50, ms</text>',
        *(_rung(up.place(each), f"{each:g}") for each in up.powers()),
        *(_foot(across.place(each), f"{each:,.0f}") for each in across.powers()),
        f'<text x="{_RIGHT}" y="{_HIGH - 6}" text-anchor="end">members</text>',
        *_keys(lines),
        *(_line(engine, by, [(across.place(x), up.place(y)) for x, y in line]) for (engine, by), line in lines.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Axis:
    """Whole powers of ten around the values, spread from `start` to `end`."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._low = math.floor(math.log10(min(values)))
        self._high = max(math.ceil(math.log10(max(values))), self._low + 1)
        self._start, self._end = start, end

    def place(self, value: float) -> float:
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return round(self._start + share * (self._end - self._start), 1)

    def powers(self) -> Iterator[float]:
        yield from (10.0**power for power in range(self._low, self._high + 1))


def _p50s(page: OnePage) -> Iterator[tuple[str, float]]:
    for by, cost in ((CERTFOLIO, page.certfolio), (LIMIT, page.limit)):
        if cost is not None:
            yield by, cost.p50


def _rung(y: float, label: str) -> str:
    line = f'<line x1="{_LEFT}" x2="{_RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>'
    return f'{line}<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{label}</text>'


def _foot(x: float, label: str) -> str:
    line = f'<line x1="{x}" x2="{x}" y1="{_TOP}" y2="{_FLOOR}" stroke="#eee"/>'
    return f'{line}<text x="{x}" y="{_FLOOR + 16}" text-anchor="middle">{label}</text>'


def _keys(lines: Mapping[tuple[str, str], Sequence[Point]]) -> Iterator[str]:
    for number, (engine, by) in enumerate(lines):
        x, y = _LEFT + 128 * number, _HIGH - 8
        yield f'<line x1="{x}" x2="{x + 18}" y1="{y - 4}" y2="{y - 4}" {_stroke(engine, by)}/>'
        yield f'<text x="{x + 23}" y="{y}">{escape(by)}, {escape(engine)}</text>'


def _line(engine: str, by: str, places: Sequence[Point]) -> str:
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{_COLOURS.get(engine, "#555")}"/>' for x, y in places)
    path = " ".join(f"{x},{y}" for x, y in places)
    return f'<polyline points="{path}" fill="none" {_stroke(engine, by)}/>{dots}'


def _stroke(engine: str, by: str) -> str:
    return f'stroke="{_COLOURS.get(engine, "#555")}" stroke-width="1.6" stroke-dasharray="{_DASHES.get(by, "")}"'
