"""The facts that clearance is derived from: requirements as demands, and what is known of members, a batch at a time.

A constant number of statements for the demands, and a constant number for each batch of members.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select
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
    Unit,
)
from records.models.clearance import Demand, Excuse, Holding, Person
from records.models.standing import Validity, held_between
from records.queries.equivalences import counting_as

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
    return db.session.scalar(select(Requirement.id).where(_stands()).limit(1)) is not None


def _stands() -> ColumnElement[bool]:
    """It is not retired. Where external certificates are off, requirements of credits are left out."""
    stands = Requirement.retired_at.is_(None)
    if this_organization().takes_external_certificates:
        return stands
    return and_(stands, Requirement.kind != RequirementKind.CREDITS)


def rules() -> Rules:
    """All requirements that stand. A constant number of statements."""
    statement = (
        select(Requirement, CreditType)
        .outerjoin(CreditType, Requirement.credit_type_id == CreditType.id)
        .where(_stands())
        .order_by(Requirement.position, Requirement.folded_name, Requirement.id)
    )
    rows = db.session.execute(statement).all()
    every_type = select(CertificationType).order_by(CertificationType.position, CertificationType.folded_name)
    types = {each.id: each for each in db.session.scalars(every_type)}
    named = _Named.read()
    return Rules(tuple(_demand(each, credit_type, types, named) for each, credit_type in rows), types)


@dataclass(frozen=True)
class _Named:
    """What requirements name, by their ids; `counting` and `below` go on from there to types and units within."""

    types: dict[int, set[int]]
    units: dict[int, set[int]]
    positions: dict[int, set[int]]
    counting: dict[int, frozenset[int]]
    below: dict[int, set[int]]

    @classmethod
    def read(cls) -> _Named:
        return cls(
            _pairs(RequirementType.requirement_id, RequirementType.type_id),
            _pairs(RequirementUnit.requirement_id, RequirementUnit.unit_id),
            _pairs(RequirementPosition.requirement_id, RequirementPosition.position_id),
            counting_as(),
            _units_below(),
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
    facts = select(Member.id, Member.unit_id, Member.joined_on, Member.created_at).where(Member.id.in_(ids))
    known = {row.id: row for row in db.session.execute(facts)}
    positions = _pairs(MemberPosition.member_id, MemberPosition.position_id, MemberPosition.member_id.in_(ids))
    named = _pairs(RequirementMember.member_id, RequirementMember.requirement_id, RequirementMember.member_id.in_(ids))
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


def _holdings(
    ids: Sequence[int], wanted: frozenset[int], types: dict[int, CertificationType]
) -> dict[int, dict[int, list[Holding]]]:
    """Live certifications by member and type, in one statement."""
    held: dict[int, dict[int, list[Holding]]] = defaultdict(dict)
    if not wanted:
        return held
    renewal = aliased(Certification)
    statement = (
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
        .where(Certification.member_id.in_(ids), Certification.deleted_at.is_(None))
        .where(Certification.type_id.in_(wanted))
    )
    for row in db.session.execute(statement):
        facts = Validity(
            expires_on=row.expires_on, issued_on=row.issued_on, grace_days=types[row.type_id].grace_days,
            suspended_on=row.suspended_on, revoked_on=row.revoked_on, renewed_on=row.renewed_on,
        )  # fmt: skip
        holding = Holding(row.id, row.type_id, *held_between(facts))
        held[row.member_id].setdefault(row.type_id, []).append(holding)
    return held


def _excuses(ids: Sequence[int]) -> dict[int, dict[int, list[Excuse]]]:
    found: dict[int, dict[int, list[Excuse]]] = defaultdict(dict)
    statement = (
        select(Exemption, Member)
        .join(Member, Exemption.approved_by_id == Member.id)
        .where(Exemption.member_id.in_(ids), Exemption.withdrawn_at.is_(None))
        .order_by(Exemption.ends_on, Exemption.id)
    )
    for each, approver in db.session.execute(statement):
        excuse = Excuse(each.starts_on, each.ends_on, each.reason, approver.name)
        found[each.member_id].setdefault(each.requirement_id, []).append(excuse)
    return found


def _credits(ids: Sequence[int], ruled: Rules) -> dict[int, dict[int, list[tuple[date, Decimal]]]]:
    found: dict[int, dict[int, list[tuple[date, Decimal]]]] = defaultdict(dict)
    wanted = {demand.credit_type.id for demand in ruled.demands if demand.credit_type}
    if wanted:
        entry = CreditEntry
        statement = select(entry.member_id, entry.credit_type_id, entry.counts_on, entry.amount)
        for row in db.session.execute(statement.where(entry.member_id.in_(ids), entry.credit_type_id.in_(wanted))):
            found[row.member_id].setdefault(row.credit_type_id, []).append((row.counts_on, row.amount))
    return found


def _pairs(key: Any, value: Any, *narrowed: Any) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    for one, other in db.session.execute(select(key, value).where(*narrowed)):
        found[one].add(other)
    return found


def _units_below() -> dict[int, set[int]]:
    """For each unit, the ids of it and of all within it."""
    above = {each.id: each.parent_id for each in db.session.execute(select(Unit.id, Unit.parent_id))}
    below: dict[int, set[int]] = defaultdict(set)
    for unit_id in above:
        upwards: int | None = unit_id
        while upwards is not None and unit_id not in below[upwards]:
            below[upwards].add(unit_id)
            upwards = above.get(upwards)
    return below
