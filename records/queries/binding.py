"""The requirements that stand, as demands: the facts that clearance is derived from, besides those of persons.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select

from records.database import this_organization
from records.models import (
    CertificationKind,
    CreditKind,
    CreditType,
    Requirement,
    RequirementKind,
    RequirementPosition,
    RequirementType,
    RequirementUnit,
    TypeEquivalence,
    Unit,
)
from records.models.clearance import Demand
from records.queries.certification_types import asked_for_kinds, kinds
from records.queries.credit_types import columns_of_kind
from records.queries.equivalences import reached
from records.queries.pairs import paired, union_of
from records.reading.ahead import Question, read_ahead, rows_of
from records.reading.unpacking import Row

_MOST_KEPT = 100  # organizations
_OF_DEMAND = ("id", "name", "description", "from_on", "newcomer_days", "binds_everyone", "rule", "at_least", "credits",
              "credit_type_id")  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """The requirements that stand today, in order, and the certification types by id that they can name."""

    demands: tuple[Demand, ...]
    types: dict[int, CertificationKind]

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
    return bool(rows_of(*asked_for_any_requirement()))


def asked_for_any_requirement() -> Question:
    """What `any_requirement` is going to ask."""
    return Question(_first_that_stands(this_organization().takes_external_certificates))


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
    """All requirements that stand. One statement."""
    asked = asked_for_rules()
    with read_ahead(*asked):
        standing, _kinds, namings = (tuple(rows_of(*each)) for each in asked)
        return _ruled(standing, tuple(kinds()), namings)


@lru_cache(_MOST_KEPT)
def _ruled(standing: tuple[Row, ...], types: tuple[CertificationKind, ...], namings: tuple[Row, ...]) -> Rules:
    """What such rows come to: made once for as long as they say the same."""
    known = {each.id: each for each in types}
    if not standing:
        return Rules((), known)
    named = _Named.of(namings, known)
    return Rules(tuple(_demand(each, known, named) for each in standing), known)


def asked_for_rules() -> list[Question]:
    """What `rules` is going to ask."""
    standing = _standing(this_organization().takes_external_certificates)
    return [Question(standing), asked_for_kinds(), Question(_namings())]


@cache
def _standing(takes: bool) -> Any:
    columns = [getattr(Requirement, name) for name in _OF_DEMAND]
    credit_type = [column.label(f"type_{number}") for number, column in enumerate(columns_of_kind())]
    statement = select(*columns, *credit_type).outerjoin(CreditType, Requirement.credit_type_id == CreditType.id)
    return statement.where(_stands(takes)).order_by(Requirement.position, Requirement.folded_name, Requirement.id)


@dataclass(frozen=True)
class _Named:
    """What requirements name, by their ids; `counting` and `below` go on from there to types and units within."""

    types: dict[int, set[int]]
    units: dict[int, set[int]]
    positions: dict[int, set[int]]
    counting: dict[int, frozenset[int]]
    below: dict[int, set[int]]

    @classmethod
    def of(cls, namings: Iterable[Row], types: Iterable[int]) -> _Named:
        """`types` are the ids of all."""
        found = paired(namings)
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


def _demand(each: Row, types: dict[int, CertificationKind], named: _Named) -> Demand:
    credit_type = CreditKind(*each[len(_OF_DEMAND) :]) if each.credit_type_id is not None else None
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


def _below(above: dict[int, set[int | None]]) -> dict[int, set[int]]:
    """For each unit, the ids of it and of all within it; `above` holds the id of the unit around each, or None."""
    below: dict[int, set[int]] = defaultdict(set)
    for unit_id in above:
        upwards: int | None = unit_id
        while upwards is not None and unit_id not in below[upwards]:
            below[upwards].add(unit_id)
            upwards = next(iter(above.get(upwards, ())), None)
    return below
