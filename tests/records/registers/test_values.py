"""Reading one row by a mapping, and writing the rows to mend."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from records.errors import ExpiresBeforeIssued, ExpiresRequired, Invalid, Refusal
from records.registers.dates import DateOrder
from records.registers.mapping import Field, IdentifyBy, Mapping, StatusMeaning
from records.registers.mending import mending_file
from records.registers.names import Name
from records.registers.rows import Row
from records.registers.values import RowReader, Wanted

HEADER = ["Name", "Member", "Mail", "Unit", "Cert", "No", "From", "Until", "Status", "Since"]
COLUMNS = dict(zip(HEADER, (
    Field.FULL_NAME, Field.MEMBER_NUMBER, Field.EMAIL, Field.UNIT, Field.TYPE, Field.NUMBER, Field.ISSUED,
    Field.EXPIRES, Field.STATUS, Field.STATUS_SINCE,
), strict=True))  # fmt: skip
STATUSES = {"Active": StatusMeaning.AS_IT_IS, "Susp": StatusMeaning.SUSPENDED, "Gone": StatusMeaning.LEAVE_OUT}
MAPPING = Mapping(columns=COLUMNS, identify_by=IdentifyBy.NAME, statuses=STATUSES, date_order=DateOrder.MONTH_FIRST,
                  types={"Basic": "EMT-Basic", "Other": None})  # fmt: skip
GOOD = {"Name": "Ann B de Vries Jr.", "Member": "17", "Mail": "ann@example.org", "Unit": "North", "Cert": "basic",
        "No": "A-1", "From": "01/02/2026", "Until": "01/31/2028", "Status": "ACTIVE", "Since": ""}  # fmt: skip
FORMULAS = ["=1+1", "+1+1", "@SUM(1+1)*cmd|' /C calc'!A0", "\r=1+1", " =1+1", '=HYPERLINK("http://evil.example","x")',
            "'=1+1", "\u22121+1", "-2+3", "\t@x"]  # fmt: skip


def read(mapping: Mapping = MAPPING, **cells: object) -> Wanted:
    given = GOOD | cells
    return RowReader(mapping, HEADER).read(Row(7, [given[name] for name in HEADER]))


def refusal(mapping: Mapping = MAPPING, **cells: object) -> Refusal:
    with pytest.raises(Refusal) as refused:
        read(mapping, **cells)
    return refused.value


def test_a_good_row_is_read():
    wanted = read()
    assert wanted.name == Name("Ann B", "de Vries", "Jr.")
    assert (wanted.number, wanted.email, wanted.unit) == ("17", "ann@example.org", "North")
    assert (wanted.type_name, wanted.certification_number) == ("EMT-Basic", "A-1")
    assert (wanted.issued_on, wanted.expires_on) == (date(2026, 1, 2), date(2028, 1, 31))
    assert (wanted.status, wanted.left_out) == (StatusMeaning.AS_IT_IS, "")


@pytest.mark.parametrize("column", ["Name", "Member", "Mail", "Unit", "Cert", "No", "Until", "Status"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_refused_in_every_column_that_counts(column, formula):
    problem = refusal(**{column: formula})
    assert problem.field == column
    assert "formula" in problem.in_english()


@pytest.mark.parametrize("number", ["-12345", "+1 (555) 010-9999", "-", "+49/30/1234", "a=b", "x@y", "'5 o'clock"])
def test_numbers_and_notes_are_no_formulas(number):
    assert read(No=number).certification_number == number


def test_the_mark_of_text_is_taken_off():
    assert read(No="'-5").certification_number == "-5"
    assert read(No="'+1 555").certification_number == "+1 555"
    assert read(Name="'Tjong Akiet").name.family == "Akiet"


@pytest.mark.parametrize("status", ["Gone", "gone"])
def test_a_word_leaves_its_row_out(status):
    assert read(Status=status).left_out == status
    assert read(Cert="OTHER").left_out == "OTHER"


def test_a_row_that_is_left_out_is_checked_all_the_same():
    assert isinstance(refusal(Status="Gone", Until="01/01/2026"), ExpiresBeforeIssued)


@pytest.mark.parametrize(
    ("cells", "field", "said"),
    [
        ({"Until": "02/29/2027"}, "Until", "not a leap year"),
        ({"Until": ""}, "Until", "Enter the date"),
        ({"Until": "01/01/2026"}, "Until", "before Issued"),
        ({"From": "soon"}, "From", "“soon” is not a date"),
        ({"Mail": "nobody"}, "Mail", "not an e-mail address"),
        ({"Status": "Odd"}, "Status", "not said what “Odd” means"),
        ({"No": "x" * 256}, "No", "at most 255"),
        ({"Member": "x" * 65}, "Member", "at most 64"),
        ({"Cert": "x" * 256}, "Cert", "at most 255"),
        ({"Name": "x" * 130}, None, "too long"),
        ({"Cert": ""}, None, "not said which certification"),
    ],
)
def test_what_is_wrong_is_named_with_its_column(cells, field, said):
    problem = refusal(**cells)
    assert problem.field == field
    assert said in problem.in_english()


def test_a_row_without_a_certification_is_a_member_only():
    wanted = read(Cert="", No="", From="", Until="")
    assert wanted.type_name == ""


def test_without_a_column_every_row_has_the_one_certification():
    columns = {name: held for name, held in COLUMNS.items() if held is not Field.TYPE}
    assert read(replace(MAPPING, columns=columns, type_name="Forklift")).type_name == "Forklift"
    assert isinstance(refusal(replace(MAPPING, columns=columns, type_name="Forklift"), Until=""), ExpiresRequired)


def test_given_middle_and_family_names_are_put_together():
    header = ["First", "Middle", "Last", "Sfx", "Mail"]
    fields = (Field.GIVEN_NAME, Field.MIDDLE_NAME, Field.FAMILY_NAME, Field.SUFFIX, Field.EMAIL)
    reader = RowReader(Mapping(columns=dict(zip(header, fields, strict=True))), header)
    row = Row(2, ["KYLE", "A", "TROTTI", "JR.", ""])
    assert reader.read(row).name == Name("KYLE A", "TROTTI", "JR.")
    assert reader.name_in(row) == "KYLE A TROTTI JR."
    assert reader.name_in(Row(3, ["KYLE"])) == "KYLE"


def test_a_spreadsheets_values_are_read():
    wanted = read(Member=17.0, From=date(2026, 1, 2), Until=46783.0)
    assert (wanted.number, wanted.issued_on, wanted.expires_on) == ("17", date(2026, 1, 2), date(2028, 1, 31))


def test_a_problem_of_the_row_comes_first():
    row = Row(3, ["x"], Invalid("ragged"))
    with pytest.raises(Invalid, match="ragged"):
        RowReader(MAPPING, HEADER).read(row)


def test_a_file_to_mend_holds_each_row_with_its_problem():
    rows = [(["Zoë", "=1+1"], "A formula."), (["x"], "Short."), (["a", "b", "c"], "Long.")]
    content = b"".join(mending_file(["Name", "No"], rows)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(content))) == [
        ["Name", "No", "Problem"], ["Zoë", "'=1+1", "A formula."], ["x", "", "Short."], ["a", "b", "Long.", "c"],
    ]  # fmt: skip


def test_a_file_mended_in_vain_has_one_problem_only():
    content = b"".join(mending_file(["Name", "Problem"], [(["Ann", "old"], "new")])).decode("utf-8-sig")
    assert content == "Name,Problem\r\nAnn,new\r\n"
