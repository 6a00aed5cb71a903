"""What administrators do with requirements: create, change, retire, reinstate, delete. Exempting: `exemptions`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import lock, transaction
from records.errors import InvalidInput, NameTaken, Refusal, Stale
from records.errors.requirements import RequirementInUse
from records.models import Actor, AuditEvent, AuditKind, Exemption, Requirement
from records.services.certification_steps import require_tracking
from records.services.requirement_steps import RequirementFacts, facts_of, fill

__all__ = ["RequirementFacts", "change", "create", "delete", "reinstate", "retire"]


def create(facts: RequirementFacts, *, by: Actor) -> Requirement:
    """Raises NotAllowed, ModuleOff, and InvalidInput: a refusal for each wrong field (`who` where it binds nobody,
    `types`, `units`, `positions`, `members`, else as in `RequirementFacts`)."""
    by.require_administrator()
    try:
        with transaction() as session:
            require_tracking()
            requirement = Requirement(created_at=clock.now())
            fill(requirement, facts)
            session.add(requirement)
            session.flush()
            session.add(_event(AuditKind.REQUIREMENT_CREATED, requirement, by=by, after=facts_of(requirement)))
    except IntegrityError as error:
        raise _broken(error, facts) from None
    return requirement


def change(requirement: Requirement, facts: RequirementFacts, *, by: Actor, version: int) -> bool:
    """True where something changed. Raises as `create`, and Stale where `version` is no longer the
    newest and something would change."""
    by.require_administrator()
    try:
        with transaction() as session:
            require_tracking()
            requirement = lock(requirement)
            is_stale, before = requirement.version != version, facts_of(requirement)
            fill(requirement, facts)
            after = facts_of(requirement)
            if before == after:
                session.expire(requirement)
                return False
            if is_stale:
                raise Stale()
            session.flush()
            session.add(_event(AuditKind.REQUIREMENT_CHANGED, requirement, by=by, before=before, after=after))
            return True
    except IntegrityError as error:
        raise _broken(error, facts) from None


def retire(requirement: Requirement, *, by: Actor) -> None:
    """It binds nobody any more, and can be reinstated. Raises NotAllowed, ModuleOff."""
    by.require_administrator()
    with transaction() as session:
        require_tracking()
        requirement = lock(requirement)
        if not requirement.is_retired:
            requirement.retired_at = clock.now()
            session.add(_event(AuditKind.REQUIREMENT_RETIRED, requirement, by=by))


def reinstate(requirement: Requirement, *, by: Actor) -> None:
    """Raises NotAllowed, ModuleOff."""
    by.require_administrator()
    with transaction() as session:
        require_tracking()
        requirement = lock(requirement)
        if requirement.is_retired:
            requirement.retired_at = None
            session.add(_event(AuditKind.REQUIREMENT_REINSTATED, requirement, by=by))


def delete(requirement: Requirement, *, by: Actor) -> None:
    """Raises NotAllowed, ModuleOff, RequirementInUse where anybody was ever exempt from it."""
    by.require_administrator()
    name = requirement.name
    try:
        with transaction() as session:
            require_tracking()
            requirement = lock(requirement)
            if session.scalar(select(exists().where(Exemption.requirement_id == requirement.id))):
                raise RequirementInUse(name=name)
            session.add(_event(AuditKind.REQUIREMENT_DELETED, requirement, by=by, before=facts_of(requirement)))
            session.delete(requirement)
    except IntegrityError:
        raise RequirementInUse(name=name) from None


def _broken(error: IntegrityError, facts: RequirementFacts) -> Refusal:
    """Two saved the same name at once, or something that this one names is gone meanwhile."""
    if "folded_name" in str(error.orig):
        return InvalidInput({"name": NameTaken(field="name", name=facts.name)})
    return Stale()


def _event(kind: AuditKind, requirement: Requirement, *, by: Actor, **facts: Any) -> AuditEvent:
    return AuditEvent.of(kind, requirement, by=by, at=clock.now(), **facts)
