"""The bytes in a folder: whatever happens to the process or the disk, no row is left without its bytes."""

from __future__ import annotations

import errno
import io
import os

import pytest

from records.database import this_organization
from records.errors import StorageFull, StorageUnavailable
from records.services import files
from records.storage import storage

pytestmark = pytest.mark.usefixtures("in_a_folder")


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
        patched.setattr("records.storage.folder.os.fsync" if fails_at == "fsync" else "pathlib.Path.rename", fail)
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
    monkeypatch.setattr("records.storage.folder.os.fsync", lambda handle: (order.append("sync"), real_sync(handle))[1])
    monkeypatch.setattr("os.rename", lambda old, new: (order.append("rename"), real_rename(old, new))[1])
    files.take_in(io.BytesIO(b"scan"), name="a", organization=this_organization())
    assert order[0] == "sync"
    assert order[-2:] == ["rename", "sync"]


def test_a_long_file_goes_to_its_disk_while_it_comes(cast, monkeypatch):
    begun = []
    advise = "records.storage.folder.os.posix_fadvise"
    monkeypatch.setattr(advise, lambda _handle, at, length, _advice: begun.append((at, length)))
    content, piece = os.urandom(9 * 1024 * 1024 + 1), 4 * 1024 * 1024
    arrived = files.take_in(io.BytesIO(content), name="a", organization=this_organization())
    assert begun == [(0, piece), (piece, piece)]
    with storage().open(arrived.key) as stream:
        assert stream.read() == content
