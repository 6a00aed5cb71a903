"""The bytes: whatever happens to the process or the disk, no row is left without its bytes."""

from __future__ import annotations

import errno
import hashlib
import io
import multiprocessing
import os
import random
import time

import pytest
from sqlalchemy import select

from records.database import choose_organization, db, this_organization, transaction
from records.errors import StorageFull, StorageUnavailable
from records.models import StoredFile
from records.services import files
from records.storage import new_key, storage


def _store_for_ever(app, organization_id: int, seed: int) -> None:
    """What a web process does all day, until it is killed."""
    draw = random.Random(seed)
    with app.app_context():
        choose_organization(organization_id)
        while True:
            content = draw.randbytes(draw.randrange(1, 300_000))
            arrived = files.take_in(io.BytesIO(content), name="a", organization=this_organization())
            with transaction():
                files.row_for(arrived)


def _kill_again_and_again(app, organization_id: int, kills: int) -> int:
    """The number of files that stand afterwards, each with its bytes."""
    draw, start = random.Random(kills), multiprocessing.get_context("fork")
    for kill in range(kills):
        db.session.remove()
        db.engine.dispose()
        process = start.Process(target=_store_for_ever, args=(app, organization_id, kill))
        process.start()
        time.sleep(0.1 + draw.random() * 0.25)
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
    assert _kill_again_and_again(app, cast.fire.id, kills=20) > 20


@pytest.mark.long
def test_many_killed_processes_leave_no_row_without_its_bytes(cast, app):
    assert _kill_again_and_again(app, cast.fire.id, kills=300) > 300


@pytest.mark.parametrize("fails_at", ["fsync", "rename"])
@pytest.mark.parametrize(
    ("number", "refusal"),
    [(errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, StorageUnavailable)],
)
def test_a_full_or_broken_disk_is_said_and_leaves_nothing(cast, monkeypatch, fails_at, number, refusal):
    def fail(*_args: object) -> None:
        raise OSError(number, "no")

    organization = this_organization()
    with monkeypatch.context() as patched:
        patched.setattr("records.storage.os.fsync" if fails_at == "fsync" else "pathlib.Path.rename", fail)
        with pytest.raises(refusal):
            files.take_in(io.BytesIO(b"scan"), name="a", organization=organization)
    assert [path for path in storage().root.rglob("*") if path.is_file()] == []
    assert files.take_in(io.BytesIO(b"scan"), name="a", organization=organization).key is not None


def test_a_stream_that_breaks_leaves_nothing(cast):
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:
            raise ConnectionResetError("gone")

    with pytest.raises(StorageUnavailable):
        files.take_in(io.BufferedReader(Broken()), name="a", organization=this_organization())
    assert list((storage().root / "incoming").iterdir()) == []


def test_bytes_are_on_disk_before_they_get_their_name(cast, monkeypatch):
    order = []
    real_sync, real_rename = os.fsync, os.rename
    monkeypatch.setattr("records.storage.os.fsync", lambda handle: (order.append("sync"), real_sync(handle))[1])
    monkeypatch.setattr("os.rename", lambda old, new: (order.append("rename"), real_rename(old, new))[1])
    files.take_in(io.BytesIO(b"scan"), name="a", organization=this_organization())
    assert order[0] == "sync"
    assert order[-2:] == ["rename", "sync"]


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
