"""What anybody may know who holds a code that was handed out; and that they looked."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import Select, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import contains_eager, joinedload

from records import clock, codes, signin
from records.database import db, every_organization, found, organization_scope, transaction
from records.models import (
    Actor,
    Certification,
    ExternalCertificate,
    Member,
    Proof,
    ProofState,
    State,
    Transcript,
)
from records.services.proof_steps import Door
from records.services.transcripts import PrintedTotal, as_they_stand

_DOOR = Door("verify", most_wrong=20)
_PATIENCE = 250  # milliseconds
log = logging.getLogger(__name__)


class Proven(StrEnum):
    CERTIFICATION = "certification"
    CERTIFICATE = "certificate"
    TRANSCRIPT = "transcript"


class CertificateStanding(StrEnum):
    """What an external certificate is worth on a day, once it was approved."""

    APPROVED = "approved"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Verified:
    """`standing` on the day `on` is a Standing of a certification or a CertificateStanding; `type` is the name of the
    one or the title of the other. A transcript has `made_on` and `totals` instead. No number, no other date, and
    nothing of the holder but their name.
    """

    proof_id: int
    holder_id: int
    kind: Proven
    organization: str
    holder: str
    on: date
    type: str = ""
    issuer: str = ""
    standing: str = ""
    made_on: date | None = None
    totals: tuple[PrintedTotal, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether everything on a transcript does."""
        return all(total.stands for total in self.totals)


def verify(code: str, *, by: Actor) -> Verified | None:
    """What stands behind this code today; None alike for a code of nothing, and for one that was withdrawn, has
    ended, or is barred. Raises TooManyAttempts.
    """
    return _DOOR.look_up(lambda: _verified(codes.tidy(code)), by=by)


def note_seen(verified: Verified, *, by: Actor) -> None:
    """Count that somebody looked; not the holder, nor an administrator who is logged in as them.

    Reading stays reading: where others are writing, or the database is down, one look goes uncounted.
    """
    if by.member_id == verified.holder_id:
        return
    counted = update(Proof).where(Proof.id == verified.proof_id)
    try:
        with every_organization(), transaction(patience=_PATIENCE) as session:
            session.execute(counted.values(seen=Proof.seen + 1, last_seen_at=clock.now()))
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("look not counted: %s", type(error).__name__)


def _verified(code: str) -> Verified | None:
    with every_organization():
        proof = db.session.scalar(_with_record().where(Proof.code_digest == signin.digest(code)))
        if proof is None:
            return None
        on = clock.today(proof.member.organization)
        if proof.state_on(on) != ProofState.OPEN:
            return None
    with organization_scope(proof.organization_id):
        return _shown(proof, on)


def _with_record() -> Select[Proof]:
    """One statement, whatever is found and whether it opens, so that all answers take alike."""
    certification = joinedload(Proof.certification)
    return (
        select(Proof)
        .join(Member, Proof.member_id == Member.id)
        .options(
            contains_eager(Proof.member).joinedload(Member.organization),
            certification.joinedload(Certification.type),
            certification.joinedload(Certification.renewal),
            joinedload(Proof.external_certificate),
            joinedload(Proof.transcript),
        )
    )


def _shown(proof: Proof, on: date) -> Verified:
    holder = proof.member
    shown = Verified(proof.id, holder.id, Proven.TRANSCRIPT, holder.organization.name, holder.name, on)
    if proof.certification is not None:
        certification, type_ = proof.certification, proof.certification.type
        return replace(shown, kind=Proven.CERTIFICATION, type=type_.name, issuer=type_.issuer,
                       standing=certification.standing_on(on))  # fmt: skip
    if proof.external_certificate is not None:
        certificate = proof.external_certificate
        return replace(shown, kind=Proven.CERTIFICATE, type=certificate.title, issuer=certificate.issuer,
                       standing=_worth(certificate, on))  # fmt: skip
    made = found(Transcript, proof.transcript_id or 0)
    return replace(shown, made_on=made.made_on, totals=as_they_stand(made))


def _worth(certificate: ExternalCertificate, on: date) -> CertificateStanding:
    if certificate.state == State.REVOKED:
        return CertificateStanding.REVOKED
    return CertificateStanding.EXPIRED if certificate.is_expired(on) else CertificateStanding.APPROVED
