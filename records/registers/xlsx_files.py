"""XLSX: one sheet of a workbook. Dates come as dates; a formula comes as its text, to be refused by its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from records.errors import N_, UnreadableRegister
from records.registers.csv_files import too_long
from records.registers.rows import MOST_COLUMNS, MOST_ROWS, Cell, Reading, Row, is_blank, shown
from records.registers.xlsx_guard import examined, sheet_names


class XlsxRegister:
    """`header` are the cells of the first row that is not blank; `rows` reads the sheet once, from there on."""

    def __init__(self, stream: BinaryIO, reading: Reading) -> None:
        names = sheet_names(stream)
        if not names:
            raise UnreadableRegister(N_("There is no sheet with cells in this workbook."), field="file")
        name = reading.sheet or names[0]
        self._formulas = examined(stream, name).formulas
        self._sheet = _sheet(stream, name)
        self._first_column = (self._sheet.start or (0, 0))[1]
        self._rows = self._numbered()
        self.header = self._first_row()

    def rows(self) -> Iterator[Row]:
        width = len(self.header)
        for count, row in enumerate(self._rows, start=1):
            if count > MOST_ROWS:
                raise UnreadableRegister(N_("A register can have at most %(most)s rows. Split the file."),
                                         field="file", most=MOST_ROWS)  # fmt: skip
            cells = list(row.cells[:width])
            row.cells = cells + [""] * (width - len(cells))
            row.problem = too_long(row)
            yield row

    def _first_row(self) -> list[str]:
        row = next(self._rows, None)
        if row is None:
            raise UnreadableRegister(N_("The file is empty: there is no header in it."), field="file")
        header = [shown(cell) for cell in row.cells]
        while header and not header[-1].strip():
            header.pop()
        if len(header) > MOST_COLUMNS:
            raise UnreadableRegister(N_("A register can have at most %(most)s columns."), field="file",
                                     most=MOST_COLUMNS)  # fmt: skip
        return header

    def _numbered(self) -> Iterator[Row]:
        """Every row that is not blank; lines count as the spreadsheet program numbers them."""
        by_row: dict[int, dict[int, str]] = {}
        for (row, column), formula in self._formulas.items():
            by_row.setdefault(row, {})[column - self._first_column] = formula
        line = 0
        for line, values in enumerate(self._sheet.iter_rows(), start=1):
            cells = [_cell(value) for value in values]
            _put_formulas(cells, by_row.get(line - 1))
            if not is_blank(cells):
                yield Row(line, cells)
        for row in sorted(row for row in by_row if row >= line):
            cells = []
            _put_formulas(cells, by_row[row])
            yield Row(row + 1, cells)


def _put_formulas(cells: list[Cell], formulas: dict[int, str] | None) -> None:
    for column, formula in sorted((formulas or {}).items()):
        if 0 <= column < MOST_COLUMNS * 4:
            cells += [""] * (column + 1 - len(cells))
            cells[column] = formula


def _sheet(stream: BinaryIO, name: str) -> CalamineSheet:
    stream.seek(0)
    try:
        return CalamineWorkbook.from_filelike(stream).get_sheet_by_name(name)
    except (CalamineError, OSError, ValueError):
        raise UnreadableRegister(field="file") from None


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else str(value)
