"""What a list or a report holds, as a file: everything that the filters find, written as it is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from tempfile import TemporaryFile

from flask import request, send_file
from werkzeug.wrappers import Response

from records.tables import CSV, MIME, XLSX, Cell, write
from records.web.words import today


def as_file(title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Anything but XLSX is asked for as CSV. The name says the title and the day."""
    kind = XLSX if request.values.get("format") == XLSX else CSV
    out = TemporaryFile()  # noqa: SIM115  # because: the answer closes it once it is sent
    write(out, kind, header, rows, title=title)
    out.seek(0)
    name = f"{title} {today().isoformat()}.{kind}"
    return send_file(out, mimetype=MIME[kind], as_attachment=True, download_name=name)
