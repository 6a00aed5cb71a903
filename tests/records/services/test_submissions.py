"""Submitting external certificates: one certificate however often a form arrives, and only with what is one's own."""

from __future__ import annotations

import secrets
from io import BytesIO

import pytest
import sqlalchemy as sa

from records.database import db, found, locked, transaction
from records.errors import ExternalCertificatesOff, InvalidInput, NoCreditTypes, NotOpen, Stale
from records.models import CreditType, ExternalCertificate, Organization, Scan, State, Upload, UploadedFile
from records.queries.external_certificates import staged as waiting
from records.services import reviews, submission_steps, submissions
from records.services.files import take_in
from records.services.submission_steps import MOST_FILES, Files
from tests import certificates
from tests.certificates import approved, given, staged, submitted
from tests.holdings import give, picture


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


@pytest.fixture
def learner(cast):
    return cast.actor(cast.max)


def _arrived(cast, *contents):
    return [
        take_in(BytesIO(content), name=f"{number}.txt", organization=cast.fire)
        for number, content in enumerate(contents, start=1)
    ]


def _all():
    return db.session.scalars(sa.select(ExternalCertificate).order_by(ExternalCertificate.id)).all()


def test_the_same_form_twice_is_one_certificate(ceu, learner):
    key = staged(learner)
    first = submissions.submit(given(ceu), Files(key), by=learner)
    again = submissions.submit(given(ceu), Files(key), by=learner)
    assert (again.certificate_id, again.is_new, again.is_same) == (first.certificate_id, False, True)
    assert len(_all()) == 1


@pytest.mark.parametrize("other", [{"title": "Rope rescue"}, {"note": "Both sides."}, {"title": ""}])
def test_the_same_form_with_another_content_is_told_apart_and_changes_nothing(ceu, learner, other):
    key = staged(learner)
    submissions.submit(given(ceu), Files(key), by=learner)
    again = submissions.submit(given(ceu, **other), Files(key), by=learner)
    assert (again.is_new, again.is_same) == (False, False)
    assert [each.title for each in _all()] == ["Ladder rescue"]


def test_the_same_form_with_another_file_is_told_apart(cast, ceu, learner):
    key = staged(learner, b"front")
    submissions.submit(given(ceu), Files(key), by=learner)
    submissions.stage(_arrived(cast, b"front"), key=key, by=learner)
    assert submissions.submit(given(ceu), Files(key), by=learner).is_same
    submissions.stage(_arrived(cast, b"front", b"back"), key=key, by=learner)
    assert not submissions.submit(given(ceu), Files(key), by=learner).is_same


def test_what_pends_already_with_the_same_content_and_files_is_not_made_again(ceu, learner):
    first = submissions.submit(given(ceu), Files(staged(learner)), by=learner)
    again = submissions.submit(given(ceu), Files(staged(learner)), by=learner)
    assert (again.certificate_id, again.is_new, again.is_same) == (first.certificate_id, False, True)


@pytest.mark.parametrize("change", ["title", "file", "state"])
def test_anything_else_is_another_certificate(cast, ceu, learner, change):
    first = submitted(cast, ceu)
    if change == "state":
        reviews.decline(first, reason="No name on it.", by=cast.actor(cast.ada))
    key = staged(learner, b"another") if change == "file" else staged(learner)
    facts = given(ceu, title="Ladders") if change == "title" else given(ceu)
    assert submissions.submit(facts, Files(key), by=learner).is_new
    assert len(_all()) == 2


def test_a_copy_starts_with_the_files_of_what_was_declined(cast, ceu, learner):
    first = submitted(cast, ceu)
    kept = [scan.id for scan in first.scans]
    reviews.decline(first, reason="No name on it.", by=cast.actor(cast.ada))
    files = Files(staged(learner, b"back side"), kept=kept)
    copy = found(
        ExternalCertificate,
        submissions.submit(given(ceu), files, by=learner, copy_of_id=first.id).certificate_id,
    )
    assert copy.copy_of_id == first.id
    assert [scan.name for scan in copy.scans] == ["certificate 1.png", "certificate 1.png"]
    assert [scan.deleted_at for scan in found(ExternalCertificate, first.id).scans] == [None]


@pytest.mark.parametrize("which", ["pending", "approved", "another's", "nobody's"])
def test_nothing_else_can_be_copied(cast, ceu, learner, which):
    source = {
        "pending": lambda: submitted(cast, ceu, title="Other"),
        "approved": lambda: approved(cast, ceu, title="Other"),
        "another's": lambda: submitted(cast, ceu, by=cast.actor(cast.mia)),
        "nobody's": lambda: None,
    }[which]()
    kept = [scan.id for scan in source.scans] if source else []
    if which == "another's":
        reviews.decline(source, reason="No name on it.", by=cast.actor(cast.ada))
    files = Files(secrets.token_urlsafe(16), kept=kept)
    with pytest.raises(InvalidInput) as refused:
        submissions.submit(given(ceu), files, by=learner, copy_of_id=source.id if source else 2**70)
    assert set(refused.value.errors) == {"files"}


def test_no_file_of_another_record_comes_along(cast, ceu, learner):
    """Not even of a certification, which belongs to no external certificate at all."""
    give(cast.mia, cast.emt, 100, files={"hers.png": picture()})
    files = Files(secrets.token_urlsafe(16), kept=list(db.session.scalars(sa.select(Scan.id))))
    with pytest.raises(InvalidInput):
        submissions.submit(given(ceu), files, by=learner)
    assert _all() == []


def test_files_wait_under_their_form_and_go_when_they_are_left_out(cast, ceu, learner):
    key = staged(learner, b"front", b"back")
    first = waiting(key, by=learner)[0]
    assert waiting(key, by=cast.actor(cast.mia)) == []
    submissions.stage(_arrived(cast, b"third"), key=key, by=learner, left_out=[first.id])
    assert [file.name for file in waiting(key, by=learner)] == ["certificate 2.png", "1.txt"]
    submissions.submit(given(ceu), Files(key), by=learner)
    assert db.session.scalars(sa.select(UploadedFile)).all() == []


def test_more_files_than_fit_are_named_and_the_others_wait(cast, learner):
    many = _arrived(cast, *(b"%d" % number for number in range(MOST_FILES + 2)))
    key = secrets.token_urlsafe(16)
    refused = submissions.stage(many, key=key, by=learner).refused
    assert [each.params["name"] for each in refused] == ["21.txt", "22.txt"]
    assert len(waiting(key, by=learner)) == MOST_FILES


def test_kept_and_new_files_together_are_not_too_many(cast, ceu, learner):
    certificate = submitted(cast, ceu)
    key = secrets.token_urlsafe(16)
    submissions.stage(_arrived(cast, *(b"%d" % n for n in range(MOST_FILES))), key=key, by=learner)
    files = Files(key, kept=[scan.id for scan in certificate.scans])
    with pytest.raises(InvalidInput) as refused:
        submissions.edit(certificate, given(ceu), files, seen=certificate.digest(), by=learner)
    assert set(refused.value.errors) == {"files"}


def test_files_of_a_form_that_was_submitted_can_wait_under_another(cast, ceu, learner):
    key = staged(learner, b"front")
    submissions.restage(key, to="another-key-1234", by=cast.actor(cast.mia))
    assert len(waiting(key, by=learner)) == 1
    submissions.restage(key, to="another-key-1234", by=learner)
    assert [file.name for file in waiting("another-key-1234", by=learner)] == ["certificate 1.png"]
    submissions.restage("unknown-key-12345", to="one-more-key-123", by=learner)
    assert len(db.session.scalars(sa.select(Upload)).all()) == 1


def test_where_no_credit_type_accepts_certificates_none_is_taken_in(cast, ceu, learner):
    key = staged(learner)
    submissions.require_accepting()
    with transaction():
        locked(CreditType, ceu.id).accepts_uploads = False
    with pytest.raises(NoCreditTypes):
        submissions.require_accepting()
    with pytest.raises(NoCreditTypes):
        submissions.submit(given(ceu), Files(key), by=learner)


def test_with_the_module_off_nothing_is_taken_in_or_changed(cast, ceu, learner):
    certificate = submitted(cast, ceu)
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    files = Files(secrets.token_urlsafe(16), kept=[scan.id for scan in certificate.scans])
    for act in (
        submissions.require_accepting,
        lambda: submissions.stage([], key=files.key, by=learner),
        lambda: submissions.restage(files.key, to="x", by=learner),
        lambda: submissions.submit(given(ceu), files, by=learner),
        lambda: submissions.edit(certificate, given(ceu), files, seen="", by=learner),
        lambda: submissions.withdraw(certificate, by=learner),
    ):
        with pytest.raises(ExternalCertificatesOff):
            act()


def test_an_edit_over_a_newer_one_is_refused_and_its_files_keep_waiting(cast, ceu, learner):
    certificate = submitted(cast, ceu)
    seen, kept = certificate.digest(), [scan.id for scan in certificate.scans]
    submissions.edit(
        certificate, given(ceu, title="First"), Files("first-key-123456", kept=kept), seen=seen, by=learner
    )
    key = staged(learner, b"second")
    with pytest.raises(Stale):
        submissions.edit(certificate, given(ceu, title="Second"), Files(key, kept=kept), seen=seen, by=learner)
    assert found(ExternalCertificate, certificate.id).title == "First"
    assert len(waiting(key, by=learner)) == 1


def test_mending_sends_it_back_to_review_even_where_nothing_else_changed(cast, ceu, learner):
    certificate = submitted(cast, ceu)
    reviews.request_changes(certificate, reason="Whose is it?", by=cast.actor(cast.ada))
    certificate = found(ExternalCertificate, certificate.id)
    kept = [scan.id for scan in certificate.scans]
    assert submissions.edit(
        certificate, given(ceu), Files("mend-key-1234567", kept=kept), seen=certificate.digest(), by=learner
    )
    assert found(ExternalCertificate, certificate.id).state == State.PENDING


def test_what_is_decided_is_not_withdrawn(cast, ceu, learner):
    with pytest.raises(NotOpen):
        submissions.withdraw(approved(cast, ceu), by=learner)


def test_so_many_wait_for_a_decision_and_no_more(cast, ceu, learner, monkeypatch):
    monkeypatch.setattr(submission_steps, "MOST_PENDING", 2)
    first = submitted(cast, ceu, title="One")
    submitted(cast, ceu, title="Two")
    with pytest.raises(InvalidInput) as refused:
        submitted(cast, ceu, title="Three")
    assert "2 of your certificates wait" in refused.value.errors["title"].in_english()
    submissions.withdraw(found(ExternalCertificate, first.id), by=learner)
    submitted(cast, ceu, title="Three")
    submitted(cast, ceu, by=cast.actor(cast.mia))  # others are not concerned
