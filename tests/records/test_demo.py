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
from records.database import db, every_organization
from records.demo import held, papers
from records.demo import load as demo
from records.demo.drawing import Facts
from records.errors import Refusal
from records.models import (
    Account,
    AuditEvent,
    AuditKind,
    Certification,
    Member,
    Organization,
    Preview,
    Role,
    Scan,
    Standing,
    StoredFile,
    Unit,
)
from records.storage import preview_key, storage

PASSWORD = "demo password of the tests"
_DAYS = (date(2025, 5, 3), date(2028, 5, 2))


_made_once = functools.cache(papers.made)


@pytest.fixture(autouse=True)
def _drawn_once(monkeypatch):
    """Drawing takes most of the time, and the same facts give the same papers: each is drawn in one test."""
    monkeypatch.setattr(held, "made", _made_once)


@pytest.fixture
def loaded(app):
    demo.load(PASSWORD)
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


def test_each_record_has_its_audit_event(loaded):
    events = Counter(db.session.scalars(select(AuditEvent.kind)))
    for model, kind in (
        (Certification, AuditKind.CERTIFICATION_ADDED),
        (Scan, AuditKind.SCAN_ATTACHED),
        (Member, AuditKind.MEMBER_CREATED),
        (Unit, AuditKind.UNIT_CREATED),
    ):
        assert events[kind] == db.session.scalar(select(func.count()).select_from(model))


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
            with storage().open(preview_key(stored.key)) as stream:
                Image.open(BytesIO(stream.read())).verify()
        assert not db.session.scalar(select(StoredFile.id).where(StoredFile.preview == Preview.FAILED))
