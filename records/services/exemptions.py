"""Exempting a member from a requirement for a while, and withdrawing that. All of it is for administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from records import clock
from records.database import db, is_id, lock, locked, this_organization, transaction
from records.errors import N_, Invalid, InvalidInput, NotAllowed, NotFound, ReasonRequired, Refusal
from records.errors.requirements import EndsBeforeItStarts, ExemptAlready, ExemptionOver, RequirementRetired
from records.models import Actor, AuditEvent, AuditKind, Exemption, Member, Requirement
from records.models.text import reason_lines
from records.services.certification_steps import require_tracking
from records.services.filling import Errors


@dataclass(frozen=True)
class ExemptionFacts:
    """An exemption as a form has it. `unreadable` are the refusals of dates that cannot be read, by field."""

    requirement_id: int | None
    member_id: int | None
    reason: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    unreadable: Mapping[str, Refusal] = field(default_factory=dict)


def grant(facts: ExemptionFacts, *, by: Actor) -> Exemption:
    """`by` is its approver.

    Raises NotAllowed, ModuleOff, and InvalidInput: a refusal for each wrong field of `ExemptionFacts`
    (RequirementRetired for `requirement_id`, ExemptAlready for `starts_on`).
    """
    by.require_administrator()
    if by.member_id is None:
        raise NotAllowed()
    with transaction() as session:
        require_tracking()
        exemption = Exemption(approved_by_id=by.member_id, created_at=clock.now())
        errors = _name(exemption, facts) | _fill(exemption, facts) | dict(facts.unreadable)
        errors = errors or _overlap(exemption)
        if errors:
            raise InvalidInput(errors)
        session.add(exemption)
        session.flush()
        event = AuditEvent.of(AuditKind.EXEMPTION_GRANTED, exemption, by=by, at=clock.now(), after=_facts(exemption))
        session.add(event)
    return exemption


def withdraw(exemption: Exemption, *, by: Actor) -> None:
    """The requirement binds the member again, whatever day is asked about. Nothing happens where it is withdrawn.

    Raises NotAllowed, ModuleOff, ExemptionOver.
    """
    by.require_administrator()
    with transaction() as session:
        require_tracking()
        exemption = lock(exemption)
        if exemption.withdrawn_at is not None:
            return
        if exemption.ends_on < clock.today(this_organization()):
            raise ExemptionOver()
        exemption.withdrawn_at = clock.now()
        event = AuditEvent.of(AuditKind.EXEMPTION_WITHDRAWN, exemption, by=by, at=clock.now(), before=_facts(exemption))
        session.add(event)


def _name(exemption: Exemption, facts: ExemptionFacts) -> Errors:
    """Who is exempt from what. The requirement is held: of two at once for one member, the second sees the first's."""
    errors: Errors = {}
    try:
        requirement = locked(Requirement, facts.requirement_id or 0)
    except NotFound:
        errors["requirement_id"] = Invalid(N_("Choose a requirement from the list."), field="requirement_id")
    else:
        exemption.requirement_id = requirement.id
        if requirement.is_retired:
            errors["requirement_id"] = RequirementRetired(field="requirement_id", name=requirement.name)
    member = db.session.get(Member, facts.member_id) if is_id(facts.member_id) else None
    if member is None:
        errors["member_id"] = Invalid(N_("Choose the member who is to be exempt."), field="member_id")
    else:
        exemption.member_id = member.id
    return errors


def _fill(exemption: Exemption, facts: ExemptionFacts) -> Errors:
    """Why, and from when to when."""
    errors: Errors = {}
    try:
        exemption.reason = reason_lines(facts.reason, field="reason")
        if not exemption.reason:
            errors["reason"] = ReasonRequired(field="reason")
    except Invalid as refusal:
        errors["reason"] = refusal
    if facts.starts_on is None:
        errors["starts_on"] = Invalid(N_("Enter the first day."), field="starts_on")
    if facts.ends_on is None:
        errors["ends_on"] = Invalid(N_("Enter the last day: an exemption always ends."), field="ends_on")
    elif facts.starts_on is not None and facts.ends_on < facts.starts_on:
        errors["ends_on"] = EndsBeforeItStarts(field="ends_on")
    if facts.starts_on is not None and facts.ends_on is not None:
        exemption.starts_on, exemption.ends_on = facts.starts_on, facts.ends_on
    return errors


def _overlap(exemption: Exemption) -> Errors:
    statement = select(Exemption).where(
        Exemption.requirement_id == exemption.requirement_id,
        Exemption.member_id == exemption.member_id,
        Exemption.withdrawn_at.is_(None),
        Exemption.starts_on <= exemption.ends_on,
        Exemption.ends_on >= exemption.starts_on,
    )
    other = db.session.scalars(statement.order_by(Exemption.starts_on).limit(1)).one_or_none()
    if other is None:
        return {}
    return {"starts_on": ExemptAlready(field="starts_on", first=other.starts_on, last=other.ends_on)}


def _facts(exemption: Exemption) -> dict[str, Any]:
    return {
        "requirement_id": exemption.requirement_id,
        "reason": exemption.reason,
        "starts_on": exemption.starts_on.isoformat(),
        "ends_on": exemption.ends_on.isoformat(),
    }
