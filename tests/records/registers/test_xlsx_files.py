"""XLSX: dates, numbers, sheets, formulas, and workbooks that mean harm."""

from __future__ import annotations

import io
from datetime import date

import pytest

from records.errors import UnreadableRegister
from records.registers import files
from records.registers.rows import Reading
from tests.registers import part_of, with_part, workbook

SHEET = "xl/worksheets/sheet1.xml"


def opened(content: bytes, sheet: str = ""):
    return files.opened(io.BytesIO(content), Reading("xlsx", sheet=sheet))


def test_dates_numbers_and_texts_come_as_what_they_are():
    content = workbook([["Name", "No", "Expires"], ["Ann", 42, date(2027, 3, 21)], ["Bo", 1.5, "2027-01-01"]])
    register = opened(content)
    assert files.detected(io.BytesIO(content)).kind == "xlsx"
    assert register.header == ["Name", "No", "Expires"]
    assert [list(row.cells) for row in register.rows()] == [["Ann", 42, date(2027, 3, 21)], ["Bo", 1.5, "2027-01-01"]]


def test_lines_are_numbered_as_the_spreadsheet_program_does():
    register = opened(workbook([[], ["", "Name", "No"], [], ["", "Ann", "1"], ["", "", ""], ["", "Bo", "2"]]))
    assert register.header == ["Name", "No"]
    assert [(row.line, list(row.cells)) for row in register.rows()] == [(4, ["Ann", "1"]), (6, ["Bo", "2"])]


def test_a_formula_comes_as_its_text_and_not_as_its_last_result():
    register = opened(workbook([["Name", "Expires"], ["Ann", "=TODAY()+30"], ['=HYPERLINK("http://evil")', "x"]]))
    rows = list(register.rows())
    assert rows[0].cells[1] == "=TODAY()+30"
    assert str(rows[1].cells[0]).startswith("=HYPERLINK")


def test_a_formula_outside_of_all_values_is_not_lost():
    content = workbook([["Name"], ["Ann"]])
    sheet = part_of(content, SHEET)
    far = b'<row r="9"><c r="A9"><f>1+1</f></c></row></sheetData>'
    rows = list(opened(with_part(content, SHEET, sheet.replace(b"</sheetData>", far))).rows())
    assert [(row.line, list(row.cells)) for row in rows] == [(2, ["Ann"]), (9, ["=1+1"])]


def test_another_sheet_can_be_chosen():
    content = workbook([["Cover"]], [["Name"], ["Ann"]])
    assert list(files.sheets(io.BytesIO(content))) == ["Sheet1", "Sheet2"]
    assert opened(content, "Sheet2").header == ["Name"]
    with pytest.raises(UnreadableRegister, match="no sheet"):
        opened(content, "Sheet3")


def test_an_empty_sheet_is_refused():
    with pytest.raises(UnreadableRegister, match="empty"):
        opened(workbook([]))


@pytest.mark.parametrize("reference", ["XFD1048576", "A1048576", "XFD1"])
def test_a_cell_far_outside_is_refused_before_it_takes_memory(reference):
    content = workbook([["Name"], ["Ann"]])
    far = f'<row><c r="{reference}"><v>1</v></c></row></sheetData>'.encode()
    with pytest.raises(UnreadableRegister, match="more than a register can have"):
        opened(with_part(content, SHEET, part_of(content, SHEET).replace(b"</sheetData>", far)))


def test_a_sheet_that_unfolds_to_too_much_is_refused():
    content = with_part(workbook([["Name"]]), SHEET, b"<worksheet>" + b" " * 205_000_000)
    assert len(content) < 1_000_000
    with pytest.raises(UnreadableRegister, match="unfolds"):
        opened(content)


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml"])
def test_entities_are_refused(part, declaration):
    content = workbook([["Name"], ["Ann"]])
    first, _, rest = part_of(content, part).partition(b"?>")
    with pytest.raises(UnreadableRegister, match="document type"):
        opened(with_part(content, part, first + b"?>" + declaration + rest))


@pytest.mark.parametrize("broken", [b"<worksheet><sheetData><row", b"", b"\x00" * 50])
def test_broken_xml_is_refused(broken):
    with pytest.raises(UnreadableRegister):
        opened(with_part(workbook([["Name"], ["Ann"]]), SHEET, broken))


def test_a_zip_that_is_no_workbook_is_refused():
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    for content in (out.getvalue(), out.getvalue()[:40], b"PK\x03\x04junk"):
        with pytest.raises(UnreadableRegister):
            files.detected(io.BytesIO(content))


def test_a_damaged_workbook_is_refused_wherever_the_damage_is():
    content = workbook([["Name", "Expires"], *([f"Person {number}", date(2027, 1, 1)] for number in range(50))])
    refused = 0
    for at in range(0, len(content), 97):
        damaged = bytearray(content)
        damaged[at] ^= 0xFF
        try:
            stream = io.BytesIO(bytes(damaged))
            list(files.opened(stream, files.detected(stream)).rows())
        except UnreadableRegister:
            refused += 1
    assert refused > 0


def test_an_encoding_that_does_not_exist_is_refused():
    content = workbook([["Name"], ["Ann"]])
    strange = part_of(content, "xl/workbook.xml").replace(b"UTF-8", b"UTX-8")
    with pytest.raises(UnreadableRegister):
        files.detected(io.BytesIO(with_part(content, "xl/workbook.xml", strange)))
