"""Steps that verbs on external certificates share. Each runs inside the caller's transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from records import clock
from records.database import db, this_organization
from records.errors import ExternalCertificatesOff, ModuleOff
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    CreditEntry,
    EntryKind,
    ExternalCertificate,
    Message,
    MessageKind,
    Organization,
)
from records.queries.external_certificates import why_none_are_taken
from records.services.outbox import notify


def require_submissions() -> Organization:
    """The organization. Raises ExternalCertificatesOff where it takes none."""
    organization = this_organization()
    if not organization.takes_external_certificates:
        raise ExternalCertificatesOff()
    return organization


def require_new_ones() -> None:
    """Raises ExternalCertificatesOff, and NoCreditTypes where none accepts certificates."""
    refusal = why_none_are_taken()
    if refusal is not None:
        raise refusal


def require_module() -> None:
    """Raises ModuleOff: the back office's screens of a module that is off are gone."""
    if not this_organization().takes_external_certificates:
        raise ModuleOff()


def note(
    kind: AuditKind,
    certificate: ExternalCertificate,
    *,
    by: Actor,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """The event; it is a line of the certificate's history, too."""
    db.session.add(AuditEvent.of(kind, certificate, by=by, at=clock.now(), before=before, after=after))


def award(certificate: ExternalCertificate, *, by: Actor) -> CreditEntry:
    """The entry of a certificate that was approved just now, flushed, and the event."""
    db.session.flush()
    entry = CreditEntry.award(certificate, at=clock.now())
    db.session.add(entry)
    db.session.flush()
    after = {"awarded_credits": str(certificate.awarded_credits), "reason": certificate.reason}
    if certificate.certification_id is not None:
        after["certification_id"] = str(certificate.certification_id)
    note(AuditKind.CERTIFICATE_APPROVED, certificate, by=by, after=after)
    return entry


def reverse(certificate: ExternalCertificate, *, by: Actor, certification_deleted: bool = False) -> None:
    """The reversal of the award of a certificate that was revoked just now, and the event."""
    db.session.flush()
    awarded = select(CreditEntry).where(
        CreditEntry.external_certificate_id == certificate.id, CreditEntry.kind == EntryKind.AWARD
    )
    db.session.add(db.session.scalars(awarded).one().reversal(at=clock.now()))
    after = {
        "reason": certificate.revoked_reason,
        "certification_id": certificate.certification_id,
        "certification_deleted": certification_deleted,
    }
    note(AuditKind.CERTIFICATE_REVOKED, certificate, by=by, after=after)


def tell(kind: MessageKind, certificate: ExternalCertificate, *, by: Actor, reason: str = "") -> Message:
    """Tell the learner what was decided: who, and with which words."""
    facts = {
        "title": certificate.title,
        "decider": by.name,
        "reason": reason,
        "credits": str(certificate.awarded_credits or certificate.claimed_credits),
        "unit": certificate.credit_type.unit,
        "credit_type": certificate.credit_type.name,
    }
    return notify(certificate.member, kind, facts=facts, page=f"/portfolio/certificates/{certificate.id}")
