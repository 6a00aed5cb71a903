"""Looking an XLSX over before it is opened: how large it becomes, and where it holds formulas.

A workbook is a ZIP of XML. A small one can unfold to far more memory than there is, by compression, by
one cell in the last column and row, or by entities; and a reader hands out a formula's last result as if
it were a value. So the sheet is walked once, in small pieces, and refused where it is too much.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from records.errors import N_, UnreadableRegister
from records.registers.rows import MOST_COLUMNS, MOST_ROWS

_MOST_BYTES = 192 * 1024 * 1024
_MOST_CELLS = 4_000_000
_MOST_SHEETS = 100
_PIECE = 64 * 1024
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")

# What broken archives, unknown encodings and passwords come to.
_BROKEN = (
    expat.ExpatError, zipfile.BadZipFile, zlib.error, OSError, EOFError, LookupError, ValueError, RuntimeError,
)  # fmt: skip

Start = Callable[[str, dict[str, str]], None]


@dataclass
class Sheet:
    """Rows and columns count from 0. `formulas` holds the text of each formula by its place."""

    rows: int = 0
    columns: int = 0
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)


def sheet_names(stream: BinaryIO) -> list[str]:
    """The workbook's sheets in their order. Raises UnreadableRegister."""
    with _opened(stream) as archive:
        return list(_sheet_parts(archive))


def examined(stream: BinaryIO, name: str) -> Sheet:
    """The size and the formulas of one sheet. Raises UnreadableRegister where it is not to be opened."""
    with _opened(stream) as archive:
        part = _sheet_parts(archive).get(name)
        if part is None or part not in archive.namelist():
            raise UnreadableRegister(N_("There is no sheet “%(sheet)s” in this file."), field="file", sheet=name)
        walk = _Walk()
        _parse(archive, part, walk.start, walk.end, walk.text)
        return walk.sheet


def _opened(stream: BinaryIO) -> zipfile.ZipFile:
    stream.seek(0)
    try:
        archive = zipfile.ZipFile(stream)
    except _BROKEN:
        raise UnreadableRegister(field="file") from None
    names = archive.namelist()
    if "xl/workbook.xml" not in names or len(names) != len(set(names)) or len(names) > 2000:
        raise UnreadableRegister(N_("This is not an XLSX workbook. Save it as XLSX or CSV."), field="file")
    if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
        raise _too_large()
    return archive


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part of the archive that holds each sheet, by the sheet's name."""
    targets: dict[str, str] = {}
    parts: dict[str, str] = {}

    def relation(tag: str, facts: dict[str, str]) -> None:
        if tag == "Relationship" and "Target" in facts:
            target = facts["Target"]
            path = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
            targets[facts.get("Id", "")] = posixpath.normpath(path)

    def sheet(tag: str, facts: dict[str, str]) -> None:
        if tag == "sheet" and len(parts) < _MOST_SHEETS:
            parts[facts.get("name", "")] = targets.get(facts.get("id", ""), "")

    _parse(archive, "xl/_rels/workbook.xml.rels", relation)
    _parse(archive, "xl/workbook.xml", sheet)
    return {name: part for name, part in parts.items() if name and part.startswith("xl/worksheets/")}


class _Walk:
    """Follows the cells of a sheet's XML."""

    def __init__(self) -> None:
        self.sheet = Sheet()
        self._row = self._column = -1
        self._formula: list[str] | None = None

    def start(self, tag: str, facts: dict[str, str]) -> None:
        if tag == "row":
            number = facts.get("r", "")
            self._row = int(number) - 1 if number.isdecimal() and len(number) < 8 else self._row + 1
            self._column = -1
        elif tag == "c":
            place = _REFERENCE.fullmatch(facts.get("r", ""))
            if place:
                self._column, self._row = _column(place[1]), int(place[2]) - 1
            else:
                self._column += 1
            self._count()
        elif tag == "f":
            self._formula = []

    def end(self, tag: str) -> None:
        if tag == "f" and self._formula is not None:
            self.sheet.formulas[self._row, self._column] = "=" + "".join(self._formula)[:200]
            self._formula = None

    def text(self, text: str) -> None:
        if self._formula is not None:
            self._formula.append(text)

    def _count(self) -> None:
        sheet = self.sheet
        sheet.rows, sheet.columns = max(sheet.rows, self._row + 1), max(sheet.columns, self._column + 1)
        if sheet.rows > MOST_ROWS * 2 or sheet.columns > MOST_COLUMNS * 4 or sheet.rows * sheet.columns > _MOST_CELLS:
            raise UnreadableRegister(
                N_("This sheet reaches to row %(row)s and column %(column)s, which is more than a register can have. "
                   "Delete what stands far outside the table."),
                field="file", row=sheet.rows, column=sheet.columns,
            )  # fmt: skip


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _parse(
    archive: zipfile.ZipFile,
    part: str,
    start: Start,
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Walk one XML part in pieces. Raises UnreadableRegister where it is broken, too large, or has a DTD."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_dtd
    parser.StartElementHandler = lambda tag, facts: start(_local(tag), {_local(key): facts[key] for key in facts})
    if end is not None:
        parser.EndElementHandler = lambda tag: end(_local(tag))
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        with archive.open(part) as stream:
            size = 0
            while piece := stream.read(_PIECE):
                size += len(piece)
                if size > _MOST_BYTES:
                    raise _too_large()
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except _BROKEN:
        raise UnreadableRegister(field="file") from None


def _local(tag: str) -> str:
    return tag.rpartition(":")[2]


def _refuse_dtd(*_declaration: object) -> None:
    raise UnreadableRegister(N_("This workbook declares a document type, which no spreadsheet program does."),
                             field="file")  # fmt: skip


def _too_large() -> UnreadableRegister:
    return UnreadableRegister(N_("This workbook unfolds to more than a register can be."), field="file")
