"""Tables as files that people open in a spreadsheet: CSV and XLSX, in which no text ever becomes a formula."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import chain, islice, zip_longest
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, cast

from flask_babel import force_locale

if TYPE_CHECKING:
    from records.models import Actor

Cell = str | date | Decimal | int | None

CSV, XLSX = "csv", "xlsx"
MIME = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a spreadsheet takes for the beginning of a formula; some do so behind blanks, or written wide.
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\u2212")
_BREAKS = ("\t", "\r", "\n")
# Where no text of a column, each behind a NUL, holds this, none is looked at closer, for a file has millions of cells:
# no spreadsheet calculates what begins with a letter or a digit of any script.
_MAY_BE_CALCULATED = re.compile("\0(?:[^\\w\0]|_)")
_LONGEST = 32_767  # characters of a cell in XLSX
MOST_ROWS = 1_048_576  # of a sheet in XLSX, its head included; what is more goes to the next sheet
_WIDEST = 60
_AT_ONCE = 1000  # rows of a piece of CSV, and of those that say how wide columns are


@dataclass(frozen=True)
class Table:
    """What a file holds. `title` names file and sheet, with the day `on`, today if no other is given. `count` says how
    many rows there are, counted no further than it is told to (None: to the end); tables without it are short."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    on: date | None = None
    count: Callable[[int | None], int] | None = None

    def file_name(self, kind: str, *, today: date) -> str:
        """Such as "Members 2027-03-21.csv"."""
        return f"{self.title} {(self.on or today).isoformat()}.{kind}"

    def is_longer_than(self, most: int) -> bool:
        return self.count is not None and self.count(most + 1) > most


# Reads the list or the report of a name: by the fields of its address, as far as the asker may see.
Reader = Callable[[Mapping[str, str], "Actor"], Table]
_READERS: dict[str, Reader] = {}


def reads(page: str) -> Callable[[Reader], Reader]:
    """Register what reads this list or report for a file."""

    def register(reader: Reader) -> Reader:
        _READERS[page] = reader
        return reader

    return register


def table_of(page: str, asked: Mapping[str, str], *, by: Actor) -> Table:
    """Raises NotAllowed, NotFound, ModuleOff, as the list itself."""
    return _READERS[page](asked, by)


@contextmanager
def words_in(language: str) -> Iterator[None]:
    """What is read for a file in here says its words in this language, such as "es"."""
    with force_locale(language):
        yield


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
    writer.writerows(_neutral([header]))
    while some := [*islice(left, _AT_ONCE)]:
        writer.writerows(_neutral(some))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    if text.tell():
        yield text.getvalue().encode()


def _neutral(rows: Sequence[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    return zip(*map(_neutral_column, zip(*rows, strict=True)), strict=True)


def _neutral_column(cells: Sequence[Cell]) -> Sequence[Cell]:
    kinds = {*map(type, cells)}
    if str not in kinds:
        return cells
    if kinds == {str} and not _MAY_BE_CALCULATED.search("\0".join(("", *cast(Sequence[str], cells)))):
        return cells
    return [neutral(each) if isinstance(each, str) else each for each in cells]


def _xlsx(out: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[Cell]], title: str) -> None:
    """Text is written as text whatever it begins with, amounts as numbers and dates as dates."""
    import xlsxwriter  # because: only an export needs it
    from xlsxwriter.exceptions import FileCreateError

    as_text = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    name = "".join(mark for mark in title if mark not in "[]:*?/\\'")
    with TemporaryDirectory() as folder:  # of what waits for its place in the file
        book = xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": folder, **as_text})
        formats = {
            "head": book.add_format({"bold": True}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            Decimal: book.add_format({"num_format": "0.00"}),
        }
        numbered, left = 1, iter(rows)
        try:
            while True:
                number = f" {numbered}" if numbered > 1 else ""
                sheet = book.add_worksheet(name[: 31 - len(number)] + number or None)
                if not _filled(sheet, header, islice(left, MOST_ROWS - 1), formats):
                    break
                numbered += 1
            book.close()
        except BaseException as error:
            for each in book.worksheets():
                each._opt_close()
            if isinstance(error, FileCreateError):  # a disk that is full, for one
                raise error.args[0] from error
            raise


def _filled(sheet: Any, header: Sequence[str], rows: Iterable[Sequence[Cell]], formats: Mapping[Any, Any]) -> bool:
    """Whether the sheet is full, so that another one may have to follow. Columns are as wide as the first rows ask
    for."""
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, formats["head"])
    string, datetime, numeral = sheet.write_string, sheet.write_datetime, sheet.write_number
    number, left = 0, iter(rows)
    first = [*islice(left, _AT_ONCE)]
    for number, row in enumerate(chain(first, left), start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                string(number, column, cell[:_LONGEST])
            elif cell is None:
                continue
            elif isinstance(cell, int):
                numeral(number, column, cell)
            elif isinstance(cell, date):
                datetime(number, column, cell, formats[date])
            else:
                numeral(number, column, cell, formats[Decimal])
    for column, cells in enumerate(zip_longest(header, *first)):
        width = max(len(str(cell or "")) for cell in cells)
        sheet.set_column(column, column, min(width + 2, _WIDEST))
    sheet.freeze_panes(1, 0)
    return number == MOST_ROWS - 1
