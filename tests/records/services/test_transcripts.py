"""Transcripts: what is printed, that only the code's digest is kept, and what anybody may learn by a code."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from records import clock, signin
from records.database import db, found, locked, transaction
from records.errors import ExternalCertificatesOff, NotAllowed, TooManyAttempts
from records.models import Actor, AuditEvent, AuditKind, Base, ExternalCertificate, Organization, Transcript
from records.services import member_merges, revocations, transcripts, verifying
from tests import certificates
from tests.certificates import approved
from tests.merging import merged

VISITOR = Actor.visitor(address="192.0.2.7")


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


def _verify(code, address="192.0.2.7"):
    return verifying.verify(code, by=Actor.visitor(address=address))


def test_it_holds_the_entries_and_their_sums(cast, ceu):
    cpd = certificates.credit_type("CPD", unit="points")
    approved(cast, ceu, credits=Decimal("2.5"), title="Second", earned_on=date(2025, 3, 2))
    approved(cast, ceu, credits=Decimal("1.25"), title="First", earned_on=date(2025, 3, 1))
    approved(cast, cpd, credits=Decimal(4), title="Third", earned_on=date(2025, 3, 3))
    gone = approved(cast, cpd, credits=Decimal(7), title="Gone", earned_on=date(2025, 3, 4))
    revocations.revoke(gone, reason="Not genuine.", by=cast.actor(cast.ada))
    made = transcripts.make(by=cast.actor(cast.max))
    assert (made.organization, made.holder, made.number) == ("Lakeside Fire & Rescue", "Max Miller", "1004")
    assert made.made_on == clock.today(cast.fire)
    assert [(total.name, total.unit, total.credits) for total in made.totals] == [
        ("CEU", "hours", Decimal("3.75")), ("CPD", "points", Decimal(4)),
    ]  # fmt: skip
    assert [(entry.title, entry.credits) for entry in made.entries] == [
        ("First", Decimal("1.25")), ("Second", Decimal("2.5")), ("Third", 4), ("Gone", 7), ("Gone", -7),
    ]  # fmt: skip


def test_only_the_digest_of_the_code_is_kept_and_each_is_another(cast):
    by = cast.actor(cast.max)
    first, second = transcripts.make(by=by).code, transcripts.make(by=by).code
    assert first != second
    plain = first.replace("-", "")
    assert len(plain) == 20
    assert db.session.scalars(sa.select(Transcript.code_digest)).first() == signin.digest(plain)
    db.session.rollback()
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert first not in repr(row)
                assert plain not in repr(row)


def test_making_one_is_an_event_with_whoever_was_behind_it(cast, ceu):
    approved(cast, ceu)
    transcripts.make(by=cast.actor(cast.max))
    event = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (event.kind, event.member_id, event.actor_member_id) == (
        AuditKind.TRANSCRIPT_MADE, cast.max.id, cast.max.id,
    )  # fmt: skip
    assert event.detail.after["totals"] == [[ceu.id, "CEU", "hours", "2.50"]]


def test_not_without_a_member_and_not_with_the_module_off(cast):
    with pytest.raises(NotAllowed):
        transcripts.make(by=VISITOR)
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    with pytest.raises(ExternalCertificatesOff):
        transcripts.make(by=cast.actor(cast.max))


@pytest.mark.parametrize("write", [str, str.lower, lambda code: code.replace("-", " "), lambda code: f"  {code}\n"])
def test_a_code_is_found_however_it_is_typed(cast, ceu, write):
    approved(cast, ceu)
    code = transcripts.make(by=cast.actor(cast.max)).code
    verified = _verify(write(code))
    assert (verified.organization, verified.holder, verified.made_on) == (
        "Lakeside Fire & Rescue", "Max Miller", clock.today(cast.fire),
    )  # fmt: skip
    assert [(total.name, total.credits, total.stands) for total in verified.totals] == [("CEU", Decimal("2.50"), True)]
    assert verified.stands


def test_a_later_award_changes_nothing_and_a_later_reversal_is_said(cast, ceu):
    first = approved(cast, ceu, title="First")
    early = approved(cast, ceu, title="Early")
    revocations.revoke(early, reason="Not genuine.", by=cast.actor(cast.ada))
    code = transcripts.make(by=cast.actor(cast.max)).code
    later = approved(cast, ceu, title="Later")
    assert _verify(code).stands
    revocations.revoke(later, reason="Not genuine.", by=cast.actor(cast.ada))
    assert _verify(code).stands, "it was never on the paper"
    revocations.revoke(found(ExternalCertificate, first.id), reason="Not genuine.", by=cast.actor(cast.ada))
    verified = _verify(code)
    assert not verified.stands
    assert [(total.credits, total.reversed) for total in verified.totals] == [(Decimal("2.50"), Decimal("2.50"))]


def test_a_reversal_is_said_whoever_has_the_credits_by_now(cast, ceu, monkeypatch):
    monkeypatch.setattr(transcripts, "_AT_ONCE", 1)
    approved(cast, ceu, title="Stays")
    certificate = approved(cast, ceu, title="Goes")
    code = transcripts.make(by=cast.actor(cast.max)).code
    ada = cast.actor(cast.ada)
    merge = merged(cast.mia, cast.max, by=ada)
    revocations.revoke(found(ExternalCertificate, certificate.id), reason="Not genuine.", by=ada)
    assert not _verify(code).stands
    assert member_merges.undo(merge, by=ada).stays == {"external_certificate": 1}
    verified = _verify(code)
    assert verified.holder == "Max Miller"
    assert [(total.credits, total.reversed) for total in verified.totals] == [(Decimal("5.00"), Decimal("2.50"))]


@pytest.mark.parametrize(
    "code", ["", "-", "x", "0" * 20, "7K2M-9QXA-04ZT-V5RE-1JHC", "' OR 1=1 --", "z" * 5000, "\x00"]
)
def test_anything_else_is_no_code(cast, code):
    assert _verify(code) is None


def test_a_code_of_an_organization_with_the_module_off_is_none(cast):
    code = transcripts.make(by=cast.actor(cast.max)).code
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    assert _verify(code) is None


def test_guessing_ends_soon_and_knowing_costs_nothing(cast):
    code = transcripts.make(by=cast.actor(cast.max)).code
    at = clock.now()
    with clock.standing_at(at):
        for _again in range(30):
            assert _verify(code)
        for number in range(20):
            assert _verify(f"{number:020}") is None
        for tried in ("0" * 20, code):
            with pytest.raises(TooManyAttempts):
                _verify(tried)
        assert _verify(code, address="192.0.2.8"), "another address is not to blame"
    with clock.standing_at(at + timedelta(minutes=11)):
        assert _verify(code)
