"""The scenario of a deadline: a handful of learners on real servers, and what it finds that is wrong."""

from __future__ import annotations

import pytest
from flask import Flask

from bench.deadline import FILE_SIZE, Seen, run, scan_of, told
from bench.few_rows import ORGANIZATION_ID
from bench.installation import Installation
from bench.learners import Learner, problems_here
from records.database import organization_scope


@pytest.mark.long
def test_a_handful_of_learners_submits_and_everything_is_there(
    filled: tuple[Flask, Installation], capsys: pytest.CaptureFixture[str]
) -> None:
    app, installation = filled
    seen, found = run(installation, learners=4, seconds=0.5, pause=0, rounds=1)
    assert (seen.errors, found, len(seen.sent)) == ([], [], 4)
    assert "0 errors; 4 files sent; 0 that do not stand as they were sent" in capsys.readouterr().out
    first, second, third, _ = sorted(seen.sent)
    for file in (installation.folder / "scans" / "1").iterdir():
        if file.name.startswith(seen.sent[third]):
            file.write_bytes(b"bad")
    others = {member: sha256 for member, sha256 in seen.sent.items() if member != second}
    with app.app_context(), organization_scope(ORGANIZATION_ID):
        wrong = set(problems_here(others | {first: "0" * 64, 7000: "0" * 64}))
    assert wrong == {
        f"the revisions of member {first} are not the one that was sent",
        f"the files of member {first} are not the one that was sent",
        f"member {second} sent nothing, and has a certificate",
        f"the bytes of member {third} are not those that were sent",
        "member 7000 has 0 certificates",
    }


@pytest.mark.once
def test_every_file_is_a_page_of_its_own() -> None:
    one, other = (scan_of(Learner(number, "")) for number in (1, 2))
    assert one.startswith(b"%PDF")
    assert one != other
    assert one == scan_of(Learner(1, ""))
    assert abs(len(one) - FILE_SIZE) < 1000


@pytest.mark.once
def test_what_is_slow_is_marked() -> None:
    seen = Seen()
    for milliseconds in range(1, 101):
        seen.note("overview", milliseconds / 1000)
        seen.note("credits", milliseconds / 1000)
    lines = list(told(seen, {"overview": 9.6, "credits": 9.4}, ["member 7 has 2 certificates"]))
    assert "| overview | 100 | 9.6 | 50.0 | 95.0 | 99.0 | 100 | 9.9 |" in lines
    assert "| credits | 100 | 9.4 | 50.0 | 95.0 | 99.0 | 100 | 10.1 ✗ |" in lines
    assert lines[-1] == "member 7 has 2 certificates"
