"""The matrix: members by requirements on a day, a page at a time, grouped by unit; and all of it for an export."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, case, select
from sqlalchemy import Row as SqlRow

from records import clock
from records.database import db, is_id, records_of, this_organization
from records.errors import ModuleOff
from records.models import Actor, Member
from records.models.clearance import Finding, Outcome, finding_on
from records.models.member import listed_name
from records.models.text import tidy
from records.queries.binding import Rules, rules
from records.queries.capped import MOST_COUNTED, count_of, counting
from records.queries.clearance import Condition, Tally, concerned, tally
from records.queries.member_filters import (
    WITHOUT_UNIT,
    ByClearance,
    by_clearance,
    says_an_id,
)
from records.queries.members_in import MembersIn
from records.queries.persons import people
from records.queries.unit_walk import Walk, walked
from records.queries.units import Choice, unit_choices

PAGE = 100
_AT_ONCE = 500  # rows of a file
_YEARS = range(1900, 2200)


@dataclass(frozen=True)
class Asked:
    """The question as far as it makes sense. Ids are None, and `on` is None for today, where nothing was asked.

    `after` and `before` are the ids of the members next to the page.
    """

    search: str = ""
    unit: str = ""
    position: int | None = None
    requirement: int | None = None
    only: str = ""
    on: date | None = None
    after: int | None = None
    before: int | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Asked:
        """From the fields of an address; anything may stand in them."""

        def number(name: str) -> int | None:
            return int(asked[name]) if says_an_id(asked.get(name, "")) else None

        unit, only = asked.get("unit", ""), asked.get("only", "")
        return cls(
            search=tidy(asked.get("search", "")[:200]),
            unit=unit if unit == WITHOUT_UNIT or says_an_id(unit) else "",
            position=number("position"),
            requirement=number("requirement"),
            only=only if only in set(ByClearance) else "",
            on=day_in(asked.get("on", "")),
            after=number("after"),
            before=number("before"),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.search or self.unit or self.position or self.requirement or self.only)

    def asked(self, **other: Any) -> dict[str, str]:
        """The fields of an address that asks the same, from the first page on."""
        fields = {
            "search": self.search, "unit": self.unit, "position": self.position, "requirement": self.requirement,
            "only": self.only, "on": self.on.isoformat() if self.on else "",
        }  # fmt: skip
        return {name: str(value) for name, value in (fields | other).items() if value}


@dataclass(frozen=True)
class Row:
    """`findings` stand in the order of the requirements; of a `member` the id, the unit and the parts of the name."""

    member: SqlRow[Any]
    findings: tuple[Finding, ...]

    @property
    def is_cleared(self) -> bool:
        return all(each.outcome != Outcome.MISSING for each in self.findings)

    @property
    def listed_name(self) -> str:
        return listed_name(self.member.family_name, self.member.given_name, self.member.suffix)


@dataclass(frozen=True)
class Group:
    """The members of one unit; without a unit, `path` is empty."""

    path: tuple[str, ...]
    rows: list[Row]


@dataclass(frozen=True)
class Matrix:
    """One page. `tally` is of all that fit, whether cleared or not, None where they are more than MOST_COUNTED: then it
    takes a while, and `tally_of` tells it. `every` are all requirements, to choose from."""

    on: date
    ruled: Rules
    every: Rules
    groups: list[Group]
    tally: Tally | None
    units: Sequence[Choice]
    following: int | None
    preceding: int | None


def day_in(text: str) -> date | None:
    """The date that an address says, as browsers send it; None for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def matrix(asked: Asked, *, by: Actor) -> Matrix:
    """One page of it, in the asker's scope: a constant number of statements. Raises NotAllowed, ModuleOff."""
    question = _Question.of(asked, by=by)
    ruled = question.ruled
    backwards = asked.before is not None
    beside = asked.before if backwards else asked.after
    place = _place(beside, question)
    found, count = ([], None) if beside and place is None else question.walked(place, backwards=backwards)
    more, members = len(found) > PAGE, found[:PAGE]
    if backwards:
        members.reverse()
    known = {person.id: person for person in people([each.id for each in members], ruled)}
    rows = [
        Row(each, tuple(finding_on(question.on, demand, known[each.id]) for demand in ruled.demands))
        for each in members
    ]
    return Matrix(
        on=question.on,
        ruled=ruled,
        every=question.every,
        groups=_grouped(rows, question.units),
        tally=tally(question.narrowed, ruled, question.on) if question.are_few(count) else None,
        units=question.units,
        following=members[-1].id if members and (more or backwards) else None,
        preceding=members[0].id if members and (asked.after or (backwards and more)) else None,
    )


def tally_of(asked: Asked, *, by: Actor) -> tuple[date, Rules, Tally]:
    """On the day, of all that fit, however many: it goes through their certifications. Raises NotAllowed, ModuleOff."""
    question = _Question.of(asked, by=by)
    return question.on, question.ruled, tally(question.narrowed, question.ruled, question.on)


@dataclass(frozen=True)
class EveryRow:
    """All that fit, for a file: `count` counts no further than it is told to, None for to the end."""

    on: date
    ruled: Rules
    count: Callable[[int | None], int]
    rows: Iterator[tuple[Member, str, tuple[Finding, ...]]]


def every_row(asked: Asked, *, by: Actor) -> EveryRow:
    """All that fit, each with the names of its unit from the top, read as they are taken. Raises NotAllowed,
    ModuleOff."""
    question = _Question.of(asked, by=by)
    names = {unit.id: " / ".join(unit.path) for unit in question.units}
    ordered = select(Member).where(*question.shown).order_by(question.rank, Member.sort_name, Member.id)

    def rows() -> Iterator[tuple[Member, str, tuple[Finding, ...]]]:
        left = records_of(ordered, at_once=_AT_ONCE)
        while some := {each.id: each for each in islice(left, _AT_ONCE)}:
            for person in people(some, question.ruled):
                member = some[person.id]
                findings = (finding_on(question.on, demand, person) for demand in question.ruled.demands)
                yield member, names.get(member.unit_id or 0, ""), tuple(findings)

    def count(most: int | None) -> int:
        return count_of(select(Member.id).where(*question.shown), most)

    return EveryRow(question.on, question.ruled, count, rows())


@dataclass(frozen=True)
class _Question:
    """What was asked: `among` whom, and conditions on them: those that all meet who fit, and those of them who are
    shown."""

    on: date
    every: Rules
    ruled: Rules
    units: Sequence[Choice]
    among: MembersIn
    concerns: list[Condition]
    told: list[Condition]

    @cached_property
    def narrowed(self) -> list[Condition]:
        return [*self.among.conditions(), *self.concerns]

    @cached_property
    def shown(self) -> list[Condition]:
        return [*self.among.conditions(), *self.told]

    @classmethod
    def of(cls, asked: Asked, *, by: Actor) -> _Question:
        by.require_staff()
        organization = this_organization()
        if not organization.tracks_certifications:
            raise ModuleOff()
        on, every = asked.on or clock.today(organization), rules()
        ruled = every.only(asked.requirement)
        among = MembersIn.of(asked.search, asked.unit, asked.position, by=by)
        concerns = [concerned(ruled.demands[0])] if len(ruled.demands) == 1 and asked.requirement else []
        shown = [*concerns, by_clearance(asked.only, on, ruled)] if asked.only else concerns
        return cls(on, every, ruled, unit_choices(by=by), among, concerns, shown)

    def are_few(self, count: int | None) -> bool:
        """Whether no more than MOST_COUNTED members fit; `count` as far as it was found on the way."""
        return (db.session.scalar(self.counted) or 0 if count is None else count) <= MOST_COUNTED

    @property
    def counted(self) -> Select[int]:
        return counting(select(Member.id).where(*self.narrowed).order_by(Member.sort_name, Member.id))

    def walked(self, beside: Member | None, *, backwards: bool) -> tuple[list[SqlRow[Any]], int | None]:
        """A page and one more, after or before somebody; and how many fit, where there are any on the page."""
        units = [*(unit.id for unit in self.units), None]
        among = self.among.conditions
        walk = Walk(lambda: self.shown, lambda: self.narrowed) if self.told else Walk(among, among, self.among)
        return walked(units, walk, beside, most=PAGE + 1, backwards=backwards)

    @property
    def rank(self) -> ColumnElement[int]:
        """Where a member's unit stands in the tree; without one, last."""
        ranks = {unit.id: rank for rank, unit in enumerate(self.units)}
        if not ranks:
            return Member.id * 0
        return case(ranks, value=Member.unit_id, else_=len(ranks))


def _place(member_id: int | None, question: _Question) -> Member | None:
    """The member next to the page; None where the asker may not know of them."""
    if member_id is None or not is_id(member_id):
        return None
    return db.session.scalar(select(Member).where(Member.id == member_id, *question.narrowed[:1]))


def _grouped(rows: Sequence[Row], units: Sequence[Choice]) -> list[Group]:
    paths = {unit.id: unit.path for unit in units}
    groups: list[Group] = []
    last: object = ()
    for row in rows:
        if row.member.unit_id != last:
            last = row.member.unit_id
            groups.append(Group(paths.get(row.member.unit_id or 0, ()), []))
        groups[-1].rows.append(row)
    return groups
