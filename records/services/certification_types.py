"""What is done with certification types. Types in use are retired, never deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, lock, transaction
from records.errors import N_, Invalid, InvalidInput, NameTaken, NotAllowed, Refusal, Stale, TypeInUse
from records.models import Actor, AuditEvent, AuditKind, CertificationType
from records.models.certification_type import DEFAULT_STAGES
from records.queries.certification_types import is_in_use

_FIELDS = ("name", "description", "issuer", "usual_term", "reminder_stages", "grace_days", "position")


@dataclass(frozen=True)
class TypeFacts:
    """A type as a form has it: `usual_term` in months, `reminder_stages` in days before expiry, negative
    for after. `unreadable` are the refusals of fields that hold no number at all, by field."""

    name: str
    description: str = ""
    issuer: str = ""
    usual_term: int | None = None
    reminder_stages: tuple[int, ...] = tuple(DEFAULT_STAGES)
    grace_days: int = 0
    position: int = 0
    unreadable: dict[str, Refusal] = field(default_factory=dict)


def create(facts: TypeFacts, *, by: Actor) -> CertificationType:
    """Raises NotAllowed, InvalidInput with a refusal for each wrong field (NameTaken for `name`)."""
    _require_allowed(by)
    try:
        with transaction() as session:
            type_ = CertificationType(created_at=clock.now())
            _fill(type_, facts)
            session.add(type_)
            session.flush()
            session.add(_event(AuditKind.CERTIFICATION_TYPE_CREATED, type_, by=by, after=_facts(type_)))
    except IntegrityError:
        raise _taken(facts) from None
    return type_


def change(type_: CertificationType, facts: TypeFacts, *, by: Actor, version: int) -> bool:
    """True where something changed. Raises as `create`, and Stale where `version` is no longer the newest."""
    _require_allowed(by)
    try:
        with transaction() as session:
            type_ = lock(type_)
            if type_.version != version:
                raise Stale()
            before = _facts(type_)
            _fill(type_, facts)
            session.flush()
            after = _facts(type_)
            if before == after:
                return False
            session.add(_event(AuditKind.CERTIFICATION_TYPE_CHANGED, type_, by=by, before=before, after=after))
            return True
    except IntegrityError:
        raise _taken(facts) from None


def retire(type_: CertificationType, *, by: Actor) -> None:
    """Take it out of the pull-downs; certifications of it keep it. Raises NotAllowed."""
    _require_allowed(by)
    with transaction() as session:
        type_ = lock(type_)
        if not type_.is_retired:
            type_.retired_at = clock.now()
            session.add(_event(AuditKind.CERTIFICATION_TYPE_RETIRED, type_, by=by))


def reinstate(type_: CertificationType, *, by: Actor) -> None:
    """Raises NotAllowed."""
    _require_allowed(by)
    with transaction() as session:
        type_ = lock(type_)
        if type_.is_retired:
            type_.retired_at = None
            session.add(_event(AuditKind.CERTIFICATION_TYPE_REINSTATED, type_, by=by))


def delete(type_: CertificationType, *, by: Actor) -> None:
    """Raises NotAllowed, TypeInUse (deleted certifications that can be restored count too)."""
    _require_allowed(by)
    name = type_.name
    try:
        with transaction() as session:
            type_ = lock(type_)
            if is_in_use(type_):
                raise TypeInUse(name=name)
            session.add(_event(AuditKind.CERTIFICATION_TYPE_DELETED, type_, by=by, before=_facts(type_)))
            session.delete(type_)
    except IntegrityError:
        raise TypeInUse(name=name) from None


def _require_allowed(by: Actor) -> None:
    if not by.may_change_certification_types:
        raise NotAllowed()


def _fill(type_: CertificationType, facts: TypeFacts) -> None:
    """Set every field, or raise InvalidInput with a refusal for each that is wrong."""
    errors = _out_of_range(facts)
    with db.session.no_autoflush:
        for name in _FIELDS:
            value = getattr(facts, name)
            try:
                setattr(type_, name, list(value) if name == "reminder_stages" else value)
            except Invalid as refusal:
                errors[name] = refusal
        if "name" not in errors and _name_is_taken(type_):
            errors["name"] = NameTaken(field="name", name=type_.name)
    errors.update(facts.unreadable)
    if errors:
        raise InvalidInput(errors)


def _out_of_range(facts: TypeFacts) -> dict[str, Refusal]:
    ranges = {"usual_term": (1, 1200), "grace_days": (0, 3650), "position": (0, 100_000)}
    return {
        name: Invalid(N_("Enter a whole number from %(least)s to %(most)s."), field=name, least=least, most=most)
        for name, (least, most) in ranges.items()
        if (value := getattr(facts, name)) is not None and not least <= value <= most
    }


def _name_is_taken(type_: CertificationType) -> bool:
    same = select(CertificationType.id).where(CertificationType.folded_name == type_.folded_name)
    if type_.id is not None:
        same = same.where(CertificationType.id != type_.id)
    return db.session.scalar(same) is not None


def _taken(facts: TypeFacts) -> InvalidInput:
    """Two saved the same name at once: the table's own constraint decided."""
    return InvalidInput({"name": NameTaken(field="name", name=facts.name)})


def _facts(type_: CertificationType) -> dict[str, Any]:
    return {name: getattr(type_, name) for name in _FIELDS}


def _event(kind: AuditKind, type_: CertificationType, *, by: Actor, **facts: Any) -> AuditEvent:
    return AuditEvent.of(kind, type_, by=by, at=clock.now(), **facts)
