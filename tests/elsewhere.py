"""Other installations, for tests of what is carried from one to another; and what stands in a backup."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import click.testing
import sqlalchemy as sa
from flask import Flask, has_app_context

from records.carrying import rows
from records.carrying.backup_folder import BackupFolder
from records.database import db, transaction
from records.models import Preview, State, StoredFile
from records.storage import is_arriving, preview_key, thumbnail_key
from tests import stored
from tests.cast import Cast
from tests.certificates import credit_type, in_state

Dump = dict[str, list[tuple[Any, ...]]]
MakeElsewhere = Callable[..., Flask]
_START = multiprocessing.get_context("fork")


def certificates_and_a_preview(cast: Cast) -> None:
    """What else there is to carry: certificates in every state, and the oldest file drawn."""
    type_ = credit_type()
    for number, state in enumerate(State):
        in_state(cast, type_, state, title=f"Title {number}")
    with transaction() as session:
        first = session.scalars(sa.select(StoredFile).order_by(StoredFile.id)).first()
        assert first is not None
        first.preview = Preview.READY
        for key in (preview_key(first.key), thumbnail_key(first.key)):
            stored.tamper(key, b"drawn")


@contextmanager
def at(app: Flask) -> Iterator[None]:
    """Inside this installation; whoever is inside one already lets go of its database."""
    if has_app_context():
        db.session.rollback()
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()
            db.engine.dispose()


def run(app: Flask, *arguments: Any) -> click.testing.Result:
    with at(app):
        return app.test_cli_runner().invoke(args=[str(each) for each in arguments])


def dump(connection: sa.Connection) -> Dump:
    """Every row of every table, in an order of its own."""
    found = rows.tables(connection).items()
    return {name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr) for name, table in found}


def rows_of(app: Flask) -> Dump:
    with at(app), rows.snapshot(db.engine) as connection:
        return dump(connection)


def keys_of(app: Flask) -> list[str]:
    """The keys of all stored files, the oldest first."""
    with at(app), db.engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT key FROM stored_file ORDER BY id")))


def keys_in(backup: BackupFolder) -> list[str]:
    with backup.database() as connection:
        return list(connection.scalars(sa.text("SELECT key FROM stored_file ORDER BY id")))


def rows_in(backup: BackupFolder) -> Dump:
    with backup.database() as connection:
        return dump(connection)


def backup_of(app: Flask, folder: Path) -> BackupFolder:
    """A backup by the command, in which nothing is missing."""
    said = run(app, "backup", folder)
    assert said.exit_code == 0, said.output
    return BackupFolder.newest(folder)


def restored(app: Flask, folder: Path, *options: str) -> str:
    """What the command said, which proved all to be in order."""
    said = run(app, "restore", folder, *options)
    assert said.exit_code == 0, said.output + repr(said.exception)
    assert said.output.endswith("Everything is in order.\n")
    return said.output


def files_here() -> dict[str, bytes]:
    """The bytes of the storage of the installation that we are inside of, by key; not what was cut short."""
    return {key: content for key, content in stored.contents().items() if not is_arriving(key)}


def files_in(folder: Path) -> dict[str, bytes]:
    """The bytes of a backup's folder of scans, by key; not what was cut short on its way in."""
    paths = {str(path.relative_to(folder)): path for path in folder.glob("*/*") if path.is_file()}
    return {key: path.read_bytes() for key, path in paths.items() if not is_arriving(key)}


def change_manifest(backup: BackupFolder, **facts: Any) -> None:
    path = backup.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


@contextmanager
def process(target: Callable[..., None], *args: Any) -> Iterator[Any]:
    """A process of its own, killed in the end."""
    db.session.remove()
    db.engine.dispose()
    started = _START.Process(target=_alone, args=(target, *args))
    started.start()
    try:
        yield started
    finally:
        started.kill()
        started.join()


def _alone(target: Callable[..., None], *args: Any) -> None:
    """Where it comes to an end, without what the process of the tests does at its own: it stops servers."""
    try:
        target(*args)
    finally:
        os._exit(0)


def killed(target: Callable[..., None], *args: Any, within: float, draw: Random) -> None:
    """Let a process do this, and kill it within so many seconds."""
    with process(target, *args):
        time.sleep(draw.uniform(0, within))
