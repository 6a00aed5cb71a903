"""What a code says to anybody, today; and that everything that opens nothing is answered alike."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from records import clock, codes
from records.database import db, every_organization, found, locked, transaction
from records.errors import TooManyAttempts
from records.models import (
    Actor,
    AuditEvent,
    Certification,
    CertificationType,
    ExternalCertificate,
    Member,
    Organization,
    Proof,
    Standing,
)
from records.models.proof import latest_end
from records.queries.proofs import own_proof
from records.services import proofs, revocations, transcripts, verifying
from records.services.verifying import CertificateStanding, Proven
from tests import certificates
from tests.certificates import acting, approved
from tests.holdings import give, picture, today

VISITOR = Actor.visitor(address="192.0.2.7")


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


@pytest.fixture
def statements(cast):
    """What the database is asked from now on."""
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        if statement.lstrip().upper().startswith("SELECT"):
            asked.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(db.engine, "before_cursor_execute", note)


def _of(cast, record, ends_in=365):
    proof = proofs.hand_out(record, ends_on=today() + timedelta(days=ends_in), by=cast.actor(cast.max))
    return codes.code(proof.salt)


def _held(cast, expires_in=200, **options):
    return found(Certification, give(cast.max, cast.emt, expires_in, **options))


def _verify(code, address="192.0.2.7"):
    db.session.rollback()
    return verifying.verify(code, by=Actor.visitor(address=address))


def _change(model, record_id, **fields):
    with transaction():
        record = locked(model, record_id)
        for name, value in fields.items():
            setattr(record, name, value)


def test_a_certification_says_holder_type_issuer_and_standing_and_nothing_else(cast):
    _change(CertificationType, cast.emt.id, issuer="State EMS Office")
    held = _held(cast, number="E-77", files={"front.png": picture()})
    verified = _verify(_of(cast, held))
    assert (verified.kind, verified.holder, verified.type, verified.issuer, verified.standing) == (
        Proven.CERTIFICATION, "Max Miller", "EMT-Basic", "State EMS Office", Standing.VALID,
    )  # fmt: skip
    assert (verified.organization, verified.on) == ("Lakeside Fire & Rescue", today())
    told = repr({name: value for name, value in asdict(verified).items() if name not in ("proof_id", "holder_id")})
    for secret in ("E-77", "1004", "max.miller", "front.png", held.expires_on.isoformat(), "Engine"):
        assert secret not in told


@pytest.mark.parametrize(
    ("expires_in", "change", "standing"),
    [
        (200, None, Standing.VALID),
        (20, None, Standing.EXPIRING_SOON),
        (-5, None, Standing.EXPIRED),
        (200, lambda held: held.suspend(on=today(), reason="Audit."), Standing.SUSPENDED),
        (200, lambda held: held.revoke(on=today(), reason="Forged."), Standing.REVOKED),
    ],
)
def test_a_certification_stands_as_it_does_on_the_day(cast, expires_in, change, standing):
    assert _verify(_of(cast, _held(cast, expires_in, change=change))).standing == standing


def test_what_is_renewed_says_so(cast):
    held = _held(cast, 20)
    code = _of(cast, held)
    give(cast.max, cast.emt, 700, issued_in=0, renews=held.id)
    assert _verify(code).standing == Standing.SUPERSEDED


def test_the_day_is_that_of_the_organization(cast):
    """At 3 in the morning of a day in UTC it is still the day before in Chicago."""
    code = _of(cast, _held(cast, 200), ends_in=0)
    night = datetime.combine(today() + timedelta(days=1), time(3), UTC)
    with clock.standing_at(night):
        assert clock.today(cast.fire) < night.date()
        assert _verify(code).on == night.date() - timedelta(days=1)


def test_a_certificate_says_its_title_and_whether_the_approval_stands(cast, ceu):
    certificate = approved(cast, ceu, issuer="State Academy", number="X-1", note="Private",
                           expires_on=today() + timedelta(days=10))  # fmt: skip
    code = _of(cast, certificate)
    verified = _verify(code)
    assert (verified.kind, verified.holder, verified.type, verified.issuer, verified.standing) == (
        Proven.CERTIFICATE, "Max Miller", "Ladder rescue", "State Academy", CertificateStanding.APPROVED,
    )  # fmt: skip
    assert not {"X-1", "Private", "1004"} & set(repr(asdict(verified)).split("'"))
    with clock.standing_at(clock.now() + timedelta(days=20)):
        assert _verify(code).standing == CertificateStanding.EXPIRED
    revocations.revoke(found(ExternalCertificate, certificate.id), reason="Forged.", by=cast.actor(cast.ada))
    assert _verify(code).standing == CertificateStanding.REVOKED
    assert "Forged" not in repr(_verify(code))


def test_a_transcript_is_verified_by_the_same_door(cast, ceu):
    approved(cast, ceu)
    made = transcripts.make(by=cast.actor(cast.max))
    verified = _verify(made.code.lower())
    assert (verified.kind, verified.made_on, verified.stands) == (Proven.TRANSCRIPT, today(), True)


# What opens nothing


def _withdraw(cast, proof):
    proofs.withdraw(proof, by=cast.actor(cast.max))


BARRING = {
    "withdrawn": _withdraw,
    "ended": lambda cast, proof: _change(Proof, proof.id, ends_on=today() - timedelta(days=1)),
    "deleted": lambda cast, proof: _change(Certification, proof.certification_id, deleted_at=clock.now()),
    "deactivated": lambda cast, proof: _change(Member, cast.max.id, deactivated_at=clock.now()),
    "module off": lambda cast, proof: _change(Organization, cast.fire.id, tracks_certifications=False),
}


@pytest.mark.parametrize("how", BARRING)
def test_what_opens_nothing_any_more_is_no_code(cast, how):
    code = _of(cast, _held(cast))
    assert _verify(code)
    BARRING[how](cast, db.session.scalars(sa.select(Proof)).one())
    assert _verify(code) is None


def test_a_certificate_and_a_transcript_are_barred_with_their_module(cast, ceu):
    opened = [_of(cast, approved(cast, ceu)), transcripts.make(by=cast.actor(cast.max)).code]
    tracked = _of(cast, _held(cast))
    assert all(_verify(code) for code in opened)
    _change(Organization, cast.fire.id, takes_external_certificates=False)
    assert [_verify(code) for code in opened] == [None, None]
    assert _verify(tracked)


def test_it_opens_through_its_last_day(cast):
    code = _of(cast, _held(cast, 2000), ends_in=10)
    noon = datetime.combine(today(), time(18), UTC)
    with clock.standing_at(noon + timedelta(days=10)):
        assert _verify(code)
    with clock.standing_at(noon + timedelta(days=11)):
        assert _verify(code) is None


@pytest.mark.parametrize("code", ["", "-", "x", "0" * 20, "' OR 1=1 --", "z" * 5000, "\x00"])
def test_anything_else_is_no_code(cast, code):
    assert _verify(code) is None


def test_whatever_opens_nothing_is_found_out_by_one_statement(cast, statements):
    """So that the time tells nothing of what is there."""
    kept, tried = _of(cast, _held(cast)), ["0" * 20]
    for how in ("ended", "deleted", "withdrawn"):
        BARRING[how](cast, db.session.scalars(sa.select(Proof)).one())
        tried.append(kept)
        for code in tried:
            db.session.rollback()
            statements.clear()
            assert verifying._verified(code) is None
            assert len(statements) == 1, (how, code)


def test_guessing_ends_soon_and_the_throttle_tells_nothing(cast):
    code = _of(cast, _held(cast))
    gone = _of(cast, _held(cast, 300))
    _withdraw(cast, db.session.scalars(sa.select(Proof).order_by(Proof.id.desc())).first())
    at = clock.now()
    with clock.standing_at(at):
        for _again in range(30):
            assert _verify(code)
        for number in range(20):
            assert _verify(gone if number % 2 else f"{number:020}") is None
        for tried in ("0" * 20, gone, code):
            with pytest.raises(TooManyAttempts):
                _verify(tried)
        assert _verify(code, address="192.0.2.8"), "another address is not to blame"
    with clock.standing_at(at + timedelta(minutes=11)):
        assert _verify(code)


# Who looked


def _seen(cast):
    db.session.rollback()
    proof = db.session.scalars(sa.select(Proof)).one()
    return own_proof(proof.id, by=cast.actor(cast.max)).proof


def test_each_look_of_another_is_counted_and_nothing_else_changes(cast):
    code = _of(cast, _held(cast))
    with every_organization():
        events = db.session.scalar(sa.select(sa.func.count(AuditEvent.id)))
    for looker in (VISITOR, cast.actor(cast.mia), cast.actor(cast.ken)):
        verifying.note_seen(_verify(code), by=looker)
    assert _seen(cast).seen == 3
    assert clock.now() - _seen(cast).last_seen_at < timedelta(minutes=1)
    with every_organization():
        assert db.session.scalar(sa.select(sa.func.count(AuditEvent.id))) == events


def test_the_holders_own_looks_do_not_count(cast):
    code = _of(cast, _held(cast))
    for looker in (cast.actor(cast.max), acting(cast, cast.max, cast.ada)):
        verifying.note_seen(_verify(code), by=looker)
    assert (_seen(cast).seen, _seen(cast).last_seen_at) == (0, None)


def test_a_code_printed_before_there_were_proofs_opens_and_cannot_be_shown(cast, ceu):
    """As the migration leaves them: without a salt."""
    approved(cast, ceu)
    code = transcripts.make(by=cast.actor(cast.max)).code
    _change(Proof, db.session.scalars(sa.select(Proof.id)).one(), salt="")
    assert _verify(code).stands
    assert own_proof(db.session.scalars(sa.select(Proof.id)).one(), by=cast.actor(cast.max)).code is None
    assert latest_end(today()) > today()
