"""Bytes on their way from one storage into another."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from records.carrying.backup_folder import BackupFolder
from records.carrying.files import Bytes, NotCarried, carry
from records.storage.folder import FolderStorage

KEY = "1/" + "a" * 64 + "-0123456789abcdef"


@pytest.fixture
def one(tmp_path: Path) -> FolderStorage:
    made = FolderStorage(tmp_path / "one" / "scans")
    made.keep(made.receive(io.BytesIO(b"scan"), name="a", limit=4), KEY)
    return made


@pytest.fixture
def other(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "other" / "scans")


def _files(storage: FolderStorage) -> list[Path]:
    return [path for path in storage.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("key", ["../../secret", "/etc/hostname", "1/../../../secret", "scans", "", KEY + "/x", "1/\0"])
def test_what_a_row_says_never_becomes_a_path(
    one: FolderStorage, other: FolderStorage, tmp_path: Path, key: str
) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    with pytest.raises(NotCarried):
        carry(Bytes(key), one, other)
    assert not BackupFolder(tmp_path / "other").link(Bytes(key), [BackupFolder(tmp_path / "one")])
    assert _files(other) == []


def test_bytes_that_are_not_those_that_arrived_are_not_carried(one: FolderStorage, other: FolderStorage) -> None:
    with pytest.raises(NotCarried, match="stored_file 7: its bytes are not those that arrived"):
        carry(Bytes(KEY, sha256="0" * 64, record="stored_file 7"), one, other)
    assert _files(other) == []


def test_empty_and_missing_bytes_are_not_carried(one: FolderStorage, other: FolderStorage) -> None:
    (one.root / KEY).write_bytes(b"")
    with pytest.raises(NotCarried, match="not those that arrived"):
        carry(Bytes(KEY), one, other)
    (one.root / KEY).unlink()
    with pytest.raises(NotCarried, match="missing"):
        carry(Bytes(KEY), one, other)
    assert _files(other) == []


def test_what_is_there_already_stays_and_what_is_there_wrongly_is_replaced(
    one: FolderStorage, other: FolderStorage
) -> None:
    wanted = Bytes(KEY, sha256=hashlib.sha256(b"scan").hexdigest())
    assert carry(wanted, one, other) == (4, wanted.sha256)
    before = (other.root / KEY).stat().st_ino
    (one.root / KEY).rename(one.root / "aside")
    assert carry(wanted, one, other) == (4, wanted.sha256)  # nothing was read from there
    assert (other.root / KEY).stat().st_ino == before
    (one.root / "aside").rename(one.root / KEY)
    (other.root / KEY).write_bytes(b"torn")
    assert carry(wanted, one, other) == (4, wanted.sha256)
    assert (other.root / KEY).read_bytes() == b"scan"
