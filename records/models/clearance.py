"""Clearance: whom a requirement binds on a day, and whether they meet it. Derived, never stored.

The one place of the rule, without statements: `outcome_on` decides, `finding_on` says why besides, and
`records.queries.clearance` says the same in SQL; a property test holds them equal. Source: DOMAIN, "cleared".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import islice, takewhile
from typing import NamedTuple

from records.models.credit_type import CreditKind, CreditType, Span
from records.models.requirement import Rule

_A_DAY = timedelta(days=1)
_PERIODS_AHEAD = 4  # so many periods of credits are looked at for the day on which they no longer suffice
_NOTHING = Decimal("0.00")


class Outcome(StrEnum):
    """What a requirement comes to for one member on one day; first match wins, MET and MISSING last."""

    NOT_BOUND = "not bound"
    EXEMPT = "exempt"
    NEWCOMER = "newcomer"
    MET = "met"
    MISSING = "missing"


@dataclass(frozen=True)
class Demand:
    """A requirement as far as its rule goes. `needed` of `types` must be held, or `credits` earned in each period.

    `units` hold the sub-units of those that it names; `counting_as` gives for each of its types the types whose
    holders count as holding it, itself included.
    """

    id: int
    name: str
    from_on: date
    newcomer_days: int = 0
    binds_everyone: bool = False
    units: frozenset[int] = frozenset()
    positions: frozenset[int] = frozenset()
    rule: str = Rule.ALL
    at_least: int | None = None
    types: tuple[int, ...] = ()
    counting_as: Mapping[int, frozenset[int]] = field(default_factory=dict, hash=False)
    credit_type: CreditType | CreditKind | None = None
    credits: Decimal = _NOTHING
    description: str = ""

    @property
    def needed(self) -> int:
        if self.rule == Rule.ALL:
            return len(self.types)
        return self.at_least or 1

    def counting(self, type_id: int) -> frozenset[int]:
        return self.counting_as.get(type_id) or frozenset({type_id})


class Holding(NamedTuple):
    """A certification that counts as held from `first` through `last`."""

    id: int
    type_id: int
    first: date
    last: date


@dataclass(frozen=True)
class Excuse:
    """An exemption that was not withdrawn."""

    starts_on: date
    ends_on: date
    reason: str
    approved_by: str


@dataclass(frozen=True)
class Person:
    """What is known of a member: `since` is the day on which they joined, or were entered where that is not known.

    `named_by` are requirements that name them; holdings stand by type, excuses by requirement, and credits, with the
    days on which they count, by credit type.
    """

    id: int
    since: date
    joined_on: date | None = None
    unit_id: int | None = None
    positions: frozenset[int] = frozenset()
    named_by: frozenset[int] = frozenset()
    holdings: Mapping[int, Sequence[Holding]] = field(default_factory=dict)
    excuses: Mapping[int, Sequence[Excuse]] = field(default_factory=dict)
    credits: Mapping[int, Sequence[tuple[date, Decimal]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """An outcome with its reasons.

    `held`: for each type that is held, in the requirement's order, the certification that holds it longest.
    `missing`: the types that are not. `earned` in `period`: the credits that count so far. `until`: the last day of
    an exemption, or of the days of grace for newcomers. `lapses_on`: the first later day on which what is recorded
    now no longer suffices, and `lapsing`: the types that are then missing and were not.
    """

    demand: Demand
    outcome: Outcome
    held: Mapping[int, Holding] = field(default_factory=dict)
    missing: tuple[int, ...] = ()
    earned: Decimal = _NOTHING
    period: Span | None = None
    excuse: Excuse | None = None
    until: date | None = None
    lapses_on: date | None = None
    lapsing: tuple[int, ...] = ()

    @property
    def concerns(self) -> bool:
        return self.outcome != Outcome.NOT_BOUND

    @property
    def longest(self) -> Holding | None:
        """The certification that leads furthest among those that hold, the first to look at."""
        return max(self.held.values(), key=lambda each: each.last, default=None)


# By type that a requirement names, the certification that holds it longest.
Held = Mapping[int, Holding]


def concerns(demand: Demand, person: Person) -> bool:
    """Whether the requirement is meant for such a member at all."""
    if demand.binds_everyone or demand.id in person.named_by:
        return True
    if not (demand.units or demand.positions):
        return False
    in_unit = not demand.units or person.unit_id in demand.units
    return in_unit and (not demand.positions or not demand.positions.isdisjoint(person.positions))


def outcome_on(day: date, demand: Demand, person: Person, held: Held | None = None) -> Outcome:
    """The decision. First match wins. `held`: what of its types is held that day, where that is known already."""
    if day < demand.from_on or not concerns(demand, person):
        return Outcome.NOT_BOUND
    if _excuse_on(day, demand, person):
        return Outcome.EXEMPT
    if day < _bound_from(demand, person):
        return Outcome.NEWCOMER
    return Outcome.MET if meets(day, demand, person, held) else Outcome.MISSING


def is_cleared(day: date, demands: Iterable[Demand], person: Person) -> bool:
    """Whether nothing that binds the member is missing."""
    return all(outcome_on(day, demand, person) != Outcome.MISSING for demand in demands)


def meets(day: date, demand: Demand, person: Person, held: Held | None = None) -> bool:
    """Whether what the member has on that day suffices, bound or not. `held` as for the decision."""
    if demand.credit_type is not None:
        return _meets_credits(day, demand, demand.credit_type, person)
    return len(_held(day, demand, person) if held is None else held) >= demand.needed


def finding_on(day: date, demand: Demand, person: Person) -> Finding:
    """The decision with its reasons; none are told of what does not bind."""
    held = _held(day, demand, person)
    outcome = outcome_on(day, demand, person, held)
    if outcome == Outcome.NOT_BOUND:
        return Finding(demand, outcome)
    excuse = _excuse_on(day, demand, person)
    until = excuse.ends_on if excuse else None
    if outcome == Outcome.NEWCOMER:
        until = _bound_from(demand, person) - _A_DAY
    lapses_on = lapse_after(day, demand, person) if outcome == Outcome.MET else None
    then = _held(lapses_on, demand, person) if lapses_on else held
    period = demand.credit_type.period_around(day, joined_on=person.joined_on) if demand.credit_type else None
    return Finding(
        demand,
        outcome,
        held=held,
        missing=tuple(type_id for type_id in demand.types if type_id not in held),
        earned=_earned(demand, period, person, through=day) if period else _NOTHING,
        period=period,
        excuse=excuse if outcome == Outcome.EXEMPT else None,
        until=until,
        lapses_on=lapses_on,
        lapsing=tuple(type_id for type_id in held if type_id not in then),
    )


def lapse_after(day: date, demand: Demand, person: Person) -> date | None:
    """The first later day on which what is recorded now no longer suffices; None where none is in sight."""
    if demand.credit_type is not None:
        ends: Iterable[date] = islice(_beginnings_after(day, demand.credit_type, person), _PERIODS_AHEAD)
    else:
        ends = sorted({each.last + _A_DAY for each in _relevant(demand, person) if day <= each.last < date.max})
    return next((end for end in ends if not meets(end, demand, person)), None)


def outcomes_between(first: date, last: date, demand: Demand, person: Person) -> list[tuple[date, Outcome]]:
    """All outcomes from the first day through the last, each with the day from which it holds."""
    days = sorted({first, *(day for day in _turning_days(first, last, demand, person) if first < day <= last)})
    return [(day, outcome_on(day, demand, person)) for day in days]


def _turning_days(first: date, last: date, demand: Demand, person: Person) -> Iterator[date]:
    """The days on which the outcome can become another."""
    if not concerns(demand, person):
        return
    yield from (demand.from_on, _bound_from(demand, person))
    for excuse in person.excuses.get(demand.id, ()):
        yield from (excuse.starts_on, _after(excuse.ends_on))
    for each in _relevant(demand, person):
        yield from (each.first, _after(each.last))
    if demand.credit_type is not None:
        yield from (on for on, _ in person.credits.get(demand.credit_type.id, ()))
        yield from takewhile(lambda day: day <= last, _beginnings_after(first, demand.credit_type, person))


def _after(day: date) -> date:
    return day if day == date.max else day + _A_DAY


def _excuse_on(day: date, demand: Demand, person: Person) -> Excuse | None:
    """The exemption in force that lasts longest."""
    in_force = [each for each in person.excuses.get(demand.id, ()) if each.starts_on <= day <= each.ends_on]
    return max(in_force, key=lambda each: each.ends_on, default=None)


def _bound_from(demand: Demand, person: Person) -> date:
    """Newcomers are bound once they had their days of grace."""
    return person.since + timedelta(days=demand.newcomer_days)


# Types


def _relevant(demand: Demand, person: Person) -> Iterator[Holding]:
    for type_id in demand.types:
        for counting in demand.counting(type_id):
            yield from person.holdings.get(counting, ())


def _best(day: date, demand: Demand, type_id: int, person: Person) -> Holding | None:
    """Of what counts as this type, the certification that is held that day and lasts longest."""
    best: Holding | None = None
    for counting in demand.counting(type_id):
        for each in person.holdings.get(counting, ()):
            if each.first <= day <= each.last and (best is None or (each.last, each.id) > (best.last, best.id)):
                best = each
    return best


def _held(day: date, demand: Demand, person: Person) -> dict[int, Holding]:
    found = ((type_id, _best(day, demand, type_id, person)) for type_id in demand.types)
    return {type_id: holding for type_id, holding in found if holding is not None}


# Credits


def _meets_credits(day: date, demand: Demand, type_: CreditType | CreditKind, person: Person) -> bool:
    """Enough in this period, or in the one before it, or not bound yet for all of a period that is over."""
    period = type_.period_around(day, joined_on=person.joined_on)
    if _earned(demand, period, person, through=day) >= demand.credits:
        return True
    if period.first is None:
        return False
    before = type_.period_around(period.first - _A_DAY, joined_on=person.joined_on)
    if _earned(demand, before, person, through=day) >= demand.credits:
        return True
    return before.first is not None and before.first < max(demand.from_on, _bound_from(demand, person))


def _earned(demand: Demand, period: Span, person: Person, *, through: date) -> Decimal:
    first, last = period.first or date.min, min(period.last or date.max, through)
    entries = person.credits.get(demand.credit_type.id if demand.credit_type else 0, ())
    return sum((amount for on, amount in entries if first <= on <= last), _NOTHING)


def _beginnings_after(day: date, type_: CreditType | CreditKind, person: Person) -> Iterator[date]:
    """The first days of the next periods."""
    while True:
        period = type_.period_around(day, joined_on=person.joined_on)
        if period.last is None or period.last == date.max:
            return
        day = period.last + _A_DAY
        yield day
