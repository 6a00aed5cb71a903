"""flask sweep, by hand."""

from __future__ import annotations

import io
from datetime import timedelta

from records import clock, jobs
from records.services import files, uploads


def test_sweep_says_what_it_did(cast, app):
    arrived = files.take_in(io.BytesIO(b"scan"), name="a", organization=cast.fire)
    uploads.start(cast.max, [arrived], by=cast.actor(cast.ada))
    with clock.standing_at(clock.now() + timedelta(days=2)):
        said = app.test_cli_runner().invoke(args=["sweep"])
    assert said.exit_code == 0
    assert "1  uploads forgotten" in said.output
    assert "1  stored files that nothing refers to removed" in said.output
    assert "0  links long over removed" in said.output


def test_previews_and_sweeps_are_among_the_jobs(app):
    assert jobs._jobs["draw_previews"].every_minutes == 1
    assert jobs._jobs["sweep"].every_minutes == 60


def test_running_all_jobs_once_needs_no_organization(cast, app):
    assert app.test_cli_runner().invoke(args=["jobs", "run", "--once"]).exit_code == 0
