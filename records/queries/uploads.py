"""What the upload wizard finds and lists, for the one who asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from records.database import db, found
from records.errors import NotFound
from records.models import Actor, Certification, CertificationType, Member, Upload, UploadedFile


@dataclass(frozen=True)
class Choices:
    """What a file can go to: certifications that the member has, renewals of those, and new ones of a type
    that the member does not have yet."""

    existing: list[Certification]
    renewable: list[Certification]
    types: list[CertificationType]


def member_to_upload_for(member_id: int, *, by: Actor) -> Member:
    """Raises NotFound, NotAllowed, OwnCertifications."""
    member = found(Member, member_id)
    member.require_certifications_changed_by(by)
    return member


def upload_for(upload_id: int, *, by: Actor) -> Upload:
    """The upload, for the one who started it and only while they may. Raises NotFound, NotAllowed."""
    upload = found(Upload, upload_id)
    if upload.started_by_id != by.member_id:
        raise NotFound()
    upload.member.require_certifications_changed_by(by)
    return upload


def uploaded_file(upload: Upload, file_id: int) -> UploadedFile:
    """Raises NotFound where the upload has no such file."""
    file = found(UploadedFile, file_id)
    if file.upload_id != upload.id:
        raise NotFound()
    return file


def choices_for(member: Member) -> Choices:
    """By type, the latest expiry first. Retired types take files, but nothing new."""
    statement = (
        select(Certification)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(Certification.member_id == member.id, Certification.deleted_at.is_(None))
        .options(joinedload(Certification.type), joinedload(Certification.renewal))
        .order_by(CertificationType.position, CertificationType.folded_name)
        .order_by(Certification.expires_on.desc(), Certification.id)
    )
    existing = list(db.session.scalars(statement).unique())
    renewable = [one for one in existing if one.renewal is None and not one.type.is_retired]
    had = {one.type_id for one in existing}
    types = db.session.scalars(
        select(CertificationType)
        .where(CertificationType.retired_at.is_(None))
        .order_by(CertificationType.position, CertificationType.folded_name)
    )
    return Choices(existing, renewable, [type_ for type_ in types if type_.id not in had])


def certifications_of(files: Iterable[UploadedFile]) -> dict[int, Certification]:
    """The live certifications that these files have become scans of, by id."""
    ids = {certification_id for file in files for certification_id in file.certification_ids}
    statement = select(Certification).where(Certification.id.in_(ids), Certification.deleted_at.is_(None))
    found_ones = db.session.scalars(statement.options(joinedload(Certification.type)))
    return {certification.id: certification for certification in found_ones}
