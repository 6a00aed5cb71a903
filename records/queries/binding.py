"""The facts that clearance is derived from: requirements as demands, and what is known of members, a batch at a time.

A constant number of statements for the demands, and a constant number for each batch of members.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, func, literal, select, union_all
from sqlalchemy.orm import aliased

from records.database import db, this_organization
from records.models import (
    Certification,
    CertificationType,
    CreditEntry,
    CreditType,
    Exemption,
    Member,
    MemberPosition,
    Organization,
    Requirement,
    RequirementKind,
    RequirementMember,
    RequirementPosition,
    RequirementType,
    RequirementUnit,
    TypeEquivalence,
    Unit,
)
from records.models.clearance import Demand, Excuse, Holding, Person
from records.models.standing import Validity, held_between
from records.queries.equivalences import reached
from records.queries.pairs import pairs_of, union_of

_AT_ONCE = 500


@dataclass(frozen=True)
class Rules:
    """The requirements that stand today, in order, and the certification types by id that they can name."""

    demands: tuple[Demand, ...]
    types: dict[int, CertificationType]

    def only(self, requirement_id: int | None) -> Rules:
        """With one of the requirements; all of them where None, or one that does not stand, is asked for."""
        chosen = tuple(demand for demand in self.demands if demand.id == requirement_id)
        return Rules(chosen, self.types) if chosen else self

    @property
    def counted_types(self) -> frozenset[int]:
        """The types of certifications that can matter to any of the requirements."""
        return frozenset(
            counting for each in self.demands for type_id in each.types for counting in each.counting(type_id)
        )


def any_requirement() -> bool:
    """Whether any requirement stands: without one, nobody is cleared or not."""
    return db.session.scalar(_first_that_stands(this_organization().takes_external_certificates)) is not None


@cache
def _first_that_stands(takes: bool) -> Select[int]:
    return select(Requirement.id).where(_stands(takes)).limit(1)


def _stands(takes: bool) -> ColumnElement[bool]:
    """It is not retired. Where external certificates are off, requirements of credits are left out."""
    stands = Requirement.retired_at.is_(None)
    if takes:
        return stands
    return and_(stands, Requirement.kind != RequirementKind.CREDITS)


def rules() -> Rules:
    """All requirements that stand. Three statements."""
    rows = db.session.execute(_standing(this_organization().takes_external_certificates)).all()
    types = {each.id: each for each in db.session.scalars(_every_type())}
    named = _Named.read(types) if rows else None
    return Rules(tuple(_demand(each, credit_type, types, named) for each, credit_type in rows if named), types)


@cache
def _standing(takes: bool) -> Select[Requirement, CreditType | None]:
    statement = select(Requirement, CreditType).outerjoin(CreditType, Requirement.credit_type_id == CreditType.id)
    return statement.where(_stands(takes)).order_by(Requirement.position, Requirement.folded_name, Requirement.id)


@cache
def _every_type() -> Select[CertificationType]:
    return select(CertificationType).order_by(CertificationType.position, CertificationType.folded_name)


@dataclass(frozen=True)
class _Named:
    """What requirements name, by their ids; `counting` and `below` go on from there to types and units within."""

    types: dict[int, set[int]]
    units: dict[int, set[int]]
    positions: dict[int, set[int]]
    counting: dict[int, frozenset[int]]
    below: dict[int, set[int]]

    @classmethod
    def read(cls, types: Iterable[int]) -> _Named:
        """One statement. `types` are the ids of all."""
        found = pairs_of(_namings())
        counting = {type_id: reached([type_id], found["counting"]) for type_id in types}
        return cls(found["type"], found["unit"], found["position"], counting, _below(found["unit above"]))


@cache
def _namings() -> Any:
    """Each a kind and two ids, or an id and None."""
    return union_of(
        type=(RequirementType.requirement_id, RequirementType.type_id),
        unit=(RequirementUnit.requirement_id, RequirementUnit.unit_id),
        position=(RequirementPosition.requirement_id, RequirementPosition.position_id),
        counting=(TypeEquivalence.counts_as_id, TypeEquivalence.type_id),
        **{"unit above": (Unit.id, Unit.parent_id)},
    )


def _demand(
    each: Requirement, credit_type: CreditType | None, types: dict[int, CertificationType], named: _Named
) -> Demand:
    wanted = tuple(type_id for type_id in types if type_id in named.types[each.id])
    return Demand(
        id=each.id,
        name=each.name,
        description=each.description,
        from_on=each.from_on,
        newcomer_days=each.newcomer_days,
        binds_everyone=each.binds_everyone,
        units=frozenset[int]().union(*(named.below[unit_id] for unit_id in named.units[each.id])),
        positions=frozenset(named.positions[each.id]),
        rule=each.rule,
        at_least=each.at_least,
        types=wanted,
        counting_as={type_id: named.counting[type_id] for type_id in wanted},
        credit_type=credit_type,
        credits=each.credits or Decimal(0),
    )


def people(member_ids: Iterable[int], ruled: Rules, *, types: frozenset[int] | None = None) -> Iterator[Person]:
    """What is known of these members, in their order, as far as the rules ask. `types`: other types to know of."""
    organization, ids = this_organization(), iter(member_ids)
    wanted = ruled.counted_types if types is None else types
    while batch := list(islice(ids, _AT_ONCE)):
        yield from _batch(batch, ruled, wanted, organization)


def _batch(ids: Sequence[int], ruled: Rules, wanted: frozenset[int], organization: Organization) -> Iterator[Person]:
    known = {row.id: row for row in db.session.execute(_facts(), {"ids": ids})}
    pairs = pairs_of(_of_members(), ids=ids)
    positions, named = pairs["position"], pairs["requirement"]
    holdings = _holdings(ids, wanted, ruled.types)
    excuses, credits = _excuses(ids), _credits(ids, ruled)
    zone = ZoneInfo(organization.time_zone)
    for member_id in ids:
        row = known.get(member_id)
        if row is None:
            continue
        yield Person(
            id=member_id,
            since=row.joined_on or row.created_at.astimezone(zone).date(),
            joined_on=row.joined_on,
            unit_id=row.unit_id,
            positions=frozenset(positions[member_id]),
            named_by=frozenset(named[member_id]),
            holdings=holdings[member_id],
            excuses=excuses[member_id],
            credits=credits[member_id],
        )


_THESE: BindParameter[Any] = bindparam("ids", expanding=True)


@cache
def _facts() -> Select[int, int | None, date | None, datetime]:
    return select(Member.id, Member.unit_id, Member.joined_on, Member.created_at).where(Member.id.in_(_THESE))


@cache
def _of_members() -> Any:
    """In which positions members serve, and which requirements name them."""
    position = select(literal("position").label("kind"), MemberPosition.member_id, MemberPosition.position_id).where(
        MemberPosition.member_id.in_(_THESE)
    )
    requirement = select(literal("requirement"), RequirementMember.member_id, RequirementMember.requirement_id).where(
        RequirementMember.member_id.in_(_THESE)
    )
    return union_all(position, requirement)


def _holdings(
    ids: Sequence[int], wanted: frozenset[int], types: dict[int, CertificationType]
) -> dict[int, dict[int, list[Holding]]]:
    """Live certifications by member and type, in one statement."""
    held: dict[int, dict[int, list[Holding]]] = defaultdict(dict)
    if not wanted:
        return held
    for row in db.session.execute(_held(), {"ids": ids, "types": sorted(wanted)}):
        facts = Validity(
            expires_on=row.expires_on, issued_on=row.issued_on, grace_days=types[row.type_id].grace_days,
            suspended_on=row.suspended_on, revoked_on=row.revoked_on, renewed_on=row.renewed_on,
        )  # fmt: skip
        holding = Holding(row.id, row.type_id, *held_between(facts))
        held[row.member_id].setdefault(row.type_id, []).append(holding)
    return held


@cache
def _held() -> Select[int, int, int, date, date | None, date | None, date | None, date]:
    renewal = aliased(Certification)
    return (
        select(
            Certification.id,
            Certification.member_id,
            Certification.type_id,
            Certification.expires_on,
            Certification.issued_on,
            Certification.suspended_on,
            Certification.revoked_on,
            func.coalesce(renewal.issued_on, renewal.recorded_on).label("renewed_on"),
        )
        .outerjoin(renewal, (renewal.supersedes_id == Certification.id) & renewal.deleted_at.is_(None))
        .where(Certification.member_id.in_(_THESE), Certification.deleted_at.is_(None))
        .where(Certification.type_id.in_(bindparam("types", expanding=True)))
    )


def _excuses(ids: Sequence[int]) -> dict[int, dict[int, list[Excuse]]]:
    found: dict[int, dict[int, list[Excuse]]] = defaultdict(dict)
    for each, approver in db.session.execute(_excused(), {"ids": ids}):
        excuse = Excuse(each.starts_on, each.ends_on, each.reason, approver.name)
        found[each.member_id].setdefault(each.requirement_id, []).append(excuse)
    return found


@cache
def _excused() -> Select[Exemption, Member]:
    return (
        select(Exemption, Member)
        .join(Member, Exemption.approved_by_id == Member.id)
        .where(Exemption.member_id.in_(_THESE), Exemption.withdrawn_at.is_(None))
        .order_by(Exemption.ends_on, Exemption.id)
    )


def _credits(ids: Sequence[int], ruled: Rules) -> dict[int, dict[int, list[tuple[date, Decimal]]]]:
    found: dict[int, dict[int, list[tuple[date, Decimal]]]] = defaultdict(dict)
    wanted = {demand.credit_type.id for demand in ruled.demands if demand.credit_type}
    if wanted:
        entry = CreditEntry
        statement = select(entry.member_id, entry.credit_type_id, entry.counts_on, entry.amount)
        for row in db.session.execute(statement.where(entry.member_id.in_(ids), entry.credit_type_id.in_(wanted))):
            found[row.member_id].setdefault(row.credit_type_id, []).append((row.counts_on, row.amount))
    return found


def _below(above: dict[int, set[int | None]]) -> dict[int, set[int]]:
    """For each unit, the ids of it and of all within it; `above` holds the id of the unit around each, or None."""
    below: dict[int, set[int]] = defaultdict(set)
    for unit_id in above:
        upwards: int | None = unit_id
        while upwards is not None and unit_id not in below[upwards]:
            below[upwards].add(unit_id)
            upwards = next(iter(above.get(upwards, ())), None)
    return below
