"""Who lacks what a requirement asks for today: by the rule of clearance, in SQL to find them, in Python to say why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Select, and_, not_, or_, select, tuple_
from sqlalchemy.orm import joinedload

from records.database import db
from records.models import Actor, CertificationType, Member
from records.models.clearance import Demand, Finding, Outcome, finding_on
from records.queries.binding import Rules, rules
from records.queries.capped import MOST_COUNTED, counting
from records.queries.clearance import Condition, holds, lacks
from records.queries.keyset import Cursor
from records.queries.persons import people as known
from records.queries.reports.frame import PAGE, Asked, Page, people

_AT_ONCE = 500


@dataclass(frozen=True)
class Gap:
    """One requirement that a member does not meet. `types` are names for its words."""

    member: Member
    finding: Finding
    types: Mapping[int, CertificationType]


@dataclass(frozen=True)
class Gaps:
    """By member, then in the requirements' order. A page ends with a member: it may hold more rows than others.

    `type_id`: only where this type would help, as it is asked for and not held.
    """

    on: date
    ruled: Rules
    narrowed: Sequence[Condition]
    type_id: int | None = None
    totals: Sequence[Any] = ()

    def count(self, most: int | None = MOST_COUNTED + 1) -> int:
        found = sum(number for _, number in (self.by_requirement if most == MOST_COUNTED + 1 else self._counted(most)))
        return found if most is None else min(found, most)

    @cached_property
    def by_requirement(self) -> list[tuple[Demand, int]]:
        """How many members lack it, MOST_COUNTED + 1 for more, in one statement: along their names, until it is so."""
        return self._counted(MOST_COUNTED + 1)

    def _counted(self, most: int | None) -> list[tuple[Demand, int]]:
        if not self.ruled.demands:
            return []
        counts = (counting(self._who(self._lacks(each)), most).scalar_subquery() for each in self.ruled.demands)
        return list(zip(self.ruled.demands, db.session.execute(select(*counts)).one(), strict=True))

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

    def _members(self, after: Cursor | None, *, most: int) -> list[Member]:
        if not self.ruled.demands:
            return []
        lacking = or_(*map(self._lacks, self.ruled.demands))
        statement = select(Member).where(*self.narrowed, lacking).options(joinedload(Member.unit))
        if after is not None and after.key is not None:
            statement = statement.where(tuple_(Member.sort_name, Member.id) > tuple_(after.key, after.id))
        return list(db.session.scalars(statement.order_by(Member.sort_name, Member.id).limit(most)))

    def _who(self, lacking: Condition) -> Select[int]:
        return select(Member.id).where(*self.narrowed, lacking).order_by(Member.sort_name, Member.id)

    def _lacks(self, demand: Demand) -> Condition:
        lacking = lacks(demand, self.on)
        if self.type_id is None:
            return lacking
        return and_(lacking, not_(holds(demand.counting(self.type_id), self.on)))

    def _gaps(self, members: Sequence[Member]) -> Iterator[Gap]:
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
    return Gaps(asked.on, Rules(demands, ruled.types), people(asked, by=by), type_id)
