"""Proofs: what members hand out of their own records, and take back. Each verb is one transaction."""

from __future__ import annotations

from datetime import date
from typing import Any

from records import clock, codes
from records.database import found, lock, locked, this_organization, transaction
from records.errors import NotFound, NothingToProve
from records.models import Actor, AuditEvent, AuditKind, Certification, ExternalCertificate, Proof, State
from records.services.certificate_steps import require_module
from records.services.certification_steps import require_tracking
from records.services.once_steps import made_before, once_key
from records.services.proof_steps import prove, require_own_person


def hand_out(record: Certification | ExternalCertificate, *, ends_on: date | None, by: Actor, key: str = "") -> Proof:
    """A proof of one of the asker's own records, good through `ends_on`, at most five years from today; one however
    often the form with this `key` is sent.

    Raises ActingAlready, NotAllowed, NotFound (another's, or deleted), ModuleOff, NothingToProve (not approved),
    and EndRequired, EndPast, EndTooLate (field `ends_on`).
    """
    member_id = require_own_person(by)
    with transaction() as session:
        made = made_before(key, by=by)
        if made:
            return found(Proof, made)
        record = lock(record)
        if record.member_id != member_id:
            raise NotFound()
        _require_provable(record)
        proof = prove(record, salt=codes.new_salt(), ends_on=ends_on, today=clock.today(this_organization()))
        session.add(AuditEvent.of(AuditKind.PROOF_MADE, proof, by=by, at=clock.now(), after=_facts(proof),
                                  once_key=once_key(key, by=by)))  # fmt: skip
    return proof


def withdraw(proof: Proof, *, by: Actor) -> None:
    """From now on its code is not valid. It never comes back: another one can be handed out.

    It works with the part of the program switched off, too. Raises ActingAlready, NotAllowed, NotFound (another's),
    ProofWithdrawn.
    """
    member_id = require_own_person(by)
    with transaction() as session:
        proof = locked(Proof, proof.id)
        if proof.member_id != member_id:
            raise NotFound()
        proof.withdraw(at=clock.now())
        session.add(AuditEvent.of(AuditKind.PROOF_WITHDRAWN, proof, by=by, at=clock.now(), before=_facts(proof)))


def _require_provable(record: Certification | ExternalCertificate) -> None:
    if isinstance(record, ExternalCertificate):
        require_module()
        if record.state != State.APPROVED:
            raise NothingToProve()
        return
    require_tracking()
    if record.deleted_at is not None:
        raise NotFound()


def _facts(proof: Proof) -> dict[str, Any]:
    """What it proves, and until when, as the audit trail keeps it; never the code."""
    facts = {
        "certification_id": proof.certification_id,
        "external_certificate_id": proof.external_certificate_id,
        "transcript_id": proof.transcript_id,
    }
    return {name: value for name, value in facts.items() if value is not None} | {"ends_on": proof.ends_on.isoformat()}
