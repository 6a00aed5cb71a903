"""Writing the rows that did not come in to a CSV, with their problem, so that they can be mended and sent again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from records.registers.rows import PROBLEM
from records.tables import neutral

# With its mark, so that spreadsheet programs know the encoding too.
_MARK = "\ufeff"


def mending_file(header: Sequence[str], rows: Iterable[tuple[Sequence[str], str]]) -> Iterator[bytes]:
    """The CSV piece by piece, in UTF-8: each row's cells and its problem, in a column of its own at the end.

    A row with more cells than the header keeps them, after its problem.
    """
    names = [name for name in header if name != PROBLEM]
    kept = [at for at, name in enumerate(header) if name != PROBLEM]
    yield (_MARK + _line([*names, PROBLEM])).encode()
    for cells, problem in rows:
        own = [cells[at] if at < len(cells) else "" for at in kept]
        yield _line([*own, problem, *cells[len(header) :]]).encode("utf-8", "replace")


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([neutral(cell) for cell in cells])
    return text.getvalue()
