"""What members hold: their standing in each type one by one, what of it has expired, and how many there are of each.

A member's standing in a type is that of their best certification of it: `_best` says so once, and every list and
every figure here is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Subquery, case, func, select

from records.database import db
from records.models import Actor, Certification, CertificationType, Member, Standing, Unit
from records.models.standing import BEST_FIRST
from records.queries.certification_types import all_types
from records.queries.reports.folding import ByUnit, Numbers, added, with_below
from records.queries.reports.frame import Asked, Listed, Paged, people, within
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
    best = _best(asked, by=by)
    statement, ranks = _told(best), _best_ranks(asked, by=by)
    counting = select(func.count()).select_from(ranks)
    if asked["standing"] != ANY:
        rank = BEST_FIRST.index(Standing(asked["standing"]))
        statement, counting = statement.where(best.c.rank == rank), counting.where(ranks.c.rank == rank)
    return Paged(statement.add_columns(Member.sort_name.label("key")), Member.sort_name, Certification.id,
                 counting=counting)  # fmt: skip


def expired(asked: Asked, by: Actor) -> Paged:
    """What expired, was not renewed and is followed by nothing later: the latest of each type first."""
    best = _best(asked, by=by)
    statement = _told(best).where(
        best.c.rank == BEST_FIRST.index(Standing.EXPIRED), *within(Certification.expires_on, asked.span)
    )
    key = Certification.expires_on
    return Paged(statement.add_columns(key.label("key")), key, Certification.id, kind=type(asked.on), falls=True)


def standing_by_unit_and_type(asked: Asked, by: Actor) -> Listed:
    """Figures of each type, of each unit, or of each type in each unit. Three statements."""
    counts, types = _counts(asked, by=by), all_types()
    totals = [Figures(added(counts.values()))] if counts else []
    if asked["group"] == BY_TYPE:
        return Listed(list(_by_type(counts, types)), totals)
    units = branch(asked["unit"], unit_choices(by=by))
    below = with_below(counts, units)
    return Listed([row for unit in [*units, None] for row in _of_unit(unit, below, types, asked["group"])], totals)


def _ranked(asked: Asked, *, by: Actor) -> tuple[Any, ColumnElement[int]]:
    """The certifications that are asked about, with their members, and the place of their standing in BEST_FIRST."""
    standing = Certification.standing_expression(asked.on)
    rank = case({each.value: place for place, each in enumerate(BEST_FIRST)}, value=standing)
    statement = (
        select(Certification.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .join(Member, Certification.member_id == Member.id)
        .where(Certification.deleted_at.is_(None), *people(asked, by=by))
    )
    if asked["type"]:
        statement = statement.where(Certification.type_id == int(asked["type"]))
    return statement, rank


def _best(asked: Asked, *, by: Actor) -> Subquery:
    """Of the certifications of each member and type the best one: that with `place` 1. `rank` is of its standing."""
    statement, rank = _ranked(asked, by=by)
    of_each = (Certification.member_id, Certification.type_id)
    best_first = (rank, Certification.expires_on.desc(), Certification.id.desc())
    place = func.row_number().over(partition_by=of_each, order_by=best_first)
    return cast(Subquery, statement.add_columns(rank.label("rank"), place.label("place")).subquery("best"))


def _best_ranks(asked: Asked, *, by: Actor) -> Subquery:
    """The same ranks, one row for each member and type, without saying whose certification it is: for counting."""
    statement, rank = _ranked(asked, by=by)
    of_each = (Member.unit_id, Certification.member_id, Certification.type_id)
    ranks = statement.with_only_columns(*of_each, func.min(rank).label("rank"), maintain_column_froms=True)
    return cast(Subquery, ranks.group_by(*of_each).subquery("ranks"))


def _told(best: Subquery) -> Any:
    return (
        select(*COLUMNS, best.c.rank)
        .join(best, best.c.id == Certification.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .join(Member, Certification.member_id == Member.id)
        .outerjoin(Unit, Member.unit_id == Unit.id)
        .where(best.c.place == 1)
    )


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
    Certification.issued_on,
    Certification.expires_on,
)


def _counts(asked: Asked, *, by: Actor) -> dict[tuple[int | None, int], Numbers]:
    """By unit and type: how many of each standing."""
    best = _best_ranks(asked, by=by)
    numbers = (func.count().filter(best.c.rank == place) for place, _ in enumerate(BEST_FIRST))
    statement = select(best.c.unit_id, best.c.type_id, *numbers)
    rows = db.session.execute(statement.group_by(best.c.unit_id, best.c.type_id))
    return {(unit_id, type_id): tuple(found) for unit_id, type_id, *found in rows}


def _by_type(counts: Mapping[tuple[int | None, int], Numbers], types: Sequence[CertificationType]) -> Iterator[Figures]:
    for type_ in types:
        found = [numbers for (_, type_id), numbers in counts.items() if type_id == type_.id]
        if found:
            yield Figures(added(found), type=type_)


def _of_unit(unit: Choice | None, below: ByUnit, types: Sequence[CertificationType], group: str) -> Iterator[Figures]:
    by_type = below.get(unit.id if unit else None)
    if by_type and group == BY_UNIT:
        yield Figures(added(by_type.values()), unit=unit, without_unit=unit is None)
    elif by_type:
        for type_ in types:
            if type_.id in by_type:
                yield Figures(by_type[type_.id], type=type_, unit=unit, without_unit=unit is None)
