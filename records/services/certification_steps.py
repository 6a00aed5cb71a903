"""Steps that verbs on certifications share. Each runs inside the caller's transaction and writes its event.

The profile, the upload wizard and the register import all record certifications through these, so that
every rule stands once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from records import clock
from records.database import db, is_id, this_organization
from records.errors import (
    N_,
    DuplicateCertification,
    ExpiresRequired,
    Invalid,
    InvalidInput,
    ModuleOff,
    Refusal,
    TypeRequired,
    TypeUnknown,
)
from records.models import Actor, AuditEvent, AuditKind, Certification, CertificationType, Member


@dataclass(frozen=True)
class Entry:
    """What a person gave for one certification. `renews_id`: the certification that this one replaces."""

    type_id: int | None
    expires_on: date | None
    issued_on: date | None = None
    number: str = ""
    renews_id: int | None = None


def require_tracking() -> None:
    """Raises ModuleOff where the organization does not track certifications."""
    if not this_organization().tracks_certifications:
        raise ModuleOff()


def record(member: Member, entry: Entry, *, by: Actor, import_id: int | None = None) -> Certification:
    """A new certification of `member`, flushed.

    Raises InvalidInput: an Invalid for each wrong field (`type_id`, `issued_on`, `expires_on`, `number`,
    `renews_id`). Retired types are refused as unknown.
    """
    type_ = checked_type(entry)
    certification = Certification(
        organization_id=member.organization_id,
        member_id=member.id,
        type_id=type_.id,
        number=_number(entry.number),
        issued_on=entry.issued_on,
        expires_on=entry.expires_on,
        recorded_on=clock.today(this_organization()),
        created_at=clock.now(),
        import_id=import_id,
    )
    _check(certification)
    if entry.renews_id is not None:
        _link(certification, entry.renews_id)
    db.session.add(certification)
    db.session.flush()
    _event(AuditKind.CERTIFICATION_ADDED, certification, by=by, after=certification.facts())
    return certification


def correct(certification: Certification, entry: Entry, *, by: Actor) -> bool:
    """Change a certification's own fields; True where something changed. Raises InvalidInput as `record`.

    The type of a certification never changes: `entry.type_id` is not read.
    """
    before = certification.facts()
    if entry.expires_on is None:
        raise InvalidInput({"expires_on": ExpiresRequired(field="expires_on")})
    number = _number(entry.number)
    same = (certification.number, certification.issued_on, certification.expires_on)
    if same == (number, entry.issued_on, entry.expires_on):
        return False
    certification.number = number
    certification.issued_on, certification.expires_on = entry.issued_on, entry.expires_on
    with db.session.no_autoflush:
        _check(certification)
    db.session.flush()
    _event(AuditKind.CERTIFICATION_CORRECTED, certification, by=by, before=before, after=certification.facts())
    return True


def delete(certification: Certification, *, by: Actor) -> None:
    """Leave a tombstone; its scans stay with it and come back with it."""
    if certification.deleted_at is not None:
        return
    certification.delete(at=clock.now())
    db.session.flush()
    _event(AuditKind.CERTIFICATION_DELETED, certification, by=by, before=certification.facts())


def require_not_doubled(certification: Certification) -> None:
    """Raises DuplicateCertification (field `expires_on`) where a live one has the same four facts."""
    same = select(Certification.id).where(
        Certification.member_id == certification.member_id,
        Certification.type_id == certification.type_id,
        Certification.number == certification.number,
        Certification.expires_on == certification.expires_on,
        Certification.deleted_at.is_(None),
    )
    if certification.id is not None:
        same = same.where(Certification.id != certification.id)
    with db.session.no_autoflush:
        if db.session.scalar(same) is not None:
            raise DuplicateCertification(field="expires_on")


def checked_type(entry: Entry) -> CertificationType:
    """The type of an entry that has all that it must have. Raises InvalidInput (`type_id`, `expires_on`)."""
    errors: dict[str, Refusal] = {}
    type_ = None
    if entry.type_id is None:
        errors["type_id"] = TypeRequired(field="type_id")
    else:
        type_ = db.session.get(CertificationType, entry.type_id) if is_id(entry.type_id) else None
        if type_ is None or type_.is_retired:
            errors["type_id"] = TypeUnknown(field="type_id")
    if entry.expires_on is None:
        errors["expires_on"] = ExpiresRequired(field="expires_on")
    if errors or type_ is None:
        raise InvalidInput(errors)
    return type_


def _number(number: str) -> str:
    if len(number) > 255:
        refusal = Invalid(N_("Use at most %(most)s characters."), field="number", most=255)
        raise InvalidInput({"number": refusal})
    return number


def _check(certification: Certification) -> None:
    try:
        certification.check()
        require_not_doubled(certification)
    except Refusal as refusal:
        raise InvalidInput({refusal.field or "expires_on": refusal}) from None


def _link(certification: Certification, renews_id: int) -> None:
    earlier = db.session.get(Certification, renews_id) if is_id(renews_id) else None
    fits = (
        earlier is not None
        and earlier.deleted_at is None
        and (earlier.member_id, earlier.type_id) == (certification.member_id, certification.type_id)
    )
    if earlier is None or not fits:
        raise InvalidInput({"renews_id": Invalid(N_("Choose the certification that it renews."), field="renews_id")})
    try:
        certification.renew(earlier)
    except Refusal as refusal:
        raise InvalidInput({"renews_id": refusal}) from None


def _event(
    kind: AuditKind,
    certification: Certification,
    *,
    by: Actor,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    db.session.add(AuditEvent.of(kind, certification, by=by, at=clock.now(), before=before, after=after))
