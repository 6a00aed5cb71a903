"""CSV: encodings, delimiters, quotes and ragged rows; what cannot be read keeps its line and its text."""

from __future__ import annotations

import io

import pytest

from records.errors import UnreadableRegister
from records.registers import files
from records.registers.rows import Reading, named_columns
from tests.registers import csv_rows, problem


def detected(content: bytes) -> Reading:
    return files.detected(io.BytesIO(content))


def test_rows_keep_the_line_they_stand_in():
    rows = csv_rows('a,b\n1,2\n\n"two\nlines",4\n5,6\n')
    assert [(row.line, list(row.cells)) for row in rows] == [(2, ["1", "2"]), (4, ["two\nlines", "4"]), (6, ["5", "6"])]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_will_do(ending):
    assert [row.line for row in csv_rows(ending.join(["a,b", "1,2", "3,4", ""]))] == [2, 3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter):
    content = "\n".join(
        delimiter.join(row) for row in (["Name", "No", "Expires"], ["A, B", "7", "2027-01-01"])
    ).encode()
    assert detected(content).delimiter == delimiter


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Name\nRené Núñez\n"),
        ("utf-8-sig", "Name\nRené Núñez\n"),
        ("utf-16", "Name\nRené Núñez\n"),
        ("utf-16-le", "Name\nRené Núñez\n"),
        ("utf-16-be", "Name\nRené Núñez\n"),
        ("windows-1252", "Name\nRené Núñez\n"),
        ("windows-1251", "Имя\n" + "Наталья Петровна Иванова\nСергей Михайлович Кузнецов\n" * 5),
    ],
)
def test_the_encoding_is_found(encoding, text):
    content = text.encode(encoding)
    reading = detected(content)
    register = files.opened(io.BytesIO(content), reading)
    assert [*register.header, *(row.cells[0] for row in register.rows())] == text.splitlines()


def test_a_line_in_another_encoding_is_a_problem_of_that_line_alone():
    content = "Name,No\nRené,1\nZoë,2\n".encode() + "André,3\n".encode("windows-1252") + "Søren,4\n".encode()
    assert detected(content).encoding == "utf-8"
    rows = csv_rows(content)
    assert [bool(row.problem) for row in rows] == [False, False, True, False]
    assert rows[2].line == 4
    assert "not text in the encoding utf-8" in problem(rows[2])
    assert list(rows[2].cells) == ["André", "3"]


def test_a_ragged_row_says_how_many_cells_it_has():
    rows = csv_rows("a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n")
    assert problem(rows[1]) == "This row has 2 cells, but the header has 3."
    assert problem(rows[2]) == "This row has 4 cells, but the header has 3."
    assert list(rows[2].cells) == ["1", "2", "3", "4"]
    assert rows[3].problem is None


def test_a_quote_that_is_never_closed_swallows_nothing():
    rows = csv_rows('a,b\n1,2\n"open,3\n4,5\n6,7\n')
    assert [row.line for row in rows] == [2, 3, 4, 5]
    assert "never closed" in problem(rows[1])
    assert [list(row.cells) for row in rows[2:]] == [["4", "5"], ["6", "7"]]


def test_a_quote_in_the_wrong_place_is_a_problem_of_its_line():
    rows = csv_rows('a,b\n"x"y,2\n3,4\n')
    assert "wrong place" in problem(rows[0])
    assert list(rows[1].cells) == ["3", "4"]


def test_a_quote_within_a_plain_cell_is_text():
    rows = csv_rows('a,b\nLadder 24" long,2\n3,4\n')
    assert list(rows[0].cells) == ['Ladder 24" long', "2"]
    assert rows[0].problem is None


def test_a_very_long_cell_is_a_problem_of_its_line():
    rows = csv_rows(f"a,b\n{'x' * 5000},2\n{'y' * 200_000},2\n3,4\n")
    assert all("longer than 4000" in problem(row) for row in rows[:2])
    assert list(rows[2].cells) == ["3", "4"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n \n,,\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"a," * 300 + b"\n", "at most 200 columns"),
        ("Née,b\n1,2\n".encode("windows-1252"), "header"),
        (b"x" * 1_000_001, "too long"),
    ],
)
def test_what_has_no_header_is_refused(content, said):
    with pytest.raises(UnreadableRegister, match=said):
        csv_rows(content)


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"%PDF-1.7\n" + b"x" * 100,
        b"GIF89a" + bytes(50),
        b"Name,No\n\x00\x01\x02,3\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ],
)
def test_what_is_no_text_is_refused(content):
    with pytest.raises(UnreadableRegister):
        detected(content)


@pytest.mark.parametrize(
    "content", [b"<html><table><tr><td>Name</td></tr></table>", b"\xef\xbb\xbf\n <?xml version='1.0'?>\n<a/>\n"]
)
def test_a_web_page_or_xml_is_refused_by_what_it_is(content):
    with pytest.raises(UnreadableRegister, match="web page or XML"):
        detected(content)


def test_a_reading_that_is_not_on_the_list_is_refused():
    for reading in (Reading("csv", encoding="rot13", delimiter=","), Reading("csv", encoding="utf-8", delimiter="x")):
        with pytest.raises(UnreadableRegister):
            files.require_known(reading)


def test_every_column_has_a_name_of_its_own():
    assert named_columns(["Date", "date", "", "Date", " "]) == ["Date", "date (2)", "Column 3", "Date (3)", "Column 5"]
