"""The demo: two organizations with every state, loaded once, whole or not at all."""

from __future__ import annotations

import functools
import re
from collections import Counter
from datetime import date
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select

from records import clock, jobs, passwords
from records.database import db, every_organization, organization_scope
from records.demo import held, papers, submitted
from records.demo import load as demo
from records.demo.drawing import Attended, Facts
from records.demo.views import VIEWS
from records.errors import Refusal
from records.models import (
    Account,
    AuditEvent,
    AuditKind,
    BatchedRenewal,
    Certification,
    CreditEntry,
    CreditType,
    ExternalCertificate,
    FeedKind,
    KeptReason,
    Member,
    Message,
    Organization,
    Period,
    Preview,
    ProofState,
    RenewalProposal,
    Revision,
    Role,
    Scan,
    Standing,
    State,
    StoredFile,
    Unit,
)
from records.queries.calendar_feeds import own_feeds
from records.queries.checks import check_organization
from records.queries.list_pages import page_named
from records.queries.proofs import own_proofs
from records.queries.reviewers import who_may_review
from records.services.submission_digests import announce_submissions
from records.signin import actor_of
from records.storage import preview_key, storage, thumbnail_key
from records.web.event_words import FIELD_WORDS

PASSWORD = "demo password of the tests"
_DAYS = (date(2025, 5, 3), date(2028, 5, 2))


_made_once = functools.cache(papers.made)
_attended_once = functools.cache(papers.attended)


@pytest.fixture(autouse=True)
def _drawn_once(monkeypatch):
    """Drawing takes most of the time, and the same facts give the same papers: each is drawn in one test."""
    monkeypatch.setattr(held, "made", _made_once)
    monkeypatch.setattr(submitted, "attended", _attended_once)


@pytest.fixture
def loaded(app, beginnings):
    """The same for each test, loaded once a day."""
    name = f"demo of {clock.now().date()}"
    if name not in beginnings:
        demo.load(PASSWORD)
        beginnings.keep(name)
    beginnings.bring_back(name)
    with every_organization():
        yield


def _member(email):
    return db.session.scalars(select(Member).where(Member.email == email)).one()


def test_two_organizations_with_the_promised_accounts(loaded):
    assert set(db.session.scalars(select(Organization.time_zone))) == {"America/Chicago", "Europe/Berlin"}
    roles = {
        "admin@demo.example": Role.ADMINISTRATOR,
        "coordinator@demo.example": Role.TRAINING_COORDINATOR,
        "member@demo.example": Role.MEMBER,
        "admin@other.example": Role.ADMINISTRATOR,
        "member@other.example": Role.MEMBER,
    }
    for email, role in roles.items():
        member = _member(email)
        assert member.role == role
        assert passwords.matches(PASSWORD, member.account.password_hash)
    assert _member("coordinator@demo.example").covers_organization
    assert _member("captain@demo.example").scope_units
    assert _member("member@demo.example").organization_id != _member("member@other.example").organization_id


def test_the_first_organization_is_full_of_life(loaded):
    fire = _member("admin@demo.example").organization_id
    members = db.session.scalars(select(Member).where(Member.organization_id == fire)).all()
    assert 55 <= len(members) <= 65
    assert sum(not member.is_active for member in members) >= 3
    assert sum(member.email is None for member in members) >= 3
    assert any(unit.parent_id for unit in db.session.scalars(select(Unit).where(Unit.organization_id == fire)))


def test_it_shows_every_standing_and_a_deletion(loaded):
    organization = _member("member@demo.example").organization
    seen = Counter()
    for certification in db.session.scalars(
        select(Certification).where(Certification.organization_id == organization.id)
    ):
        seen["deleted" if certification.deleted_at else certification.standing_on(clock.today(organization))] += 1
    assert set(Standing) | {"deleted"} <= set(seen)


def test_the_demo_member_has_every_standing_and_every_kind_of_file(loaded):
    member = _member("member@demo.example")
    today = clock.today(member.organization)
    own = db.session.scalars(select(Certification).where(Certification.member_id == member.id)).all()
    assert {certification.standing_on(today) for certification in own} == set(Standing)
    kinds = {scan.stored_file.kind for certification in own for scan in certification.scans}
    assert {"image/jpeg", "image/png", "application/pdf", "image/heic"} <= kinds
    assert any("document" in kind for kind in kinds)
    assert any(len(certification.scans) == 2 for certification in own), "front and back"


def test_every_field_that_its_events_keep_has_words(loaded):
    details = [event.detail for event in db.session.scalars(select(AuditEvent))]
    kept = {name for detail in details for name in detail.before | detail.after}
    assert kept - FIELD_WORDS.keys() == set()


def test_each_record_has_its_audit_event(loaded):
    events = Counter(db.session.scalars(select(AuditEvent.kind)))
    for model, kind in (
        (Certification, AuditKind.CERTIFICATION_ADDED),
        (Scan, AuditKind.SCAN_ATTACHED),
        (Member, AuditKind.MEMBER_CREATED),
        (Unit, AuditKind.UNIT_CREATED),
        (ExternalCertificate, AuditKind.CERTIFICATE_SUBMITTED),
        (CreditType, AuditKind.CREDIT_TYPE_CREATED),
        (KeptReason, AuditKind.REASON_KEPT),
    ):
        assert events[kind] == db.session.scalar(select(func.count()).select_from(model))


def test_renewals_are_proposed_declined_and_made_for_a_crew(loaded):
    for email in ("member@demo.example", "member@other.example"):
        owner = _member(email).organization_id
        states = db.session.scalars(select(RenewalProposal.state).where(RenewalProposal.organization_id == owner)).all()
        assert {"proposed", "declined"} == set(states)
        of_batches = select(func.count()).select_from(BatchedRenewal).where(BatchedRenewal.organization_id == owner)
        assert db.session.scalar(of_batches) > 1


# External certificates


def _certificates(email):
    of_them = select(ExternalCertificate).where(ExternalCertificate.member_id == _member(email).id)
    return db.session.scalars(of_them.order_by(ExternalCertificate.id)).all()


@pytest.mark.parametrize("email", ["member@demo.example", "member@other.example"])
def test_both_members_have_a_certificate_in_every_state(loaded, email):
    today = clock.today(_member(email).organization)
    own = _certificates(email)
    assert {certificate.state for certificate in own} == set(State)
    assert any(certificate.is_expired(today) for certificate in own)
    assert any(len(certificate.revisions) == 2 and certificate.state == State.PENDING for certificate in own)
    assert any(certificate.certification_id for certificate in own)
    assert any(certificate.awarded_credits not in (None, certificate.claimed_credits) for certificate in own)
    assert all(certificate.scans for certificate in own)


@pytest.mark.parametrize("email", ["admin@demo.example", "admin@other.example"])
def test_its_books_are_right(loaded, email):
    with organization_scope(_member(email).organization_id):
        report = check_organization()
    assert report.problems == []
    assert report.looked_at["awards"] > 4
    assert min(db.session.scalars(select(CreditEntry.amount))) < 0


def test_credit_types_of_every_kind_and_the_first_takes_certificates_without_a_checklist(loaded):
    for email in ("admin@demo.example", "admin@other.example"):
        types = db.session.scalars(
            select(CreditType)
            .where(CreditType.organization_id == _member(email).organization_id)
            .order_by(CreditType.position)
        ).all()
        assert types[0].may_be_claimed
        assert not types[0].checklist
        assert any(type_.is_retired for type_ in types)
        assert any(not type_.accepts_uploads for type_ in types)
        assert any(type_.checklist and type_.goal for type_ in types)
    assert set(db.session.scalars(select(CreditType.period))) == set(Period)


def test_certificates_wait_since_an_hour_and_since_weeks(loaded):
    waiting = select(ExternalCertificate.submitted_at).where(ExternalCertificate.state == State.PENDING)
    ages = sorted((clock.now() - at).days for at in db.session.scalars(waiting))
    assert ages[0] == 0
    assert ages[-1] > 20
    assert len(set(ages)) >= 6


def test_what_an_administrator_handed_in_for_a_learner_is_left_to_the_coordinator(loaded):
    dana, marcus = _member("admin@demo.example"), _member("coordinator@demo.example")
    assert marcus.reviews
    handed_in = select(Revision.external_certificate_id).where(Revision.administrator_id == dana.id)
    certificate = db.session.get_one(ExternalCertificate, db.session.scalars(handed_in).one())
    assert certificate.state == State.PENDING
    with organization_scope(dana.organization_id):
        assert [member.name for member in who_may_review(certificate)] == [marcus.name]
    kinds = set(db.session.scalars(select(AuditEvent.kind).where(AuditEvent.administrator_id == dana.id)))
    assert {AuditKind.CERTIFICATE_SUBMITTED, AuditKind.RETURNED} <= kinds


def test_one_waits_that_nobody_else_may_review(loaded):
    own = _certificates("admin@other.example")
    with organization_scope(own[0].organization_id):
        assert [who_may_review(certificate) for certificate in own] == [[]]


def test_the_demo_writes_messages_for_the_portal_and_mails_none(loaded, app):
    read = db.session.scalars(select(Message).where(Message.member_id == _member("member@demo.example").id)).all()
    assert {message.kind for message in read} == {
        "changes_requested", "certificate_approved", "certificate_declined", "certificate_revoked",
        "certifications_expire",
    }  # fmt: skip
    assert [message.created_at for message in read] == sorted(message.created_at for message in read)
    assert any(message.read_at is None for message in read)
    for email in ("admin@demo.example", "coordinator@demo.example", "admin@other.example"):
        told = db.session.scalars(select(Message.kind).where(Message.member_id == _member(email).id)).all()
        assert "certificates_submitted" in told
    db.session.rollback()
    announce_submissions()
    to_mail = select(Message.id).where(Message.to_address.is_not(None), Message.sent_at.is_(None))
    assert db.session.scalars(to_mail).all() == []


def test_previews_are_left_to_the_worker(loaded):
    waiting = db.session.scalars(select(StoredFile).where(StoredFile.preview == Preview.WAITING)).all()
    assert len(waiting) > 10
    assert not db.session.scalar(select(StoredFile.id).where(StoredFile.preview == Preview.READY))


def test_loading_again_is_refused_in_words_and_changes_nothing(loaded):
    accounts = db.session.scalar(select(func.count()).select_from(Account))
    with pytest.raises(Refusal, match="The demo is loaded already: “Lakeside Fire & Rescue” exists"):
        demo.load(PASSWORD)
    assert db.session.scalar(select(func.count()).select_from(Account)) == accounts


def test_a_failure_leaves_nothing_behind(app, monkeypatch):
    def fail(*_arguments, **_named):
        raise RuntimeError("power cut")

    monkeypatch.setattr(demo, "delete", fail)
    with pytest.raises(RuntimeError):
        demo.load(PASSWORD)
    assert demo.is_empty()
    assert db.session.scalar(select(Account.id)) is None


@pytest.mark.parametrize("kind", ["card", "picture", "pdf", "photo", "document"])
def test_the_same_facts_give_the_same_papers(kind):
    facts = Facts("Sofía Łukasik", "Driver/Operator – Pumper", "State Fire Commission", "DO-7", *_DAYS)
    first, again = papers.made(kind, facts), papers.made(kind, facts)
    assert first == again
    assert all(len(paper.content) < 400_000 and "/" not in paper.name for paper in first)


@pytest.mark.parametrize("kind", ["scan", "picture", "pdf", "snapshot"])
def test_the_same_course_gives_the_same_paper(kind):
    facts = Attended(
        "Tomás Łukasik", "Curriculum Design for “Adults”", "College", "GL-7", _DAYS[0], "6 hours", _DAYS[1]
    )
    first, again = papers.attended(kind, facts), papers.attended(kind, facts)
    assert first == again
    assert all(len(paper.content) < 400_000 and "/" not in paper.name for paper in first)


def test_the_command_prints_a_drawn_password_once(app):
    run = app.test_cli_runner().invoke
    first = run(args=["demo", "load"])
    assert first.exit_code == 0
    (password,) = re.findall(r"\b(?:[a-z0-9]{4}-){3}[a-z0-9]{4}\b", first.output)
    with every_organization():
        assert passwords.matches(password, _member("member@demo.example").account.password_hash)
    second = run(args=["demo", "load"])
    assert second.exit_code == 1
    assert "loaded already" in second.output
    third = run(args=["demo", "load", "--if-empty"])
    assert third.exit_code == 0
    assert "member@demo.example" in third.output
    assert password not in third.output


def test_the_command_takes_the_password_of_the_settings(app):
    app.config["DEMO_PASSWORD"] = PASSWORD
    try:
        said = app.test_cli_runner().invoke(args=["demo", "load", "--if-empty"])
    finally:
        app.config["DEMO_PASSWORD"] = ""
    assert said.exit_code == 0
    assert PASSWORD not in said.output
    with every_organization():
        assert passwords.matches(PASSWORD, _member("admin@other.example").account.password_hash)


def test_if_empty_leaves_a_customers_installation_alone(cast, app):
    said = app.test_cli_runner().invoke(args=["demo", "load", "--if-empty"])
    assert said.exit_code == 0
    with every_organization():
        assert db.session.scalar(select(Member.id).where(Member.email == "member@demo.example")) is None


@pytest.mark.long
def test_the_worker_draws_a_preview_of_every_picture(loaded):
    jobs.run_all()
    with every_organization():
        ready = db.session.scalars(select(StoredFile).where(StoredFile.preview == Preview.READY)).all()
        assert len(ready) > 10
        for stored in ready:
            for key in (preview_key(stored.key), thumbnail_key(stored.key)):
                with storage().open(key) as stream:
                    Image.open(BytesIO(stream.read())).verify()
        assert not db.session.scalar(select(StoredFile.id).where(StoredFile.preview == Preview.FAILED))


def test_the_member_has_handed_out_proofs_in_every_state_and_has_a_calendar(loaded):
    member = _member("member@demo.example")
    with organization_scope(member.organization_id):
        own = own_proofs(by=actor_of(member)).proofs
        assert {each.state for each in own} == {ProofState.OPEN, ProofState.ENDED, ProofState.WITHDRAWN}
        assert any(each.proof.external_certificate for each in own)
        assert all(each.code for each in own)
        assert own_feeds(by=actor_of(member)).keys() == {FeedKind.OWN}


def test_its_saved_views_ask_what_their_pages_know(cast):
    for page, _name, asked in VIEWS:
        assert page_named(page, by=cast.actor(cast.ada)).kept(asked) == asked
