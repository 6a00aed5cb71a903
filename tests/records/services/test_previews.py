"""The job that draws previews: each file once, whatever becomes of its worker."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import update

from records import clock
from records.database import db, transaction
from records.models import Preview, StoredFile
from records.previewing import Interrupted
from records.services import files, previews, submissions
from records.services.submission_steps import Files
from records.storage import preview_key, storage, thumbnail_key
from tests import samples
from tests.certificates import credit_type, given, staged
from tests.holdings import give
from tests.stored import names


def stored(cast, content: bytes, name: str = "card.jpg") -> StoredFile:
    arrived = files.take_in(io.BytesIO(content), name=name, organization=cast.fire)
    with transaction():
        row = files.row_for(arrived)
    return row


def state(row: StoredFile) -> tuple[str, int]:
    db.session.expire_all()
    return row.preview, row.preview_attempts


def test_a_picture_gets_its_preview(cast):
    row = stored(cast, samples.halves())
    assert row.preview == Preview.WAITING
    previews.draw_previews()
    assert state(row) == (Preview.READY, 1)
    for key in (preview_key(row.key), thumbnail_key(row.key)):
        with storage().open(key) as stream:
            assert Image.open(stream).format == "WEBP"


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_worker_killed_after_any_picture_leaves_work_that_is_done_again(cast, monkeypatch, kept):
    row, real, keys = stored(cast, samples.picture()), previews._keep, []

    def keep_some(picture, key):
        if len(keys) == kept:
            raise SystemExit
        keys.append(key)
        real(picture, key)

    def end(*_args, **_values):
        raise SystemExit

    with monkeypatch.context() as killing:
        killing.setattr(previews, "_keep", keep_some)
        killing.setattr(previews, "_set", end)
        with pytest.raises(SystemExit):
            previews.draw_previews()
    assert len(keys) == kept
    db.session.rollback()
    assert state(row) == (Preview.WAITING, 1)
    with clock.standing_at(clock.now() + timedelta(minutes=3)):
        previews.draw_previews()
    assert state(row) == (Preview.READY, 2)
    for key in (preview_key(row.key), thumbnail_key(row.key)):
        with storage().open(key) as stream:
            Image.open(stream).verify()
    assert names() == {row.key, preview_key(row.key), thumbnail_key(row.key)}


def test_what_cannot_be_drawn_is_tried_once_and_downloads_only(cast):
    broken = stored(cast, samples.UNDRAWABLE["truncated PNG"][1])
    locked = stored(cast, samples.UNDRAWABLE["PDF header only"][1])
    previews.draw_previews()
    assert state(broken) == state(locked) == (Preview.FAILED, 1)
    assert not broken.opens_in_browser
    assert locked.opens_in_browser  # its reader may have the password


def test_other_kinds_are_never_drawn(cast):
    for content in (samples.archive(), samples.SVG, samples.HTML):
        row = stored(cast, content, "card.jpg")
        assert row.preview == Preview.NONE
        assert not row.opens_in_browser
    previews.draw_previews()


def test_the_worker_is_woken_after_the_commit_and_only_for_what_waits(cast, monkeypatch):
    woken = []
    monkeypatch.setattr(files.jobs, "wake", woken.append)
    arrived = files.take_in(io.BytesIO(samples.picture()), name="card.jpg", organization=cast.fire)
    with transaction():
        files.row_for(arrived)
        assert woken == []
    assert woken == [previews.draw_previews]
    stored(cast, samples.archive())
    assert len(woken) == 1


def test_a_claim_keeps_other_workers_away_until_its_time_is_over(cast):
    row = stored(cast, samples.picture())
    first = previews._claim()  # a worker that is killed now
    assert first.id == row.id
    assert previews._claim() is None
    with clock.standing_at(clock.now() + timedelta(minutes=3)):
        previews.draw_previews()
    assert state(row) == (Preview.READY, 2)


def test_a_file_that_kills_every_worker_is_given_up(cast):
    row, now = stored(cast, samples.picture()), clock.now()
    for attempt in range(3):
        with clock.standing_at(now + timedelta(minutes=3 * attempt)):
            assert previews._claim() is not None
    with clock.standing_at(now + timedelta(minutes=10)):
        previews.draw_previews()
    assert state(row)[0] == Preview.FAILED


def test_what_was_cut_off_is_tried_three_times(cast, monkeypatch):
    def too_slow(*_args, **_kwargs):
        raise Interrupted("slow")

    monkeypatch.setattr(previews, "draw", too_slow)
    row, now = stored(cast, samples.picture()), clock.now()
    for attempt, expected in enumerate((Preview.WAITING, Preview.WAITING, Preview.FAILED)):
        with clock.standing_at(now + timedelta(minutes=3 * attempt)):
            previews.draw_previews()
        assert state(row)[0] == expected


def test_missing_storage_costs_no_attempt(cast):
    row, now = stored(cast, samples.picture()), clock.now()
    with storage().open(row.key) as stream:
        content = stream.read()
    storage().delete(row.key)
    for hour in range(5):
        with clock.standing_at(now + timedelta(hours=hour)):
            previews.draw_previews()
    assert state(row) == (Preview.WAITING, 0)
    previews._keep(content, row.key)
    with clock.standing_at(now + timedelta(hours=6)):
        previews.draw_previews()
    assert state(row) == (Preview.READY, 1)


def test_one_broken_file_does_not_stop_the_others(cast):
    rows = [stored(cast, content) for content in (samples.bomb(), samples.picture(), samples.pdf(), samples.heic())]
    previews.draw_previews()
    assert [state(row)[0] for row in rows] == [Preview.FAILED, Preview.READY, Preview.READY, Preview.READY]


def test_a_long_queue_gives_other_jobs_their_turn(cast, monkeypatch):
    rows = [stored(cast, samples.picture(size=(20, 20 + number))) for number in range(3)]
    woken = []
    monkeypatch.setattr(previews, "_TURN_SECONDS", -1)
    monkeypatch.setattr(previews.jobs, "wake", woken.append)
    previews.draw_previews()
    assert [state(row)[0] for row in rows] == [Preview.READY, Preview.WAITING, Preview.WAITING]
    assert woken == [previews.draw_previews]


@pytest.mark.parametrize("gone", [True, False])
def test_a_preview_of_a_file_that_was_swept_meanwhile_is_dropped(cast, monkeypatch, gone):
    row = stored(cast, samples.picture())
    keys = preview_key(row.key), thumbnail_key(row.key)
    real = previews.draw

    def draw_while_it_goes(stream, *, kind):
        with transaction() as session:
            if gone:
                session.delete(session.get(StoredFile, row.id))
            else:  # another worker was faster
                session.execute(update(StoredFile).values(preview=Preview.READY))
        return real(stream, kind=kind)

    monkeypatch.setattr(previews, "draw", draw_while_it_goes)
    previews.draw_previews()
    assert [key in names() for key in keys] == [not gone, not gone]


def test_the_uploader_reads_that_a_photo_says_where_it_was_taken(cast, browse):
    told = "This photo says where it was taken."
    certification_id = give(cast.max, cast.emt, 200, files={"here.jpg": samples.halves(), "no.jpg": samples.picture()})
    key = staged(cast.actor(cast.max), samples.halves(6))
    made = submissions.submit(given(credit_type()), Files(key), by=cast.actor(cast.max))
    waiting_key = staged(cast.actor(cast.max), samples.halves(3))
    pages = {
        "/portfolio/certifications": cast.max,
        f"/portfolio/certificates/{made.certificate_id}": cast.max,
        f"/portfolio/certificates/new?key={waiting_key}": cast.max,
        f"/admin/certifications/{certification_id}": cast.ada,
        f"/admin/members/{cast.max.id}": cast.ada,
        f"/admin/approvals/{made.certificate_id}": cast.ada,
    }
    assert all(told not in browse(who).get(page).text for page, who in pages.items())
    previews.draw_previews()
    assert {page: browse(who).get(page).text.count(told) for page, who in pages.items()} == dict.fromkeys(pages, 1)
