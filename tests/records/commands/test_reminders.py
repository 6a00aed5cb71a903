"""flask reminders send."""

from __future__ import annotations

import pytest

from records import jobs
from records.models import MessageKind
from tests.holdings import give
from tests.notices import EXPIRES, START, at, on, propose, stages_sent
from tests.outbox import messages


@pytest.fixture
def held(cast) -> int:
    with at(START):
        give(
            cast.mia,
            cast.emt,
            (EXPIRES - START).days,
            issued_in=0,
            change=lambda each: each.revoke(on=START, reason="x"),
        )
        return give(cast.max, cast.emt, (EXPIRES - START).days, issued_in=0)


def run(app, *arguments):
    return app.test_cli_runner().invoke(args=["reminders", "send", *arguments])


def test_a_dry_run_lists_each_notice_and_why_the_rest_is_kept_back(app, cast, held):
    with at(on(30)):
        said = run(app, "--dry-run")
    assert said.exit_code == 0
    assert "Lakeside Fire & Rescue, for 2027-05-31 (dry run, nothing is sent):" in said.output
    line = "Max Miller (max.miller@lakeside.example): EMT-Basic, expires 2027-06-30, 30 days before (2027-05-31)"
    assert f"  {line}\n" in said.output
    assert "     1  to send\n" in said.output
    assert "     1  kept back: The issuer has revoked it.\n" in said.output
    assert "  Nora Núñez: weekly digest\n" in said.output
    assert "Hillside Clinic" in said.output
    assert stages_sent() == []
    assert messages() == []


def test_it_sends_what_the_job_would_once(app, cast, held):
    with at(on(30)):
        assert "     1  sent\n" in run(app).output
        assert "     0  sent\n" in run(app).output
    assert stages_sent() == [30]
    assert len(messages(MessageKind.CERTIFICATIONS_EXPIRE)) == 1


def test_one_organization_by_its_name(app, cast, held):
    with at(on(30)):
        assert "Lakeside" not in run(app, "--organization", "hillside clinic").output
        assert stages_sent() == []
        refused = run(app, "--organization", "Nowhere")
    assert refused.exit_code == 1
    assert "There is no organization named “Nowhere”." in refused.output


def test_notices_to_reviewers_say_whose(app, cast, held):
    propose(held)
    with at(on(30)):
        said = run(app).output
    assert "Nora Núñez (portal only): Max Miller's EMT-Basic, expires 2027-06-30, 30 days before" in said


@pytest.mark.parametrize(("stage", "words"), [(0, "on the day"), (-14, "14 days after")])
def test_stages_in_words(app, cast, held, stage, words):
    with at(on(stage)):
        assert words in run(app, "--dry-run").output


def test_sending_is_among_the_jobs():
    assert jobs._jobs["send_reminders"].every_minutes == 15
