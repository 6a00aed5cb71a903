"""The order in which the kernel is asked: bytes before rows on their way in, rows before bytes on their way out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from records.database import db, every_organization
from records.models import StoredFile
from tests.cast import Cast
from tests.durability.actions import ACTIONS, DAY, Scene, stored_files
from tests.durability.processes import Door, Point, Visitor, job_process, killed_at, traced
from tests.holdings import give

# The order in a bucket: test_buckets.py.
pytestmark = pytest.mark.usefixtures("in_a_folder")

CALLS = "openat,write,fsync,fdatasync,rename,pwrite64,sendto"


class Trace:
    """What a process asked of the kernel: one line a call, in order."""

    def __init__(self, log: Path) -> None:
        self.lines = [re.sub(r"^\d+ +", "", line) for line in log.read_text().splitlines()]

    def first(self, call: str, *words: str, after: int = 0) -> int:
        """Where `call` first has all these words, at that place or later."""
        for at, line in enumerate(self.lines[after:], after):
            if line.startswith(f"{call}(") and all(word in line for word in words):
                return at
        raise AssertionError(f"no {call} of {words} after {after}")

    def synced(self, path: Path, *, after: int = 0) -> int:
        return self.first("fsync", f"<{path}>", after=after)

    def commits(self) -> list[int]:
        """Where a transaction is made to last: SQLite syncs its log, a server is told to commit."""
        return [at for at, line in enumerate(self.lines) if _COMMIT.match(line)]


_COMMIT = re.compile(r"fdatasync\(.*certfolio\.db-wal>|sendto\(.*COMMIT")


def _add_a_file(app: Flask, cast: Cast, door: Door, log: Path) -> Trace:
    certification_id, visitor = give(cast.max, cast.emt, 400), Visitor.of(app, cast.ada)
    path = f"/admin/certifications/{certification_id}/files"
    with door.served() as process, traced(process, CALLS, log):
        assert door.post(path, visitor, {}, {"files": ("new.txt", b"new")}) == 302
    return Trace(log)


def _root(app: Flask) -> Path:
    return Path(app.config["DATA_DIR"]) / "scans"


def _only_key() -> str:
    with every_organization():
        return db.session.scalars(select(StoredFile.key)).one()


def test_bytes_last_under_their_name_before_their_row_does(app: Flask, cast: Cast, door: Door, tmp_path: Path) -> None:
    trace = _add_a_file(app, cast, door, tmp_path / "trace")
    final = _root(app) / _only_key()
    renamed = trace.first("rename", f'"{final}"')
    incoming = Path(trace.lines[renamed].split('"')[1])
    assert incoming.parent == _root(app) / "incoming"
    made = trace.first("openat", f'"{incoming}"', "O_CREAT|O_EXCL")
    written = trace.first("write", f"<{incoming}>", after=made)
    synced = trace.synced(incoming, after=written)
    named = trace.synced(final.parent, after=renamed)
    assert made < written < synced < renamed < named
    commits = trace.commits()
    assert not [at for at in commits if renamed < at < named]
    committed = commits[-1]
    assert committed > named
    row = (
        trace.first("sendto", "INSERT INTO stored_file")
        if _is_server(app)
        else trace.first("pwrite64", "-wal>", after=named)
    )
    assert named < row < committed


def _is_server(app: Flask) -> bool:
    return str(app.config["SQLALCHEMY_DATABASE_URI"]).startswith("postgresql")


def test_folders_that_are_new_last_before_the_row_does(app: Flask, cast: Cast, door: Door, tmp_path: Path) -> None:
    root = _root(app)
    shutil.rmtree(root, ignore_errors=True)
    trace = _add_a_file(app, cast, door, tmp_path / "trace")
    committed = trace.commits()[-1]
    for holds_a_new_folder in (root.parent, root):
        assert trace.synced(holds_a_new_folder) < committed


def unwanted() -> str:
    """The key of the file that nobody wants any more."""
    with every_organization():
        return db.session.scalars(select(StoredFile.key).order_by(StoredFile.wanted_at).limit(1)).one()


def sweep(app: Flask, *, later: timedelta, around: Callable[[Any], Any] | None = None) -> int | None:
    job = ACTIONS["sweep"].job
    assert job is not None
    with job_process(app, job, later=later) as (process, go_on):
        if around is None:
            go_on.set()
            process.join()
        else:
            with around(process):
                go_on.set()
                process.join()
        return process.exitcode


def test_a_row_goes_before_its_bytes(app: Flask, scene: Scene) -> None:
    """Killed in the very moment in which the first bytes would go: their row is gone for good, the bytes are there."""
    key = unwanted()
    assert sweep(app, later=2 * DAY, around=lambda process: killed_at(process, Point("unlink", 1))) == -9
    db.session.rollback()
    with every_organization():
        assert db.session.scalar(select(StoredFile.id).where(StoredFile.key == key)) is None
    assert key in stored_files()


def test_within_the_grace_time_only_what_was_unwanted_before_goes(app: Flask, scene: Scene) -> None:
    swept, before = unwanted(), stored_files()
    assert sweep(app, later=timedelta(hours=23)) == 0
    assert {name.partition(".")[0] for name in before - stored_files()} == {swept}
