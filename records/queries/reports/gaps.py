"""Who lacks what a requirement asks for today: by the rule of clearance, in SQL to find them, in Python to say why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import joinedload

from records.database import db
from records.models import Actor, CertificationType, Member
from records.models.clearance import Demand, Finding, Outcome, finding_on
from records.queries.binding import Rules, rules
from records.queries.binding import people as known
from records.queries.clearance import Condition, lacks, tally
from records.queries.keyset import Cursor
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
    """By member, then in the requirements' order. A page ends with a member: it may hold more rows than others."""

    on: date
    ruled: Rules
    narrowed: Sequence[Condition]
    totals: Sequence[Any] = ()

    def count(self) -> int:
        return sum(number for _, number in self.by_requirement())

    def by_requirement(self) -> list[tuple[Demand, int]]:
        """How many members lack it, in one statement over all of them."""
        if not self.ruled.demands:
            return []
        found = tally(self.narrowed, self.ruled, self.on)
        return [(each, found.bound[each.id] - found.met[each.id]) for each in self.ruled.demands]

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
        lacking = or_(*(lacks(each, self.on) for each in self.ruled.demands))
        statement = select(Member).where(*self.narrowed, lacking).options(joinedload(Member.unit))
        if after is not None and after.key is not None:
            statement = statement.where(tuple_(Member.sort_name, Member.id) > tuple_(after.key, after.id))
        return list(db.session.scalars(statement.order_by(Member.sort_name, Member.id).limit(most)))

    def _gaps(self, members: Sequence[Member]) -> Iterator[Gap]:
        for member, person in zip(members, known([each.id for each in members], self.ruled), strict=True):
            for demand in self.ruled.demands:
                finding = finding_on(self.on, demand, person)
                if finding.outcome == Outcome.MISSING:
                    yield Gap(member, finding, self.ruled.types)


def missing(asked: Asked, by: Actor) -> Gaps:
    """Of the members in scope, what the standing requirements ask of them and they do not have."""
    ruled, wanted = rules(), asked["requirement"]
    demands = tuple(each for each in ruled.demands if wanted in ("", str(each.id)))
    return Gaps(asked.on, Rules(demands, ruled.types), people(asked, by=by))
