"""The sweep: what nobody needs goes after a grace time, and nothing else ever does."""

from __future__ import annotations

import hashlib
import io
from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from records import clock, throttle
from records.database import choose_organization, db, every_organization, found, lock, this_organization, transaction
from records.models import (
    Actor,
    Approval,
    AuditEvent,
    AuditKind,
    ExternalCertificate,
    Logo,
    Member,
    Preview,
    RegisterImport,
    Scan,
    SignIn,
    SingleUseLink,
    StoredFile,
    ThrottleCount,
    Upload,
    UploadedFile,
)
from records.models.certificate_states import FROZEN
from records.services import certification_steps as steps
from records.services import (
    files,
    previews,
    register_imports,
    reviews,
    revocations,
    scan_steps,
    submissions,
    sweeps,
    uploads,
)
from records.services.submission_steps import Files
from records.storage import preview_key, storage, thumbnail_key
from tests import certificates, samples, stored

JOB = Actor.job("sweep")
DAY = timedelta(days=1)


def arrive(cast, content: bytes = b"scan", name: str = "card.jpg") -> files.Arrived:
    return files.take_in(io.BytesIO(content), name=name, organization=cast.fire)


def attached(cast, content: bytes = b"scan") -> Scan:
    arrived = arrive(cast, content)
    with transaction():
        entry = steps.Entry(cast.emt.id, date(2030, 1, 1), number=hashlib.sha256(content).hexdigest()[:8])
        certification = steps.record(lock(cast.max), entry, by=cast.actor(cast.ada))
        scan = scan_steps.attach(certification, files.row_for(arrived), name="card.jpg", by=cast.actor(cast.ada))
    return scan


def sweep_after(span: timedelta) -> sweeps.Swept:
    with clock.standing_at(clock.now() + span):
        swept = sweeps.sweep_now(by=JOB)
    db.session.expire_all()
    return swept


def content_of(key: str) -> bytes:
    with storage().open(key) as stream:
        return stream.read()


def kept_files() -> set[str]:
    return stored.names()


def test_an_abandoned_upload_leaves_nothing_behind_after_a_day(cast):
    upload = uploads.start(cast.max, [arrive(cast, samples.picture())], by=cast.actor(cast.ada))
    previews.draw_previews()
    assert len(kept_files()) == 3  # with its preview and thumbnail
    assert sweep_after(DAY / 2) == sweeps.Swept(0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert db.session.get(Upload, upload.id) is not None
    swept = sweep_after(DAY + timedelta(minutes=1))
    assert (swept.uploads, swept.files) == (1, 1)
    assert db.session.scalars(select(Upload)).all() == db.session.scalars(select(UploadedFile)).all() == []
    assert kept_files() == set()


def test_what_became_a_scan_stays_when_its_upload_goes(cast):
    upload = uploads.start(cast.max, [arrive(cast)], by=cast.actor(cast.ada))
    target = uploads.Target(uploads.Facts(expires_on=date(2030, 1, 1)), type_id=cast.emt.id)
    refused = uploads.submit(upload, [uploads.Match(upload.files[0].id, [target])], by=cast.actor(cast.ada))
    assert refused == {}
    assert sweep_after(2 * DAY).uploads == 1
    scan = db.session.scalars(select(Scan)).one()
    assert content_of(scan.stored_file.key) == b"scan"


@pytest.mark.parametrize("use", ["scan", "deleted scan", "staged", "logo", "import", "wanted"])
def test_a_file_that_somebody_needs_stays(cast, use):
    scan = attached(cast)
    stored = scan.stored_file
    with transaction() as session:
        if use == "deleted scan":
            lock(scan).delete(at=clock.now())
        elif use != "scan":
            session.delete(lock(scan))
        if use == "logo":
            session.add(Logo(organization_id=cast.fire.id, stored_file_id=stored.id))
        elif use == "import":
            session.add(
                RegisterImport(
                    stored_file_id=stored.id,
                    file_name="a.csv",
                    reading={},
                    survey={},
                    mapping={},
                    created_at=clock.now(),
                )
            )
    if use == "staged":
        with clock.standing_at(clock.now() + 3 * DAY):
            uploads.start(cast.max, [arrive(cast)], by=cast.actor(cast.ada))
    if use == "wanted":
        with clock.standing_at(clock.now() + 3 * DAY):
            arrive(cast)
    assert sweep_after(3 * DAY + timedelta(hours=1)).files == 0
    assert content_of(db.session.scalars(select(StoredFile.key)).one()) == b"scan"


def test_a_deleted_scan_goes_once_it_can_no_longer_be_restored(cast):
    scan = attached(cast)
    with transaction():
        lock(cast.fire).retention_days = 30
        lock(scan).delete(at=clock.now())
    assert sweep_after(29 * DAY).scans == 0
    assert sweep_after(31 * DAY).scans == 1
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.kind == AuditKind.SCAN_SWEPT)).one()
    assert (event.member_id, event.actor_kind, event.detail.before["name"]) == (cast.max.id, "job", "card.jpg")
    assert kept_files() == set()


def test_scans_of_a_deleted_certification_go_with_it(cast):
    scan = attached(cast)
    with transaction():
        lock(cast.fire).retention_days = 30
        steps.delete(lock(scan.certification), by=cast.actor(cast.ada))
    assert sweep_after(29 * DAY).scans == 0
    assert sweep_after(31 * DAY).scans == 1


def test_retention_is_that_of_the_own_organization(cast):
    scan = attached(cast)
    with every_organization(), transaction():
        lock(cast.clinic).retention_days = 1
        lock(scan).delete(at=clock.now())
    assert sweep_after(31 * DAY).scans == 0


def test_bytes_without_a_row_go_after_a_day(cast):
    orphan, kept = arrive(cast, b"never staged"), attached(cast).stored_file.key
    stored.tamper("incoming/" + "ab" * 16, b"half")
    stored.tamper("notes/readme.txt", b"not ours")
    assert sweep_after(timedelta(hours=23)).bytes_without_row == 0
    assert sweep_after(timedelta(hours=25)).bytes_without_row == 2
    assert kept_files() == {kept, "notes/readme.txt"}
    assert orphan.key not in kept_files()


def test_a_preview_without_its_file_goes_and_one_with_its_file_stays(cast):
    row = attached(cast, samples.picture()).stored_file
    previews.draw_previews()
    lost = f"{cast.fire.id}/{'c' * 64}-{'d' * 16}"
    previews._keep(b"RIFF", preview_key(lost))
    previews._keep(b"RIFF", thumbnail_key(lost))
    assert sweep_after(timedelta(hours=25)).bytes_without_row == 2
    assert kept_files() == {row.key, preview_key(row.key), thumbnail_key(row.key)}


def test_a_register_never_brought_in_goes_after_a_month(cast):
    file = io.BytesIO(b"Name,Type,Expires\nMax Miller,EMT-Basic,2030-01-31\n")
    register_imports.start(file, name="register.csv", by=cast.actor(cast.ada))
    assert sweep_after(30 * DAY).imports == 0
    swept = sweep_after(32 * DAY)
    assert (swept.imports, swept.files) == (1, 1)


def test_sessions_links_and_throttle_windows_long_over_go(cast, browse):
    browse(cast.ada)
    now = clock.now()
    with every_organization(), transaction() as session:
        session.add(
            SingleUseLink(token_digest="a" * 64, purpose="password_reset", account_id=cast.max.account_id,
                          created_at=now, expires_at=now + DAY)
        )  # fmt: skip
    throttle.count_attempt("address:10.0.0.1", most=5, per=timedelta(minutes=15))
    assert sweep_after(29 * DAY) == sweeps.Swept(0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert db.session.scalars(select(ThrottleCount)).all() == []
    swept = sweep_after(50 * DAY)
    assert (swept.sessions, swept.links) == (1, 1)
    assert db.session.scalars(select(SignIn)).all() == db.session.scalars(select(SingleUseLink)).all() == []


def test_a_sweep_never_takes_the_bytes_of_an_upload_under_way(cast, app):
    """The same bytes are brought again in the very moment in which the sweep would take them."""
    organization_id, member_id, actor, failed = cast.fire.id, cast.max.id, cast.actor(cast.ada), []
    rounds = 12

    def bring(content: bytes) -> None:
        arrived = files.take_in(io.BytesIO(content), name="a", organization=this_organization())
        uploads.start(found(Member, member_id), [arrived], by=actor)

    def sweep(_content: bytes) -> None:
        with every_organization():
            sweeps.forget_files(before=clock.now() - DAY)

    def run(act, content: bytes, meet: Barrier) -> None:
        with app.app_context():
            try:
                choose_organization(organization_id)
                meet.wait()
                act(content)
            except BaseException as error:
                failed.append(error)
                raise
            finally:
                db.session.remove()

    for number in range(rounds):
        content, meet = f"old {number}".encode(), Barrier(2, timeout=30)
        arrived = arrive(cast, content)
        with transaction() as session:
            files.row_for(arrived)
            session.execute(
                update(StoredFile)
                .where(StoredFile.sha256 == arrived.sha256)
                .values(wanted_at=clock.now() - 2 * DAY, preview=Preview.NONE)
            )
        threads = [Thread(target=run, args=[act, content, meet]) for act in (bring, sweep)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    db.session.rollback()
    staged = db.session.scalars(select(UploadedFile)).all()
    assert len(staged) == rounds
    for file in staged:
        assert hashlib.sha256(content_of(file.stored_file.key)).hexdigest() == file.stored_file.sha256


# External certificates


@pytest.fixture
def learner(cast):
    return cast.actor(cast.max)


def edited(cast, ceu, learner) -> ExternalCertificate:
    """A pending certificate whose first file was replaced by another."""
    certificate = certificates.submitted(cast, ceu)
    key = certificates.staged(learner, b"the right file")
    given = certificates.given(ceu)
    submissions.edit(certificate, given, Files(key), seen=certificate.digest(), by=learner)
    return found(ExternalCertificate, certificate.id)


def test_files_that_wait_for_a_submission_go_after_a_day_and_with_them_their_bytes(cast, learner):
    certificates.staged(learner, b"never sent")
    assert sweep_after(DAY / 2) == sweeps.Swept(0, 0, 0, 0, 0, 0, 0, 0, 0)
    swept = sweep_after(DAY + timedelta(minutes=1))
    assert (swept.uploads, swept.files) == (1, 1)
    assert db.session.scalars(select(UploadedFile)).all() == []
    assert kept_files() == set()


@pytest.mark.parametrize("state", ["pending", "approved"])
def test_a_file_that_an_edit_took_off_goes_past_retention_also_when_it_was_decided_since(cast, learner, state):
    certificate = edited(cast, certificates.credit_type(), learner)
    taken_off = db.session.scalars(select(Scan).where(Scan.deleted_at.is_not(None))).one()
    gone, scan_id = taken_off.stored_file.key, taken_off.id
    with transaction():
        lock(cast.fire).retention_days = 30
    if state == "approved":
        approval = Approval(certificate.claimed_credits)
        reviews.approve(certificate, approval, seen=certificate.digest(), by=cast.actor(cast.ada))
    digest = certificate.digest()
    assert sweep_after(29 * DAY).scans == 0
    swept = sweep_after(31 * DAY)
    assert (swept.scans, swept.files) == (1, 1)
    assert db.session.get(Scan, scan_id) is None
    certificate = found(ExternalCertificate, certificate.id)
    assert (certificate.state, certificate.digest()) == (state, digest)
    assert kept_files() == {certificate.scans[0].stored_file.key} != {gone}
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.kind == AuditKind.SCAN_SWEPT)).one()
    assert (event.member_id, event.subject_id) == (cast.max.id, scan_id)


@pytest.mark.parametrize("state", FROZEN)
def test_nothing_of_a_decided_certificate_is_ever_swept(cast, state):
    certificate = certificates.in_state(cast, certificates.credit_type(), state)
    with transaction():
        lock(cast.fire).retention_days = 1
    key, digest = certificate.scans[0].stored_file.key, certificate.digest()
    before = content_of(key)
    swept = sweep_after(4000 * DAY)
    assert (swept.scans, swept.files) == (0, 0)
    certificate = found(ExternalCertificate, certificate.id)
    assert (certificate.state, certificate.digest()) == (state, digest)
    assert len(certificate.revisions) == 1
    assert content_of(key) == before


def test_bytes_that_a_certification_gave_up_stay_for_the_certificate_that_has_them_too(cast):
    certificate, ada = certificates.submitted(cast, certificates.credit_type()), cast.actor(cast.ada)
    entry, approval = steps.Entry(cast.emt.id, date(2031, 1, 1)), Approval(certificate.claimed_credits)
    reviews.approve(certificate, approval, seen=certificate.digest(), by=ada, track=entry)
    revocations.revoke(found(ExternalCertificate, certificate.id), reason="Forged.", by=ada)
    with transaction():
        lock(cast.fire).retention_days = 30
    swept = sweep_after(31 * DAY)
    assert (swept.scans, swept.files) == (1, 0)
    certificate = found(ExternalCertificate, certificate.id)
    assert content_of(certificate.scans[0].stored_file.key)
