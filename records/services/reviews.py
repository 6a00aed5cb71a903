"""What reviewers do with external certificates. Each verb is one transaction, whoever calls it.

What a reviewer approves is what the reviewer saw: `seen` is the digest of the revision on their page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from records import clock
from records.database import db, found, lock, locked, transaction
from records.errors import ChecklistFirst, NotOpened, Refusal, RevisionChanged
from records.models import (
    Actor,
    Approval,
    AuditKind,
    Certification,
    ExternalCertificate,
    Member,
    MessageKind,
    State,
)
from records.queries.openings import opened_at_present_revision
from records.services import certification_steps
from records.services.certificate_steps import award, note, require_module, tell
from records.services.certification_steps import Entry
from records.services.files import require_sound
from records.services.many import each
from records.services.scan_steps import attach


@dataclass(frozen=True)
class Decided:
    """What an approval made."""

    entry_id: int
    certification_id: int | None = None


def approve(
    certificate: ExternalCertificate, approval: Approval, *, seen: str, by: Actor, track: Entry | None = None
) -> Decided:
    """Award credits, once; with `track`, a tracked certification comes of it, too, with the same files.

    Raises AlreadyDecided, RevisionChanged, FileUnscanned, FileInfected, FileChanged, CommentRequired,
    ChecklistUnanswered, NotAllowed, NotFound, OwnCertificate, ModuleOff, Invalid (field `credits`), and InvalidInput
    for the fields of `track`.
    """
    _require_decidable(certificate, by=by)
    require_sound(certificate.scans)
    with transaction():
        certificate = _held(certificate, by=by)
        certificate.require_approvable(approval, seen=seen)
        # The certification comes first: once approved, the certificate takes no further change.
        certification_id = _tracked(certificate, track, by=by).id if track else None
        certificate.approve(approval, seen=seen, by=by, at=clock.now(), certification_id=certification_id)
        entry = award(certificate, by=by)
        tell(MessageKind.CERTIFICATE_APPROVED, certificate, by=by, reason=certificate.reason)
        return Decided(entry.id, certification_id)


def request_changes(certificate: ExternalCertificate, *, reason: str, by: Actor, seen: str | None = None) -> None:
    """`seen` is the digest on the reviewer's page, None where nobody looked.

    Raises AlreadyDecided, RevisionChanged, ReasonRequired (field `reason`), NotAllowed, NotFound, OwnCertificate,
    ModuleOff.
    """
    with transaction():
        certificate = _held(certificate, by=by, seen=seen)
        certificate.request_changes(reason=reason, by=by, at=clock.now())
        _say_why(AuditKind.CHANGES_REQUESTED, MessageKind.CHANGES_REQUESTED, certificate, by=by)


def decline(certificate: ExternalCertificate, *, reason: str, by: Actor, seen: str | None = None) -> None:
    """For good. Raises as `request_changes`."""
    with transaction():
        certificate = _held(certificate, by=by, seen=seen)
        certificate.decline(reason=reason, by=by, at=clock.now())
        _say_why(AuditKind.CERTIFICATE_DECLINED, MessageKind.CERTIFICATE_DECLINED, certificate, by=by)


def approve_each(ids: Iterable[int], *, by: Actor) -> dict[int, Refusal | None]:
    """Approve several as claimed, each by itself: what became of each, None for approved.

    Only those that this reviewer has opened as they stand now, and whose credit type has no checklist.
    """
    return each(ids, lambda certificate_id: _approve_as_claimed(found(ExternalCertificate, certificate_id), by=by))


def _approve_as_claimed(certificate: ExternalCertificate, *, by: Actor) -> None:
    """Not a verb: it calls one, once it knows what this reviewer saw."""
    _require_decidable(certificate, by=by)
    if certificate.credit_type.checklist:
        raise ChecklistFirst()
    seen = certificate.digest()
    if not opened_at_present_revision(certificate, by=by):
        raise NotOpened()
    approve(certificate, Approval(certificate.claimed_credits), seen=seen, by=by)


def _require_decidable(certificate: ExternalCertificate, *, by: Actor) -> None:
    """Before files are read: those who may not decide learn nothing of them, and a late one who was first."""
    require_module()
    certificate.require_reviewer(by)
    certificate.require_pending()


def _held(certificate: ExternalCertificate, *, by: Actor, seen: str | None = None) -> ExternalCertificate:
    """Locked, so that of two reviewers at once one decides and the other is told who did."""
    require_module()
    certificate = lock(certificate)
    certificate.require_reviewer(by)
    if seen is not None and certificate.state == State.PENDING and seen != certificate.digest():
        raise RevisionChanged()
    return certificate


def _say_why(event: AuditKind, message: MessageKind, certificate: ExternalCertificate, *, by: Actor) -> None:
    db.session.flush()
    note(event, certificate, by=by, after={"reason": certificate.reason})
    tell(message, certificate, by=by, reason=certificate.reason)


def _tracked(certificate: ExternalCertificate, track: Entry, *, by: Actor) -> Certification:
    """The certification that comes of it, or renews one, with the same files. Raises InvalidInput, ModuleOff."""
    certification_steps.require_tracking()
    member = locked(Member, certificate.member_id)
    member.require_certifications_changed_by(by)
    with db.session.no_autoflush:
        certification = certification_steps.record(member, track, by=by)
    for scan in certificate.scans:
        attach(certification, scan.stored_file, name=scan.name, by=by, rotation=scan.rotation)
    return certification
