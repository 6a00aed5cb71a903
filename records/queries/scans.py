"""Finding a scan for the one who asks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from records.connections import PREPARED
from records.database import db, is_id, this_organization
from records.errors import ModuleOff, NotAllowed, NotFound
from records.models import Actor, Certification, ExternalCertificate, Member, RenewalProposal, Scan

_LIVE = (
    select(Scan)
    .outerjoin(Certification, Scan.certification_id == Certification.id)
    .where(Scan.id == bindparam("scan_id"), Scan.deleted_at.is_(None), Certification.deleted_at.is_(None))
    .options(
        joinedload(Scan.certification).joinedload(Certification.member),
        joinedload(Scan.external_certificate).joinedload(ExternalCertificate.member),
        joinedload(Scan.renewal_proposal).joinedload(RenewalProposal.member),
    )
    .execution_options(**{PREPARED: True})
)


def scan_for(scan_id: int, *, by: Actor) -> Scan:
    """The scan, if its record is the asker's own or theirs to see; that of a proposed renewal in every state.

    Raises NotFound, NotAllowed (staff who may not review external certificates), ModuleOff.
    """
    scan = db.session.scalar(_LIVE, {"scan_id": scan_id}) if is_id(scan_id) else None
    if scan is None:
        raise NotFound()
    if scan.external_certificate is not None:
        _require_opened(scan.external_certificate, by=by)
    else:
        _require_open_scans_of(scan.record.member, by=by)
    return scan


def _require_opened(certificate: ExternalCertificate, *, by: Actor) -> None:
    if not certificate.may_be_opened_by(by):
        raise NotAllowed() if certificate.member.may_be_seen_by(by) else NotFound()
    if not this_organization().takes_external_certificates:
        raise ModuleOff()


def _require_open_scans_of(member: Member, *, by: Actor) -> None:
    if not may_open_scans_of(member, by=by):
        raise NotFound()
    if not this_organization().tracks_certifications:
        raise ModuleOff()


def may_open_scans_of(member: Member, *, by: Actor) -> bool:
    """A member's scans are for themselves and for staff who have them in scope."""
    return (by.member_id == member.id and by.is_of(member.organization_id)) or member.may_be_seen_by(by)


def all_scans_of(member: Member, *, by: Actor) -> Sequence[Scan]:
    """Every live scan of the member's certifications, in the order of the profile. Raises NotFound, ModuleOff."""
    _require_open_scans_of(member, by=by)
    statement = (
        select(Scan)
        .join(Certification, Scan.certification_id == Certification.id)
        .where(Certification.member_id == member.id)
        .where(Scan.deleted_at.is_(None), Certification.deleted_at.is_(None))
        .options(joinedload(Scan.certification).joinedload(Certification.type))
        .order_by(Certification.expires_on.desc(), Certification.id, Scan.id)
    )
    return db.session.scalars(statement).all()
