"""What a learner sees of external certificates, and what their form needs: one certificate, the credit types to
choose from, and files that wait under the form's key."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload, selectinload

from records.database import db, is_id, this_organization
from records.errors import ExternalCertificatesOff, ModuleOff, NoCreditTypes, NotFound, Refusal
from records.models import (
    Actor,
    Certification,
    CreditKind,
    ExternalCertificate,
    Upload,
    UploadedFile,
)
from records.queries.credit_types import credit_kinds

# Of the member `member_id`, by the key of their form.
_MADE_WITH = select(ExternalCertificate).where(
    ExternalCertificate.submission_key == bindparam("form_key"), ExternalCertificate.member_id == bindparam("member_id")
)
_STAGED = (
    select(UploadedFile)
    .join(Upload, UploadedFile.upload_id == Upload.id)
    .where(Upload.submission_key == bindparam("form_key"), Upload.started_by_id == bindparam("member_id"))
    .order_by(UploadedFile.id)
)


def own_certificate(certificate_id: int, *, by: Actor) -> ExternalCertificate:
    """One of the asker's own. Raises ModuleOff, and NotFound alike for another's and for none at all."""
    if not this_organization().takes_external_certificates:
        raise ModuleOff()
    statement = (
        select(ExternalCertificate)
        .where(ExternalCertificate.id == certificate_id)
        .options(
            joinedload(ExternalCertificate.credit_type),
            joinedload(ExternalCertificate.decided_by),
            joinedload(ExternalCertificate.revoked_by),
            selectinload(ExternalCertificate.scans),
        )
    )
    certificate = db.session.scalar(statement) if is_id(certificate_id) else None
    if certificate is None:
        raise NotFound()
    certificate.require_own(by)
    return certificate


def to_copy(certificate_id: int | None, *, by: Actor) -> ExternalCertificate | None:
    """The asker's certificate with this id, where "Submit again" may start from it."""
    source = db.session.get(ExternalCertificate, certificate_id) if is_id(certificate_id) else None
    return source if source is not None and source.may_be_copied_by(by) else None


def made_with(key: str, *, by: Actor) -> ExternalCertificate | None:
    """The asker's certificate that the form with this key has made."""
    return db.session.scalar(_MADE_WITH, {"form_key": key, "member_id": by.member_id})


def certification_from(certificate: ExternalCertificate) -> Certification | None:
    """The tracked certification that came of it, where it still stands and the organization tracks them."""
    if certificate.certification_id is None or not this_organization().tracks_certifications:
        return None
    statement = select(Certification).where(
        Certification.id == certificate.certification_id, Certification.deleted_at.is_(None)
    )
    return db.session.scalar(statement)


def claimable_types() -> list[CreditKind]:
    """The credit types that learners may choose, in the organization's order."""
    return [each for each in credit_kinds() if each.may_be_claimed]


def why_none_are_taken() -> Refusal | None:
    """What keeps learners from submitting a certificate, in a sentence that they are shown; None: nothing."""
    if not this_organization().takes_external_certificates:
        return ExternalCertificatesOff()
    return None if claimable_types() else NoCreditTypes()


def upload_of(key: str, *, by: Actor) -> Upload | None:
    """What waits under the key of one of the asker's forms."""
    return db.session.scalar(select(Upload).where(Upload.submission_key == key, Upload.started_by_id == by.member_id))


def staged(key: str, *, by: Actor) -> Sequence[UploadedFile]:
    """The files that have arrived for the form with this key, in the order in which they came."""
    return db.session.scalars(_STAGED, {"form_key": key, "member_id": by.member_id}).all()
