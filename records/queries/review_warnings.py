"""What a reviewer should look at twice: files and numbers that were seen before, and large claims.

A warning names another member only to those who may see them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from records.database import db, this_organization
from records.models import Actor, Certification, ExternalCertificate, Member, Scan, State

MOST = 8


@dataclass
class SeenBefore:
    """Another record with the same number or the same bytes; `file` is the name of that file there.

    `record` and `member` are None where the asker may not see whose it is.
    """

    record: Certification | ExternalCertificate | None
    member: Member | None
    is_same_member: bool
    same_number: bool = False
    same_file: bool = False

    @property
    def certification(self) -> Certification | None:
        return self.record if isinstance(self.record, Certification) else None

    @property
    def certificate(self) -> ExternalCertificate | None:
        return self.record if isinstance(self.record, ExternalCertificate) else None


@dataclass(frozen=True)
class Warnings:
    """`more`: others were seen before than those that are listed. `above_largest`: it claims more than is usual."""

    seen_before: Sequence[SeenBefore] = ()
    more: bool = False
    above_largest: bool = False

    def __bool__(self) -> bool:
        return bool(self.seen_before or self.above_largest)


@dataclass
class _Gathered:
    """Records in the order in which they were met, each once."""

    found: dict[tuple[type, int], SeenBefore] = field(default_factory=dict)

    def add(self, record: Certification | ExternalCertificate, *, of: ExternalCertificate, by: Actor) -> SeenBefore:
        key = (type(record), record.id)
        if key not in self.found:
            is_theirs = record.member_id == of.member_id
            shown = is_theirs or record.member.may_be_seen_by(by)
            self.found[key] = SeenBefore(record if shown else None, record.member if shown else None, is_theirs)
        return self.found[key]


def warnings_about(certificate: ExternalCertificate, *, by: Actor) -> Warnings:
    """At most three statements."""
    tracks = this_organization().tracks_certifications
    gathered = _Gathered()
    for scan in _same_files(certificate, tracks=tracks):
        if record := scan.certification or scan.external_certificate:
            gathered.add(record, of=certificate, by=by).same_file = True
    if any(letter.isdigit() for letter in certificate.number):
        for record in _same_number(certificate, tracks=tracks):
            gathered.add(record, of=certificate, by=by).same_number = True
    found = list(gathered.found.values())
    largest = certificate.credit_type.largest_claim
    above = largest is not None and certificate.claimed_credits > largest
    return Warnings(found[:MOST], len(found) > MOST, above)


def _same_files(certificate: ExternalCertificate, *, tracks: bool) -> Sequence[Scan]:
    """Scans of the same bytes in other records; what came of this certificate has them by right."""
    hashes = {scan.stored_file_id for scan in certificate.scans}
    if not hashes:
        return []
    elsewhere = ExternalCertificate.id != certificate.id
    if tracks:
        elsewhere = or_(elsewhere, Certification.id != (certificate.certification_id or 0))
    statement = (
        select(Scan)
        .outerjoin(Certification, Scan.certification_id == Certification.id)
        .outerjoin(ExternalCertificate, Scan.external_certificate_id == ExternalCertificate.id)
        .where(Scan.stored_file_id.in_(hashes), Scan.deleted_at.is_(None), Certification.deleted_at.is_(None))
        .where(elsewhere)
        .options(
            joinedload(Scan.certification).options(joinedload(Certification.member), joinedload(Certification.type)),
            joinedload(Scan.external_certificate).joinedload(ExternalCertificate.member),
        )
        .order_by(Scan.id.desc())
        .limit(MOST + 1)
    )
    return db.session.scalars(statement).all()


def _same_number(certificate: ExternalCertificate, *, tracks: bool) -> Iterable[Certification | ExternalCertificate]:
    others = (
        select(ExternalCertificate)
        .where(ExternalCertificate.folded_number == certificate.folded_number)
        .where(ExternalCertificate.id != certificate.id, ExternalCertificate.state != State.WITHDRAWN)
        .options(joinedload(ExternalCertificate.member))
        .order_by(ExternalCertificate.id.desc())
        .limit(MOST + 1)
    )
    yield from db.session.scalars(others)
    if tracks:
        yield from db.session.scalars(_same_number_tracked(certificate))


def _same_number_tracked(certificate: ExternalCertificate) -> Select[Certification]:
    return (
        select(Certification)
        .where(Certification.folded_number == certificate.folded_number, Certification.deleted_at.is_(None))
        .where(Certification.id != (certificate.certification_id or 0))
        .options(joinedload(Certification.member), joinedload(Certification.type))
        .order_by(Certification.id.desc())
        .limit(MOST + 1)
    )
