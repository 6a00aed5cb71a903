"""Registers for tests, made here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

from records.registers import files
from records.registers.mapping import Field, IdentifyBy, Mapping
from records.registers.rows import Reading, Row

HEADER = "Name,Number,Type,Issued,Expires\n"
MAPPING = Mapping(
    columns={"Name": Field.FULL_NAME, "Number": Field.NUMBER, "Type": Field.TYPE, "Issued": Field.ISSUED,
             "Expires": Field.EXPIRES},
    identify_by=IdentifyBy.NAME,
)  # fmt: skip


def csv_rows(content: str | bytes, *, encoding: str = "utf-8", delimiter: str = ",") -> list[Row]:
    stream = io.BytesIO(content.encode(encoding) if isinstance(content, str) else content)
    return list(files.opened(stream, Reading("csv", encoding=encoding, delimiter=delimiter)).rows())


def problem(row: Row) -> str:
    return row.problem.in_english() if row.problem else ""


def workbook(*sheets: Sequence[Sequence[Any]], **options: Any) -> bytes:
    """An XLSX whose texts that begin with "=" are formulas."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, **options}) as book:
        day = book.add_format({"num_format": "mm/dd/yyyy"})
        for rows in sheets:
            sheet = book.add_worksheet()
            for at, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(at, column, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001  # because: a cell of a sheet has no time zone
                    else:
                        sheet.write(at, column, value)
    return out.getvalue()


def with_part(content: bytes, part: str, replacement: bytes) -> bytes:
    """The workbook with one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, replacement if name == part else source.read(name))
    return out.getvalue()


def part_of(content: bytes, part: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        return source.read(part)
