"""A mapping: what it needs, how it is kept, and how one is guessed."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from records.errors import Invalid, InvalidInput
from records.registers import files
from records.registers.dates import DateOrder
from records.registers.guessing import guessed
from records.registers.mapping import Field, IdentifyBy, Mapping, StatusMeaning
from records.registers.rows import header_digest
from records.registers.survey import Survey, surveyed
from tests.registers import MAPPING


def survey_of(content: str) -> Survey:
    stream = io.BytesIO(content.encode())
    return surveyed(files.opened(stream, files.detected(stream)))


def errors_of(mapping: Mapping) -> set[str]:
    with pytest.raises(InvalidInput) as refusal:
        mapping.require_complete()
    return set(refusal.value.errors)


def test_a_whole_mapping_is_complete():
    MAPPING.require_complete()


@pytest.mark.parametrize(
    ("without", "errors"),
    [(Field.EXPIRES, {"columns"}), (Field.TYPE, {"certification"}), (Field.FULL_NAME, {"identify_by"}),
     (Field.NUMBER, {"identify_by"})],
)  # fmt: skip
def test_what_is_missing_is_named(without, errors):
    columns = {name: held for name, held in MAPPING.columns.items() if held is not without}
    assert errors_of(replace(MAPPING, columns=columns)) == errors


def test_one_certification_for_all_rows_needs_no_column():
    columns = {name: held for name, held in MAPPING.columns.items() if held is not Field.TYPE}
    replace(MAPPING, columns=columns, type_name="EMT-Basic").require_complete()


def test_two_columns_cannot_hold_the_same():
    assert errors_of(replace(MAPPING, columns={**MAPPING.columns, "Also": Field.EXPIRES})) == {"columns"}
    assert errors_of(replace(MAPPING, columns={**MAPPING.columns, "Last": Field.FAMILY_NAME})) == {"columns"}


@pytest.mark.parametrize("identify_by", [None, IdentifyBy.MEMBER_NUMBER, IdentifyBy.EMAIL])
def test_what_identifies_a_person_must_be_there(identify_by):
    assert errors_of(replace(MAPPING, identify_by=identify_by)) == {"identify_by"}


def test_a_list_of_members_only_needs_no_certification():
    mapping = Mapping(columns={"Name": Field.FULL_NAME, "E-mail": Field.EMAIL}, identify_by=IdentifyBy.EMAIL)
    mapping.require_complete()
    assert not mapping.has_certifications


def test_a_mapping_survives_being_kept():
    mapping = replace(
        MAPPING, types={"x": None, "y": "Why"}, statuses={"Out": StatusMeaning.LEAVE_OUT}, new_units=False,
        date_order=DateOrder.DAY_FIRST,
    )  # fmt: skip
    assert Mapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping


@pytest.mark.parametrize(
    "facts",
    [
        [], "x", {"colums": {}}, {"columns": []}, {"columns": {"Name": "nonsense"}}, {"identify_by": "shoe size"},
        {"statuses": {"x": "maybe"}}, {"dates": "year_first"}, {"new_members": "yes"}, {"certification": 3},
        {"certifications": {"x": 3}},
    ],
)  # fmt: skip
def test_a_mapping_file_with_a_mistake_is_refused(facts):
    with pytest.raises(Invalid):
        Mapping.from_json(facts)


def test_the_mapping_in_the_documentation_can_be_read():
    text = (Path(__file__).parents[3] / "docs" / "registers.md").read_text(encoding="utf-8")
    facts = json.loads(re.search(r"```json\n(.*?)```", text, re.S)[1])
    mapping = Mapping.from_json(facts)
    mapping.require_complete()
    assert set(facts) == {*mapping.to_json(), "encoding", "delimiter", "sheet"}
    for word in (*Field, *IdentifyBy, *StatusMeaning, *DateOrder):
        assert f"`{word}`" in text


def test_columns_are_found_whatever_their_case():
    mapping = Mapping(columns={"NAME": Field.FULL_NAME, "Gone": Field.EMAIL})
    assert mapping.for_header(["name", "Other"]).columns == {"name": Field.FULL_NAME}


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("name,license_number,type,city,licensed_since,expires",
         ["full_name", "certification_number", "certification", None, "issued", "expires"]),
        ("License Type,License Number,Suffix,Status,Original License Date,License Expiration Date,Last Name",
         ["certification", "certification_number", "suffix", "status", "issued", "expires", "family_name"]),
        ("Employee ID,E-Mail,Station,Hire Date,Certification,Issue Date,Exp Date,Certification Num",
         ["member_number", "email", "unit", "joined", "certification", "issued", "expires", "certification_number"]),
        ("firstName,lastName,emailAddress,certNumber,expirationDate,Problem",
         ["given_name", "family_name", "email", "certification_number", "expires", None]),
        ("Member,First Name,Last Name,State,Zip", [None, "given_name", "family_name", None, None]),
    ],
)  # fmt: skip
def test_columns_are_guessed_from_their_names(header, fields):
    survey = survey_of(header + "\n" + ",".join("x" for _ in header.split(",")) + "\n")
    columns = guessed(survey).columns
    assert [columns.get(name) for name in survey.header] == fields


def test_words_of_the_status_and_the_order_of_dates_are_guessed():
    survey = survey_of(
        "Name,Cert No,Status,Expires\nA,1,Active,03/04/2027\nB,2,REVOKED,12/31/2027\nC,3,Deceased,01/02/2027\n"
        "D,4,Suspended - Admin,01/02/2027\n"
    )
    mapping = guessed(survey)
    assert mapping.identify_by is IdentifyBy.NAME
    assert mapping.date_order is DateOrder.MONTH_FIRST
    assert list(mapping.statuses.values()) == ["as_it_is", "revoked", "leave_out", "suspended"]


def test_dates_that_can_be_read_in_two_ways_ask():
    survey = survey_of("Name,Expires\nA,03/04/2027\nB,05/06/2027\n")
    assert guessed(survey).date_order is None
    assert survey.needs_date_order(["Expires"])
    assert not survey_of("Name,Expires\nA,2027-03-04\n").needs_date_order(["Expires"])


def test_a_survey_survives_being_kept():
    survey = survey_of("Name,Expires\nA,03/21/27\nB\n")
    assert (survey.rows, survey.unreadable) == (2, 1)
    assert survey.has_short_years(["Expires"])
    assert Survey.from_json(json.loads(json.dumps(survey.to_json()))) == survey


def test_a_column_of_many_words_is_not_listed():
    survey = survey_of("Name\n" + "".join(f"Person {number}\n" for number in range(150)))
    assert survey.columns[0].words is None
    assert survey.columns[0].filled == 150


def test_the_header_of_a_file_to_mend_is_known_again():
    assert header_digest(["Name", "No", "Problem"]) == header_digest(["NAME", "no"])
    assert header_digest(["Name", "No"]) != header_digest(["Name", "Nr"])
