"""What is done with certification types. Types in use are retired, never deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, lock, this_organization, transaction
from records.errors import Invalid, InvalidInput, NameTaken, NotAllowed, Refusal, Stale, TypeInUse
from records.models import Actor, AuditEvent, AuditKind, CertificationType
from records.models.certification_type import DEFAULT_STAGES
from records.queries.certification_types import is_in_use
from records.services import equivalence_steps
from records.services.filling import name_is_taken, name_taken, out_of_range, set_each

_FIELDS = (
    "name", "description", "issuer", "usual_term", "reminder_stages", "grace_days", "position",
    "members_propose_renewals",
)  # fmt: skip
_RANGES = {"usual_term": (1, 1200), "grace_days": (0, 3650), "position": (0, 100_000)}


@dataclass(frozen=True)
class TypeFacts:
    """A type as a form has it: `usual_term` in months, `reminder_stages` in days before expiry, negative
    for after. `counts_as` are the ids of the types that it counts also as, None where that is not asked.
    `unreadable` are the refusals of fields that hold no number at all, by field."""

    name: str
    description: str = ""
    issuer: str = ""
    usual_term: int | None = None
    reminder_stages: tuple[int, ...] = tuple(DEFAULT_STAGES)
    grace_days: int = 0
    position: int = 0
    counts_as: frozenset[int] | None = None
    members_propose_renewals: bool = False
    unreadable: dict[str, Refusal] = field(default_factory=dict)


def create(facts: TypeFacts, *, by: Actor) -> CertificationType:
    """Raises NotAllowed, InvalidInput with a refusal for each wrong field (NameTaken for `name`)."""
    _require_allowed(by)
    try:
        with transaction() as session:
            equivalence_steps.queue()
            type_ = CertificationType(created_at=clock.now())
            _fill(type_, facts)
            session.add(type_)
            session.flush()
            session.add(_event(AuditKind.CERTIFICATION_TYPE_CREATED, type_, by=by, after=_facts(type_)))
            _count(type_, facts, by=by)
    except IntegrityError:
        raise name_taken(facts.name) from None
    return type_


def change(type_: CertificationType, facts: TypeFacts, *, by: Actor, version: int) -> bool:
    """True where something changed. Raises as `create`, and Stale where `version` is no longer the newest
    and something would change."""
    _require_allowed(by)
    try:
        with transaction() as session:
            equivalence_steps.queue()
            type_ = lock(type_)
            is_stale, before = type_.version != version, _facts(type_)
            _fill(type_, facts)
            if type_.reminder_stages != before["reminder_stages"]:
                type_.stages_set_on = clock.today(this_organization())
            session.flush()
            after = _facts(type_)
            if before != after:
                session.add(_event(AuditKind.CERTIFICATION_TYPE_CHANGED, type_, by=by, before=before, after=after))
            changed = _count(type_, facts, by=by) or before != after
            if changed and is_stale:
                raise Stale()
            return changed
    except IntegrityError:
        raise name_taken(facts.name) from None


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
    errors = out_of_range(facts, _RANGES)
    values = {name: getattr(facts, name) for name in _FIELDS} | {"reminder_stages": list(facts.reminder_stages)}
    with db.session.no_autoflush:
        errors |= set_each(type_, values)
        if "name" not in errors and name_is_taken(type_):
            errors["name"] = NameTaken(field="name", name=type_.name)
    errors.update(facts.unreadable)
    if errors:
        raise InvalidInput(errors)


def _count(type_: CertificationType, facts: TypeFacts, *, by: Actor) -> bool:
    if facts.counts_as is None:
        return False
    try:
        return equivalence_steps.choose(type_, facts.counts_as, by=by)
    except Invalid as refusal:
        raise InvalidInput({"counts_as": refusal}) from None


def _facts(type_: CertificationType) -> dict[str, Any]:
    return {name: getattr(type_, name) for name in _FIELDS}


def _event(kind: AuditKind, type_: CertificationType, *, by: Actor, **facts: Any) -> AuditEvent:
    return AuditEvent.of(kind, type_, by=by, at=clock.now(), **facts)
