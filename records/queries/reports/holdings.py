"""What members hold: their standing in each type one by one, what of it has expired, and how many there are of each.

A member's standing in a type is that of their best certification of it. Lists find it by comparing one with the
others, a page at a time; figures by the best rank of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from records.database import db
from records.models import Actor, Certification, CertificationType, Member, Standing, Unit
from records.models.standing import BEST_FIRST
from records.queries.certification_types import all_types
from records.queries.member_filters import Scope, scope_of
from records.queries.reports.folding import ByUnit, Numbers, added, with_below
from records.queries.reports.frame import (
    MOST_HELD,
    Asked,
    Listed,
    Paged,
    Sums,
    is_narrow,
    its_people,
    people,
    units_in,
    within,
)
from records.queries.steering import as_found, its_holder, its_type
from records.queries.units import Choice, branch, unit_choices

BY_TYPE, BY_UNIT, BY_BOTH = "type", "unit", "unit_and_type"
ANY = "any"


@dataclass(frozen=True)
class Figures:
    """How many members have which standing in a type, best first. `unit`: with the units in it.

    `unit` and `type` are None in rows of all of them; `without_unit`: of the members who have none.
    """

    numbers: Numbers
    type: CertificationType | None = None
    unit: Choice | None = None
    without_unit: bool = False

    @property
    def total(self) -> int:
        return int(sum(self.numbers))

    def of(self, standing: Standing) -> int:
        return int(self.numbers[BEST_FIRST.index(standing)])


def standing_by_member(asked: Asked, by: Actor) -> Paged:
    """One row for each member and type, by name: its best certification and the standing of that."""
    return _standing_by_member(asked, scope_of(by), units_in(asked))


@lru_cache(MOST_HELD)
def _standing_by_member(asked: Asked, scope: Scope, units: tuple[int, ...]) -> Paged:
    # Every name is as great as none: said so that SQLite, where nobody has counted for it, begins with the names, too.
    statement = _best(asked, scope, units).add_columns(Member.sort_name.label("key")).where(Member.sort_name >= "")
    if asked["standing"] != ANY:
        statement = statement.where(*_stand(Standing(asked["standing"]), asked.on))
    return Paged(statement, Member.sort_name, Certification.id)


def expired(asked: Asked, by: Actor) -> Paged:
    """What expired, was not renewed and is followed by nothing later: the latest of each type first."""
    return _expired(asked, scope_of(by), units_in(asked))


@lru_cache(MOST_HELD)
def _expired(asked: Asked, scope: Scope, units: tuple[int, ...]) -> Paged:
    key = Certification.expires_on
    statement = _best(asked, scope, units, walks_certifications=True).add_columns(key.label("key"))
    lean = its_people(select(Certification.id).join(CertificationType, its_type()), asked, by=scope, units=units)
    found = [*_stand(Standing.EXPIRED, asked.on), *within(key, asked.span)]
    lean = _of_type(lean.where(*_is_best(asked.on)), asked).where(*found)
    return Paged(statement.where(*found), key, Certification.id, kind=type(asked.on), falls=True, lean=lean)


def _figures(asked: Asked, by: Actor, counted: Sequence[Sequence[Any]]) -> Listed:
    """Of each type, of each unit, or of each type in each unit, without a count. Two statements."""
    counts = {(unit_id, type_id): tuple(numbers) for unit_id, type_id, *numbers in counted}
    types, totals = all_types(), [Figures(added(counts.values()))] if counts else []
    if asked["group"] == BY_TYPE:
        return Listed(
            [Figures(counts[None, each.id], type=each) for each in types if (None, each.id) in counts], totals
        )
    units = branch(asked["unit"], unit_choices(by=by))
    below = with_below(counts, units)
    return Listed([row for unit in [*units, None] for row in _of_unit(unit, below, types, asked["group"])], totals)


def _rank(on: date, other: Any = None) -> ColumnElement[int]:
    """The place of a certification's standing in BEST_FIRST."""
    standing = Certification.standing_expression(on, other)
    return case({each.value: place for place, each in enumerate(BEST_FIRST)}, value=standing)


def _stand(standing: Standing, on: date) -> list[ColumnElement[bool]]:
    """The condition that a certification stands so, said so that PostgreSQL does not think it rare; and those that
    whatever stands so meets."""
    found: list[ColumnElement[bool]] = [case((_rank(on) == BEST_FIRST.index(standing), 1)).is_not(None)]
    if standing in (Standing.EXPIRED, Standing.IN_GRACE):
        found.append(Certification.expires_on < on)
    return found


def _best(asked: Asked, scope: Scope, units: tuple[int, ...], *, walks_certifications: bool = False) -> Any:
    """Of the certifications of each member and type the best one, with its `rank`: page by page each is compared with
    the others of its member and type, so that nothing has to be gathered first."""
    member_id = Certification.member_id
    by_name = member_id == as_found(Member.id)
    its_own = its_holder(few=is_narrow(asked, by=scope)) if walks_certifications else by_name
    statement = (
        select(*COLUMNS, _rank(asked.on).label("rank"))
        .join(Member, its_own)
        .join(CertificationType, its_type())
        .outerjoin(Unit, Member.unit_id == Unit.id)
        .where(*people(asked, by=scope, units=units), *_is_best(asked.on))
    )
    return _of_type(statement, asked)


def _is_best(on: date) -> list[ColumnElement[bool]]:
    return [Certification.deleted_at.is_(None), ~_is_outdone(on)]


def _of_type(statement: Any, asked: Asked) -> Any:
    """Of the type that is asked about, where one is."""
    return statement.where(Certification.type_id == int(asked["type"])) if asked["type"] else statement


def _is_outdone(on: date) -> ColumnElement[bool]:
    """Whether the member has a better certification of the type: by standing, then by expiry date, then a newer one."""
    other = aliased(Certification)
    rank, others = _rank(on), _rank(on, other)
    later = tuple_(other.expires_on, other.id) > tuple_(Certification.expires_on, Certification.id)
    return (
        select(other.id)
        .where(
            other.organization_id == Certification.organization_id,
            other.member_id == Certification.member_id,
            other.type_id == Certification.type_id,
            other.id != Certification.id,
            other.deleted_at.is_(None),
            or_(others < rank, and_(others == rank, later)),
        )
        .correlate(Certification, CertificationType)
        .exists()
    )


def _best_ranks(asked: Asked, *, by: Scope) -> Subquery:
    """By unit, member and type the rank of the best certification, without saying which that is: for counting."""
    of_each = (Member.unit_id, Certification.member_id, Certification.type_id)
    statement = (
        select(*of_each, func.min(_rank(asked.on)).label("rank"))
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .join(Member, Certification.member_id == Member.id)
        .where(Certification.deleted_at.is_(None), *people(asked, by=by))
    )
    return _of_type(statement, asked).group_by(*of_each).subquery("ranks")


# What a row tells of a certification and of its member.
COLUMNS = (
    Certification.id.label("row_id"),
    Certification.member_id,
    Member.family_name,
    Member.given_name,
    Member.suffix,
    Member.number.label("member_number"),
    Unit.name.label("unit"),
    CertificationType.name.label("type"),
    Certification.number,
    Certification.expires_on,
)


def _counted(asked: Asked, by: Scope) -> list[list[Any]]:
    """A unit (None: of those who have none, or of all units together where the report is by type), a type, and how
    many members have each standing in it."""
    best = _best_ranks(asked, by=by)
    unit = literal(None) if asked["group"] == BY_TYPE else best.c.unit_id
    keys = [best.c.type_id] if asked["group"] == BY_TYPE else [best.c.unit_id, best.c.type_id]
    numbers = (func.count().filter(best.c.rank == place) for place, _ in enumerate(BEST_FIRST))
    return [list(row) for row in db.session.execute(select(unit, best.c.type_id, *numbers).group_by(*keys))]


def _of_unit(unit: Choice | None, below: ByUnit, types: Sequence[CertificationType], group: str) -> Iterator[Figures]:
    by_type = below.get(unit.id if unit else None)
    if by_type and group == BY_UNIT:
        yield Figures(added(by_type.values()), unit=unit, without_unit=unit is None)
    elif by_type:
        for type_ in types:
            if type_.id in by_type:
                yield Figures(by_type[type_.id], type=type_, unit=unit, without_unit=unit is None)


standing_by_unit_and_type = Sums(_counted, _figures)
