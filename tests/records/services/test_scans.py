"""The files of a certification: added, deleted, brought back."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest

from records.database import db, locked, transaction
from records.errors import AttachedAgain, ModuleOff, NotAllowed, NotFound, OwnCertifications
from records.models import Certification, Organization, Scan
from records.services import certification_steps as steps
from records.services import files, scans
from records.services.certification_steps import Entry, record


@pytest.fixture
def held(cast):
    with transaction():
        return record(cast.max, Entry(cast.emt.id, date(2030, 1, 1)), by=cast.actor(cast.ada)).id


def _attach(cast, certification_id, *names, by=None, content=b"bytes"):
    arrived = [files.take_in(BytesIO(content + name.encode()), name=name, organization=cast.fire) for name in names]
    certification = db.session.get(Certification, certification_id)
    return scans.attach_files(certification, arrived, by=cast.actor(by or cast.ada))


def _scan(scan_id):
    return db.session.get(Scan, scan_id)


def test_deleting_a_file_leaves_the_certification_and_can_be_undone(cast, held):
    front, back = _attach(cast, held, "front.png", "back.png")
    ada = cast.actor(cast.ada)
    assert scans.delete(_scan(front), by=ada)
    assert not scans.delete(_scan(front), by=ada)
    certification = db.session.get(Certification, held)
    assert certification.deleted_at is None
    assert [scan.id for scan in certification.scans] == [back]
    assert scans.restore(_scan(front), by=ada)
    assert not scans.restore(_scan(front), by=ada)
    assert [scan.id for scan in db.session.get(Certification, held, populate_existing=True).scans] == [front, back]


def test_the_same_bytes_twice_are_one_scan(cast, held):
    assert _attach(cast, held, "a.png") == _attach(cast, held, "a.png")


def test_a_file_that_was_added_again_is_not_restored_beside_itself(cast, held):
    (first,) = _attach(cast, held, "a.png")
    scans.delete(_scan(first), by=cast.actor(cast.ada))
    _attach(cast, held, "a.png")
    with pytest.raises(AttachedAgain):
        scans.restore(_scan(first), by=cast.actor(cast.ada))


def test_only_those_who_may_change_the_certification_may(cast, held):
    (scan_id,) = _attach(cast, held, "a.png", by=cast.nora)
    with transaction():
        own = record(cast.carl, Entry(cast.emt.id, date(2030, 1, 1)), by=cast.actor(cast.ada)).id
        south = record(cast.mia, Entry(cast.emt.id, date(2030, 1, 1)), by=cast.actor(cast.ada)).id
    for by, refusal, target in (
        (cast.max, NotAllowed, held),
        (cast.carl, OwnCertifications, own),
        (cast.nora, NotFound, south),
    ):
        with pytest.raises(refusal):
            _attach(cast, target, "b.png", by=by)
    with pytest.raises(NotAllowed):
        scans.delete(_scan(scan_id), by=cast.actor(cast.max))
    scans.delete(_scan(scan_id), by=cast.actor(cast.nora))


def test_files_of_a_deleted_certification_stay_as_they_are(cast, held):
    (scan_id,) = _attach(cast, held, "a.png")
    with transaction():
        steps.delete(locked(Certification, held), by=cast.actor(cast.ada))
    with pytest.raises(NotFound):
        scans.delete(_scan(scan_id), by=cast.actor(cast.ada))
    with pytest.raises(NotFound):
        _attach(cast, held, "b.png")


def test_the_module_off_refuses(cast, held):
    (scan_id,) = _attach(cast, held, "a.png")
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    with pytest.raises(ModuleOff):
        scans.delete(_scan(scan_id), by=cast.actor(cast.ada))
