"""Taking an approval back. The ledger only grows: the award gets a reversal."""

from __future__ import annotations

from dataclasses import dataclass

from records import clock
from records.database import db, lock, locked, transaction
from records.models import Actor, Certification, ExternalCertificate, MessageKind
from records.services import certification_steps
from records.services.certificate_steps import require_module, reverse, tell


@dataclass(frozen=True)
class Revoked:
    """The certification that came of the certificate, if one did, and whether it was deleted with it."""

    certification_id: int | None = None
    is_deleted: bool = False


def revoke(certificate: ExternalCertificate, *, reason: str, by: Actor, keep_certification: bool = False) -> Revoked:
    """Reverse the award. A certification that came of it gets a tombstone, unless it is to be kept.

    Raises NotApproved, AlreadyRevoked, ReasonRequired (field `reason`), NotAllowed, NotFound, OwnCertificate,
    ModuleOff.
    """
    by.require_administrator()
    with transaction():
        require_module()
        certificate = lock(certificate)
        certificate.require_reviewer(by)
        certificate.revoke(reason=reason, by=by, at=clock.now())
        db.session.flush()
        revoked = _with_its_certification(certificate, keep=keep_certification, by=by)
        reverse(certificate, by=by, certification_deleted=revoked.is_deleted)
        tell(MessageKind.CERTIFICATE_REVOKED, certificate, by=by, reason=certificate.revoked_reason)
        return revoked


def _with_its_certification(certificate: ExternalCertificate, *, keep: bool, by: Actor) -> Revoked:
    if certificate.certification_id is None:
        return Revoked()
    certification = locked(Certification, certificate.certification_id)
    if keep or certification.deleted_at is not None:
        return Revoked(certification.id, is_deleted=certification.deleted_at is not None)
    certification_steps.delete(certification, by=by)
    db.session.flush()
    return Revoked(certification.id, is_deleted=True)
