"""Steps of submitting an external certificate: its fields, its files, its revision. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm.attributes import set_committed_value

from records import clock
from records.database import db, is_id
from records.errors import (
    N_,
    CreditTypeUnknown,
    Invalid,
    InvalidInput,
    NoCertificateFile,
    Refusal,
    TooManyFiles,
    TooManyPending,
    TooMuchTogether,
)
from records.models import Actor, CreditType, ExternalCertificate, Organization, Revision, Scan, State, StoredFile
from records.models.revision import digest_of
from records.queries.external_certificates import staged
from records.services.files import Arrived, row_for
from records.services.filling import set_each
from records.services.scan_steps import join, take_off
from records.services.staging_steps import arranged, forget
from records.storage import megabytes

MOST_FILES = 20
MOST_PENDING = 100

# Up to `most` that the member `member_id` has pending, each with whether it says, or once said, what has the `digest`.
_PENDING = (
    select(ExternalCertificate.id, ExternalCertificate.revisions.any(Revision.digest == bindparam("digest")))
    .where(ExternalCertificate.member_id == bindparam("member_id"), ExternalCertificate.state == State.PENDING)
    .limit(bindparam("most"))
)


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
    """Which files come along: those staged under `key` but for `left_out` (ids of staged files), in the `order` (ids)
    in which the learner sees them, those that `arrived` with the form itself, and the scans `kept` (ids) of the
    certificate itself or, for a copy, of the one that it copies."""

    key: str
    left_out: Collection[int] = ()
    kept: Collection[int] = ()
    order: Sequence[int] = ()
    arrived: Sequence[Arrived] = ()


def fill(certificate: ExternalCertificate, given: Submission, *, files: int, today: date) -> None:
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
        for act in (partial(_type, certificate, given), partial(_date, certificate, given, today)):
            try:
                act()
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


def _date(certificate: ExternalCertificate, given: Submission, today: date) -> None:
    if given.earned_on is None:
        raise Invalid(N_("Enter the date on which it was earned."), field="earned_on")
    certificate.earned_on = given.earned_on
    certificate.check(today=today)


def coming(
    files: Files, source_id: int | None, *, by: Actor, organization: Organization
) -> list[tuple[StoredFile, str]]:
    """Stored files with their names, each once: kept scans of the certificate `source_id` (None: of none) first, then
    what is staged, which waits no longer, then what has arrived.

    Raises InvalidInput (field `files`) where what has not been a scan yet is more than may come together.
    """
    kept = select(Scan).where(
        Scan.external_certificate_id == source_id, Scan.id.in_(files.kept), Scan.deleted_at.is_(None)
    )
    scans = db.session.scalars(kept.order_by(Scan.id)).all() if source_id is not None and files.kept else []
    all_staged = staged(files.key, by=by)
    waiting = [file for file in arranged(all_staged, files.order) if file.id not in files.left_out]
    if files.arrived:
        _require_room(sum(file.stored_file.size for file in waiting), files.arrived, organization.most_together)
    together = [(scan.stored_file, scan.name) for scan in scans]
    together += [(file.stored_file, file.name) for file in waiting]
    together += [(row_for(file), file.name) for file in files.arrived]
    if all_staged:
        forget(files.key, by=by)
    return list({stored.id: (stored, name) for stored, name in reversed(together)}.values())[::-1]


def _require_room(waiting: int, arrived: Sequence[Arrived], limit: int) -> None:
    for file in arrived:
        waiting += file.size
        if waiting > limit:
            raise InvalidInput({"files": TooMuchTogether(field="files", limit=megabytes(limit), name=file.name)})


def twin(certificate: ExternalCertificate, arriving: list[tuple[StoredFile, str]]) -> ExternalCertificate | None:
    """The pending certificate of the same learner that says the same, with the same files: the form went back and
    was sent again. Raises InvalidInput (field `title`) where as many wait for a decision as one learner may have."""
    digest = digest_of(certificate.facts(), [stored.sha256 for stored, _name in arriving])
    with db.session.no_autoflush:
        given = {"member_id": certificate.member_id, "digest": digest, "most": MOST_PENDING}
        rows = db.session.execute(_PENDING, given).all()
        if len(rows) >= MOST_PENDING:
            raise InvalidInput({"title": TooManyPending(field="title", most=MOST_PENDING)})
        alike = (db.session.get_one(ExternalCertificate, one_id) for one_id, has_said in rows if has_said)
        return next((each for each in alike if each.digest() == digest), None)


def settle(certificate: ExternalCertificate, arriving: list[tuple[StoredFile, str]], *, by: Actor) -> str:
    """Give a flushed certificate just these files. Returns its digest as it stands then."""
    has, wanted = (
        {scan.stored_file_id: scan for scan in certificate.scans},
        {stored.id: (stored, name) for stored, name in arriving},
    )
    for stored_id, scan in has.items():
        if stored_id not in wanted:
            take_off(scan, by=by)
    stays = [scan for stored_id, scan in has.items() if stored_id in wanted]
    comes = join(certificate, [each for stored_id, each in wanted.items() if stored_id not in has], by=by)
    set_committed_value(certificate, "scans", sorted([*stays, *comes], key=lambda scan: scan.id))
    return certificate.digest()


def revise(certificate: ExternalCertificate, *, by: Actor) -> None:
    """Keep what stands now as the next revision."""
    revision = Revision(
        organization_id=certificate.organization_id,
        external_certificate_id=certificate.id,
        number=max((revision.number for revision in certificate.revisions), default=0) + 1,
        digest=certificate.digest(),
        facts=certificate.facts(),
        files=[{"name": scan.name, "sha256": scan.stored_file.sha256} for scan in certificate.scans],
        submitted_by_id=by.member_id,
        administrator_id=by.administrator_id,
        created_at=clock.now(),
    )
    db.session.add(revision)
    set_committed_value(certificate, "revisions", [*certificate.revisions, revision])


def described(certificate: ExternalCertificate) -> dict[str, Any]:
    """Fields and files as the audit trail keeps them."""
    return certificate.facts() | {"files": [scan.name for scan in certificate.scans]}
