"""What a list or a report holds, as a file: everything that the filters find, written as it is read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import StringIO
from tempfile import TemporaryFile
from typing import Any

from flask import Response as Answer
from flask import redirect, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.reports.layout import Column, cells_of
from records import signin
from records.queries.list_pages import page_named
from records.tables import CSV, MIME, XLSX, Table, csv_pieces, table_of, write
from records.web.streaming import Pieces
from records.web.words import today

# Of a workbook that somebody waits for; longer ones are written in the background.
MOST_AT_ONCE = 50_000


def rows_table(
    title: str, columns: Sequence[Column], rows: Iterable[Any], count: Callable[[int | None], int] | None = None
) -> Table:
    """Of rows and the columns that say what each holds."""
    return Table(title, [column.label for column in columns], cells_of(columns, rows), count=count)


def list_file(page: str, fields: Mapping[str, str]) -> Response:
    """The list or report of this name under the filters of an address, as a file; or the way to where it is written
    in the background, if it is a long workbook."""
    by = signin.current_actor()
    if not is_workbook():
        return _streamed(lambda: table_of(page, fields, by=by))
    table = table_of(page, fields, by=by)
    if table.is_longer_than(MOST_AT_ONCE):
        asked: dict[str, Any] = {**page_named(page, by=by).kept(fields)}
        return redirect(url_for("exports.offer", page=page, **asked), 303)
    return _workbook(table)


def is_workbook() -> bool:
    """Whether the address asks for XLSX: anything else is asked for as CSV."""
    return request.values.get("format") == XLSX


def rows_file(title: str, columns: Sequence[Column], rows: Callable[[], Iterable[Any]]) -> Response:
    """The rows as the address asks for them. `rows` reads them, in the context in which the file is written."""

    def table() -> Table:
        return rows_table(title, columns, rows())

    return _workbook(table()) if is_workbook() else _streamed(table)


def _workbook(table: Table) -> Response:
    out = TemporaryFile()  # noqa: SIM115  # because: the answer closes it once it is sent
    write(out, XLSX, table.header, table.rows, title=table.title)
    out.seek(0)
    return send_file(out, mimetype=MIME[XLSX], as_attachment=True, download_name=table.file_name(XLSX, today=today()))


def _streamed(table: Callable[[], Table]) -> Response:
    """CSV, sent as it is read."""
    name = ""

    def pieces() -> Iterator[bytes]:
        nonlocal name
        read = table()
        name = read.file_name(CSV, today=today())
        return csv_pieces(read.header, read.rows)

    broken = StringIO()
    csv.writer(broken).writerow(["", gettext("The export broke off here: rows are missing. Please export again.")])
    coming = Pieces(pieces, last_words=broken.getvalue().encode())
    answer = Answer(coming, content_type=MIME[CSV])
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
