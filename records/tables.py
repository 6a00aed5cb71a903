"""Tables as files that people open in a spreadsheet: CSV and XLSX, in which no text ever becomes a formula."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import islice
from typing import IO, Any

Cell = str | date | Decimal | int | None

CSV, XLSX = "csv", "xlsx"
MIME = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a spreadsheet takes for the beginning of a formula; some do so behind blanks, or written wide.
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\u2212")
_BREAKS = ("\t", "\r", "\n")
_LONGEST = 32_767  # characters of a cell in XLSX
MOST_ROWS = 1_048_576  # of a sheet in XLSX, its head included; what is more goes to the next sheet
_WIDEST = 60
_AT_ONCE = 1000  # rows of a piece of CSV


def neutral(text: str) -> str:
    """`text` with an apostrophe before it where a spreadsheet could calculate it."""
    first = next((mark for mark in text if unicodedata.category(mark)[0] not in "CZ"), "")  # that shows
    calculated = unicodedata.normalize("NFKC", first).startswith(_STARTS_A_FORMULA)
    return f"'{text}" if calculated or text[:1] in _BREAKS else text


def written(kind: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str) -> bytes:
    """The file's bytes. `kind` is CSV or XLSX; `title` names the sheet."""
    out = BytesIO()
    write(out, kind, header, rows, title=title)
    return out.getvalue()


def write(out: IO[bytes], kind: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str) -> None:
    """As `written`, into a file that is open for writing: rows are taken one by one, and none is kept."""
    if kind == XLSX:
        _xlsx(out, header, rows, title)
    else:
        out.writelines(csv_pieces(header, rows))


def csv_pieces(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """CSV, some rows a piece: rows are taken as the pieces are.

    UTF-8 with a mark at its beginning, by which spreadsheets know it. Numbers have a point, dates are 2027-03-21.
    """
    text, left = StringIO("\ufeff", newline=""), iter(rows)
    text.seek(0, 2)
    writer = csv.writer(text)
    writer.writerow(_neutral([*header]))
    while some := [*islice(left, _AT_ONCE)]:
        writer.writerows(map(_neutral, some))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    if text.tell():
        yield text.getvalue().encode()


def _neutral(row: Sequence[Cell]) -> list[Cell]:
    """No spreadsheet calculates what begins with a letter or a digit of any script: such text is looked at no closer,
    for a file has millions of cells."""
    return [each if each.__class__ is not str or each[:1].isalnum() else neutral(each) for each in row]


def _xlsx(out: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Cell]], title: str) -> None:
    """Text is written as text whatever it begins with, amounts as numbers and dates as dates."""
    import xlsxwriter  # because: only an export needs it

    as_text = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, {"constant_memory": True, **as_text})
    formats = {
        "head": book.add_format({"bold": True}),
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        Decimal: book.add_format({"num_format": "0.00"}),
    }
    name = "".join(mark for mark in title if mark not in "[]:*?/\\'")
    numbered, left = 1, iter(rows)
    while True:
        number = f" {numbered}" if numbered > 1 else ""
        sheet = book.add_worksheet(name[: 31 - len(number)] + number or None)
        if not _filled(sheet, header, islice(left, MOST_ROWS - 1), formats):
            break
        numbered += 1
    book.close()


def _filled(sheet: Any, header: Sequence[str], rows: Iterable[Sequence[Cell]], formats: Mapping[Any, Any]) -> bool:
    """Whether the sheet is full, so that another one may have to follow."""
    widths = [len(each) for each in header]
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, formats["head"])
    number = 0
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            widths[column] = max(widths[column], len(str(cell or "")))
            if isinstance(cell, str):
                sheet.write_string(number, column, cell[:_LONGEST])
            elif isinstance(cell, date):
                sheet.write_datetime(number, column, cell, formats[date])
            elif isinstance(cell, Decimal):
                sheet.write_number(number, column, cell, formats[Decimal])
            elif cell is not None:
                sheet.write_number(number, column, cell)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(width + 2, _WIDEST))
    sheet.freeze_panes(1, 0)
    return number == MOST_ROWS - 1
