"""Steps of submitting an external certificate: its fields, its files, its revision. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from records import clock
from records.database import db, is_id, this_organization
from records.errors import (
    N_,
    CreditTypeUnknown,
    Invalid,
    InvalidInput,
    NoCertificateFile,
    Refusal,
    TooManyFiles,
    TooManyPending,
)
from records.models import Actor, CreditType, ExternalCertificate, Revision, Scan, State, StoredFile
from records.models.revision import digest_of
from records.queries.external_certificates import staged
from records.services.filling import set_each
from records.services.scan_steps import attach, take_off
from records.services.staging_steps import forget

MOST_FILES = 20
MOST_PENDING = 100


@dataclass(frozen=True)
class Submission:
    """What a learner gives. `unreadable` are the refusals of fields that hold nothing readable, by field."""

    title: str
    credit_type_id: int | None
    credits: Decimal | None
    earned_on: date | None
    issuer: str = ""
    number: str = ""
    expires_on: date | None = None
    note: str = ""
    unreadable: Mapping[str, Refusal] = field(default_factory=dict)


@dataclass(frozen=True)
class Files:
    """Which files come along: those staged under `key` but for `left_out` (ids of staged files), and the scans
    `kept` (ids) of the certificate itself or, for a copy, of the one that it copies."""

    key: str
    left_out: Collection[int] = ()
    kept: Collection[int] = ()


def require_few_pending(member_id: int) -> None:
    """Raises InvalidInput (field `title`) where as many wait for a decision as one learner may have."""
    pending = select(func.count(ExternalCertificate.id)).where(
        ExternalCertificate.member_id == member_id, ExternalCertificate.state == State.PENDING
    )
    if (db.session.scalar(pending) or 0) >= MOST_PENDING:
        raise InvalidInput({"title": TooManyPending(field="title", most=MOST_PENDING)})


def fill(certificate: ExternalCertificate, given: Submission, *, files: int) -> None:
    """Set every field, or raise InvalidInput with a refusal for each that is wrong. `files` is how many there are."""
    values = {
        "title": given.title,
        "claimed_credits": given.credits,
        "issuer": given.issuer,
        "number": given.number,
        "note": given.note,
        "expires_on": given.expires_on,
    }
    with db.session.no_autoflush:
        errors = set_each(certificate, values)
        for act in (_type, _date):
            try:
                act(certificate, given)
            except Invalid as refusal:
                errors[refusal.field or "earned_on"] = refusal
    if not files:
        errors["files"] = NoCertificateFile(field="files")
    elif files > MOST_FILES:
        errors["files"] = TooManyFiles(field="files", most=MOST_FILES)
    errors |= given.unreadable
    if errors:
        raise InvalidInput(errors)


def _type(certificate: ExternalCertificate, given: Submission) -> None:
    """One that accepts uploads; an edit may also leave the one that it has."""
    wanted = given.credit_type_id
    type_ = db.session.get(CreditType, wanted) if is_id(wanted) else None
    if type_ is None or not (type_.may_be_claimed or type_.id == certificate.credit_type_id):
        raise CreditTypeUnknown(field="credit_type_id")
    certificate.credit_type_id = type_.id


def _date(certificate: ExternalCertificate, given: Submission) -> None:
    if given.earned_on is None:
        raise Invalid(N_("Enter the date on which it was earned."), field="earned_on")
    certificate.earned_on = given.earned_on
    certificate.check(today=clock.today(this_organization()))


def coming(files: Files, source_id: int | None, *, by: Actor) -> list[tuple[StoredFile, str]]:
    """Stored files with their names, each once: kept scans of the certificate `source_id` (None: of none) first,
    then what is staged."""
    kept = select(Scan).where(
        Scan.external_certificate_id == source_id, Scan.id.in_(files.kept), Scan.deleted_at.is_(None)
    )
    waiting = [file for file in staged(files.key, by=by) if file.id not in files.left_out]
    scans = db.session.scalars(kept.order_by(Scan.id)).all() if source_id is not None else []
    together = [(scan.stored_file, scan.name) for scan in scans]
    together += [(file.stored_file, file.name) for file in waiting]
    return list({stored.id: (stored, name) for stored, name in reversed(together)}.values())[::-1]


def twin(certificate: ExternalCertificate, arriving: list[tuple[StoredFile, str]]) -> ExternalCertificate | None:
    """The pending certificate of the same learner that says the same, with the same files: the form went back and
    was sent again."""
    digest = digest_of(certificate.facts(), [stored.sha256 for stored, _name in arriving])
    pending = select(ExternalCertificate).where(
        ExternalCertificate.member_id == certificate.member_id,
        ExternalCertificate.state == State.PENDING,
        ExternalCertificate.revisions.any(Revision.digest == digest),  # as it stands now, or as it stood before
    )
    with db.session.no_autoflush:
        return next((each for each in db.session.scalars(pending) if each.digest() == digest), None)


def settle(certificate: ExternalCertificate, arriving: list[tuple[StoredFile, str]], files: Files, *, by: Actor) -> str:
    """Give a flushed certificate just these files; nothing waits any more. Returns its digest as it stands then."""
    wanted = {stored.id for stored, _name in arriving}
    for scan in certificate.scans:
        if scan.stored_file_id not in wanted:
            take_off(scan, by=by)
    for stored, name in arriving:
        attach(certificate, stored, name=name, by=by)
    forget(files.key, by=by)
    db.session.expire(certificate, ["scans"])
    return certificate.digest()


def revise(certificate: ExternalCertificate, *, by: Actor) -> None:
    """Keep what stands now as the next revision."""
    numbers = [revision.number for revision in certificate.revisions]
    revision = Revision(
        organization_id=certificate.organization_id,
        external_certificate_id=certificate.id,
        number=max(numbers, default=0) + 1,
        digest=certificate.digest(),
        facts=certificate.facts(),
        files=[{"name": scan.name, "sha256": scan.stored_file.sha256} for scan in certificate.scans],
        submitted_by_id=by.member_id,
        administrator_id=by.administrator_id,
        created_at=clock.now(),
    )
    db.session.add(revision)
    db.session.flush()
    db.session.expire(certificate, ["revisions"])


def described(certificate: ExternalCertificate) -> dict[str, Any]:
    """Fields and files as the audit trail keeps them."""
    return certificate.facts() | {"files": [scan.name for scan in certificate.scans]}
