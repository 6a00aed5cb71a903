"""Filling a requirement from what a form carries, inside the caller's transaction: what is wrong comes by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.attributes import flag_modified

from records.database import db, is_id, this_organization
from records.errors import N_, Invalid, InvalidInput, NameTaken, Refusal
from records.errors.requirements import BindsNobody, TooManyNamed
from records.models import (
    CertificationType,
    CreditType,
    Member,
    Position,
    Requirement,
    RequirementKind,
    RequirementMember,
    RequirementPosition,
    RequirementType,
    RequirementUnit,
    Rule,
    Unit,
)
from records.services.filling import Errors, out_of_range, set_each

MOST_NAMED = 200
_RANGES = {"newcomer_days": (0, 3650), "position": (0, 100_000)}
_PLAIN = ("name", "description", "kind", "rule", "at_least", "credit_type_id", "credits", "binds_everyone", "from_on",
          "newcomer_days", "position")  # fmt: skip


@dataclass(frozen=True)
class RequirementFacts:
    """A requirement as a form has it: whom it binds, what it asks, from when.

    Units, positions and members count only where it does not bind everyone; types, rule and `at_least`, or
    credits, only for their kind. `unreadable` are the refusals of fields that hold nothing readable, by field.
    """

    name: str
    description: str = ""
    binds_everyone: bool = False
    unit_ids: frozenset[int] = frozenset()
    position_ids: frozenset[int] = frozenset()
    member_ids: frozenset[int] = frozenset()
    kind: str = RequirementKind.TYPES
    rule: str = Rule.ALL
    at_least: int | None = None
    type_ids: frozenset[int] = frozenset()
    credit_type_id: int | None = None
    credits: Decimal | None = None
    from_on: date | None = None
    newcomer_days: int | None = 0
    position: int = 0
    unreadable: Mapping[str, Refusal] = field(default_factory=dict)


def facts_of(requirement: Requirement) -> dict[str, Any]:
    """A requirement as the audit trail keeps it: dates and amounts in words, what it names by ids."""
    plain = {name: getattr(requirement, name) for name in _PLAIN}
    plain = {name: str(value) if isinstance(value, Decimal | date) else value for name, value in plain.items()}
    return plain | {
        "type_ids": sorted(each.type_id for each in requirement.types),
        "unit_ids": sorted(each.unit_id for each in requirement.units),
        "position_ids": sorted(each.position_id for each in requirement.positions),
        "member_ids": sorted(each.member_id for each in requirement.members),
    }


def fill(requirement: Requirement, facts: RequirementFacts) -> None:
    """Set every field, or raise InvalidInput with a refusal for each that is wrong."""
    with db.session.no_autoflush:
        errors = out_of_range(facts, _RANGES)
        for name in _RANGES.keys() - errors.keys():
            setattr(requirement, name, getattr(facts, name) or 0)
        errors |= set_each(requirement, {"name": facts.name, "description": facts.description})
        if "name" not in errors and _name_is_taken(requirement):
            errors["name"] = NameTaken(field="name", name=requirement.name)
        if facts.from_on is None:
            errors["from_on"] = Invalid(N_("Enter the date from which it stands."), field="from_on")
        else:
            requirement.from_on = facts.from_on
        errors |= _bind(requirement, facts) | _ask(requirement, facts)
        errors.update(facts.unreadable)
        if errors:
            raise InvalidInput(errors)
        flag_modified(requirement, "name")  # what it names alone makes a new version of it, too


def _name_is_taken(requirement: Requirement) -> bool:
    same = select(Requirement.id).where(Requirement.folded_name == requirement.folded_name)
    return db.session.scalar(same.where(Requirement.id != requirement.id) if requirement.id else same) is not None


# Who


def _bind(requirement: Requirement, facts: RequirementFacts) -> Errors:
    requirement.binds_everyone = facts.binds_everyone
    nobody: frozenset[int] = frozenset()
    units, positions, members = (
        (nobody, nobody, nobody) if facts.binds_everyone else (facts.unit_ids, facts.position_ids, facts.member_ids)
    )
    if not (facts.binds_everyone or units or positions or members):
        return {"who": BindsNobody(field="who")}
    errors: Errors = {}
    if _known(Unit, units) != units:
        errors["units"] = Invalid(N_("Choose units from the list."), field="units")
    if _known(Position, positions) != positions:
        errors["positions"] = Invalid(N_("Choose positions from the list."), field="positions")
    already = {each.member_id for each in requirement.members}
    if len(members) > MOST_NAMED and not members <= already:
        errors["members"] = TooManyNamed(field="members", most=MOST_NAMED)
    elif _known(Member, members) != members:
        errors["members"] = Invalid(N_("Choose members from the list."), field="members")
    if not errors:
        requirement.units = _rows(requirement.units, RequirementUnit, "unit_id", units)
        requirement.positions = _rows(requirement.positions, RequirementPosition, "position_id", positions)
        requirement.members = _rows(requirement.members, RequirementMember, "member_id", members)
    return errors


def _known(model: Any, ids: Iterable[int]) -> set[int]:
    """Those of the ids that exist in this organization, held against deletion until the transaction ends."""
    statement = select(model.id).where(model.id.in_([each for each in ids if is_id(each)]))
    return set(db.session.scalars(statement.with_for_update(read=True, key_share=True)))


def _rows(rows: list[Any], model: Any, column: str, ids: frozenset[int]) -> list[Any]:
    """The rows for these ids: those that stand already stay the same."""
    kept = [row for row in rows if getattr(row, column) in ids]
    new = ids - {getattr(row, column) for row in kept}
    return [*kept, *(model(**{column: each}) for each in sorted(new))]


# What


def _ask(requirement: Requirement, facts: RequirementFacts) -> Errors:
    takes = this_organization().takes_external_certificates or requirement.kind == RequirementKind.CREDITS
    if facts.kind == RequirementKind.CREDITS and takes:
        return _ask_credits(requirement, facts)
    if facts.kind != RequirementKind.TYPES:
        return {"kind": Invalid(N_("Choose what it asks from the list."), field="kind")}
    return _ask_types(requirement, facts)


def _ask_types(requirement: Requirement, facts: RequirementFacts) -> Errors:
    """Retired types stay where they are; they cannot be newly chosen."""
    errors: Errors = {}
    already = {each.type_id for each in requirement.types}
    possible = [each for each in facts.type_ids if is_id(each)]
    statement = select(CertificationType).where(CertificationType.id.in_(possible))
    types = {each.id: each for each in db.session.scalars(statement.with_for_update(read=True, key_share=True))}
    if not facts.type_ids:
        errors["types"] = Invalid(N_("Choose at least one certification type."), field="types")
    elif any(each not in types or (types[each].is_retired and each not in already) for each in facts.type_ids):
        errors["types"] = Invalid(N_("Choose certification types from the list."), field="types")
    if facts.rule not in set(Rule):
        errors["rule"] = Invalid(N_("Choose how many from the list."), field="rule")
    at_least = facts.at_least if facts.rule == Rule.AT_LEAST else None
    most = len(facts.type_ids)
    if facts.rule == Rule.AT_LEAST and facts.type_ids and (at_least is None or not 1 <= at_least <= most):
        sentence = N_("Enter a whole number from 1 to %(most)s, the number of types that are chosen.")
        errors["at_least"] = Invalid(sentence, field="at_least", most=most)
    if not errors:
        requirement.kind, requirement.rule, requirement.at_least = RequirementKind.TYPES, facts.rule, at_least
        requirement.credit_type_id = requirement.credits = None
        requirement.types = _rows(requirement.types, RequirementType, "type_id", facts.type_ids)
    return errors


def _ask_credits(requirement: Requirement, facts: RequirementFacts) -> Errors:
    errors: Errors = {}
    statement = select(CreditType).where(CreditType.id == (facts.credit_type_id if is_id(facts.credit_type_id) else 0))
    type_ = db.session.scalar(statement.with_for_update(read=True, key_share=True))
    if type_ is None or (type_.is_retired and requirement.credit_type_id != type_.id):
        errors["credit_type_id"] = Invalid(N_("Choose a credit type from the list."), field="credit_type_id")
    if facts.credits is None:
        errors["credits"] = Invalid(N_("Enter how many credits are to be earned in each period."), field="credits")
    else:
        errors |= set_each(requirement, {"credits": facts.credits})
    if not errors:
        requirement.kind, requirement.rule, requirement.at_least = RequirementKind.CREDITS, Rule.ALL, None
        requirement.credit_type_id = facts.credit_type_id
        requirement.types = []
    return errors
