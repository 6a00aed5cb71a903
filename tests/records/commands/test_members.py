"""flask member import"""

from __future__ import annotations

import json

import pytest
from sqlalchemy import func, select

from records.database import choose_organization, db
from records.models import AuditEvent, AuditKind, Certification, Member, RegisterImport, StoredFile
from tests.registers import HEADER

GOOD = "Ann Abel,A-1,EMT-Basic,,2028-01-31\nBo Bell,B-1,EMT-Basic,,2028-02-29\n"
BAD = "Cy Cole,C-1,EMT-Basic,,2027-02-29\nMax Miller,D-1,EMT-Basic,,2028-01-31\n"


@pytest.fixture
def run(app, cast, tmp_path):
    """Runs the command on a file with this content."""

    def run_on(content: str, *options: str, name: str = "register.csv"):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        arguments = ["member", "import", str(path), "--organization", "lakeside fire & rescue", *options]
        result = app.test_cli_runner().invoke(args=arguments)
        choose_organization(cast.fire.id)
        db.session.rollback()
        return result

    return run_on


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


def test_good_rows_come_in_and_bad_ones_are_listed_and_written(run, tmp_path):
    result = run(HEADER + GOOD + BAD)
    assert result.exit_code == 0
    assert "2  new member" in result.output
    assert "Line 4: Expires: “2027-02-29” does not exist: 2027 is not a leap year" in result.output
    assert "Line 5: Max Miller is a member already" in result.output
    assert "Brought in: 2 members, 2 certifications." in result.output
    assert count(Certification) == 2
    lines = (tmp_path / "register.csv.bad.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "Name,Number,Type,Issued,Expires,Problem"
    assert [line.split(",")[0] for line in lines[1:]] == ["Cy Cole", "Max Miller"]


def test_a_mended_file_brings_in_the_rest(run, tmp_path):
    run(HEADER + GOOD + BAD)
    mended = (tmp_path / "register.csv.bad.csv").read_text(encoding="utf-8-sig").replace("2027-02-29", "2027-02-28")
    result = run(mended, name="mended.csv")
    assert "1  new member" in result.output
    assert count(Certification) == 3


def test_a_dry_run_changes_and_leaves_nothing(run, tmp_path):
    before = count(Member)
    result = run(HEADER + GOOD + BAD, "--dry-run")
    assert result.exit_code == 0
    assert "nothing is changed" in result.output
    assert "Line 4" in result.output
    assert (count(Member), count(Certification), count(RegisterImport), count(AuditEvent)) == (before, 0, 0, 0)
    assert not list(tmp_path.glob("*.bad.csv"))


def test_the_same_file_again_doubles_nothing(run):
    run(HEADER + GOOD)
    result = run(HEADER + GOOD)
    assert result.exit_code == 0
    assert "2  unchanged" in result.output
    assert "Brought in: 0 members, 0 certifications." in result.output


def test_the_command_is_on_record(run):
    run(HEADER + GOOD)
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.kind == AuditKind.REGISTER_IMPORTED)).one()
    assert (event.actor_kind, event.detail.actor_name) == ("command", "member import")


def test_the_mapping_that_is_printed_can_be_given(run, tmp_path):
    printed = run(HEADER + GOOD, "--dry-run").output
    mapping = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    mapping["certifications"] = {"EMT-Basic": "Paramedic"}
    (tmp_path / "map.json").write_text(json.dumps(mapping), encoding="utf-8")
    run(HEADER + GOOD, "--map", str(tmp_path / "map.json"))
    assert {each.type.name for each in db.session.scalars(select(Certification))} == {"Paramedic"}


def test_a_mapping_says_how_the_file_is_read(run, tmp_path):
    mapping = {
        "columns": {"Wer": "full_name", "Nr": "certification_number", "Bis": "expires"},
        "identify_by": "name_and_certification_number",
        "certification": "EMT-Basic",
        "dates": "day_first",
        "delimiter": ";",
    }
    (tmp_path / "map.json").write_text(json.dumps(mapping), encoding="utf-8")
    result = run("Wer;Nr;Bis\nZimt, Zoë;1,2;03.04.2028\n", "--map", str(tmp_path / "map.json"))
    assert result.exit_code == 0, result.output
    certification = db.session.scalars(select(Certification)).one()
    assert (certification.member.name, certification.number) == ("Zoë Zimt", "1,2")
    assert certification.expires_on.isoformat() == "2028-04-03"


@pytest.mark.parametrize(
    ("content", "mapping", "said"),
    [
        ("", None, "empty"),
        (HEADER, None, "no rows below the header"),
        ("Shoe size\n43\n", None, "Say what identifies a person"),
        (HEADER + "Ann Abel,A-1,EMT-Basic,,03/04/2028\n", None, "month or the day first"),
        (HEADER + GOOD, "no json", "not a JSON file"),
        (HEADER + GOOD, "[]", "unknown part"),
        (HEADER + GOOD, '{"columns": {"Name": "shoe size"}}', "is none of"),
        (HEADER + GOOD, '{"encoding": "rot13"}', "Choose an encoding"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(run, tmp_path, content, mapping, said):
    options = ()
    if mapping is not None:
        (tmp_path / "map.json").write_text(mapping, encoding="utf-8")
        options = ("--map", str(tmp_path / "map.json"))
    result = run(content, *options)
    assert result.exit_code == 1
    assert said in result.output
    assert count(RegisterImport) == 0


def test_an_unknown_organization_is_said(app, cast, tmp_path):
    path = tmp_path / "register.csv"
    path.write_text(HEADER + GOOD)
    result = app.test_cli_runner().invoke(args=["member", "import", str(path), "--organization", "Nowhere"])
    assert result.exit_code == 1
    assert "no organization named “Nowhere”" in result.output
    assert count(StoredFile) == 0


def test_a_folder_that_is_read_only_stays_as_it_is(run, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "register.csv").write_text("")
    monkeypatch.chdir(elsewhere)
    tmp_path.chmod(0o555)
    try:
        result = run(HEADER + GOOD + BAD)
    finally:
        tmp_path.chmod(0o755)
    assert result.exit_code == 0, result.output
    assert not list(tmp_path.glob("*.bad.csv"))
    assert [path.name for path in elsewhere.iterdir()] == ["register.csv.bad.csv"]


def test_many_problems_are_counted_and_not_all_listed(run):
    result = run(HEADER + "".join(f"Person {number},{number},EMT-Basic,,never\n" for number in range(60)))
    assert result.output.count("is not a date") == 50
    assert "… and 10 more." in result.output
