"""The bytes, wherever they lie: whatever happens to the process, no row is left without its bytes."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import random
import time
from multiprocessing.synchronize import Event

import pytest
from sqlalchemy import select

from records.database import choose_organization, db, this_organization, transaction
from records.errors import StorageUnavailable
from records.models import StoredFile
from records.services import files
from records.storage import new_key, storage


def _store_for_ever(app, organization_id: int, seed: int, began: Event) -> None:
    """What a web process does all day, until it is killed. Says when the first file stands."""
    draw = random.Random(seed)
    with app.app_context():
        choose_organization(organization_id)
        while True:
            content = draw.randbytes(draw.randrange(1, 300_000))
            arrived = files.take_in(io.BytesIO(content), name="a", organization=this_organization())
            with transaction():
                files.row_for(arrived)
            began.set()


def _kill_again_and_again(app, organization_id: int, kills: int) -> int:
    """The number of files that stand afterwards, each with its bytes."""
    draw, start = random.Random(kills), multiprocessing.get_context("fork")
    for kill in range(kills):
        db.session.remove()
        db.engine.dispose()
        began = start.Event()
        process = start.Process(target=_store_for_ever, args=(app, organization_id, kill, began))
        process.start()
        assert began.wait(60)
        time.sleep(draw.random() * 0.25)
        process.kill()
        process.join()
    choose_organization(organization_id)
    stored = db.session.scalars(select(StoredFile)).all()
    for file in stored:
        with storage().open(file.key) as stream:
            content = stream.read()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file.sha256, file.size)
    return len(stored)


def test_a_killed_process_leaves_no_row_without_its_bytes(cast, app):
    assert _kill_again_and_again(app, cast.fire.id, kills=20) >= 20


@pytest.mark.long
def test_many_killed_processes_leave_no_row_without_its_bytes(cast, app):
    assert _kill_again_and_again(app, cast.fire.id, kills=300) >= 300


@pytest.mark.parametrize(
    "key", ["../secret", "1/../../secret", "/etc/passwd", "1/short", "incoming/../x", "", "1/" + "a" * 64 + "/x"]
)
def test_only_keys_of_the_storage_are_opened_or_deleted(app, key):
    for act in (storage().open, storage().delete):
        with pytest.raises(ValueError, match="not a storage key"):
            act(key)


def test_a_key_is_never_used_twice(app):
    sha256 = "a" * 64
    assert len({new_key(1, sha256) for _ in range(100)}) == 100


def test_deleting_what_is_not_there_does_nothing_and_opening_it_is_refused(app):
    key = new_key(1, "a" * 64)
    storage().delete(key)
    with pytest.raises(StorageUnavailable):
        storage().open(key)
