"""Backing up the whole installation, all organizations, while others go on working in it.

Rows first, from one snapshot, then the bytes that they name: bytes never change, and go only after their rows. What the
sweep takes meanwhile is why a backup may begin again with a new snapshot.
"""

from __future__ import annotations

import shutil
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy.exc import OperationalError

from records import clock
from records.carrying import rows, schema
from records.carrying.backup_folder import BackupFolder, Manifest, all_in
from records.carrying.contents import ends_of_chains
from records.carrying.files import NotCarried, carry_all, named_bytes, not_named
from records.database import db
from records.errors import StorageFull, StorageOutOfReach, StorageUnavailable
from records.errors.backups import BackupFull, BackupTooLarge, BackupUnwritable, NothingToBackUp
from records.storage import is_full, megabytes, storage

# Sessions and counts of refused tries stay behind: a session that was ended since must not come to life again. So does
# who runs which job right now, and what a job counts anew where it is missing.
LEFT_BEHIND = frozenset({"sign_in", "throttle_count", "job_state", "kept_figures"})
_SNAPSHOTS = 3


@dataclass
class Taken:
    """How many files are in the backup, how many bytes, and how many of the files an earlier backup had already; and
    what is missing, by key, with the words for it."""

    files: int = 0
    bytes: int = 0
    linked: int = 0
    missing: dict[str, str] = field(default_factory=dict)


def take(into: Path) -> tuple[BackupFolder, Taken]:
    """Write a new backup into a folder of its own in `into`. What is missing from the storage, or is not what arrived,
    is left out and named. Raises NothingToBackUp, BackupFull, BackupTooLarge, BackupUnwritable."""
    now, earlier = clock.now(), all_in(into)
    with db.engine.connect() as connection:
        if schema.migration_of(connection) is None:
            raise NothingToBackUp()
    backup = BackupFolder.begin(into, at=now)
    with _room_in(into):
        for _ in range(_SNAPSHOTS):
            facts = _take_rows(backup)
            taken = _take_bytes(backup, earlier)
            if not _were_swept(taken.missing):
                break
        manifest = Manifest(
            version=_version(), taken_at=now.isoformat(timespec="seconds"), **facts,
            files=taken.files, bytes=taken.bytes, problems=list(taken.missing.values()),
            database_sha256=backup.sha256_of_database(), sums_sha256=backup.sha256_of_sums(),
        )  # fmt: skip
        backup.complete(manifest)
    return backup, taken


def _take_rows(backup: BackupFolder) -> dict[str, Any]:
    """Every row as it stood at one moment; and what the manifest says about them."""
    with rows.snapshot(db.engine) as source, backup.new_database() as target:
        rows.make_plain(source, target)
        return {
            "migration": schema.migration_of(source),
            "tables": rows.copy_rows(source, target, without=LEFT_BEHIND),
            "numbers": rows.numbers_given_out(source),
            "chains": ends_of_chains(target),
        }


def _take_bytes(backup: BackupFolder, earlier: list[BackupFolder]) -> Taken:
    taken = Taken()
    with backup.database() as connection:
        missing_yet = 0
        for wanted in named_bytes(connection):
            if backup.link(wanted, earlier):
                taken.linked += 1
            else:
                missing_yet += wanted.size
        _require_room(missing_yet, backup.path)
        with backup.new_sums() as add_sum:
            for wanted, outcome in carry_all(named_bytes(connection), storage(), backup.storage):
                if isinstance(outcome, NotCarried):
                    taken.missing[wanted.key] = str(outcome)
                else:
                    size, sha256 = outcome
                    add_sum(sha256, wanted.key)
                    taken.files += 1
                    taken.bytes += size
    return taken


def _were_swept(missing: dict[str, str]) -> bool:
    """Whether any of these is no longer named by a row: then there is a newer moment at which all is whole."""
    with db.engine.connect() as connection:
        return bool(not_named(connection, missing))


def _require_room(needed: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise BackupTooLarge(needed=megabytes(needed), free=megabytes(free), folder=str(folder.parent))


@contextmanager
def _room_in(folder: Path) -> Iterator[None]:
    """Whatever cannot be written, in words."""
    try:
        yield
    except StorageFull as error:
        raise BackupFull(folder=str(folder)) from error
    except StorageOutOfReach:
        raise
    except StorageUnavailable as error:
        raise BackupUnwritable(folder=str(folder), problem=str(error.__cause__)) from error
    except OperationalError as error:
        if not isinstance(error.orig, sqlite3.Error) or "full" not in str(error.orig):
            raise
        raise BackupFull(folder=str(folder)) from error
    except OSError as error:
        full = BackupFull(folder=str(folder))
        raise (full if is_full(error) else BackupUnwritable(folder=str(folder), problem=error.strerror)) from error


def _version() -> str:
    project = Path(current_app.config["MIGRATIONS"]).parent / "pyproject.toml"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
