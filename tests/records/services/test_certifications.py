"""Corrections, what issuers do, and undoing deletions."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from records import clock
from records.database import db, locked, transaction
from records.errors import (
    HeldAgain,
    InvalidInput,
    ModuleOff,
    NotAllowed,
    NotFound,
    OwnCertifications,
    RenewedAgain,
    RestoredByAdministrators,
    Stale,
)
from records.models import AuditEvent, AuditKind, Certification, Organization, Standing
from records.queries.profiles import certification_for
from records.services import certification_steps as steps
from records.services import certifications
from records.services.certification_steps import Entry, record
from records.services.certifications import ByIssuer, CertificationChanges

SOON = date(2030, 1, 31)


def _hold(cast, member=None, expires_on=SOON, **fields):
    with transaction():
        return record(member or cast.max, Entry(cast.emt.id, expires_on, **fields), by=cast.actor(cast.ada)).id


def _delete(cast, *ids, by=None):
    with transaction():
        for each in ids:
            steps.delete(locked(Certification, each), by=cast.actor(by or cast.ada))


def _change(cast, certification_id, issuer=None, by=None, version=None, **entry):
    actor = cast.actor(by or cast.ada)
    certification = certification_for(certification_id, by=actor)
    changes = CertificationChanges(Entry(None, **({"expires_on": SOON} | entry)), issuer or ByIssuer())
    return certifications.change(certification, changes, by=actor, version=version or certification.version)


def _kinds():
    return list(db.session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)))


def test_an_issuer_suspends_and_revokes_from_a_date_with_a_reason(cast):
    held = _hold(cast)
    today = clock.today(cast.fire)
    assert _change(cast, held, ByIssuer(today, "Under inquiry", today + timedelta(days=9), "Fraud"))
    certification = certification_for(held, by=cast.actor(cast.ada))
    assert certification.standing_on(today - timedelta(days=1)) == Standing.VALID
    assert certification.standing_on(today) == Standing.SUSPENDED
    assert certification.standing_on(today + timedelta(days=9)) == Standing.REVOKED
    assert _kinds()[-2:] == [AuditKind.CERTIFICATION_SUSPENDED, AuditKind.CERTIFICATION_REVOKED]
    assert _change(cast, held)
    assert _kinds()[-2:] == [AuditKind.CERTIFICATION_REINSTATED] * 2
    assert not _change(cast, held)


def test_without_a_reason_nothing_is_saved_and_every_field_says_its_error(cast):
    held = _hold(cast)
    today = clock.today(cast.fire)
    with pytest.raises(InvalidInput) as refusal:
        _change(cast, held, ByIssuer(today, " ", today, ""), expires_on=None, number="typed")
    assert refusal.value.errors.keys() == {"suspended_reason", "revoked_reason", "expires_on"}
    certification = certification_for(held, by=cast.actor(cast.ada))
    assert (certification.number, certification.suspended_on) == ("", None)


def test_a_page_that_was_overtaken_is_stale(cast):
    held = _hold(cast)
    _change(cast, held, number="theirs")
    with pytest.raises(Stale):
        _change(cast, held, number="mine", version=1)


def test_coordinators_change_what_is_in_scope_never_their_own(cast):
    held, south, own = _hold(cast), _hold(cast, cast.mia), _hold(cast, cast.carl)
    assert _change(cast, held, number="1", by=cast.nora)
    with pytest.raises(NotFound):
        _change(cast, south, number="1", by=cast.nora)
    with pytest.raises(OwnCertifications):
        _change(cast, own, number="1", by=cast.carl)
    with pytest.raises(NotAllowed):
        _change(cast, held, number="1", by=cast.max)


def test_a_deleted_one_comes_back_with_everything(cast):
    held, second = _hold(cast, number="77"), _hold(cast)
    _delete(cast, held, second)
    ada = cast.actor(cast.ada)
    assert certifications.restore(cast.max, [held, second], by=ada) == [held, second]
    assert certifications.restore(cast.max, [held], by=ada) == []
    assert certification_for(held, by=ada).number == "77"
    assert _kinds()[-2:] == [AuditKind.CERTIFICATION_RESTORED] * 2


def test_one_that_became_a_duplicate_is_not_restored_nor_the_others(cast):
    held, second = _hold(cast), _hold(cast, number="2")
    _delete(cast, held, second)
    _hold(cast)
    with pytest.raises(HeldAgain) as refusal:
        certifications.restore(cast.max, [second, held], by=cast.actor(cast.ada))
    assert "EMT-Basic" in refusal.value.in_english()
    assert db.session.get(Certification, second).deleted_at is not None


def test_a_renewal_is_not_restored_beside_another(cast):
    held = _hold(cast)
    renewal = _hold(cast, expires_on=date(2032, 1, 1), renews_id=held)
    _delete(cast, renewal)
    _hold(cast, expires_on=date(2033, 1, 1), renews_id=held)
    with pytest.raises(RenewedAgain):
        certifications.restore(cast.max, [renewal], by=cast.actor(cast.ada))


def test_a_coordinator_undoes_their_own_deletion_and_leaves_the_rest_to_administrators(cast):
    own, others = _hold(cast), _hold(cast, number="2")
    _delete(cast, own, by=cast.carl)
    _delete(cast, others)
    carl = cast.actor(cast.carl)
    with pytest.raises(RestoredByAdministrators):
        certifications.restore(cast.max, [others], by=carl)
    with clock.standing_at(clock.now() + timedelta(hours=2)), pytest.raises(RestoredByAdministrators):
        certifications.restore(cast.max, [own], by=carl)
    assert certifications.restore(cast.max, [own], by=carl) == [own]


def test_what_is_not_there_or_too_old_is_not_found(cast):
    held, foreign = _hold(cast), _hold(cast, cast.mia)
    _delete(cast, held, foreign)
    ada = cast.actor(cast.ada)
    for ids in ([foreign], [held, 999]):
        with pytest.raises(NotFound):
            certifications.restore(cast.max, ids, by=ada)
    with transaction():
        locked(Organization, cast.fire.id).retention_days = 1
    with clock.standing_at(clock.now() + timedelta(days=2)), pytest.raises(NotFound):
        certifications.restore(cast.max, [held], by=ada)


def test_the_module_off_refuses(cast):
    held, gone = _hold(cast), _hold(cast, number="2")
    _delete(cast, gone)
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    with pytest.raises(ModuleOff):
        _change(cast, held, number="3")
    with pytest.raises(ModuleOff):
        certifications.restore(cast.max, [gone], by=cast.actor(cast.ada))
