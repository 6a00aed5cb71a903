"""CSV: text in any encoding, with any delimiter. A line that cannot be read is a row with a problem, never lost."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from records.errors import N_, Invalid, Refusal, UnreadableRegister
from records.registers.rows import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, Reading, Row, is_blank

DELIMITERS = (",", ";", "\t", "|")
_LONGEST_LINE = 1_000_000
_MOST_LINES_IN_A_ROW = 50
_SNIFFED_LINES = 50


class CsvRegister:
    """`header` are the cells of the first line that is not blank; `rows` reads the file once, from there on."""

    def __init__(self, stream: BinaryIO, reading: Reading) -> None:
        self._encoding = reading.encoding or "utf-8"
        self._delimiter = reading.delimiter or ","
        self._line = ""
        self._cells = csv.reader(iter(lambda: self._line, None), delimiter=self._delimiter)
        self._is_plain = False  # whether the last row stood in one line of ASCII, no longer than a cell may be
        self._lines = _Lines(_Text(stream, _codec(self._encoding), _on_error(self._encoding), newline=""))
        self.header = self._first_row()

    def rows(self) -> Iterator[Row]:
        width = len(self.header)
        count = 0
        while (row := self._next()) is not None:
            if not row.problem and is_blank(row.cells):
                continue
            count += 1
            if count > MOST_ROWS:
                raise UnreadableRegister(N_("A register can have at most %(most)s rows. Split the file."),
                                         field="file", most=MOST_ROWS)  # fmt: skip
            if not self._is_plain:
                row.problem = row.problem or self._undecodable(row) or too_long(row)
            row.problem = row.problem or _ragged(row, width)
            yield row

    def _first_row(self) -> list[str]:
        while (row := self._next()) is not None:
            if row.problem or self._undecodable(row):
                raise UnreadableRegister(
                    N_("Line %(line)s, the header, cannot be read with this encoding and delimiter."),
                    field="file", line=row.line,
                )  # fmt: skip
            if not is_blank(row.cells):
                header = [str(cell) for cell in row.cells]
                while header and not header[-1].strip():
                    header.pop()
                if len(header) > MOST_COLUMNS:
                    raise UnreadableRegister(N_("A register can have at most %(most)s columns."), field="file",
                                             most=MOST_COLUMNS)  # fmt: skip
                return header
        raise UnreadableRegister(N_("The file is empty: there is no header in it."), field="file")

    def _next(self) -> Row | None:
        """The next row, of as many lines as its quotation marks hold together."""
        text = self._lines.take()
        if text is None:
            return None
        line, held = self._lines.number, [text]
        self._is_plain = len(text) <= LONGEST_CELL and text.isascii() and '"' not in text and "\0" not in text
        if self._is_plain:
            self._line = text
            return Row(line, next(self._cells))
        if '"' not in text:
            return Row(line, self._parsed(held, strict=False))
        while True:
            try:
                return Row(line, self._parsed(held, strict=True))
            except csv.Error as error:
                another = self._lines.take() if _is_open(error) and len(held) < _MOST_LINES_IN_A_ROW else None
                if another is None:
                    self._lines.give_back(held[1:])
                    return Row(line, self._parsed(held[:1], strict=False), _quotation(error))
                held.append(another)

    def _parsed(self, lines: list[str], *, strict: bool) -> list[str]:
        try:
            rows = list(csv.reader(lines, delimiter=self._delimiter, strict=strict))
        except csv.Error:
            if strict:
                raise
            rows = [lines[0].rstrip("\r\n").split(self._delimiter)]
        return [cell.replace("\x00", "") for cell in rows[0]] if rows else []

    def _undecodable(self, row: Row) -> Refusal | None:
        for position, cell in enumerate(row.cells):
            text = str(cell)
            if not text.isascii() and any("\udc80" <= letter <= "\udcff" or letter == "\ufffd" for letter in text):
                row.cells = [_readable(str(each)) for each in row.cells]
                return Invalid(N_("“%(value)s” is not text in the encoding %(encoding)s."),
                               value=str(row.cells[position])[:80], encoding=self._encoding)  # fmt: skip
        return None


class _Text(io.TextIOWrapper):
    def close(self) -> None:
        """The stream beneath is its owner's to close."""


class _Lines:
    """The lines of a text, numbered from 1, some of which may be given back."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._given_back: deque[str] = deque()
        self.number = 0

    def take(self) -> str | None:
        line = self._given_back.popleft() if self._given_back else self._text.readline(_LONGEST_LINE)
        if not line:
            return None
        self.number += 1
        if len(line) >= _LONGEST_LINE:
            raise UnreadableRegister(N_("Line %(line)s is too long for a line of a table."), field="file",
                                     line=self.number)  # fmt: skip
        return line

    def give_back(self, lines: list[str]) -> None:
        self._given_back.extendleft(reversed(lines))
        self.number -= len(lines)


def sniffed_delimiter(stream: BinaryIO, encoding: str) -> str:
    """The delimiter that gives the first lines the most columns, alike on most of them."""
    text = _Text(stream, _codec(encoding), _on_error(encoding), newline="")
    lines = [line for _ in range(_SNIFFED_LINES) if (line := text.readline(_LONGEST_LINE)).strip()]

    def fitness(delimiter: str) -> tuple[int, int]:
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            return (0, 0)
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) if width > 1 else 0, width)

    return max(DELIMITERS, key=fitness)


def too_long(row: Row) -> Refusal | None:
    if any(isinstance(cell, str) and len(cell) > LONGEST_CELL for cell in row.cells):
        row.cells = [cell[:LONGEST_CELL] if isinstance(cell, str) else cell for cell in row.cells]
        return Invalid(N_("A cell is longer than %(most)s characters."), most=LONGEST_CELL)
    return None


def _ragged(row: Row, width: int) -> Refusal | None:
    if len(row.cells) == width:
        return None
    cells = list(row.cells)
    while len(cells) > width and not str(cells[-1]).strip():
        cells.pop()
    row.cells = cells
    if len(cells) == width:
        return None
    sentence = N_("This row has %(cells)s cells, but the header has %(width)s.")
    return Invalid(sentence, cells=len(cells), width=width)


def _is_open(error: csv.Error) -> bool:
    return "unexpected end of data" in str(error)


def _quotation(error: csv.Error) -> Refusal:
    if _is_open(error):
        return Invalid(N_("A quotation mark is opened and never closed."))
    if "field larger" in str(error):
        return Invalid(N_("A cell is longer than %(most)s characters."), most=LONGEST_CELL)
    return Invalid(N_("A quotation mark stands in the wrong place."))


def _codec(encoding: str) -> str:
    return "utf-8-sig" if encoding == "utf-8" else encoding


def _on_error(encoding: str) -> str:
    """What cannot be decoded is kept as lone surrogates where the codec can, else marked."""
    return "replace" if encoding.startswith("utf-16") else "surrogateescape"


def _readable(text: str) -> str:
    """What could not be decoded as Western European text, so that a person can tell what it was."""
    return text.encode("utf-8", "surrogateescape").decode("windows-1252", "replace") if _has_escapes(text) else text


def _has_escapes(text: str) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in text)
