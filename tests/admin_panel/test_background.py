"""Settings > Background work: how each job stands, what waits in one's own organization, and letting one run now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock, jobs, turns
from records.database import db, transaction
from records.models import AuditEvent, AuditKind, JobFailure, JobState, MessageKind
from records.services.outbox import notify
from records.web.job_words import FAILURE_WORDS, JOB_WORDS
from tests.cast import Cast
from tests.clients import SignedClient
from tests.forms import Element, read

PAGE = "/admin/settings/background"


@pytest.fixture
def ada(cast: Cast, browse: Callable[..., SignedClient]) -> SignedClient:
    jobs._make_places()
    return browse(cast.ada)


def row(client: SignedClient, name: str) -> Element:
    page = read(client.get(PAGE).text)
    (found,) = [each for each in page.all("tr") if str(JOB_WORDS[name]) in each.text]
    return found


def test_every_job_and_every_failure_has_words(app) -> None:
    assert JOB_WORDS.keys() == jobs.registered().keys()
    assert FAILURE_WORDS.keys() == set(JobFailure)


def test_it_says_what_runs_how_far_and_what_comes_next(ada: SignedClient) -> None:
    assert "Not yet" in row(ada, "draw_previews").text
    turn = turns.begin("draw_previews", every=timedelta(minutes=1), total=200)
    assert turn is not None
    with db.engine.begin() as connection:
        connection.execute(sa.update(JobState).where(JobState.run == turn.run).values(done=86))
    shown = row(ada, "draw_previews")
    assert "Runs now" in shown.text
    assert "43 % done" in shown.text
    assert not shown.all("button")
    turns.end(turn)
    shown = row(ada, "draw_previews")
    assert "Done" in shown.text
    assert "Run now" in shown.text


def test_a_failure_is_told_in_words_and_can_be_tried_again(cast: Cast, ada: SignedClient) -> None:
    turn = turns.begin("sweep", every=timedelta(hours=1))
    assert turn is not None
    turns.end(turn, JobFailure.STORAGE)
    shown = row(ada, "sweep")
    assert "Files could not be read or written." in shown.text
    assert "Try again" in shown.text
    said = ada.post(f"{PAGE}/sweep/run", follow_redirects=True).text
    assert "“Clearing up” runs as soon as a worker is free." in said
    assert "Runs soon" in row(ada, "sweep").text
    assert "sweep" in turns.due({"sweep": timedelta(hours=1)})
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.JOB_ASKED_FOR)).one()
    assert (event.organization_id, event.actor_member_id) == (cast.fire.id, cast.ada.id)
    assert event.detail.after == {"job": "sweep"}
    jobs.run_due(["sweep"])
    assert "Done" in row(ada, "sweep").text


def test_an_unknown_job_is_not_found(ada: SignedClient) -> None:
    assert ada.post(f"{PAGE}/format_disk/run").status_code == 404


def test_what_waits_is_counted_in_ones_own_organization(
    cast: Cast, ada: SignedClient, browse: Callable[..., SignedClient]
) -> None:
    with transaction():
        notify(cast.max, MessageKind.CERTIFICATE_APPROVED, facts={}, page="/portfolio/")
    ken = browse(cast.ken)
    counts = [row(each, "send_messages").all("td", data_label="Waiting")[0].text.strip() for each in (ada, ken)]
    assert counts == ["1", "0"]


def test_it_says_when_no_worker_is_there(ada: SignedClient) -> None:
    alarm = "No worker has run anything for a while"
    jobs.run_all()
    assert alarm not in ada.get(PAGE).text
    with db.engine.begin() as connection:
        connection.execute(sa.update(JobState).values(due_at=clock.now() - timedelta(minutes=6)))
    assert alarm in ada.get(PAGE).text
    with db.engine.begin() as connection:
        connection.execute(sa.delete(JobState))
    assert alarm in ada.get(PAGE).text
