"""Positions, requirements, an exemption and types that count as others, of the demo organizations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from records import clock
from records.database import db
from records.demo.catalogue import (
    CPR,
    DEVICES,
    DRIVER,
    EMT,
    FIREFIGHTER,
    FORKLIFT,
    HAZMAT,
    MEDICAL,
    NURSING,
    PARAMEDIC,
    WATER,
)
from records.demo.courses import CE, DANA
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    CertificationType,
    CreditType,
    Exemption,
    Member,
    Position,
    Requirement,
    RequirementKind,
    Rule,
    Unit,
)
from records.services import equivalence_steps, position_steps
from records.services.requirement_steps import RequirementFacts, facts_of, fill


@dataclass(frozen=True)
class Required:
    """A requirement by names. `since` is in days from today; with `credits`, hours of a credit type are asked."""

    name: str
    types: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    rule: Rule = Rule.ALL
    at_least: int | None = None
    credits: tuple[str, str] | None = None
    since: int = -400
    newcomer_days: int = 0
    description: str = ""

    @property
    def binds_everyone(self) -> bool:
        return not (self.units or self.positions or self.members)


@dataclass(frozen=True)
class Exempt:
    """`days`: the first and the last, from today."""

    member: str
    requirement: str
    reason: str
    days: tuple[int, int]
    approved_by: str


@dataclass(frozen=True)
class Rules:
    """`positions`: who serves in each. `counts_as`: what a type counts also as."""

    positions: Mapping[str, tuple[str, ...]]
    requirements: tuple[Required, ...]
    exempt: tuple[Exempt, ...] = ()
    counts_as: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


ENGINES = ("Engine 1", "Ladder 2", "Engine 4", "Rescue 5")
STATIONS = ("Station North", "Station South")
FIRE_RULES = Rules(
    {
        "Driver": ("Jordan Reyes", "Connor O’Rourke", "Nkechi Okonkwo", "Lars Eriksen", "Rosa Jiménez", "Chidi Eze"),
        "Crew chief": ("Aaliyah Brooks", "Nkechi Okonkwo", "Sofía Delgado", "Andre Baptiste", "Maria Rossi"),
        "Storekeeper": ("Walter Novak", "Bianca Costa"),
    },
    (
        Required("Life support", (CPR,), newcomer_days=30, description="Nobody goes out without it."),
        Required("Riding an ambulance", (EMT, MEDICAL), units=("Medic 3", "Medic 6"), members=("Jordan Reyes",),
                 description="Paramedics count as EMTs."),
        Required("Driving under lights", (DRIVER, MEDICAL), units=STATIONS, positions=("Driver",), newcomer_days=90),
        Required("Interior attack", (FIREFIGHTER, HAZMAT, WATER), units=ENGINES, rule=Rule.AT_LEAST, at_least=2),
        Required("Working in the store", (FORKLIFT,), positions=("Storekeeper",)),
        Required("Continuing education", credits=(CE, "24"), units=("Medic 3", "Medic 6"), since=60),
    ),
    (Exempt("Tomás Herrera", "Life support", "On parental leave until spring.", (-20, 70), DANA),),
    {PARAMEDIC: (EMT,)},
)  # fmt: skip
CLINIC_RULES = Rules(
    {"Shift lead": ("Leyla Demir",)},
    (
        Required("Basic life support", (CPR, DEVICES), units=("Emergency Department", "Surgery")),
        Required("Leading a shift", (NURSING,), positions=("Shift lead",)),
    ),
)


def lay_down(
    rules: Rules,
    *,
    units: Mapping[str, Unit],
    types: Mapping[str, CertificationType],
    members: Mapping[str, Member],
    today: date,
    by: Actor,
) -> None:
    """Write the rules inside the caller's transaction, each with its audit event."""
    positions = {name: _position(name, by) for name in rules.positions}
    for name in sorted({each for serving in rules.positions.values() for each in serving}):
        serves = frozenset(positions[each].id for each, serving in rules.positions.items() if name in serving)
        position_steps.choose(members[name], serves, by=by)
    for type_, others in rules.counts_as.items():
        equivalence_steps.choose(types[type_], [types[each].id for each in others], by=by)
    requirements = {}
    for place, required in enumerate(rules.requirements):
        facts = _facts(required, place, (units, positions, members, types), today)
        requirements[required.name] = _requirement(facts, by)
    for exempt in rules.exempt:
        _exempt(exempt, requirements[exempt.requirement], members, today, by)


def _position(name: str, by: Actor) -> Position:
    position = Position(name=name)
    db.session.add(position)
    db.session.flush()
    db.session.add(AuditEvent.of(AuditKind.POSITION_CREATED, position, by=by, at=clock.now(), after={"name": name}))
    return position


def _facts(required: Required, place: int, known: tuple[Mapping[str, Any], ...], today: date) -> RequirementFacts:
    """`known`: units, positions, members and types by name."""
    units, positions, members, types = (
        frozenset(among[name].id for name in names)
        for among, names in zip(
            known, (required.units, required.positions, required.members, required.types), strict=True
        )
    )
    return RequirementFacts(
        required.name,
        required.description,
        binds_everyone=required.binds_everyone,
        unit_ids=units,
        position_ids=positions,
        member_ids=members,
        kind=RequirementKind.CREDITS if required.credits else RequirementKind.TYPES,
        rule=required.rule,
        at_least=required.at_least,
        type_ids=types,
        credit_type_id=_credit_type_id(required.credits[0]) if required.credits else None,
        credits=Decimal(required.credits[1]) if required.credits else None,
        from_on=today + timedelta(days=required.since),
        newcomer_days=required.newcomer_days,
        position=place,
    )


def _requirement(facts: RequirementFacts, by: Actor) -> Requirement:
    requirement = Requirement(created_at=clock.now())
    fill(requirement, facts)
    db.session.add(requirement)
    db.session.flush()
    after = facts_of(requirement)
    db.session.add(AuditEvent.of(AuditKind.REQUIREMENT_CREATED, requirement, by=by, at=clock.now(), after=after))
    return requirement


def _credit_type_id(name: str) -> int:
    return db.session.scalars(select(CreditType.id).where(CreditType.name == name)).one()


def _exempt(exempt: Exempt, requirement: Requirement, members: Mapping[str, Member], today: date, by: Actor) -> None:
    exemption = Exemption(
        requirement_id=requirement.id,
        member_id=members[exempt.member].id,
        reason=exempt.reason,
        starts_on=today + timedelta(days=exempt.days[0]),
        ends_on=today + timedelta(days=exempt.days[1]),
        approved_by_id=members[exempt.approved_by].id,
        created_at=clock.now(),
    )
    db.session.add(exemption)
    db.session.flush()
    after = {"requirement_id": requirement.id, "reason": exempt.reason}
    db.session.add(AuditEvent.of(AuditKind.EXEMPTION_GRANTED, exemption, by=by, at=clock.now(), after=after))
