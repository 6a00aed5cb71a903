"""Files wait for the virus scan, whatever becomes of the scanner; nobody opens or approves one that is not clean."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import current_app

from records import clock
from records.database import choose_organization, db, found, this_organization, transaction
from records.errors import FileInfected, FileUnscanned
from records.models import (
    Approval,
    AuditEvent,
    AuditKind,
    Certification,
    ExternalCertificate,
    MessageKind,
    Preview,
    RenewalProposal,
    Scan,
    State,
    StoredFile,
    VirusScan,
)
from records.scanner import Scanner
from records.services import previews, renewal_proposals, reviews, scans, submissions, uploads, virus_scans
from records.services.certification_steps import Entry
from records.services.files import row_for, take_in
from records.services.submission_steps import Files
from tests import samples
from tests.certificates import credit_type, given, staged
from tests.clamd import EICAR, LARGEST, VIRUS, Daemon
from tests.holdings import give, today
from tests.outbox import messages
from tests.renewals import allow_proposals, proposed

BOTH = {"clean.jpg": samples.picture(), "infected.jpg": samples.picture() + EICAR}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("clamd")).running() as running:
        yield running


@pytest.fixture
def scanning(app, daemon, monkeypatch):
    """Scanning is on, and the daemon runs."""
    monkeypatch.setitem(app.extensions, "scanner", Scanner(daemon.url, patience=1, longest=5))
    return daemon


def stored(content: bytes = b"", name: str = "card.jpg") -> StoredFile:
    arrived = take_in(io.BytesIO(content or samples.picture()), name=name, organization=this_organization())
    with transaction():
        return row_for(arrived)


def scan() -> None:
    virus_scans.scan_for_viruses()
    db.session.expire_all()


def states() -> list[str]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(StoredFile.virus_scan).order_by(StoredFile.id)))


def later(monkeypatch, **time) -> None:
    now = clock.now() + timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: now)


def test_without_a_scanner_nothing_waits(cast):
    give(cast.max, cast.emt, 200, files=BOTH)
    scan()
    assert states() == [VirusScan.NOT_SCANNED] * 2
    assert all(not file.is_held_back for file in db.session.scalars(sa.select(StoredFile)))


def test_a_clean_file_is_opened_and_an_infected_one_never(cast, scanning, browse):
    certification_id = give(cast.max, cast.emt, 200, files=BOTH)
    clean, infected = db.session.scalars(sa.select(Scan).order_by(Scan.id))
    ids = {"clean": clean.id, "infected": infected.id}
    doors = ("file", "download", "preview", "thumbnail")
    previews.draw_previews()  # nothing is drawn of what waits
    assert {file.preview for file in db.session.scalars(sa.select(StoredFile))} == {Preview.WAITING}
    for member in (cast.max, cast.ada):
        for one_id in ids.values():
            answers = [browse(member).get(f"/scan/{one_id}/{door}").status_code for door in doors]
            assert answers == [409, 409, 404, 404]
            assert "Waits for the virus scan" in browse(member).get(f"/scan/{one_id}").text
    scan()
    assert states() == [VirusScan.CLEAN, VirusScan.INFECTED]
    previews.draw_previews()
    db.session.expire_all()
    assert [file.preview for file in db.session.scalars(sa.select(StoredFile).order_by(StoredFile.id))] == [
        Preview.READY, Preview.WAITING,
    ]  # fmt: skip
    for member in (cast.max, cast.ada):
        for door in doors:
            with browse(member).get(f"/scan/{ids['clean']}/{door}") as answer:
                assert answer.status_code == 200
            with browse(member).get(f"/scan/{ids['infected']}/{door}") as answer:
                assert answer.status_code == (409 if door in ("file", "download") else 404)
                assert EICAR not in answer.data
        page = browse(member).get(f"/scan/{ids['infected']}").text
        assert f"A virus was found: {VIRUS}" in page
        assert "Download" not in page.partition("<main")[2]
    lists = (browse(cast.max).get("/portfolio/certifications"), browse(cast.ada).get(f"/admin/members/{cast.max.id}"),
             browse(cast.ada).get(f"/admin/certifications/{certification_id}"))  # fmt: skip
    for page in lists:
        assert f"A virus was found: {VIRUS}" in page.text
    archive = browse(cast.max).get(f"/member/{cast.max.id}/scans/download")
    assert EICAR not in archive.data
    assert b"clean.jpg" in archive.data
    assert b"infected.jpg" in archive.data  # named as left out


def test_finding_a_virus_is_on_record_and_told_to_who_brought_the_file(cast, scanning):
    certification_id = give(cast.max, cast.emt, 200)
    arrived = take_in(io.BytesIO(EICAR), name="card.pdf", organization=this_organization())
    scans.attach_files(found(Certification, certification_id), [arrived], by=cast.actor(cast.carl))
    scan()
    (event,) = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.VIRUS_FOUND))
    assert (event.actor_kind, event.subject_kind, event.member_id) == ("job", "scan", cast.max.id)
    assert event.detail.after == {"name": "card.pdf", "virus": VIRUS}
    (message,) = messages(MessageKind.VIRUS_FOUND)
    assert message.member_id == cast.carl.id
    assert message.page == f"/scan/{event.subject_id}"
    scan()
    assert len(messages(MessageKind.VIRUS_FOUND)) == 1
    choose_organization(cast.fire.id)
    assert scans.delete(found(Scan, event.subject_id), by=cast.actor(cast.ada))


def test_a_file_that_waits_in_a_form_and_is_found_infected_can_still_be_left_out(cast, scanning, browse):
    """The wizard goes on: its page says what was found, and the other file is added."""
    arrived = [
        take_in(io.BytesIO(content), name=name, organization=this_organization()) for name, content in BOTH.items()
    ]
    upload = uploads.start(cast.max, arrived, by=cast.actor(cast.ada))
    scan()
    choose_organization(cast.fire.id)
    assert messages(MessageKind.VIRUS_FOUND)[0].member_id == cast.ada.id
    page = browse(cast.ada).get(f"/admin/uploads/{upload.id}")
    assert page.status_code == 200
    assert f"A virus was found: {VIRUS}" in page.text
    letter = browse(cast.ada).get("/portfolio/messages")
    assert "A virus was found in infected.jpg" in letter.text
    first, second = [file.id for file in upload.files]
    for one_id, status in ((first, 200), (second, 409)):
        with browse(cast.ada).get(f"/admin/uploads/{upload.id}/file/{one_id}") as answer:
            assert answer.status_code == status


@pytest.mark.parametrize(("content", "refusal"), [(b"", FileUnscanned), (EICAR, FileInfected)])
def test_approval_is_refused_until_every_file_is_clean(cast, scanning, content, refusal):
    key = staged(cast.actor(cast.max), samples.picture(), content or samples.picture(colour="red"))
    made = submissions.submit(given(credit_type()), Files(key), by=cast.actor(cast.max))
    certificate, ada = found(ExternalCertificate, made.certificate_id), cast.actor(cast.ada)
    approval, seen = Approval(certificate.claimed_credits), certificate.digest()
    if content:
        scan()
        choose_organization(cast.fire.id)
    with pytest.raises(refusal):
        reviews.approve(certificate, approval, seen=seen, by=ada)
    assert found(ExternalCertificate, made.certificate_id).state == State.PENDING
    if not content:
        scan()
        choose_organization(cast.fire.id)
        reviews.approve(certificate, approval, seen=seen, by=ada)
        assert found(ExternalCertificate, made.certificate_id).state == State.APPROVED


def test_a_proposed_renewal_with_a_virus_is_not_accepted(cast, scanning):
    allow_proposals(cast.emt)
    proposal = proposed(cast, give(cast.max, cast.emt, 20), EICAR)
    scan()
    choose_organization(cast.fire.id)
    proposal = found(RenewalProposal, proposal.id)
    entry = Entry(None, today() + timedelta(days=900), None, "")
    with pytest.raises(FileInfected):
        renewal_proposals.accept(proposal, entry, version=proposal.version, by=cast.actor(cast.ada))


def test_the_reviewer_reads_why_nothing_can_be_approved(cast, scanning, browse):
    key = staged(cast.actor(cast.max), samples.picture())
    made = submissions.submit(given(credit_type()), Files(key), by=cast.actor(cast.max))
    address = f"/admin/approvals/{made.certificate_id}"
    assert "Waits for the virus scan" in browse(cast.ada).get(address).text
    assert "Waits for the virus scan" in browse(cast.max).get(f"/portfolio/certificates/{made.certificate_id}").text


def test_a_file_waits_while_the_daemon_is_down_and_is_scanned_once_it_is_back(cast, scanning, monkeypatch):
    scanning.kill()
    try:
        stored()
        for _ in range(3):
            scan()
            assert states() == [VirusScan.UNSCANNED]
            later(monkeypatch, minutes=1, seconds=1)
    finally:
        scanning.start()
    scan()
    assert states() == [VirusScan.CLEAN]


def test_a_daemon_that_dies_in_mid_stream_leaves_the_file_waiting(cast, scanning, monkeypatch):
    row = stored(b"x" * 900_000)

    class Dying(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 300_000:
                scanning.kill()
            return super().read(size)

    with monkeypatch.context() as dying:
        dying.setattr(virus_scans.storage().__class__, "open", lambda _self, _key: Dying(b"x" * 900_000))
        try:
            scan()
        finally:
            scanning.start()
    assert states() == [VirusScan.UNSCANNED]
    later(monkeypatch, minutes=1, seconds=1)
    scan()
    assert states() == [VirusScan.CLEAN]
    assert row.id


def test_a_hung_daemon_holds_the_worker_up_for_little_and_another_file_is_next(cast, scanning, monkeypatch):
    stored(b"first")
    stored(EICAR)
    with scanning.hung():
        scan()
        assert states() == [VirusScan.UNSCANNED] * 2
    scan()  # the first one is put off for a minute, so it does not stand in the way
    assert states() == [VirusScan.UNSCANNED, VirusScan.INFECTED]
    later(monkeypatch, minutes=1, seconds=1)
    scan()
    assert states() == [VirusScan.CLEAN, VirusScan.INFECTED]


def test_a_worker_killed_while_it_scans_only_delays(cast, scanning, monkeypatch):
    stored(EICAR)

    def killed(*_arguments):
        raise SystemExit

    with monkeypatch.context() as killing:
        killing.setattr(Scanner, "virus_in", killed)
        with pytest.raises(SystemExit):
            scan()
    scan()
    assert states() == [VirusScan.UNSCANNED]  # nobody else takes what may still be scanned
    later(monkeypatch, minutes=7)
    scan()
    assert states() == [VirusScan.INFECTED]


def test_what_the_daemon_does_not_take_keeps_waiting_and_holds_nothing_up(cast, scanning):
    stored(bytes(LARGEST + 1))
    stored(b"small")
    scan()
    assert states() == [VirusScan.UNSCANNED, VirusScan.CLEAN]


def test_old_files_are_queued_when_scanning_is_switched_on_and_let_go_when_off(cast, scanning, app, monkeypatch):
    door = app.extensions["scanner"]
    monkeypatch.setitem(current_app.extensions, "scanner", None)
    monkeypatch.setattr(virus_scans, "_AT_ONCE", 2)
    for number in range(5):
        stored(b"%d" % number)
    stored(EICAR)
    scan()
    assert states() == [VirusScan.NOT_SCANNED] * 6
    monkeypatch.setitem(current_app.extensions, "scanner", door)
    with scanning.hung():
        scan()
        assert states() == [VirusScan.UNSCANNED] * 6
    later(monkeypatch, minutes=1, seconds=1)
    scan()
    assert states() == [VirusScan.CLEAN] * 5 + [VirusScan.INFECTED]
    stored(b"one more")
    monkeypatch.setitem(current_app.extensions, "scanner", None)
    scan()
    assert states() == [VirusScan.CLEAN] * 5 + [VirusScan.INFECTED, VirusScan.NOT_SCANNED]


def test_an_administrator_reads_in_settings_whether_files_are_scanned(cast, scanning, app, browse, monkeypatch):
    ada = browse(cast.ada)
    assert "The scanner answers." in ada.get("/admin/settings/").text
    stored()
    with scanning.hung():
        page = ada.get("/admin/settings/").text
        assert "The scanner does not answer" in page
        assert "1 file waits to be scanned" in page
    monkeypatch.setitem(app.extensions, "scanner", None)
    assert "Files are not scanned for viruses" in ada.get("/admin/settings/").text
