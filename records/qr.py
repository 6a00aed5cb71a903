"""QR codes as plain squares, for a page and for paper to draw."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import segno

# Readers want a margin of four squares.
_MARGIN = 4


@dataclass(frozen=True)
class Qr:
    """`size` is the width and height in squares, margin included; `bars` are runs of dark squares: x, y, width."""

    size: int
    bars: tuple[tuple[int, int, int], ...]

    @property
    def path(self) -> str:
        """The bars as the outline of an SVG path."""
        return "".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in self.bars)


def qr(text: str) -> Qr:
    """The QR code of `text`, such as an address, in ASCII; readable with a seventh of it covered or more."""
    matrix = segno.make(text, error="m", micro=False).matrix
    bars = []
    for y, row in enumerate(matrix, start=_MARGIN):
        x = _MARGIN
        for dark, run in groupby(row):
            width = len(list(run))
            if dark:
                bars.append((x, y, width))
            x += width
    return Qr(len(matrix) + 2 * _MARGIN, tuple(bars))
