"""Backups while people work, and commands that are killed: what is complete is whole, what is not says so."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock
from records.carrying.backup_folder import BackupFolder, all_in
from records.database import db, organization_scope
from records.errors.backups import BackupIncomplete, NoBackup
from records.models import Actor, Approval, CertificationType, CreditType, ExternalCertificate, Member, Scan
from records.services import backups, restoring, reviews, scans, submissions, sweeps
from records.services.submission_steps import Files
from records.storage import sha256_of
from tests import certificates
from tests.cast import Cast, actor_of
from tests.certificates import given, staged
from tests.elsewhere import (
    MakeElsewhere,
    at,
    backup_of,
    files_here,
    files_in,
    keys_in,
    keys_of,
    killed,
    process,
    restored,
    rows_in,
    rows_of,
    run,
)
from tests.holdings import give


def _work(app: Flask, ids: dict[str, int]) -> None:
    """Uploads, approvals, deletions, and sweeps of what was deleted long ago, until the process is killed."""
    draw = Random(1)
    with app.app_context(), organization_scope(ids["fire"]):
        ada, max_ = (actor_of(db.session.get_one(Member, ids[name])) for name in ("ada", "max"))
        while True:
            member, type_ = db.session.get_one(Member, ids["max"]), db.session.get_one(CertificationType, ids["emt"])
            give(member, type_, 300, number=draw.randbytes(8).hex(), files={"a": draw.randbytes(50_000)})
            _approve(draw.randbytes(30_000), by=max_, decided_by=ada)
            attached = sa.select(Scan).where(Scan.certification_id.is_not(None), Scan.deleted_at.is_(None))
            with _long_ago():
                scans.delete(db.session.scalars(attached.order_by(Scan.id)).first(), by=ada)
            sweeps.sweep_now(by=Actor.job("sweep"))


def _long_ago() -> AbstractContextManager[None]:
    """Longer than the sweep leaves deleted files alone."""
    return clock.standing_at(clock.now() - timedelta(days=4000))


def _approve(content: bytes, *, by: Actor, decided_by: Actor) -> None:
    type_ = db.session.scalars(sa.select(CreditType)).first()
    done = submissions.submit(given(type_), Files(staged(by, content)), by=by)
    certificate = db.session.get_one(ExternalCertificate, done.certificate_id)
    reviews.approve(certificate, Approval(certificate.claimed_credits), seen=certificate.digest(), by=decided_by)


@pytest.mark.parametrize("times", [2, pytest.param(40, marks=pytest.mark.long)])
def test_a_backup_while_people_work_is_whole(
    app: Flask, cast: Cast, elsewhere: MakeElsewhere, tmp_path: Path, times: int
) -> None:
    certificates.credit_type()
    with _long_ago():
        give(cast.max, cast.emt, 300, files={f"{number}": f"{number}".encode() for number in range(50 * times)})
    made = []
    with process(_work, app, cast.ids()) as worker:
        for number in range(times):
            time.sleep(0.5)
            with clock.standing_at(clock.now() + timedelta(minutes=number)):
                made.append(backup_of(app, tmp_path))
        assert worker.is_alive()
    events = [len(rows_in(backup)["audit_event"]) for backup in made]
    assert events == sorted(set(events)), "nobody worked between the backups"
    names = [set(keys_in(backup)) for backup in made]
    assert names[0] - names[-1], "nothing was swept between the backups"
    for backup in made[-2:]:
        target = elsewhere("sqlite")
        restored(target, backup.path)
        with at(target):
            assert set(keys_of(target)) == set(files_here())


def _take(app: Flask, folder: Path) -> None:
    with app.app_context():
        backups.take(folder)


def _restore(app: Flask, backup: BackupFolder) -> None:
    with app.app_context():
        restoring.restore(backup)


KILLS = [3, pytest.param(200, marks=pytest.mark.long)]


@pytest.mark.once
@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_backup_is_refused_and_harms_no_other(
    app: Flask, cast: Cast, elsewhere: MakeElsewhere, tmp_path: Path, kills: int
) -> None:
    give(cast.max, cast.emt, 300, files={f"{number}": bytes([number]) * 9000 for number in range(20)})
    began, draw = time.monotonic(), Random(kills)
    first = backup_of(app, tmp_path)
    took = time.monotonic() - began
    incomplete: list[BackupFolder] = []
    for number in range(kills + 30):  # until one was killed at work: how long it takes depends on the machine
        if number >= kills and incomplete:
            break
        with clock.standing_at(clock.now() + timedelta(minutes=number + 1)):
            killed(_take, app, tmp_path, within=took, draw=draw)
        incomplete = [backup for backup in all_in(tmp_path) if not backup.is_complete]
    assert incomplete
    for backup in incomplete:
        with pytest.raises((BackupIncomplete, NoBackup)):  # some died before they wrote a byte
            BackupFolder.newest(backup.path)
    for backup in (backup for backup in all_in(tmp_path) if backup.is_complete):
        _is_whole(backup)
    with clock.standing_at(clock.now() + timedelta(days=1)):
        last = backup_of(app, tmp_path)
    assert rows_in(last) == rows_in(first)
    restored(elsewhere("sqlite"), tmp_path)


def _is_whole(backup: BackupFolder) -> None:
    manifest = backup.manifest()
    sums = {wanted.key: wanted.sha256 for wanted in backup.bytes()}
    assert len(sums) == manifest.files
    for key, sha256 in sums.items():
        with backup.storage.open(key) as stream:
            assert sha256_of(stream) == sha256


@pytest.mark.once
@pytest.mark.parametrize("kills", KILLS)
def test_a_killed_restore_leaves_all_or_nothing_and_is_started_again(
    app: Flask, on: str, cast: Cast, elsewhere: MakeElsewhere, tmp_path: Path, kills: int
) -> None:
    give(cast.max, cast.emt, 300, files={f"{number}": bytes([number]) * 9000 for number in range(20)})
    backup, draw = backup_of(app, tmp_path), Random(kills)
    whole, target = rows_in(backup), elsewhere(on)
    began = time.monotonic()
    restored(target, tmp_path)
    took, target = time.monotonic() - began, elsewhere(on)
    for _ in range(kills):
        killed(_restore, target, backup, within=took, draw=draw)
        rows = rows_of(target)
        if any(rows.values()):
            assert rows == whole
            with at(target):
                assert files_here() == files_in(backup.path / "scans")
            assert run(target, "check").exit_code == 0
            target = elsewhere(on)
    restored(target, tmp_path)
    assert rows_of(target) == whole
