"""Who lacks what a requirement asks for today: by the rule of clearance, in SQL to find them, in Python to say why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Integer, Row, Select, and_, bindparam, false, not_, or_, select, tuple_, union_all

from records.database import db, this_organization
from records.models import Actor, CertificationKind, Member, RequirementMember, Unit
from records.models.clearance import Demand, Finding, Outcome, finding_on
from records.queries.binding import Rules, rules
from records.queries.capped import MOST_COUNTED, counting
from records.queries.clearance import Condition, holds, in_its_groups, lacks, met, not_excused
from records.queries.keyset import Cursor
from records.queries.member_filters import Scope, scope_of
from records.queries.persons import people as known
from records.queries.reports.frame import MOST_HELD, PAGE, Asked, Page, people, units_in

_AT_ONCE = 500
_MOST: BindParameter[Any] = bindparam("most", type_=Integer())


@dataclass(frozen=True)
class Gap:
    """One requirement that a member does not meet; of the `member` what the report shows. `types` are names for its
    words."""

    member: Row[Any]
    finding: Finding
    types: Mapping[int, CertificationKind]


@dataclass(frozen=True)
class Gaps:
    """By member, then in the requirements' order. A page ends with a member: it may hold more rows than others.

    `type_id`: only where this type would help, as it is asked for and not held.
    """

    on: date
    ruled: Rules
    statements: _Statements
    type_id: int | None = None
    totals: Sequence[Any] = ()

    def count(self, most: int | None = MOST_COUNTED + 1) -> int:
        found = sum(number for _, number in (self.by_requirement if most == MOST_COUNTED + 1 else self._counted(most)))
        return found if most is None else min(found, most)

    @cached_property
    def by_requirement(self) -> list[tuple[Demand, int]]:
        """How many members lack it, MOST_COUNTED + 1 for more, in one statement."""
        return self._counted(MOST_COUNTED + 1)

    def _counted(self, most: int | None) -> list[tuple[Demand, int]]:
        if not self.ruled.demands:
            return []
        counted = self.statements.every if most is None else self.statements.counted
        counts = db.session.execute(counted, {"most": most}).one()
        return list(zip(self.ruled.demands, counts, strict=True))

    def page(self, after: str) -> Page:
        members = self._members(Cursor.read(after, str), most=PAGE + 1)
        more, members = len(members) > PAGE, members[:PAGE]
        last = Cursor(members[-1].sort_name, members[-1].id).word() if more else ""
        return Page(list(self._gaps(members)), last)

    def __iter__(self) -> Iterator[Gap]:
        after: Cursor | None = None
        while members := self._members(after, most=_AT_ONCE):
            yield from self._gaps(members)
            after = Cursor(members[-1].sort_name, members[-1].id)

    def _members(self, after: Cursor | None, *, most: int) -> Sequence[Row[Any]]:
        if not self.ruled.demands:
            return []
        if after is None or after.key is None:
            return db.session.execute(self.statements.first, {"most": most}).all()
        given = {"most": most, "place": after.key, "place_id": after.id}
        return db.session.execute(self.statements.further_on, given).all()

    def _gaps(self, members: Sequence[Row[Any]]) -> Iterator[Gap]:
        for member, person in zip(members, known([each.id for each in members], self.ruled), strict=True):
            for demand in self.ruled.demands:
                finding = finding_on(self.on, demand, person)
                if finding.outcome == Outcome.MISSING and self.type_id in (None, *finding.missing):
                    yield Gap(member, finding, self.ruled.types)


def missing(asked: Asked, by: Actor) -> Gaps:
    """Of the members in scope, what the standing requirements ask of them and they do not have."""
    ruled, wanted = rules(), asked["requirement"]
    type_id = int(asked["type"]) if asked["type"] else None
    demands = tuple(each for each in ruled.demands if wanted in ("", str(each.id)) and type_id in (None, *each.types))
    statements = _statements(_Sought(demands, asked, scope_of(by), units_in(asked), this_organization().time_zone))
    return Gaps(asked.on, Rules(demands, ruled.types), statements, type_id)


class _Sought(NamedTuple):
    """What statements depend on. `time_zone` is the organization's, in which days begin."""

    demands: tuple[Demand, ...]
    asked: Asked
    scope: Scope
    units: tuple[int, ...]
    time_zone: str

    @property
    def narrowed(self) -> list[Condition]:
        return people(self.asked, by=self.scope, units=self.units)

    def helped(self, demand: Demand) -> list[Condition]:
        """Where a type is asked about: that the member holds none that counts as it."""
        wanted = self.asked["type"]
        return [not_(holds(demand.counting(int(wanted)), self.asked.on))] if wanted else []


class _Statements(NamedTuple):
    """Of at most `most` members a page, the first one or that after `place` and `place_id`; of each demand how many
    lack it, no more than `most`, or all of them."""

    first: Any
    further_on: Any
    counted: Any
    every: Any


@lru_cache(MOST_HELD)
def _statements(sought: _Sought) -> _Statements:
    first, names = _first(sought), (Member.sort_name, Member.id)
    place = tuple_(*(bindparam(name, type_=key.type) for name, key in zip(("place", "place_id"), names, strict=True)))
    ids = [_lacking(sought, each) for each in sought.demands]
    return _Statements(
        first,
        first.where(tuple_(*names) > place),
        select(*(counting(each, _MOST).scalar_subquery() for each in ids)),
        select(*(counting(each, None).scalar_subquery() for each in ids)),
    )


def _first(sought: _Sought) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Member.id,
        Member.sort_name,
        Member.family_name,
        Member.given_name,
        Member.suffix,
        Member.number,
        Unit.name.label("unit"),
    )
    demands = (and_(lacks(each, sought.asked.on), *sought.helped(each)) for each in sought.demands)
    statement: Select[Any] = (
        select(*columns).outerjoin(Unit, Member.unit_id == Unit.id).where(*sought.narrowed, or_(false(), *demands))
    )
    return statement.order_by(Member.sort_name, Member.id).limit(_MOST)


def _lacking(sought: _Sought, demand: Demand) -> Any:
    """The ids of those who lack it. Where it binds units: these by their index, and those whom it names besides; else
    along the names, until enough are found."""
    on = sought.asked.on
    if demand.binds_everyone or not demand.units:
        who = select(Member.id).where(*sought.narrowed, lacks(demand, on), *sought.helped(demand))
        return who.order_by(Member.sort_name, Member.id)
    who = select(Member.id).where(*sought.narrowed, not_excused(demand, on, told=True), not_(met(demand, on)))
    who, inside = who.where(*sought.helped(demand)), in_its_groups(demand)
    named = select(RequirementMember.member_id).where(RequirementMember.requirement_id == demand.id)
    return union_all(who.where(inside), who.where(not_(inside), Member.id.in_(named)))
