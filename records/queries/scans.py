"""Finding a scan for the one who asks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from records.database import db, this_organization
from records.errors import ModuleOff, NotFound
from records.models import Actor, Certification, Member, Scan


def scan_for(scan_id: int, *, by: Actor) -> Scan:
    """The scan, if its record is the asker's own or in the asker's scope. Raises NotFound, ModuleOff."""
    statement = (
        select(Scan)
        .join(Certification, Scan.certification_id == Certification.id)
        .where(Scan.id == scan_id, Scan.deleted_at.is_(None), Certification.deleted_at.is_(None))
        .options(joinedload(Scan.certification).joinedload(Certification.member))
    )
    scan = db.session.scalar(statement) if 0 < scan_id < 2**63 else None
    if scan is None or not may_open_scans_of(scan.certification.member, by=by):
        raise NotFound()
    if not this_organization().tracks_certifications:
        raise ModuleOff()
    return scan


def may_open_scans_of(member: Member, *, by: Actor) -> bool:
    """A member's scans are for themselves and for staff who have them in scope."""
    return (by.member_id == member.id and by.is_of(member.organization_id)) or member.may_be_seen_by(by)


def all_scans_of(member: Member, *, by: Actor) -> Sequence[Scan]:
    """Every live scan of the member, in the order of the profile. Raises NotFound, ModuleOff."""
    if not may_open_scans_of(member, by=by):
        raise NotFound()
    if not this_organization().tracks_certifications:
        raise ModuleOff()
    statement = (
        select(Scan)
        .join(Certification, Scan.certification_id == Certification.id)
        .where(Certification.member_id == member.id)
        .where(Scan.deleted_at.is_(None), Certification.deleted_at.is_(None))
        .options(joinedload(Scan.certification).joinedload(Certification.type))
        .order_by(Certification.expires_on.desc(), Certification.id, Scan.id)
    )
    return db.session.scalars(statement).all()
