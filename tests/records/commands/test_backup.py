"""flask backup and restore: nothing is lost on the way, nothing is overwritten, and whatever is wrong is named."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
from collections import namedtuple
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock
from records.carrying import backup_folder
from records.carrying.backup_folder import BackupFolder, all_in
from records.database import choose_organization, db, transaction
from records.models import CertificationType, Member, Message, MessageKind, StoredFile
from records.models.message import WAITING
from records.storage import storage
from tests import stored
from tests.cast import Cast
from tests.conftest import make_app, upgrade
from tests.elsewhere import (
    MakeElsewhere,
    at,
    backup_of,
    certificates_and_a_preview,
    change_manifest,
    dump,
    files_here,
    files_in,
    keys_of,
    restored,
    rows_in,
    rows_of,
    run,
)
from tests.holdings import give, pdf, picture


@pytest.fixture
def world(cast: Cast) -> Cast:
    """Files of certifications and of certificates in every state, a preview, a deleted scan, a message that waits."""
    give(cast.max, cast.emt, 300, number="E-1", files={"front.png": picture(), "card.pdf": pdf()})
    certificates_and_a_preview(cast)
    return cast


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An installation on SQLite, for what is alike on every database. Tests may add to it."""
    app = make_app(tmp_path_factory.mktemp("small"))
    upgrade(app)
    with at(app):
        cast = Cast.enter()
        choose_organization(cast.fire.id)
        give(cast.max, cast.emt, 300, files={"front.png": picture(), "back.png": picture("red"), "card.pdf": pdf()})
    return app


def _one_more_file(app: Flask) -> None:
    with at(app):
        choose_organization(1)
        member, type_ = db.session.get_one(Member, 1), db.session.get_one(CertificationType, 1)
        give(member, type_, 300, number=secrets.token_hex(4), files={"new": secrets.token_bytes(2000)})


@pytest.fixture(scope="module")
def kept(small: Flask, tmp_path_factory: pytest.TempPathFactory) -> BackupFolder:
    """A backup that stays as it is."""
    return backup_of(small, tmp_path_factory.mktemp("kept"))


@pytest.fixture
def taken(small: Flask, tmp_path: Path) -> BackupFolder:
    return backup_of(small, tmp_path / "backups")


def _later(app: Flask, first: BackupFolder) -> BackupFolder:
    with clock.standing_at(clock.now() + timedelta(seconds=2)):
        return backup_of(app, first.path.parent)


def _scans(backup: BackupFolder) -> Path:
    return backup.path / "scans"


def _said(app: Flask, *arguments: Any) -> str:
    """What the command said when it refused."""
    said = run(app, *arguments)
    assert said.exit_code == 1, said.output
    assert not said.exception or isinstance(said.exception, SystemExit), repr(said.exception)
    return said.output


def _is_untouched(app: Flask) -> bool:
    with at(app):
        return not any(rows_of(app).values()) and list(storage().keys_before(float("inf"))) == []


def test_every_row_and_every_file_is_there_elsewhere(
    app: Flask, world: Cast, elsewhere: MakeElsewhere, tmp_path: Path
) -> None:
    taken, target = backup_of(app, tmp_path / "backups"), elsewhere("sqlite")
    said = restored(target, taken.path.parent)
    assert str(taken.path) in said
    assert rows_of(target) == rows_in(taken)
    with at(target):
        assert files_here() == files_in(_scans(taken))
    assert files_in(_scans(taken)) == files_here()
    again = backup_of(target, tmp_path / "again")
    assert rows_in(again) == rows_in(taken)
    assert sorted((again.path / "SHA256SUMS").read_text().splitlines()[1:]) == sorted(
        (taken.path / "SHA256SUMS").read_text().splitlines()[1:]
    )


def test_it_can_be_proven_without_the_program(taken: BackupFolder) -> None:
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=taken.path, check=True)
    sums = (taken.path / "SHA256SUMS").read_bytes()
    manifest = json.loads((taken.path / "manifest.json").read_text())
    assert manifest["sums_sha256"] == hashlib.sha256(sums).hexdigest()
    assert manifest["files"] == sums.count(b"\n") - 1 == len(files_in(_scans(taken)))
    with closing(sqlite3.connect(taken.path / "database.sqlite")) as connection:
        for name, count in manifest["tables"].items():
            assert connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() == (count,)


def test_only_its_owner_reads_it_and_it_knows_no_secret_key(small: Flask, taken: BackupFolder) -> None:
    assert (taken.path.stat().st_mode & 0o777, taken.path.parent.stat().st_mode & 0o777) == (0o700, 0o700)
    secret = small.config["SECRET_KEY"].encode()
    assert not any(secret in path.read_bytes() for path in taken.path.rglob("*") if path.is_file())


def test_sessions_and_counts_of_refused_tries_stay_behind(app: Flask, world: Cast, browse: Any, tmp_path: Path) -> None:
    browse(world.ada)
    assert rows_of(app)["sign_in"]
    assert rows_in(backup_of(app, tmp_path))["sign_in"] == []


def test_the_manifest_says_where_the_chains_of_sealed_events_end(app: Flask, cast: Cast, tmp_path: Path) -> None:
    give(cast.max, cast.emt, 300)
    with db.engine.begin() as connection:
        events = connection.execute(
            sa.text("SELECT id FROM audit_event WHERE organization_id = :fire ORDER BY id"), {"fire": cast.fire.id}
        ).scalars()
        sealed = "UPDATE audit_event SET sequence = :n, hash = :hash, sealed_at = at WHERE id = :id"
        many = [{"n": n, "hash": f"{n:064x}", "id": id_} for n, id_ in enumerate(events, start=1)]
        assert many
        connection.execute(sa.text(sealed), many)
    chains = backup_of(app, tmp_path).manifest().chains
    assert chains == [[cast.fire.id, len(many), f"{len(many):064x}"]]


# Backups after the first


def test_a_second_backup_writes_new_bytes_only_and_needs_the_first_no_longer(
    small: Flask, taken: BackupFolder, elsewhere: MakeElsewhere
) -> None:
    _one_more_file(small)
    second = _later(small, taken)
    assert second.path > taken.path
    old, new = _scans(taken), _scans(second)
    shared = {key for key in files_in(old) if (old / key).samefile(new / key)}
    assert shared == set(files_in(old))
    assert len(files_in(new)) == len(shared) + 1
    shutil.rmtree(taken.path)
    restored(elsewhere("sqlite"), second.path)


def test_bytes_that_an_earlier_backup_has_wrong_are_written_anew(small: Flask, taken: BackupFolder) -> None:
    key, *_ = keys_of(small)
    damaged = _scans(taken) / key
    right = damaged.read_bytes()
    damaged.write_bytes(b"x" + right[1:])
    second = _later(small, taken)
    assert (_scans(second) / key).read_bytes() == right
    assert damaged.read_bytes() != right


def test_two_backups_in_one_second_do_not_write_into_one_another(small: Flask, tmp_path: Path) -> None:
    with clock.standing_at(clock.now()):
        backup_of(small, tmp_path)
        assert "No backup can be written" in _said(small, "backup", tmp_path)


# What is missing or damaged


def test_bytes_that_the_storage_lost_are_named_and_all_else_is_saved(
    app: Flask, world: Cast, elsewhere: MakeElsewhere, tmp_path: Path
) -> None:
    lost, bent, *others = keys_of(app)
    storage().delete(lost)
    stored.tamper(bent, b"others")
    said = _said(app, "backup", tmp_path)
    assert f"stored_file 1: its bytes are missing ({lost})" in said
    assert f"stored_file 2: its bytes are not those that arrived ({bent})" in said
    backup = BackupFolder.newest(tmp_path)
    assert len(backup.manifest().problems) == 2
    assert set(others) <= set(files_in(_scans(backup)))
    assert not {lost, bent} & set(files_in(_scans(backup)))
    target = elsewhere("sqlite")
    said = _said(target, "restore", tmp_path)
    assert said.count("bytes_missing") == 2  # what `flask check` says
    with at(target):
        assert set(others) <= set(files_here())


def test_what_the_sweep_took_meanwhile_is_no_loss(
    app: Flask, world: Cast, elsewhere: MakeElsewhere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup begins again with a newer snapshot where rows of its own have lost their bytes since."""
    id_, key = db.session.execute(sa.select(StoredFile.id, StoredFile.key).order_by(StoredFile.id)).first()
    link = BackupFolder.link

    def sweep_first(*args: Any) -> bool:
        if key in stored.names():
            with db.engine.begin() as connection:
                connection.execute(sa.text("DELETE FROM scan WHERE stored_file_id = :id"), {"id": id_})
                connection.execute(sa.text("DELETE FROM stored_file WHERE id = :id"), {"id": id_})
            storage().delete(key)
        return link(*args)

    monkeypatch.setattr(BackupFolder, "link", sweep_first)
    backup = backup_of(app, tmp_path)
    assert backup.manifest().problems == []
    assert id_ not in {row[0] for row in rows_in(backup)["stored_file"]}
    restored(elsewhere("sqlite"), tmp_path)


def test_files_that_were_damaged_or_lost_in_the_backup_are_named_and_left_out(
    small: Flask, taken: BackupFolder, elsewhere: MakeElsewhere
) -> None:
    lost, bent, cut, *_ = (_scans(taken) / key for key in keys_of(small))
    lost.unlink()
    content = bytearray(bent.read_bytes())
    content[len(content) // 2] ^= 1
    bent.write_bytes(content)
    cut.write_bytes(cut.read_bytes()[:-1])
    target = elsewhere("sqlite")
    said = _said(target, "restore", taken.path)
    assert f"scans/{lost.relative_to(_scans(taken))}: its bytes are missing" in said
    for each in (bent, cut):
        assert f"scans/{each.relative_to(_scans(taken))}: its bytes are not those that arrived" in said
    assert said.count("bytes_missing") == 3
    with at(target):
        assert set(files_here()) == {key for key in files_in(_scans(taken)) if _scans(taken) / key not in (bent, cut)}


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (lambda path: _flip(path / "database.sqlite"), "“database.sqlite” is not what was written"),
        (lambda path: (path / "database.sqlite").unlink(), "“database.sqlite” is not what was written"),
        (lambda path: os.truncate(path / "database.sqlite", 4096), "“database.sqlite” is not what was written"),
        (lambda path: _flip(path / "SHA256SUMS"), "“SHA256SUMS” is not what was written"),
        (lambda path: (path / "manifest.json").write_text("{"), "“manifest.json” is not what was written"),
        (lambda path: (path / "manifest.json").write_text('{"format": 1}'), "“manifest.json” is not what was written"),
        (lambda path: change_manifest(BackupFolder(path), format=2, version="7.2"), "made by version 7.2"),
        (lambda path: (path / "manifest.json").unlink(), "was never completed"),
        (lambda path: change_manifest(BackupFolder(path), migration="0999", version="7.1"), "made by version 7.1"),
        (lambda path: change_manifest(BackupFolder(path), tables={}), "not as many as the manifest says"),
    ],
    ids=["a byte of the rows", "no rows", "half of the rows", "a byte of the sums", "half a manifest",
         "a third of a manifest", "another format", "no manifest", "a newer version", "other counts"],
)  # fmt: skip
def test_a_damaged_backup_is_refused_by_name(
    kept: BackupFolder, elsewhere: MakeElsewhere, tmp_path: Path, harm: Any, sentence: str
) -> None:
    backup = BackupFolder(tmp_path / kept.path.name)
    shutil.copytree(kept.path, backup.path)
    harm(backup.path)
    target = elsewhere("sqlite")
    assert sentence in _said(target, "restore", backup.path if (backup.path / "manifest.json").exists() else tmp_path)
    if "as many" not in sentence:  # known only once the rows are loaded, and undone then
        assert _is_untouched(target)
    else:
        assert not any(rows_of(target).values())


def test_where_there_is_no_backup_it_says_so(elsewhere: MakeElsewhere, tmp_path: Path) -> None:
    assert "There is no backup in" in _said(elsewhere("sqlite"), "restore", tmp_path)
    assert "no tables yet" in _said(elsewhere("sqlite", bare=True), "backup", tmp_path)
    assert list(tmp_path.glob("2*")) == []


def test_an_earlier_backup_counts_where_the_last_was_never_completed(
    small: Flask, taken: BackupFolder, elsewhere: MakeElsewhere
) -> None:
    second = _later(small, taken)
    (second.path / "manifest.json").rename(second.path / "manifest.json.new")
    said = restored(elsewhere("sqlite"), taken.path.parent)
    assert f"{second.path} was never completed; an earlier backup is restored." in said


# Nothing is overwritten


def test_what_is_not_empty_is_refused(small: Flask, taken: BackupFolder, elsewhere: MakeElsewhere) -> None:
    before = rows_of(small)
    assert "this one is not: its database has rows" in _said(small, "restore", taken.path)
    assert rows_of(small) == before
    target = elsewhere("sqlite")
    with at(target):
        stored.tamper(other := "1/" + "0" * 64, b"precious")
    assert f"bytes that are not of this backup, such as {other}" in _said(target, "restore", taken.path)
    with at(target):
        assert stored.content(other) == b"precious"
        storage().delete(other)
        stored.tamper("incoming/" + "a" * 32, b"half an upload")
    restored(target, taken.path)


# Mail


def test_messages_wait_on_and_it_is_said_or_are_held_back(
    app: Flask, world: Cast, elsewhere: MakeElsewhere, tmp_path: Path
) -> None:
    with transaction() as session:
        for path in ("/invitation/secret", None):
            session.add(
                Message(kind=MessageKind.INVITATION, to_address="new@example.org", created_at=clock.now(),
                        due_at=clock.now(), facts={"name": "New"} | ({"path": path} if path else {}))
            )  # fmt: skip
    waits = sa.select(sa.func.count()).select_from(Message).where(sa.text(WAITING))
    waiting = db.session.scalar(waits)
    backup_of(app, tmp_path)
    first, second = elsewhere("sqlite"), elsewhere("sqlite")
    said = restored(first, tmp_path)
    assert f"{waiting} messages wait: once `jobs run` runs, they are written to DATA_DIR/outbox." in said
    assert "messages wait" not in restored(second, tmp_path, "--hold-mail")
    with at(first), db.engine.connect() as connection:
        assert connection.scalar(waits) == waiting
    with at(second), db.engine.connect() as connection:
        assert connection.scalar(waits) == 0
        held = connection.execute(sa.select(Message.facts, Message.last_error).where(Message.failed_at.is_not(None)))
        assert ({"name": "New"}, "Held back when a backup was restored.") in [tuple(row) for row in held]
        assert "secret" not in repr(dump(connection)["message"])


# Full disks


def test_too_little_room_is_said_before_bytes_are_written(
    small: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1, 1, 10))
    said = _said(small, "backup", tmp_path)
    assert "and only 10 B are free" in said
    (begun,) = all_in(tmp_path)
    assert not begun.is_complete
    assert files_in(_scans(begun)) == {}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("where", ["os.fsync", "pathlib.Path.rename"])
def test_a_disk_that_fills_up_or_breaks_is_said_and_earlier_backups_stay(
    small: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, number: int
) -> None:
    first = backup_of(small, tmp_path)
    _one_more_file(small)

    def fail(*_args: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched, clock.standing_at(clock.now() + timedelta(seconds=2)):
        patched.setattr(where, fail)
        said = _said(small, "backup", tmp_path)
    assert ("There is no room left" if number == errno.ENOSPC else "No backup can be written") in said
    _only_the_first_stands(tmp_path, first)


def test_rows_that_find_no_room_are_said_and_earlier_backups_stay(
    small: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = backup_of(small, tmp_path)

    def cramped(*args: Any, **options: Any) -> sa.Engine:
        engine = sa.create_engine(*args, **options)
        sa.event.listen(engine, "connect", lambda made, _record: made.execute("PRAGMA max_page_count = 20"))
        return engine

    monkeypatch.setattr(backup_folder, "create_engine", cramped)
    with clock.standing_at(clock.now() + timedelta(seconds=2)):
        assert "There is no room left" in _said(small, "backup", tmp_path)
    monkeypatch.undo()
    _only_the_first_stands(tmp_path, first)


def _only_the_first_stands(folder: Path, first: BackupFolder) -> None:
    assert [backup.is_complete for backup in all_in(folder)] == [False, True]
    assert BackupFolder.newest(folder).path == first.path
    first.manifest()  # still what was written
