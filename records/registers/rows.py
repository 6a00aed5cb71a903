"""One row of a register, and how it was opened."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from records.errors import Refusal
from records.models.text import folded, tidy

# A spreadsheet's cells hold dates and numbers; those of a CSV are always text.
Cell = str | date | float

MOST_ROWS = 200_000
MOST_COLUMNS = 200
LONGEST_CELL = 4_000
PROBLEM = "Problem"


@dataclass(slots=True)
class Row:
    """`line` counts from 1 in the file, the header included; a row of several lines has that of its first.

    `problem`: what is wrong with the row as a whole, before any of its values is read.
    """

    line: int
    cells: Sequence[Cell]
    problem: Refusal | None = None


@dataclass(frozen=True)
class Reading:
    """How a file is read. `kind` is "csv" or "xlsx"; the others count for their kind only."""

    kind: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""

    def to_json(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> Reading:
        return cls(**{name: str(facts.get(name, "")) for name in ("kind", "encoding", "delimiter", "sheet")})


def shown(cell: Cell) -> str:
    """A cell as text: dates as 2027-03-21, whole numbers without a decimal point."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, date):
        return cell.isoformat()
    return str(int(cell)) if float(cell).is_integer() else str(cell)


def named_columns(cells: Sequence[Cell]) -> list[str]:
    """The header's names, each once: blank ones are numbered, later ones of the same name too."""
    names: list[str] = []
    taken: set[str] = set()
    for position, cell in enumerate(cells, start=1):
        wanted = tidy(shown(cell))[:200] or f"Column {position}"
        name, count = wanted, 1
        while folded(name) in taken:
            count += 1
            name = f"{wanted} ({count})"
        taken.add(folded(name))
        names.append(name)
    return names


def header_digest(header: Sequence[str]) -> str:
    """By which a mapping is found again: SHA-256 of the names, less the column that our own files add."""
    names = [folded(name) for name in header if name != PROBLEM]
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def is_blank(cells: Sequence[Cell]) -> bool:
    return all(isinstance(cell, str) and not cell.strip() for cell in cells)
