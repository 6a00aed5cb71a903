"""Deciding external certificates: once, by those who may, on what they saw."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from records.database import db, found
from records.errors import (
    AlreadyDecided,
    ChecklistFirst,
    CommentRequired,
    FileChanged,
    InvalidInput,
    NotFound,
    NotOpened,
    OwnCertificate,
    RevisionChanged,
)
from records.models import Approval, AuditEvent, Certification, CreditEntry, ExternalCertificate, Message, State
from records.services import audit, reviews, revocations, submissions
from records.services.certification_steps import Entry
from records.services.submission_steps import Files
from tests import certificates, stored
from tests.certificates import CREDITS, approved, given, staged, submitted
from tests.holdings import give


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


def test_approving_awards_credits_once_and_tells_the_learner(cast, ceu):
    certificate = submitted(cast, ceu)
    ada = cast.actor(cast.ada)
    reviews.approve(certificate, Approval(CREDITS), seen=certificate.digest(), by=ada)
    certificate = found(ExternalCertificate, certificate.id)
    assert (certificate.state, certificate.awarded_credits) == (State.APPROVED, CREDITS)
    entry = db.session.scalars(sa.select(CreditEntry)).one()
    assert (entry.amount, entry.counts_on, entry.member_id) == (CREDITS, certificate.earned_on, cast.max.id)
    message = db.session.scalars(sa.select(Message).where(Message.member_id == cast.max.id)).one()
    assert (message.kind, message.facts["decider"]) == ("certificate_approved", "Ada Lindgren")
    with pytest.raises(AlreadyDecided, match="Ada Lindgren has approved"):
        reviews.approve(certificate, Approval(CREDITS), seen=certificate.digest(), by=cast.actor(cast.ada))


def test_a_page_that_shows_an_older_revision_approves_nothing(cast, ceu):
    certificate = submitted(cast, ceu)
    seen, learner = certificate.digest(), cast.actor(cast.max)
    kept = [scan.id for scan in certificate.scans]
    files = Files(staged(learner, b"back side"), kept=kept)
    assert submissions.edit(certificate, given(ceu), files, seen=seen, by=learner)
    certificate = found(ExternalCertificate, certificate.id)
    assert [revision.number for revision in certificate.revisions] == [1, 2]
    with pytest.raises(RevisionChanged):
        reviews.approve(certificate, Approval(CREDITS), seen=seen, by=cast.actor(cast.ada))


def test_a_changed_byte_approves_nothing(cast, ceu, app):
    certificate = submitted(cast, ceu)
    key = certificate.scans[0].stored_file.key
    stored.tamper(key, stored.content(key)[:-1] + b"x")
    with pytest.raises(FileChanged):
        reviews.approve(certificate, Approval(CREDITS), seen=certificate.digest(), by=cast.actor(cast.ada))


def test_other_credits_than_claimed_need_a_comment(cast, ceu):
    certificate = submitted(cast, ceu)
    with pytest.raises(CommentRequired):
        reviews.approve(certificate, Approval(Decimal(1)), seen=certificate.digest(), by=cast.actor(cast.ada))
    approval = Approval(Decimal(1), comment="One hour was practice.")
    reviews.approve(certificate, approval, seen=certificate.digest(), by=cast.actor(cast.ada))
    assert db.session.scalars(sa.select(CreditEntry.amount)).one() == Decimal("1.00")


def test_nobody_reviews_their_own(cast, ceu):
    ada = cast.actor(cast.ada)
    certificate = submitted(cast, ceu, by=ada)
    with pytest.raises(OwnCertificate):
        reviews.approve(certificate, Approval(CREDITS), seen=certificate.digest(), by=ada)


def test_revoking_reverses_the_award_and_changes_no_line_of_the_ledger(cast, ceu):
    certificate = approved(cast, ceu)
    revocations.revoke(certificate, reason="Not genuine.", by=cast.actor(cast.ada))
    entries = db.session.scalars(sa.select(CreditEntry).order_by(CreditEntry.id)).all()
    assert [entry.amount for entry in entries] == [CREDITS, -CREDITS]
    assert entries[1].reverses_id == entries[0].id
    kinds = set(db.session.scalars(sa.select(AuditEvent.kind)))
    assert {"external_certificate.approved", "external_certificate.revoked"} <= kinds


def test_a_certification_may_come_of_it_with_the_same_files(cast, ceu):
    earlier = give(cast.max, cast.emt, 20, number="E-1")
    certificate = submitted(cast, ceu)
    entry = Entry(cast.emt.id, date(2031, 1, 1), issued_on=certificate.earned_on, number="E-2", renews_id=earlier)
    ada = cast.actor(cast.ada)
    done = reviews.approve(certificate, Approval(CREDITS), seen=certificate.digest(), by=ada, track=entry)
    certification = found(Certification, done.certification_id)
    assert (certification.member_id, certification.number, certification.supersedes_id) == (cast.max.id, "E-2", earlier)
    certificate = found(ExternalCertificate, certificate.id)
    assert (certificate.state, certificate.certification_id) == (State.APPROVED, certification.id)
    bytes_of = [scan.stored_file_id for scan in certificate.scans]
    assert [scan.stored_file_id for scan in certification.scans] == bytes_of


def test_a_wrong_certification_approves_nothing(cast, ceu):
    certificate = submitted(cast, ceu)
    entry = Entry(cast.emt.id, None)
    with pytest.raises(InvalidInput) as refused:
        reviews.approve(certificate, Approval(CREDITS), seen=certificate.digest(), by=cast.actor(cast.ada), track=entry)
    assert set(refused.value.errors) == {"expires_on"}
    assert found(ExternalCertificate, certificate.id).state == State.PENDING
    assert db.session.scalars(sa.select(CreditEntry)).all() == []


@pytest.mark.parametrize("keeps", [False, True])
def test_revoking_takes_its_certification_along_unless_it_is_kept(cast, ceu, keeps):
    certificate, ada = submitted(cast, ceu), cast.actor(cast.ada)
    entry = Entry(cast.emt.id, date(2031, 1, 1))
    done = reviews.approve(certificate, Approval(CREDITS), seen=certificate.digest(), by=ada, track=entry)
    revoked = revocations.revoke(certificate, reason="Not genuine.", by=ada, keep_certification=keeps)
    assert (revoked.certification_id, revoked.is_deleted) == (done.certification_id, not keeps)
    assert (found(Certification, done.certification_id).deleted_at is None) == keeps


@pytest.mark.parametrize("verb", [reviews.decline, reviews.request_changes])
def test_what_was_edited_since_the_page_was_opened_is_not_refused_either(cast, ceu, verb):
    certificate = submitted(cast, ceu)
    seen, files = certificate.digest(), Files("", kept=[scan.id for scan in certificate.scans])
    submissions.edit(certificate, given(ceu, title="Mended"), files, seen=seen, by=cast.actor(cast.max))
    certificate = found(ExternalCertificate, certificate.id)
    with pytest.raises(RevisionChanged):
        verb(certificate, reason="The title is wrong.", by=cast.actor(cast.ada), seen=seen)
    verb(certificate, reason="The title is wrong.", by=cast.actor(cast.ada), seen=certificate.digest())


def test_each_of_several_is_decided_on_its_own(cast, ceu):
    ada, checked = cast.actor(cast.ada), certificates.credit_type("CPD", checklist=["Is it genuine?"])
    opened, unopened, edited = (submitted(cast, ceu, title=title) for title in ("Opened", "Unopened", "Edited"))
    with_checklist, own, decided = submitted(cast, checked), submitted(cast, ceu, by=ada), approved(cast, ceu)
    ids = [each.id for each in (opened, unopened, with_checklist, own, decided, edited)]
    for each in ids:
        if each != unopened.id:
            audit.opened(found(ExternalCertificate, each), by=ada)
    edited = found(ExternalCertificate, edited.id)
    files = Files("", kept=[scan.id for scan in edited.scans])
    submissions.edit(edited, given(ceu, title="Other"), files, seen=edited.digest(), by=cast.actor(cast.max))
    outcome = reviews.approve_each([*ids, 10**6, ids[0]], by=ada)
    kinds = [type(outcome[each]) for each in (*ids, 10**6)]
    assert kinds == [type(None), NotOpened, ChecklistFirst, OwnCertificate, AlreadyDecided, NotOpened, NotFound]
    assert found(ExternalCertificate, opened.id).awarded_credits == CREDITS
    assert found(ExternalCertificate, unopened.id).state == State.PENDING
