"""What a list or a report holds, as a file: everything that the filters find, written as it is read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO
from tempfile import TemporaryFile
from typing import Any

from flask import Response as Answer
from flask import request, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.reports.layout import Column, cells_of
from records.tables import CSV, MIME, XLSX, Cell, csv_pieces, write
from records.web.streaming import Pieces
from records.web.words import today


@dataclass(frozen=True)
class Table:
    """`title` names file and sheet, with the day `on`, today if no other is given."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    on: date | None = None

    @classmethod
    def of(cls, title: str, columns: Sequence[Column], rows: Iterable[Any]) -> Table:
        return cls(title, [column.label for column in columns], cells_of(columns, rows))

    def file_name(self, kind: str) -> str:
        return f"{self.title} {(self.on or today()).isoformat()}.{kind}"


def as_file(table: Callable[[], Table]) -> Response:
    """The table as the address asks for it: anything but XLSX is CSV. `table` reads it, in the context in which the
    file is written."""
    return _workbook(table()) if request.values.get("format") == XLSX else _streamed(table)


def rows_file(title: str, columns: Sequence[Column], rows: Callable[[], Iterable[Any]]) -> Response:
    """The rows as a file likewise."""
    return as_file(lambda: Table.of(title, columns, rows()))


def _workbook(table: Table) -> Response:
    out = TemporaryFile()  # noqa: SIM115  # because: the answer closes it once it is sent
    write(out, XLSX, table.header, table.rows, title=table.title)
    out.seek(0)
    return send_file(out, mimetype=MIME[XLSX], as_attachment=True, download_name=table.file_name(XLSX))


def _streamed(table: Callable[[], Table]) -> Response:
    """CSV, sent as it is read."""
    name = ""

    def pieces() -> Iterator[bytes]:
        nonlocal name
        read = table()
        name = read.file_name(CSV)
        return csv_pieces(read.header, read.rows)

    broken = StringIO()
    csv.writer(broken).writerow(["", gettext("The export broke off here: rows are missing. Please export again.")])
    coming = Pieces(pieces, last_words=broken.getvalue().encode())
    answer = Answer(coming, mimetype=MIME[CSV])
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
