"""Opening a register, whatever it is: one door for CSV and XLSX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Protocol

from records.errors import N_, UnreadableRegister
from records.file_kinds import UNKNOWN, kind_of
from records.registers.csv_files import DELIMITERS, CsvRegister, sniffed_delimiter
from records.registers.encodings import ENCODINGS, detected_encoding
from records.registers.rows import Reading, Row
from records.registers.xlsx_files import XlsxRegister
from records.registers.xlsx_guard import sheet_names

# The largest file that is read as a register, in bytes.
LARGEST_REGISTER = 64 * 1024 * 1024
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


class Register(Protocol):
    """`header` are the cells of the header as they stand; `rows` can be read once."""

    header: list[str]

    def rows(self) -> Iterator[Row]: ...


def opened(stream: BinaryIO, reading: Reading) -> Register:
    """The register in `stream` (seekable), read so. Raises UnreadableRegister (field `file`)."""
    stream.seek(0)
    register: Register = XlsxRegister(stream, reading) if reading.kind == "xlsx" else CsvRegister(stream, reading)
    return register


def detected(stream: BinaryIO) -> Reading:
    """How `stream` is likely to be read. Raises UnreadableRegister where it is no table at all."""
    stream.seek(0)
    head = stream.read(8192)
    stream.seek(0)
    if head.startswith(b"PK\x03\x04"):
        names = sheet_names(stream)
        return Reading("xlsx", sheet=names[0] if names else "")
    if head.startswith(_OLD_EXCEL):
        raise UnreadableRegister(N_("This is an old or an encrypted Excel file. Save it as XLSX without a password, "
                                    "or as CSV."), field="file")  # fmt: skip
    if kind_of(head) != UNKNOWN:
        raise UnreadableRegister(field="file")
    encoding = detected_encoding(stream)
    if b"\x00" in head and not encoding.startswith("utf-16"):
        raise UnreadableRegister(field="file")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise UnreadableRegister(N_("This is a web page or XML, whatever its name says. Open it in a spreadsheet "
                                    "program and save it as XLSX or CSV."), field="file")  # fmt: skip
    stream.seek(0)
    return Reading("csv", encoding=encoding, delimiter=sniffed_delimiter(stream, encoding))


def require_known(reading: Reading) -> None:
    """Raises UnreadableRegister where a person chose what cannot be chosen."""
    if reading.kind == "csv" and (reading.encoding not in ENCODINGS or reading.delimiter not in DELIMITERS):
        raise UnreadableRegister(N_("Choose an encoding and a delimiter from the lists."), field="file")


def sheets(stream: BinaryIO) -> Sequence[str]:
    return sheet_names(stream)
