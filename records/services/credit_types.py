"""What is done with credit types. Each verb is one transaction; all are for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, lock, transaction
from records.errors import N_, CreditTypeInUse, Invalid, InvalidInput, NameTaken, Refusal, Stale
from records.models import Actor, AuditEvent, AuditKind, CreditType, ExternalCertificate, Period
from records.services.filling import name_is_taken, name_taken, out_of_range, set_each

_FIELDS = (
    "name", "unit", "accepts_uploads", "period", "starts_on", "ends_on", "goal", "largest_claim", "checklist",
    "position",
)  # fmt: skip


@dataclass(frozen=True)
class CreditTypeFacts:
    """A credit type as a form has it. `unreadable` are the refusals of fields that hold nothing readable, by field."""

    name: str
    unit: str
    accepts_uploads: bool = True
    period: str = Period.CALENDAR_YEAR
    starts_on: date | None = None
    ends_on: date | None = None
    goal: Decimal | None = None
    largest_claim: Decimal | None = None
    checklist: tuple[str, ...] = ()
    position: int = 0
    unreadable: Mapping[str, Refusal] = field(default_factory=dict)


def create(facts: CreditTypeFacts, *, by: Actor) -> CreditType:
    """Raises NotAllowed, and InvalidInput: a refusal for each wrong field of `CreditTypeFacts`."""
    by.require_administrator()
    try:
        with transaction() as session:
            type_ = CreditType(created_at=clock.now())
            _fill(type_, facts)
            session.add(type_)
            session.flush()
            session.add(_event(AuditKind.CREDIT_TYPE_CREATED, type_, by=by, after=_facts(type_)))
    except IntegrityError:
        raise name_taken(facts.name) from None
    return type_


def change(type_: CreditType, facts: CreditTypeFacts, *, by: Actor, version: int) -> bool:
    """True where something changed. Raises as `create`, and Stale where `version` is no longer the newest
    and something would change."""
    by.require_administrator()
    try:
        with transaction() as session:
            type_ = lock(type_)
            is_stale, before = type_.version != version, _facts(type_)
            _fill(type_, facts)
            session.flush()
            after = _facts(type_)
            if before == after:
                return False
            if is_stale:
                raise Stale()
            session.add(_event(AuditKind.CREDIT_TYPE_CHANGED, type_, by=by, before=before, after=after))
            return True
    except IntegrityError:
        raise name_taken(facts.name) from None


def retire(type_: CreditType, *, by: Actor) -> None:
    """Nobody can claim it any more; what was claimed and awarded stays. Raises NotAllowed."""
    by.require_administrator()
    with transaction() as session:
        type_ = lock(type_)
        if not type_.is_retired:
            type_.retired_at = clock.now()
            session.add(_event(AuditKind.CREDIT_TYPE_RETIRED, type_, by=by))


def reinstate(type_: CreditType, *, by: Actor) -> None:
    """Raises NotAllowed."""
    by.require_administrator()
    with transaction() as session:
        type_ = lock(type_)
        if type_.is_retired:
            type_.retired_at = None
            session.add(_event(AuditKind.CREDIT_TYPE_REINSTATED, type_, by=by))


def delete(type_: CreditType, *, by: Actor) -> None:
    """Raises NotAllowed, CreditTypeInUse."""
    by.require_administrator()
    name = type_.name
    try:
        with transaction() as session:
            type_ = lock(type_)
            used = select(ExternalCertificate.id).where(ExternalCertificate.credit_type_id == type_.id).limit(1)
            if session.scalar(used) is not None:
                raise CreditTypeInUse(name=name)
            session.add(_event(AuditKind.CREDIT_TYPE_DELETED, type_, by=by, before=_facts(type_)))
            session.delete(type_)
    except IntegrityError:
        raise CreditTypeInUse(name=name) from None


def _fill(type_: CreditType, facts: CreditTypeFacts) -> None:
    """Set every field, or raise InvalidInput with a refusal for each that is wrong."""
    errors = out_of_range(facts, {"position": (0, 100_000)})
    if facts.period not in set(Period):
        errors["period"] = Invalid(N_("Choose a period from the list."), field="period")
    values = {name: getattr(facts, name) for name in _FIELDS} | {"checklist": list(facts.checklist)}
    with db.session.no_autoflush:
        errors |= set_each(type_, values)
        try:
            type_.check()
        except Invalid as refusal:
            errors[refusal.field or "period"] = refusal
        if "name" not in errors and name_is_taken(type_):
            errors["name"] = NameTaken(field="name", name=type_.name)
    errors.update(facts.unreadable)
    if errors:
        raise InvalidInput(errors)


def _facts(type_: CreditType) -> dict[str, Any]:
    """The fields as the audit trail keeps them: dates and amounts in words."""
    values = {name: getattr(type_, name) for name in _FIELDS}
    return {name: str(each) if isinstance(each, Decimal | date) else each for name, each in values.items()}


def _event(kind: AuditKind, type_: CreditType, *, by: Actor, **facts: Any) -> AuditEvent:
    return AuditEvent.of(kind, type_, by=by, at=clock.now(), **facts)
