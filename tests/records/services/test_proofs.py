"""Proofs: who may hand out what until when, and take it back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock, codes, signin
from records.database import choose_organization, db, every_organization, found, locked, organization_scope, transaction
from records.errors import (
    ActingAlready,
    EndPast,
    EndRequired,
    EndTooLate,
    ExternalCertificatesOff,
    ModuleOff,
    NotAllowed,
    NotFound,
    NothingToProve,
    ProofWithdrawn,
)
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Base,
    Certification,
    ExternalCertificate,
    Member,
    Organization,
    Proof,
    ProofState,
    State,
    Transcript,
)
from records.models.proof import latest_end, usual_end
from records.queries.proofs import PAGE, own_proof, own_proofs
from records.services import proofs, transcripts
from tests import certificates
from tests.certificates import acting, approved, in_state
from tests.holdings import give, today


@pytest.fixture
def held(cast):
    return found(Certification, give(cast.max, cast.emt, 200, number="E-77"))


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


def _switch_off(cast, module):
    with transaction():
        setattr(locked(Organization, cast.fire.id), module, False)


def _shown(proof):
    return codes.code(proof.salt)


def test_a_member_hands_out_a_certification_of_theirs(cast, held):
    at = clock.now()
    proof = proofs.hand_out(held, ends_on=today(), by=cast.actor(cast.max))
    assert (proof.member_id, proof.certification_id, proof.ends_on) == (cast.max.id, held.id, today())
    assert (proof.external_certificate_id, proof.transcript_id) == (None, None)
    assert (proof.seen, proof.last_seen_at, proof.withdrawn_at) == (0, None, None)
    assert proof.created_at >= at
    event = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (event.kind, event.subject_id, event.member_id) == (AuditKind.PROOF_MADE, proof.id, cast.max.id)
    assert event.detail.after == {"certification_id": held.id, "ends_on": today().isoformat()}


def test_a_member_hands_out_an_approved_certificate(cast, ceu):
    certificate = approved(cast, ceu)
    proof = proofs.hand_out(certificate, ends_on=today(), by=cast.actor(cast.max))
    assert (proof.external_certificate_id, proof.certification_id) == (certificate.id, None)
    assert own_proof(proof.id, by=cast.actor(cast.max)).proof.title == "Ladder rescue"


def test_staff_hand_out_their_own_like_everybody(cast):
    own = found(Certification, give(cast.carl, cast.emt, 100))
    assert proofs.hand_out(own, ends_on=today(), by=cast.actor(cast.carl)).member_id == cast.carl.id


def test_nothing_that_is_kept_holds_the_code(cast, held):
    code = _shown(proofs.hand_out(held, ends_on=today(), by=cast.actor(cast.max)))
    assert db.session.scalars(sa.select(Proof.code_digest)).one() == signin.digest(code)
    db.session.rollback()
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert code not in repr(row)


def test_each_has_a_code_of_its_own(cast, held):
    by = cast.actor(cast.max)
    made = {_shown(proofs.hand_out(held, ends_on=today(), by=by)) for _ in range(5)}
    assert len(made) == 5


@pytest.mark.parametrize("whose", ["mia", "carl", "ada", "una"])
def test_nobody_hands_out_anothers(cast, held, ceu, whose):
    certificate = approved(cast, ceu)
    for record in (held, certificate):
        with pytest.raises(NotFound):
            proofs.hand_out(record, ends_on=today(), by=cast.actor(getattr(cast, whose)))
    assert not db.session.scalars(sa.select(Proof)).all()


def test_nobody_hands_out_what_is_of_another_organization(cast, held):
    choose_organization(cast.clinic.id)
    with pytest.raises(NotFound):
        proofs.hand_out(held, ends_on=clock.today(cast.clinic), by=cast.actor(cast.other_max))


def test_a_visitor_hands_out_nothing(cast, held):
    with pytest.raises(NotAllowed):
        proofs.hand_out(held, ends_on=today(), by=Actor.visitor())


def test_an_administrator_logged_in_as_the_member_neither_hands_out_nor_withdraws(cast, held, ceu):
    certificate = approved(cast, ceu)
    proof = proofs.hand_out(held, ends_on=today(), by=cast.actor(cast.max))
    admin = acting(cast, cast.max, cast.ada)
    for record in (held, certificate):
        with pytest.raises(ActingAlready):
            proofs.hand_out(record, ends_on=today(), by=admin)
    for attempt in (
        lambda: transcripts.make(by=admin),
        lambda: transcripts.hand_out(ends_on=today(), by=admin),
        lambda: proofs.withdraw(proof, by=admin),
    ):
        with pytest.raises(ActingAlready):
            attempt()
    assert db.session.scalars(sa.select(Transcript)).all() == []
    assert found(Proof, proof.id).withdrawn_at is None


def test_a_deleted_certification_is_not_there(cast, held):
    with transaction():
        locked(Certification, held.id).delete(at=clock.now())
    with pytest.raises(NotFound):
        proofs.hand_out(held, ends_on=today(), by=cast.actor(cast.max))


@pytest.mark.parametrize("state", sorted(set(State) - {State.APPROVED}))
def test_only_an_approved_certificate_is_proven(cast, ceu, state):
    certificate = in_state(cast, ceu, state)
    with pytest.raises(NothingToProve):
        proofs.hand_out(certificate, ends_on=today(), by=cast.actor(cast.max))


def test_not_with_the_module_off(cast, held, ceu):
    certificate, by = approved(cast, ceu), cast.actor(cast.max)
    _switch_off(cast, "takes_external_certificates")
    with pytest.raises(ModuleOff):
        proofs.hand_out(certificate, ends_on=today(), by=by)
    with pytest.raises(ExternalCertificatesOff):
        transcripts.hand_out(ends_on=today(), by=by)
    assert proofs.hand_out(held, ends_on=today(), by=by)
    _switch_off(cast, "tracks_certifications")
    with pytest.raises(ModuleOff):
        proofs.hand_out(held, ends_on=today(), by=by)


def _end(cast, held, day):
    return proofs.hand_out(held, ends_on=day, by=cast.actor(cast.max)).ends_on


def test_it_ends_between_today_and_five_years_on(cast, held):
    on = today()
    assert _end(cast, held, on) == on
    assert _end(cast, held, latest_end(on)) == latest_end(on)
    assert latest_end(on).year == on.year + 5
    assert usual_end(on).year == on.year + 1
    for day, refusal in (
        (None, EndRequired),
        (on - timedelta(days=1), EndPast),
        (latest_end(on) + timedelta(days=1), EndTooLate),
    ):
        with pytest.raises(refusal) as refused:
            _end(cast, held, day)
        assert refused.value.field == "ends_on"
    for day in (None, latest_end(on) + timedelta(days=1)):
        with pytest.raises((EndRequired, EndTooLate)):
            transcripts.hand_out(ends_on=day, by=cast.actor(cast.max))
    assert db.session.scalars(sa.select(Transcript)).all() == [], "a refused one leaves nothing"


def test_a_year_from_a_leap_day_ends_on_the_28th(cast):
    from datetime import date

    assert usual_end(date(2028, 2, 29)) == date(2029, 2, 28)
    assert latest_end(date(2028, 2, 29)) == date(2033, 2, 28)


def test_a_transcript_is_a_proof_with_the_code_that_is_printed(cast, ceu):
    approved(cast, ceu)
    made = transcripts.make(by=cast.actor(cast.max))
    (own,) = own_proofs(by=cast.actor(cast.max)).proofs
    assert (own.proof.id, own.code, own.proof.ends_on) == (made.proof_id, made.code, latest_end(today()))
    assert own.proof.transcript.made_on == today()
    other = transcripts.hand_out(ends_on=today(), by=cast.actor(cast.max))
    assert db.session.get_one(Proof, other).ends_on == today()
    assert len(own_proofs(by=cast.actor(cast.max)).proofs) == 2


# Withdrawing


def test_what_is_withdrawn_is_on_record_and_stays_so(cast, held):
    by = cast.actor(cast.max)
    proof = proofs.hand_out(held, ends_on=today(), by=by)
    proofs.withdraw(proof, by=by)
    event = db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (event.kind, event.subject_id) == (AuditKind.PROOF_WITHDRAWN, proof.id)
    first = found(Proof, proof.id).withdrawn_at
    with pytest.raises(ProofWithdrawn):
        proofs.withdraw(proof, by=by)
    assert found(Proof, proof.id).withdrawn_at == first
    assert own_proof(proof.id, by=by).state == ProofState.WITHDRAWN


@pytest.mark.parametrize("whose", ["mia", "ada", "carl"])
def test_nobody_withdraws_anothers(cast, held, whose):
    proof = proofs.hand_out(held, ends_on=today(), by=cast.actor(cast.max))
    with pytest.raises(NotFound):
        proofs.withdraw(proof, by=cast.actor(getattr(cast, whose)))
    assert found(Proof, proof.id).withdrawn_at is None


def test_it_can_be_withdrawn_with_the_module_off(cast, held):
    by = cast.actor(cast.max)
    proof = proofs.hand_out(held, ends_on=today(), by=by)
    _switch_off(cast, "tracks_certifications")
    own = own_proof(proof.id, by=by)
    assert (own.state, own.may_be_withdrawn) == (ProofState.BARRED, True)
    proofs.withdraw(proof, by=by)


def test_of_two_who_withdraw_at_once_one_does(app, cast, held):
    by, fire_id = cast.actor(cast.max), cast.fire.id
    proof_id = proofs.hand_out(held, ends_on=today(), by=by).id

    def withdraw(_):
        with app.app_context(), organization_scope(fire_id):
            try:
                proofs.withdraw(db.session.get_one(Proof, proof_id), by=by)
            except ProofWithdrawn:
                return "late"
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(withdraw, range(2))) == ["done", "late"]


# What the holder sees


def test_a_member_sees_their_own_and_the_newest_first(cast, held):
    by = cast.actor(cast.max)
    made = [proofs.hand_out(held, ends_on=today(), by=by).id for _ in range(3)]
    mine = found(Certification, give(cast.mia, cast.emt, 50))
    other = proofs.hand_out(mine, ends_on=today(), by=cast.actor(cast.mia)).id
    assert [own.proof.id for own in own_proofs(by=by).proofs] == made[::-1]
    for asker in (cast.mia, cast.ada, cast.carl):
        with pytest.raises(NotFound):
            own_proof(made[0], by=cast.actor(asker))
    with pytest.raises(NotFound):
        own_proof(other, by=by)
    for nothing in (0, 999_999, 2**70):
        with pytest.raises(NotFound):
            own_proof(nothing, by=by)


def test_many_come_in_pages(cast, held):
    by = cast.actor(cast.max)
    with transaction() as session:
        for number in range(PAGE + 3):
            session.add(Proof(member_id=cast.max.id, certification_id=held.id, salt="", code_digest=f"{number:064}",
                              ends_on=today(), created_at=clock.now()))  # fmt: skip
    first = own_proofs(by=by)
    assert len(first.proofs) == PAGE
    second = own_proofs(by=by, before_id=first.older)
    assert (len(second.proofs), second.older) == (3, None)
    assert not {own.proof.id for own in first.proofs} & {own.proof.id for own in second.proofs}


def test_under_another_key_a_code_cannot_be_shown_any_more(app, cast, held):
    by = cast.actor(cast.max)
    proof = proofs.hand_out(held, ends_on=today(), by=by)
    assert own_proof(proof.id, by=by).code == codes.grouped(_shown(proof))
    key, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "y" * 64
    try:
        own = own_proof(proof.id, by=by)
        assert (own.code, own.state) == (None, ProofState.OPEN)
    finally:
        app.config["SECRET_KEY"] = key


def test_its_state_says_what_opens(cast, held):
    by = cast.actor(cast.max)
    proof = proofs.hand_out(held, ends_on=today(), by=by)

    def state():
        db.session.rollback()
        return own_proof(proof.id, by=by).state

    assert state() == ProofState.OPEN
    with clock.standing_at(clock.now() + timedelta(days=2)):
        assert state() == ProofState.ENDED
    with transaction():
        locked(Certification, held.id).delete(at=clock.now())
    assert state() == ProofState.BARRED
    with transaction():
        locked(Certification, held.id).restore()
    assert state() == ProofState.OPEN
    with transaction():
        locked(Member, cast.max.id).deactivated_at = clock.now()
    assert state() == ProofState.BARRED


def test_the_database_refuses_a_proof_of_two_records_or_none(cast, held, ceu):
    certificate = approved(cast, ceu)
    facts = {"member_id": cast.max.id, "salt": "", "ends_on": today(), "created_at": clock.now()}
    for number, records in enumerate(({}, {"certification_id": held.id, "external_certificate_id": certificate.id})):
        with pytest.raises(sa.exc.IntegrityError, match="proves_exactly_one_record"), transaction() as session:
            session.add(Proof(code_digest=f"{number:064}", **facts, **records))
    with every_organization():
        assert db.session.scalars(sa.select(Proof)).all() == []
        assert found(ExternalCertificate, certificate.id).state == State.APPROVED
