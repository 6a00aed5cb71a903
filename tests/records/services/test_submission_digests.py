"""What reviewers are told of submissions: who, what, and once."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from records import clock, jobs
from records.database import choose_organization, db, every_organization, found, locked, transaction
from records.models import ExternalCertificate, Member, MessageKind, Organization, Revision
from records.services import reviews, submissions
from records.services.submission_digests import announce_submissions
from records.services.submission_steps import Files
from tests.certificates import approved, credit_type, given, staged, submitted
from tests.outbox import messages

DIGEST = MessageKind.CERTIFICATES_SUBMITTED


@pytest.fixture
def ceu(app, cast):
    return credit_type()


def digests():
    """By member: the facts of each digest to them."""
    found_ones = {}
    for message in messages(DIGEST):
        found_ones.setdefault(message.member_id, []).append(message.facts)
    return found_ones


def grant(member):
    with transaction():
        locked(Member, member.id).reviews = True


def test_each_reviewer_is_told_once_of_all_that_is_new_in_their_scope(cast, ceu):
    grant(cast.carl)
    grant(cast.nora)
    submitted(cast, ceu)
    submitted(cast, ceu, by=cast.actor(cast.mia), title="Water rescue")
    announce_submissions()
    told = digests()
    both = ["Max Miller: Ladder rescue", "Mia Söderström: Water rescue"]
    assert {who: [facts["lines"] for facts in told[who]] for who in told} == {
        cast.ada.id: [both], cast.carl.id: [both], cast.nora.id: [both[:1]],
    }  # fmt: skip
    assert told[cast.ada.id][0]["new"] == 2
    assert told[cast.nora.id][0]["waiting"] == 1


def test_coordinators_who_were_not_granted_it_are_not_told(cast, ceu):
    submitted(cast, ceu)
    announce_submissions()
    assert digests().keys() == {cast.ada.id}


def test_run_again_it_tells_nothing_new_and_counts_what_waits_when_something_is(cast, ceu):
    submitted(cast, ceu)
    for _ in range(3):
        announce_submissions()
    assert len(messages(DIGEST)) == 1
    submitted(cast, ceu, title="Second")
    announce_submissions()
    facts = digests()[cast.ada.id][-1]
    assert (facts["lines"], facts["new"], facts["waiting"]) == (["Max Miller: Second"], 1, 2)


def test_a_resubmission_is_told_again(cast, ceu):
    certificate = submitted(cast, ceu)
    announce_submissions()
    reviews.request_changes(certificate, reason="Whose is it?", by=cast.actor(cast.ada))
    announce_submissions()
    assert len(messages(DIGEST)) == 1
    by = cast.actor(cast.max)
    certificate = found(ExternalCertificate, certificate.id)
    kept = Files(staged(by), kept=[scan.id for scan in certificate.scans])
    submissions.edit(certificate, given(ceu, title="Mended"), kept, seen=certificate.digest(), by=by)
    announce_submissions()
    assert digests()[cast.ada.id][-1]["lines"] == ["Max Miller: Mended"]


def test_what_is_decided_or_withdrawn_before_is_not_told(cast, ceu):
    approved(cast, ceu)
    submissions.withdraw(submitted(cast, ceu, title="Withdrawn"), by=cast.actor(cast.max))
    announce_submissions()
    assert messages(DIGEST) == []
    stored = db.session.scalars(sa.select(ExternalCertificate.announced_at)).all()
    assert stored == [None, None], "what is decided is never written to"


def test_nobody_is_told_of_their_own_and_it_stays_news_until_somebody_may_decide_it(cast, ceu):
    submitted(cast, ceu, by=cast.actor(cast.ada))
    announce_submissions()
    assert messages(DIGEST) == []
    grant(cast.carl)
    announce_submissions()
    assert digests().keys() == {cast.carl.id}


def test_nobody_is_told_of_what_they_submitted_for_another(cast, ceu):
    grant(cast.carl)
    certificate = submitted(cast, ceu)
    with transaction() as session:  # as Ada, logged in as Max, would have submitted it
        first = certificate.revisions[0]
        session.add(
            Revision(external_certificate_id=certificate.id, number=2, digest=first.digest, facts=first.facts,
                     files=first.files, submitted_by_id=cast.max.id, administrator_id=cast.ada.id,
                     created_at=clock.now())
        )  # fmt: skip
    announce_submissions()
    assert digests().keys() == {cast.carl.id}


def test_members_without_an_address_read_it_in_the_portal_only(cast, ceu):
    with transaction():
        locked(Member, cast.ada.id).email = None
    submitted(cast, ceu)
    announce_submissions()
    (message,) = messages(DIGEST)
    assert (message.member_id, message.to_address) == (cast.ada.id, None)
    assert message.page == "/admin/approvals/"


def test_whoever_does_without_the_mail_reads_it_in_the_portal(cast, ceu):
    with transaction():
        locked(Member, cast.ada.id).unwanted_mail = [DIGEST]
    submitted(cast, ceu)
    announce_submissions()
    assert messages(DIGEST)[0].to_address is None


def test_with_the_module_off_nobody_is_told_until_it_is_on_again(cast, ceu):
    submitted(cast, ceu)
    for takes, told in ((False, 0), (True, 1)):
        with transaction():
            locked(Organization, cast.fire.id).takes_external_certificates = takes
        announce_submissions()
        assert len(messages(DIGEST)) == told


def test_deactivated_people_are_neither_told_nor_told_of(cast, ceu):
    grant(cast.carl)
    submitted(cast, ceu)
    submitted(cast, ceu, by=cast.actor(cast.mia), title="Hers")
    with transaction():
        for member in (cast.carl, cast.max):
            locked(Member, member.id).deactivated_at = clock.now()
    announce_submissions()
    assert {who: facts[0]["lines"] for who, facts in digests().items()} == {cast.ada.id: ["Mia Söderström: Hers"]}


def test_organizations_are_told_of_their_own_only(cast, ceu):
    submitted(cast, ceu)
    choose_organization(cast.clinic.id)
    submitted(cast, credit_type("CPD"), by=cast.actor(cast.other_max), title="Hygiene")
    with every_organization():
        announce_submissions()
    assert {who: facts[0]["lines"] for who, facts in digests().items()} == {
        cast.ada.id: ["Max Miller: Ladder rescue"], cast.ken.id: ["Max Miller: Hygiene"],
    }  # fmt: skip
    owners = {message.member_id: message.organization_id for message in messages(DIGEST)}
    assert owners == {cast.ada.id: cast.fire.id, cast.ken.id: cast.clinic.id}


def test_a_long_list_is_cut_and_counted(cast, ceu):
    for number in range(12):
        submitted(cast, ceu, title=f"Course {number}")
    announce_submissions()
    facts = digests()[cast.ada.id][0]
    assert facts["lines"] == [f"Max Miller: Course {number}" for number in range(10)]
    assert facts["new"] == 12


def test_of_two_workers_at_once_one_tells(app, cast, ceu):
    for number in range(5):
        submitted(cast, ceu, title=f"Course {number}")
    db.session.rollback()
    failures, together = [], threading.Barrier(3)

    def work():
        try:
            with app.app_context():
                together.wait()
                announce_submissions()
                db.session.remove()
        except BaseException as failure:
            failures.append(failure)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    told = [line for facts in digests()[cast.ada.id] for line in facts["lines"]]
    assert sorted(told) == [f"Max Miller: Course {number}" for number in range(5)]


def test_it_is_a_job_and_its_mail_leaves_in_the_same_round(cast, ceu):
    import records.commands.housekeeping  # noqa: F401  # because: it registers the jobs

    submitted(cast, ceu)
    jobs.run_all()
    (message,) = messages(DIGEST)
    assert message.sent_at is not None


def test_telling_is_no_new_version_of_a_certificate(cast, ceu):
    certificate = submitted(cast, ceu)
    version = certificate.version
    announce_submissions()
    db.session.rollback()
    certificate = found(ExternalCertificate, certificate.id)
    assert certificate.announced_at is not None
    assert certificate.version == version
