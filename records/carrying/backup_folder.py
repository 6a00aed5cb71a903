"""A backup as it lies in a folder: one folder of its own for each, which needs no other.

    DIR/20270321T181500Z/manifest.json     what is in it; written last: without it the backup is not complete
                         database.sqlite   every row
                         SHA256SUMS        of all files, for `sha256sum --check`
                         scans/            the bytes, under the keys that the rows name

Bytes that an earlier backup in DIR has are linked, not written again (a hard link: either may be deleted).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine

from records.carrying.files import Bytes
from records.errors.backups import BackupDamaged, BackupIncomplete, BackupOfNewerVersion, BackupUnwritable, NoBackup
from records.storage import is_key, sha256_of
from records.storage.folder import FolderStorage, sync_folder

FORMAT = 1
_MANIFEST, _DATABASE, _SUMS, _SCANS = "manifest.json", "database.sqlite", "SHA256SUMS", "scans"
_NAME = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"


@dataclass(frozen=True)
class Manifest:
    """`taken_at` is when it began (ISO 8601, UTC); `migration` is the one at which the database stood; `tables` counts
    rows; `numbers` are the largest ids ever given out; `files` and `bytes` count what lies in the folder of scans;
    `problems` names what is missing there; `chains` says where each organization's chain of sealed audit events ends
    (id, sequence, hash)."""

    version: str
    migration: str
    taken_at: str
    tables: dict[str, int]
    numbers: dict[str, int]
    files: int
    bytes: int
    problems: list[str]
    chains: list[list[Any]]
    database_sha256: str
    sums_sha256: str
    format: int = FORMAT


class BackupFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.storage = FolderStorage(path / _SCANS)

    @classmethod
    def begin(cls, into: Path, *, at: datetime) -> BackupFolder:
        """An empty one, readable by its owner only. Raises BackupUnwritable."""
        backup = cls(into / f"{at:%Y%m%dT%H%M%SZ}")
        try:
            into.mkdir(mode=0o700, parents=True, exist_ok=True)
            backup.path.mkdir(mode=0o700)
            (backup.path / _SCANS).mkdir()
        except OSError as error:
            raise BackupUnwritable(folder=str(into), problem=error.strerror) from error
        return backup

    @classmethod
    def newest(cls, folder: Path) -> BackupFolder:
        """The newest complete backup in `folder`, or the one that `folder` is. Raises NoBackup, BackupIncomplete."""
        here = [cls(folder)] if (folder / _DATABASE).exists() or (folder / _MANIFEST).exists() else all_in(folder)
        if not here:
            raise NoBackup(folder=str(folder))
        complete = [backup for backup in here if backup.is_complete]
        if not complete:
            raise BackupIncomplete(folder=str(here[0].path))
        return complete[0]

    @property
    def is_complete(self) -> bool:
        return (self.path / _MANIFEST).exists()

    def link(self, wanted: Bytes, earlier: list[BackupFolder]) -> bool:
        """Whether the bytes are here, or were in one of the `earlier` backups and could be linked."""
        if not is_key(wanted.key):
            return False
        here = self.path / _SCANS / wanted.key
        here.parent.mkdir(exist_ok=True)
        for there in (backup.path / _SCANS / wanted.key for backup in earlier):
            with suppress(OSError):  # it is not there, or this file system has no links
                os.link(there, here)
                break
        return here.exists()

    @contextmanager
    def new_database(self) -> Iterator[Connection]:
        """A new, empty database in place of what was there; synced at the end."""
        path = self.path / _DATABASE
        path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        engine = create_engine(URL.create("sqlite", database=str(path)))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()
        _sync(path)

    @contextmanager
    def database(self) -> Iterator[Connection]:
        """The rows, for reading; nothing is written, not even beside them."""
        address = f"{(self.path / _DATABASE).absolute().as_uri()}?mode=ro&immutable=1"
        engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True))
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def new_sums(self) -> Iterator[Any]:
        """Takes (SHA-256, key) of each of the bytes."""
        with (self.path / _SUMS).open("w", encoding="utf-8") as file:
            file.write(_line(self.sha256_of_database(), _DATABASE))
            yield lambda sha256, key: file.write(_line(sha256, f"{_SCANS}/{key}"))
        _sync(self.path / _SUMS)

    def bytes(self) -> Iterator[Bytes]:
        """What lies in the folder of scans, as it was written down."""
        with (self.path / _SUMS).open(encoding="utf-8") as lines:
            for line in lines:
                sha256, name = line.rstrip("\n").split("  ", 1)
                if name.startswith(f"{_SCANS}/"):
                    yield Bytes(name.removeprefix(f"{_SCANS}/"), sha256=sha256, record=name)

    def has(self, key: str) -> bool:
        return (self.path / _SCANS / key).exists()

    def sha256_of_database(self) -> str:
        return self._sha256(_DATABASE)

    def sha256_of_sums(self) -> str:
        return self._sha256(_SUMS)

    def complete(self, manifest: Manifest) -> None:
        """Write the manifest: from here on the backup is complete, whatever crashes."""
        with suppress(OSError):  # it may hold what a killed upload leaves, which is no harm
            self.storage.incoming.rmdir()
        for folder in [*self.storage.root.iterdir(), self.storage.root, self.path]:
            sync_folder(folder)
        written = self.path / f"{_MANIFEST}.new"
        written.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
        _sync(written)
        written.rename(self.path / _MANIFEST)
        sync_folder(self.path)
        sync_folder(self.path.parent)

    def manifest(self) -> Manifest:
        """Raises BackupOfNewerVersion; BackupDamaged where it cannot be read, or the rows or the sums are others."""
        try:
            facts = json.loads((self.path / _MANIFEST).read_text(encoding="utf-8"))
            if facts["format"] > FORMAT:
                raise BackupOfNewerVersion(version=facts["version"], migration=facts["migration"])
            manifest = Manifest(**facts)
        except (ValueError, TypeError, KeyError):
            raise BackupDamaged(file=_MANIFEST) from None
        for name, sha256 in ((_DATABASE, manifest.database_sha256), (_SUMS, manifest.sums_sha256)):
            if self._sha256(name) != sha256:
                raise BackupDamaged(file=name)
        return manifest

    def _sha256(self, name: str) -> str:
        try:
            with (self.path / name).open("rb") as stream:
                return sha256_of(stream)
        except FileNotFoundError:
            raise BackupDamaged(file=name) from None


def all_in(folder: Path) -> list[BackupFolder]:
    """All backups in `folder`, complete or not, the newest first."""
    return [BackupFolder(path) for path in sorted(folder.glob(_NAME), reverse=True)]


def _line(sha256: str, name: str) -> str:
    return f"{sha256}  {name}\n"


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
