"""flask audit: verify, heads and export; and the check that needs nothing of this program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from records.database import db
from records.models import AuditDetail, AuditEvent
from records.services.sealing import seal
from tests.tampering import unguarded
from tests.trails import note, note_visitor, sealed

DOCS = Path(__file__).parents[3] / "docs" / "audit-trail.md"
EVENTS, DETAILS = AuditEvent.__table__, AuditDetail.__table__


@pytest.fixture
def run(app):
    def invoke(*args, code=0):
        db.session.rollback()
        said = app.test_cli_runner().invoke(args=["audit", *map(str, args)])
        assert said.exit_code == code, said.output
        return said.output

    return invoke


@pytest.fixture
def trail(cast):
    """Three sealed events of the fire department, one of nobody's, and one that waits: the ids of the three."""
    ids = sealed(cast, 3)
    note_visitor()
    seal()
    note(cast, 1)
    return ids


def forge(event_id):
    with unguarded() as connection:
        connection.execute(EVENTS.update().where(EVENTS.c.id == event_id).values(kind="member.created"))


def test_a_whole_trail_in_words(cast, run, trail):
    said = run("verify")
    assert re.search(r"^Lakeside Fire & Rescue: 3 sealed, number 3, hash [0-9a-f]{64}$", said, re.M)
    assert re.search(r"^  1 wait to be sealed, the oldest since 20\d\d-", said, re.M)
    assert re.search(r"^Without an organization: 1 sealed", said, re.M)
    assert said.endswith("Every chain is whole.\n")


def test_a_broken_one_names_the_event_and_ends_with_1(cast, run, trail):
    forge(trail[1])
    said = run("verify", code=1)
    assert f"  audit_event {trail[1]}: event_changed: number 2 is not as it was sealed\n" in said
    assert said.endswith("The audit trail is broken.\n")


def test_the_same_as_json(cast, run, trail):
    told = json.loads(run("verify", "--json"))
    fire = next(each for each in told["chains"] if each["organization_id"] == cast.fire.id)
    assert (told["ok"], fire["sealed"], fire["waiting"], fire["breaks"]) == (True, 3, 1, [])
    assert fire["organization"] == "Lakeside Fire & Rescue"
    forge(trail[1])
    told = json.loads(run("verify", "--json", code=1))
    fire = next(each for each in told["chains"] if each["organization_id"] == cast.fire.id)
    assert not told["ok"]
    assert fire["faults"] == {"event_changed": 1}
    assert fire["breaks"][0]["record"] == f"audit_event {trail[1]}"


def test_heads_are_printed_noted_and_compared(cast, run, trail, tmp_path):
    noted = tmp_path / "heads"
    noted.write_text(run("heads"))
    assert re.fullmatch(r"none=1:[0-9a-f]{64}  # .*", noted.read_text().splitlines()[0])
    assert f"{cast.fire.id}=3:" in noted.read_text()
    assert "# Lakeside Fire & Rescue" in noted.read_text()
    run("verify", "--against", noted)
    with unguarded() as connection:
        connection.execute(DETAILS.delete().where(DETAILS.c.event_id == trail[2]))
        connection.execute(EVENTS.delete().where(EVENTS.c.id == trail[2]))
    run("verify")
    assert "head_missing" in run("verify", "--against", noted, code=1)
    noted.write_text("nonsense\n")
    assert "line 1, is no head" in run("verify", "--against", noted, code=1)


def test_an_exported_file_is_checked_without_the_database(cast, run, trail, tmp_path):
    file = tmp_path / "trail.jsonl"
    run("export", file)
    forge(trail[1])  # the file is as it was
    assert "Every chain is whole." in run("verify", "--file", file)
    run("export", file)
    assert "event_changed" in run("verify", "--file", file, code=1)
    run("export", file, "--organization", "Lakeside Fire & Rescue")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line["event"]["organization_id"] for line in lines} == {cast.fire.id}
    assert len(lines) == 4
    assert "There is no organization" in run("export", file, "--organization", "Nowhere", code=1)


NO_EVENT = '{"event": {"organization_id": 1}, "hash": "", "detail": {}}'


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", NO_EVENT])
def test_a_file_that_is_none_is_refused_in_words(run, tmp_path, text):
    file = tmp_path / "trail.jsonl"
    file.write_text(text + "\n")
    assert "line 1 is no event" in run("verify", "--file", file, code=1)


def _check_by_the_docs(tmp_path, file):
    """The program that the page prints, run alone."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.S)
    script = tmp_path / "verify_trail.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, "-I", script, file], capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def test_the_page_says_enough_to_check_a_trail_without_this_program(cast, run, trail, tmp_path):
    file = tmp_path / "trail.jsonl"
    run("export", file)
    code, said = _check_by_the_docs(tmp_path, file)
    assert (code, said.splitlines()[-1]) == (0, "4 sealed events, all whole")
    forge(trail[1])
    with unguarded() as connection:
        connection.execute(DETAILS.update().where(DETAILS.c.event_id == trail[2]).values(address="192.0.2.1"))
    run("export", file)
    code, said = _check_by_the_docs(tmp_path, file)
    assert code == 1
    assert f"event {trail[1]} was changed" in said
    assert f"detail of event {trail[2]} was changed or is gone" in said


def test_check_looks_at_the_chains_too(cast, app, trail):
    def checked():
        db.session.rollback()
        return json.loads(app.test_cli_runner().invoke(args=["check", "--json"]).output)

    facts = checked()
    assert facts["ok"]
    assert facts["without_organization"]["looked_at"] == {"events": 1}
    forge(trail[1])
    facts = checked()
    assert not facts["ok"]
    (problem,) = [problem for each in facts["organizations"] for problem in each["problems"]]
    assert (problem["kind"], problem["record"]) == ("event_changed", f"audit_event {trail[1]}")
