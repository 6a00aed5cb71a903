"""Files for spreadsheets: what is text stays text, and what is a number or a date is one."""

from __future__ import annotations

import csv
import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from random import Random
from tempfile import TemporaryFile

import pytest
from python_calamine import CalamineWorkbook

from records import tables
from records.tables import CSV, XLSX, neutral, write, written

HEADER = ["Certificate", "Counts on", "Credits"]
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x.example","y")',
           " =1+1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\u202e=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)",
           "\u22121+1", "\ufe63" "1", "\x00=1", "\tplain"]  # fmt: skip


def _rows(texts):
    return [[text, date(2025, 3, 1), Decimal("-2.50")] for text in texts]


def _csv(texts):
    content = written(CSV, HEADER, _rows(texts), title="Credits")
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_csv_begins_a_formula(text):
    assert _csv([text])[1] == [f"'{text}", "2025-03-01", "-2.50"]


def test_other_text_of_a_csv_stays_as_it_is():
    texts = ["Núñez; Łukasz", 'with "quotes", commas', "two\nlines", "山田", "a=b", ""]
    assert [row[0] for row in _csv(texts)[1:]] == texts
    assert neutral("plain") == "plain"


def test_a_header_is_neutral_too():
    assert written(CSV, ["=A1"], [], title="x").decode("utf-8-sig") == "'=A1\r\n"


def test_xlsx_keeps_text_as_text_and_has_no_formula():
    texts = [*HOSTILE[:4], *HOSTILE[7:19], "https://x.example", "007", "Núñez"]
    content = written(XLSX, HEADER, _rows(texts), title="Credits [2025]: all/of 'them'")
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    assert book.sheet_names == ["Credits 2025 allof them"]
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == HEADER
    assert [row[0] for row in rows[1:]] == texts
    assert rows[1][1:] == [date(2025, 3, 1), -2.5]
    with zipfile.ZipFile(BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet


def test_a_text_longer_than_a_cell_is_cut():
    content = written(XLSX, ["A"], [["x" * 40_000], [None], [7]], title="")
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    assert len(rows[1][0]) == 32_767
    assert rows[-1][0] == 7


def test_what_is_too_long_for_a_sheet_goes_on_in_the_next(monkeypatch):
    monkeypatch.setattr("records.tables.MOST_ROWS", 3)
    for rows, sheets in ((1, 1), (2, 2), (3, 2), (5, 3)):
        content = written(XLSX, ["Number"], ([number] for number in range(rows)), title="x" * 40)
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        assert book.sheet_names[:1] == ["x" * 31]
        assert len(book.sheet_names) == sheets
        read = [row for place in range(sheets) for row in book.get_sheet_by_index(place).to_python()]
        assert [row for row in read if row != ["Number"]] == [[number] for number in range(rows)]


@pytest.mark.parametrize("kind", [CSV, XLSX])
def test_rows_are_written_as_they_come_and_few_are_kept(kind, monkeypatch):
    monkeypatch.setattr(tables, "_AT_ONCE", 10)
    alive = 0

    class Row(list):
        def __init__(self, *cells):
            nonlocal alive
            alive += 1
            super().__init__(cells)

        def __del__(self):
            nonlocal alive
            alive -= 1

    def rows():
        for number in range(200):
            yield Row("text", number)
            assert alive <= 2 * 10

    with TemporaryFile() as out:
        write(out, kind, ["a", "b"], rows(), title="x")
        assert out.tell() > 100


def _by_the_library(rows):
    """Lines of CSV as Python's own writer has them, each text neutral."""
    out = StringIO(newline="")
    csv.writer(out).writerows([neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return out.getvalue()


@pytest.mark.parametrize("number", [1, 2, 40])
@pytest.mark.parametrize("kinds", [HOSTILE, ["plain", "ñ", "7"], ["", "a,b", 'say "so"', "two\nlines", "cr\r"]])
def test_csv_is_as_the_library_writes_it(number, kinds):
    """Also where a column says the same again and again, nothing, or equal numbers in several ways."""
    other = [None, "", 0, True, Decimal("1"), Decimal("1.00"), 1, date(2025, 3, 1), "_", "\x00", "\x00a", "1,5"]
    draw = Random(number)
    rows = [[draw.choice(kinds), draw.choice(other), "alike", None, row, f"{row}x"] for row in range(number)]
    for few in (rows, [row[:1] for row in rows], [row[1:2] for row in rows], [["", None]] * number):
        head = ["x"] * len(few[0])
        text = written(CSV, head, few, title="x").decode("utf-8-sig")
        assert text == _by_the_library([head, *few])
