"""What a list or a report holds, as a file: everything that the filters find, written as it is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from tempfile import TemporaryFile
from typing import Any

from flask import request, send_file
from werkzeug.wrappers import Response

from admin_panel.reports.layout import Column
from records.tables import CSV, MIME, XLSX, Cell, write
from records.web.words import today


def as_file(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, on: date | None = None) -> Response:
    """Anything but XLSX is asked for as CSV. The name says the title and the day, today if no other is given."""
    kind = XLSX if request.values.get("format") == XLSX else CSV
    out = TemporaryFile()  # noqa: SIM115  # because: the answer closes it once it is sent
    write(out, kind, header, rows, title=title)
    out.seek(0)
    name = f"{title} {(on or today()).isoformat()}.{kind}"
    return send_file(out, mimetype=MIME[kind], as_attachment=True, download_name=name)


def rows_file(title: str, columns: list[Column], rows: Iterable[Any]) -> Response:
    """All rows as a file, CSV or XLSX as the address says."""
    return as_file(title, [column.label for column in columns], ([each.cell(row) for each in columns] for row in rows))
