"""Requirements as pages read them: each with the names of all that it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import Select, func, select

from records import clock
from records.database import db, is_id, this_organization
from records.errors import NotFound
from records.models import (
    Actor,
    CertificationType,
    CreditType,
    Exemption,
    Member,
    Position,
    Requirement,
    RequirementMember,
    RequirementPosition,
    RequirementType,
    RequirementUnit,
    Unit,
)
from records.queries.member_filters import in_scope
from records.reading.ahead import Question, scalars_of

# So many of the members whom a requirement names are said by name.
MOST_NAMED = 3

Named = Mapping[int, Sequence[str]]


@dataclass(frozen=True)
class RuleRow:
    """A requirement with names for its ids. `members` are the first of `member_count`, and only such as the asker
    may know of; `exempt` is how many of those are exempt today."""

    requirement: Requirement
    credit_type: CreditType | None
    types: Sequence[CertificationType]
    units: Sequence[str]
    positions: Sequence[str]
    members: Sequence[str]
    member_count: int
    exempt: int


def rules(*, by: Actor) -> list[RuleRow]:
    """All of them, retired ones too, in the organization's order: a fixed number of statements. Raises NotAllowed."""
    return _rows(_in_order(), by=by)


def rule(requirement_id: int, *, by: Actor) -> RuleRow:
    """Raises NotAllowed, NotFound."""
    wanted = _in_order().where(Requirement.id == (requirement_id if is_id(requirement_id) else 0))
    rows = _rows(wanted, by=by)
    if not rows:
        raise NotFound()
    return rows[0]


def requirements() -> Sequence[Requirement]:
    """Those that stand, for a pull-down."""
    return scalars_of(*asked_for_requirements())


def asked_for_requirements() -> Question:
    """What `requirements` is going to ask."""
    return Question(_standing())


@cache
def _standing() -> Select[Requirement]:
    ordered = select(Requirement).order_by(Requirement.position, Requirement.folded_name)
    return ordered.where(Requirement.retired_at.is_(None))


def _in_order() -> Select[Requirement, CreditType]:
    statement = select(Requirement, CreditType).outerjoin(CreditType, Requirement.credit_type_id == CreditType.id)
    return statement.order_by(Requirement.position, Requirement.folded_name)


def _rows(statement: Select[Requirement, CreditType], *, by: Actor) -> list[RuleRow]:
    by.require_staff()
    found = [(requirement, credit_type) for requirement, credit_type in db.session.execute(statement)]
    ids = [requirement.id for requirement, _ in found]
    types, units, positions = _types(ids), _units(ids), _positions(ids)
    members, counts = _members(ids, by), _member_counts(ids)
    exempt = _exempt(ids, clock.today(this_organization()), by)
    return [
        RuleRow(
            requirement=each,
            credit_type=credit_type,
            types=types.get(each.id, []),
            units=units.get(each.id, []),
            positions=positions.get(each.id, []),
            members=members.get(each.id, []),
            member_count=counts.get(each.id, 0),
            exempt=exempt.get(each.id, 0),
        )
        for each, credit_type in found
    ]


def _types(ids: Sequence[int]) -> Mapping[int, Sequence[CertificationType]]:
    statement = (
        select(RequirementType.requirement_id, CertificationType)
        .join(CertificationType, RequirementType.type_id == CertificationType.id)
        .where(RequirementType.requirement_id.in_(ids))
        .order_by(CertificationType.position, CertificationType.folded_name)
    )
    asked: dict[int, list[CertificationType]] = defaultdict(list)
    for requirement_id, type_ in db.session.execute(statement):
        asked[requirement_id].append(type_)
    return asked


def _units(ids: Sequence[int]) -> Named:
    return _names(
        select(RequirementUnit.requirement_id, Unit.name)
        .join(Unit, RequirementUnit.unit_id == Unit.id)
        .where(RequirementUnit.requirement_id.in_(ids))
        .order_by(Unit.folded_name)
    )


def _positions(ids: Sequence[int]) -> Named:
    return _names(
        select(RequirementPosition.requirement_id, Position.name)
        .join(Position, RequirementPosition.position_id == Position.id)
        .where(RequirementPosition.requirement_id.in_(ids))
        .order_by(Position.folded_name)
    )


def _names(statement: Select[int, str]) -> Named:
    named: dict[int, list[str]] = defaultdict(list)
    for requirement_id, name in db.session.execute(statement):
        named[requirement_id].append(name)
    return named


def _members(ids: Sequence[int], by: Actor) -> Named:
    """The first few of each, by name."""
    place = func.row_number().over(
        partition_by=RequirementMember.requirement_id, order_by=(Member.sort_name, Member.id)
    )
    ranked = (
        select(RequirementMember.requirement_id, Member.id.label("member_id"), place.label("place"))
        .join(Member, RequirementMember.member_id == Member.id)
        .where(RequirementMember.requirement_id.in_(ids), in_scope(by))
        .subquery()
    )
    statement = select(ranked.c.requirement_id, Member).join(ranked, Member.id == ranked.c.member_id)
    named: dict[int, list[str]] = defaultdict(list)
    for requirement_id, member in db.session.execute(
        statement.where(ranked.c.place <= MOST_NAMED).order_by(ranked.c.place)
    ):
        named[requirement_id].append(member.name)
    return named


def _member_counts(ids: Sequence[int]) -> Mapping[int, int]:
    statement = select(RequirementMember.requirement_id, func.count()).where(RequirementMember.requirement_id.in_(ids))
    return dict(db.session.execute(statement.group_by(RequirementMember.requirement_id)).all())


def _exempt(ids: Sequence[int], today: date, by: Actor) -> Mapping[int, int]:
    statement = (
        select(Exemption.requirement_id, func.count())
        .join(Member, Exemption.member_id == Member.id)
        .where(Exemption.requirement_id.in_(ids), Exemption.withdrawn_at.is_(None), in_scope(by))
        .where(Member.deactivated_at.is_(None))
        .where(Exemption.starts_on <= today, Exemption.ends_on >= today)
    )
    return dict(db.session.execute(statement.group_by(Exemption.requirement_id)).all())
