"""Coverage: how many of a unit or a position are cleared, or hold a type, from today on; and what renewals change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import select

from records import clock
from records.database import db, this_organization
from records.errors import ModuleOff
from records.models import Actor, Member
from records.models.clearance import Demand, Holding, Outcome, Person, outcomes_between
from records.queries.binding import Rules, rules
from records.queries.equivalences import counting_as
from records.queries.member_filters import WITHOUT_UNIT, says_an_id
from records.queries.members_in import members_in
from records.queries.persons import people
from records.queries.units import Choice, unit_choices

AHEAD = (0, 30, 60, 90, 180, 365)
WINDOWS = (90, 180, 365, 730)
MOST_LAPSING = 200
_A_WEEK, _A_MONTH = timedelta(days=7), timedelta(days=30)
_Gaps = list[tuple[date, date]]  # times in which somebody does not count: from a day on, until another


class Count(StrEnum):
    """Who is counted: members who are cleared, who meet one requirement, or who hold one type."""

    CLEARED = "cleared"
    REQUIREMENT = "requirement"
    TYPE = "type"


@dataclass(frozen=True)
class Question:
    """`count` is a Count, for one requirement or type with its id, as "type-7". `within` is in days from today.

    `renewed` are the ids of members of whom it is taken that they renew in time what they hold today.
    """

    count: str = Count.CLEARED
    unit: str = ""
    position: int | None = None
    within: int = 365
    renewed: frozenset[int] = frozenset()

    @classmethod
    def read(cls, asked: Mapping[str, str], renewed: Iterable[str]) -> Question:
        """From the fields of an address; anything may stand in them."""
        unit, position, within = asked.get("unit", ""), asked.get("position", ""), asked.get("within", "")
        return cls(
            count=asked.get("count", ""),
            unit=unit if unit == WITHOUT_UNIT or says_an_id(unit) else "",
            position=int(position) if says_an_id(position) else None,
            within=int(within) if within in map(str, WINDOWS) else 365,
            renewed=frozenset(int(each) for each in renewed if says_an_id(each)),
        )

    def asked(self) -> dict[str, str]:
        """The fields of an address that asks the same, without renewals."""
        fields = {"count": self.count, "unit": self.unit, "position": self.position, "within": self.within}
        return {name: str(value) for name, value in fields.items() if value}


@dataclass(frozen=True)
class Point:
    """How many count on a day, and how many would with the renewals that were ticked."""

    on: date
    count: int
    renewed: int


@dataclass(frozen=True)
class Lapsing:
    """A member who counts today and stops to on the day `on`, within the window, and would count for longer with what
    they hold today renewed."""

    member: Member
    on: date


@dataclass(frozen=True)
class Coverage:
    """`members` is how many there are in all, `ahead` the days of AHEAD, `line` those of the window in equal steps.

    `lapsing` are the first MOST_LAPSING of `lapse_count`, the soonest first. `name` is of the requirement or type,
    '' for everything required.
    """

    question: Question
    today: date
    name: str
    members: int
    ahead: tuple[Point, ...]
    line: tuple[Point, ...]
    lapsing: tuple[Lapsing, ...]
    lapse_count: int
    ruled: Rules
    units: Sequence[Choice]

    @property
    def is_weekly(self) -> bool:
        return self.question.within <= max(AHEAD)


def coverage(question: Question, *, by: Actor) -> Coverage:
    """In the asker's scope: a constant number of statements for each batch of members. Raises NotAllowed, ModuleOff."""
    by.require_staff()
    organization = this_organization()
    if not organization.tracks_certifications:
        raise ModuleOff()
    today, ruled = clock.today(organization), rules()
    question, counted = _resolved(question, ruled)
    ids = db.session.scalars(select(Member.id).where(*members_in("", question.unit, question.position, by=by))).all()
    known = list(people(ids, ruled, types=counted.types))
    line_days = _days(today, question.within)
    days = sorted({*line_days, *_ahead(today)})
    end = today + timedelta(days=max(question.within, *AHEAD))
    counts, renewed = Counter[date](), Counter[date]()
    lapses: list[tuple[date, int]] = []
    for person in known:
        gaps = if_renewed = counted.gaps(today, end, person)
        gone_on = min((first for first, _ in gaps), default=None)
        if gone_on and today < gone_on <= line_days[-1]:
            renewing = counted.gaps(today, end, _holding_on(person, today))
            if any(_counts(day, renewing) and not _counts(day, gaps) for day in days if day <= line_days[-1]):
                lapses.append((gone_on, person.id))
                if_renewed = renewing if person.id in question.renewed else gaps
        for day in days:
            counts[day] += _counts(day, gaps)
            renewed[day] += _counts(day, if_renewed)
    lapses.sort()
    return Coverage(
        question=question,
        today=today,
        name=counted.name,
        members=len(known),
        ahead=tuple(Point(day, counts[day], renewed[day]) for day in _ahead(today)),
        line=tuple(Point(day, counts[day], renewed[day]) for day in line_days),
        lapsing=_named(lapses[:MOST_LAPSING]),
        lapse_count=len(lapses),
        ruled=ruled,
        units=unit_choices(by=by),
    )


@dataclass(frozen=True)
class _Counted:
    """Somebody counts while none of the demands comes to one of the outcomes that are `short`."""

    name: str
    demands: tuple[Demand, ...]
    short: frozenset[Outcome]

    @property
    def types(self) -> frozenset[int]:
        return Rules(self.demands, {}).counted_types

    def gaps(self, first: date, last: date, person: Person) -> _Gaps:
        """When the person does not count."""
        gaps: _Gaps = []
        for demand in self.demands:
            outcomes = outcomes_between(first, last, demand, person)
            ends = [day for day, _ in outcomes[1:]] + [date.max]
            gaps += [(day, end) for (day, outcome), end in zip(outcomes, ends, strict=True) if outcome in self.short]
        return gaps


def _resolved(question: Question, ruled: Rules) -> tuple[Question, _Counted]:
    """The question with what exists; what does not counts everything required."""
    kind, _, number = question.count.partition("-")
    wanted = int(number) if says_an_id(number) else 0
    not_met = frozenset(Outcome) - {Outcome.MET}
    if kind == Count.TYPE and wanted in ruled.types:
        type_ = ruled.types[wanted]
        holders = Demand(id=0, name=type_.name, from_on=date.min, binds_everyone=True, types=(wanted,),
                         counting_as=counting_as())  # fmt: skip
        return question, _Counted(type_.name, (holders,), not_met)
    for demand in ruled.demands:
        if kind == Count.REQUIREMENT and demand.id == wanted:
            return question, _Counted(demand.name, (demand,), not_met)
    return replace(question, count=Count.CLEARED), _Counted("", ruled.demands, frozenset({Outcome.MISSING}))


def _counts(day: date, gaps: _Gaps) -> bool:
    return not any(first <= day < after for first, after in gaps)


def _holding_on(person: Person, today: date) -> Person:
    """The person as if every certification that they hold today were renewed whenever it is due. What is lacking for
    another reason stays so: a requirement that they never met, the end of an exemption, credits."""

    def kept(each: Holding) -> Holding:
        return each._replace(last=date.max) if each.first <= today <= each.last else each

    return replace(person, holdings={type_id: [*map(kept, held)] for type_id, held in person.holdings.items()})


def _ahead(today: date) -> list[date]:
    return [today + timedelta(days=days) for days in AHEAD]


def _days(today: date, within: int) -> list[date]:
    """By weeks for a year, by months beyond it; the last day of the window always."""
    step = _A_WEEK if within <= max(AHEAD) else _A_MONTH
    end = today + timedelta(days=within)
    days = [today + step * number for number in range(within // step.days + 1)]
    return days if days[-1] == end else [*days, end]


def _named(lapses: Sequence[tuple[date, int]]) -> tuple[Lapsing, ...]:
    ids = [member_id for _, member_id in lapses]
    members = {each.id: each for each in db.session.scalars(select(Member).where(Member.id.in_(ids)))}
    return tuple(Lapsing(members[member_id], on) for on, member_id in lapses)
