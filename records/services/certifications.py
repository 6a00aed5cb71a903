"""What is done with one certification, and undoing deletions. Each verb is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, lock, locked, transaction
from records.errors import (
    AlreadyRenewed,
    DuplicateCertification,
    HeldAgain,
    InvalidInput,
    NotFound,
    Refusal,
    RenewedAgain,
    RestoredByAdministrators,
    Stale,
)
from records.models import Actor, AuditEvent, AuditKind, Certification, Member
from records.queries.profiles import deletion_horizon
from records.services import certification_steps as steps
from records.services.certification_steps import Entry

# How long a coordinator may undo a deletion of their own; later it is an administrator's to restore.
_UNDONE_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class ByIssuer:
    """What the issuer did, each from a date and with a reason; no date: not done, or lifted."""

    suspended_on: date | None = None
    suspended_reason: str = ""
    revoked_on: date | None = None
    revoked_reason: str = ""


@dataclass(frozen=True)
class CertificationChanges:
    """`unreadable` are the refusals of fields that hold no date at all, by field."""

    entry: Entry
    issuer: ByIssuer = field(default_factory=ByIssuer)
    unreadable: Mapping[str, Refusal] = field(default_factory=dict)


def change(certification: Certification, changes: CertificationChanges, *, by: Actor, version: int) -> bool:
    """Correct its fields and note what its issuer did, in one; True where something changed.

    Raises InvalidInput (fields as in `Entry` and `ByIssuer`), Stale where it is no longer the `version`
    that was seen and something would change, NotAllowed, NotFound, OwnCertifications, ModuleOff.
    """
    try:
        with transaction():
            certification = lock(certification)
            require_changeable(certification, by=by)
            is_stale = certification.version != version
            corrected, errors = _corrected(certification, changes.entry, by=by)
            errors |= _issuer_errors(changes.issuer) | dict(changes.unreadable)
            if errors:
                raise InvalidInput(errors)
            changed = _note_issuer(certification, changes.issuer, by=by) or corrected
            if changed and is_stale:
                raise Stale()
            return changed
    except IntegrityError:
        raise Stale() from None


def restore(member: Member, ids: Collection[int], *, by: Actor) -> list[int]:
    """Bring deleted certifications back, all or none; those that stand already are passed over.

    Raises HeldAgain, RenewedAgain, NotFound (unknown, or deleted too long ago), NotAllowed,
    OwnCertifications, RestoredByAdministrators (a coordinator, later or after another's deletion), ModuleOff.
    """
    try:
        with transaction() as session:
            member = lock(member)
            steps.require_tracking()
            member.require_certifications_changed_by(by)
            tombstones = session.scalars(
                select(Certification)
                .where(Certification.id.in_(ids), Certification.member_id == member.id)
                .order_by(Certification.id)
            ).all()
            if len(tombstones) != len(set(ids)):
                raise NotFound()
            return [each.id for each in tombstones if each.deleted_at is not None and _restore(each, by=by)]
    except IntegrityError:
        raise Stale() from None


def require_changeable(certification: Certification, *, by: Actor) -> None:
    """The guard of everything that changes a certification, its files included; inside a transaction."""
    member = locked(Member, certification.member_id)
    member.require_seen_by(by)
    if certification.deleted_at is not None:
        raise NotFound()
    steps.require_tracking()
    member.require_certifications_changed_by(by)


def _corrected(certification: Certification, entry: Entry, *, by: Actor) -> tuple[bool, dict[str, Refusal]]:
    try:
        with db.session.begin_nested():
            return steps.correct(certification, entry, by=by), {}
    except InvalidInput as refusal:
        return False, dict(refusal.errors)


def _issuer_errors(issuer: ByIssuer) -> dict[str, Refusal]:
    """Whatever is wrong with it, found on a copy, so that nothing half-changed is written."""
    errors: dict[str, Refusal] = {}
    scratch = Certification(number="")
    for act, on, reason in (
        (scratch.suspend, issuer.suspended_on, issuer.suspended_reason),
        (scratch.revoke, issuer.revoked_on, issuer.revoked_reason),
    ):
        try:
            act(on=on, reason=reason)
        except Refusal as refusal:
            errors[refusal.field or "revoked_reason"] = refusal
    return errors


def _note_issuer(certification: Certification, issuer: ByIssuer, *, by: Actor) -> bool:
    before = certification.facts()
    certification.suspend(on=issuer.suspended_on, reason=issuer.suspended_reason)
    certification.revoke(on=issuer.revoked_on, reason=issuer.revoked_reason)
    db.session.flush()
    after, noted = certification.facts(), False
    for names, kind in (
        (("suspended_on", "suspended_reason"), AuditKind.CERTIFICATION_SUSPENDED),
        (("revoked_on", "revoked_reason"), AuditKind.CERTIFICATION_REVOKED),
    ):
        was, now = ({name: facts[name] for name in names} for facts in (before, after))
        if was != now:
            noted = True
            kind = kind if now[names[0]] else AuditKind.CERTIFICATION_REINSTATED
            db.session.add(AuditEvent.of(kind, certification, by=by, at=clock.now(), before=was, after=now))
    return noted


def _restore(certification: Certification, *, by: Actor) -> bool:
    deleted_at = certification.deleted_at
    if deleted_at is None or deleted_at < deletion_horizon():
        raise NotFound()
    if not by.administers and not _deleted_just_now(certification, by=by):
        raise RestoredByAdministrators()
    try:
        steps.require_not_doubled(certification)
        _require_renewal_free(certification)
    except DuplicateCertification:
        raise HeldAgain(name=certification.type.name) from None
    except AlreadyRenewed:
        raise RenewedAgain(name=certification.type.name) from None
    certification.restore()
    db.session.flush()
    event = AuditEvent.of(
        AuditKind.CERTIFICATION_RESTORED, certification, by=by, at=clock.now(), after=certification.facts()
    )
    db.session.add(event)
    return True


def _require_renewal_free(certification: Certification) -> None:
    other = select(Certification.id).where(
        Certification.supersedes_id == certification.supersedes_id, Certification.deleted_at.is_(None)
    )
    if certification.supersedes_id is not None and db.session.scalar(other) is not None:
        raise AlreadyRenewed()


def _deleted_just_now(certification: Certification, *, by: Actor) -> bool:
    own = select(AuditEvent.id).where(
        AuditEvent.organization_id == certification.organization_id,
        AuditEvent.subject_kind == "certification",
        AuditEvent.subject_id == certification.id,
        AuditEvent.kind == AuditKind.CERTIFICATION_DELETED,
        AuditEvent.actor_member_id == by.member_id,
        AuditEvent.at >= max(certification.deleted_at or clock.now(), clock.now() - _UNDONE_WITHIN),
    )
    return db.session.scalar(own.limit(1)) is not None
