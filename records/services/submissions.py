"""What learners do with external certificates: submit, edit, resubmit, withdraw. Each verb is one transaction.

An administrator who is logged in as the learner does the same, and stands in every revision and event.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm.attributes import set_committed_value

from records import clock
from records.database import lock, locked, transaction
from records.errors import InvalidInput, NotAllowed, Stale
from records.models import Actor, AuditKind, ExternalCertificate, Member, State
from records.queries.external_certificates import made_with, staged, to_copy
from records.services.certificate_steps import note, require_new_ones, require_submissions
from records.services.files import Arrived
from records.services.staging_steps import Kept, forget, keep, move
from records.services.submission_steps import (
    MOST_FILES,
    Files,
    Submission,
    coming,
    described,
    fill,
    revise,
    settle,
    twin,
)


@dataclass(frozen=True)
class Submitted:
    """`is_new` is False where the same form was submitted before; `is_same`: with the same content."""

    certificate_id: int
    title: str
    is_new: bool
    is_same: bool = True


def require_accepting() -> None:
    """Before a form or its files are taken in. Raises ExternalCertificatesOff, NoCreditTypes."""
    require_new_ones()


def stage(
    arrived: Sequence[Arrived], *, key: str, by: Actor, left_out: Collection[int] = (), order: Sequence[int] = ()
) -> Kept:
    """Keep files whose bytes are safe until the form that carries `key` is right; those `left_out` (ids of staged
    files) go, the others take the `order` in which the learner sees them.

    Raises ExternalCertificatesOff.
    """
    with transaction():
        require_submissions()
        member = _learner(by)
        return keep(member, arrived, key=key, most=MOST_FILES, by=by, left_out=left_out, order=order)


def restage(key: str, *, to: str, by: Actor) -> None:
    """Let the files that wait under `key` wait under another one: the first form was submitted already."""
    with transaction():
        require_submissions()
        _learner(by)
        move(key, to=to, by=by)


def submit(given: Submission, files: Files, *, by: Actor, copy_of_id: int | None = None) -> Submitted:
    """A new certificate, pending. The same key, or the same content while that is pending, makes no second one.

    `copy_of_id`: one of the learner's own that was declined or withdrawn. Raises ExternalCertificatesOff,
    NoCreditTypes, and InvalidInput: a refusal for each wrong field of `Submission`, and `files`.
    """
    with transaction() as session:
        organization, member = require_submissions(), _learner(by)
        today, made = clock.today(organization), made_with(files.key, by=by)
        if made is not None:
            is_same = _says(made, given, files, by=by, today=today)
            if is_same:
                forget(files.key, by=by)
            return Submitted(made.id, made.title, is_new=False, is_same=is_same)
        source = to_copy(copy_of_id, by=by)
        certificate = _new(member, files.key, copy_of=source)
        try:
            arriving = coming(files, certificate.copy_of_id, by=by, organization=organization)
            fill(certificate, given, files=len(arriving), today=today)
            same = twin(certificate, arriving)
        except InvalidInput:
            require_new_ones()  # says more than that the type cannot be chosen
            raise
        if same is not None:
            return Submitted(same.id, same.title, is_new=False)
        session.add(certificate)
        session.flush()
        settle(certificate, arriving, by=by)
        revise(certificate, by=by)
        note(AuditKind.CERTIFICATE_SUBMITTED, certificate, by=by, after=described(certificate))
        return Submitted(certificate.id, certificate.title, is_new=True)


def _new(member: Member, key: str, *, copy_of: ExternalCertificate | None) -> ExternalCertificate:
    """One that is to be filled, and has neither scans nor revisions yet."""
    certificate = ExternalCertificate(
        member_id=member.id,
        organization_id=member.organization_id,
        state=State.PENDING,
        submission_key=key,
        copy_of_id=copy_of.id if copy_of else None,
        created_at=clock.now(),
        submitted_at=clock.now(),
    )
    for nothing in ("scans", "revisions"):
        set_committed_value(certificate, nothing, [])
    return certificate


def edit(certificate: ExternalCertificate, given: Submission, files: Files, *, seen: str, by: Actor) -> bool:
    """A new revision, pending again; False where nothing changed. `seen` is the digest of what the form showed.

    Raises Stale where it was changed meanwhile, NotOpen, NotFound (another's), and as `submit`.
    """
    with transaction() as session:
        organization, certificate = require_submissions(), lock(certificate)
        certificate.require_own(by)
        certificate.require_open()
        stood, before, was = certificate.digest(), described(certificate), certificate.state
        arriving = coming(files, certificate.id, by=by, organization=organization)
        fill(certificate, given, files=len(arriving), today=clock.today(organization))
        session.flush()
        stands = settle(certificate, arriving, by=by)
        if stands != stood and seen != stood:
            raise Stale()
        if stands == stood and was == State.PENDING:
            return False
        certificate.resubmit(at=clock.now())
        revise(certificate, by=by)
        mended = was == State.CHANGES_REQUESTED
        kind = AuditKind.CERTIFICATE_RESUBMITTED if mended else AuditKind.CERTIFICATE_EDITED
        note(kind, certificate, by=by, before=before, after=described(certificate))
        return True


def withdraw(certificate: ExternalCertificate, *, by: Actor) -> None:
    """Raises NotOpen, NotFound (another's), ExternalCertificatesOff."""
    with transaction() as session:
        require_submissions()
        certificate = lock(certificate)
        certificate.require_own(by)
        certificate.withdraw(by=by, at=clock.now())
        session.flush()
        note(AuditKind.CERTIFICATE_WITHDRAWN, certificate, by=by)


def _learner(by: Actor) -> Member:
    """The member that the actor is, locked, so that two submissions of one follow each other.

    Raises NotAllowed, MergedAway.
    """
    if by.member_id is None:
        raise NotAllowed()
    learner = locked(Member, by.member_id)
    learner.require_standing()  # meanwhile, by somebody else
    return learner


def _says(certificate: ExternalCertificate, given: Submission, files: Files, *, by: Actor, today: date) -> bool:
    """Whether it says what the certificate says already, and brings no file that the certificate lacks."""
    scratch = ExternalCertificate(credit_type_id=certificate.credit_type_id)
    try:
        fill(scratch, given, files=1, today=today)
    except InvalidInput:
        return False
    has = {scan.stored_file.sha256 for scan in certificate.scans}
    brings = {file.stored_file.sha256 for file in staged(files.key, by=by) if file.id not in files.left_out}
    brings |= {file.sha256 for file in files.arrived}
    return scratch.facts() == certificate.facts() and brings <= has
