"""Clearance in SQL: the rule of `records.models.clearance`, said over the members of a statement.

For lists, what a member has is looked up one by one, so that a page ends with its rows: each look-up names member and
type, by which live certifications lie in an index. Where everybody is counted, one pass gathers who holds what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, ColumnElement, Date, and_, case, false, func, literal, not_, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from records.database import db, this_organization
from records.models import (
    Certification,
    CertificationType,
    CreditEntry,
    CreditKind,
    CreditType,
    Exemption,
    Member,
    MemberPosition,
    Period,
    RequirementMember,
)
from records.models.base import Instant
from records.models.clearance import Demand
from records.models.standing import HOLDING, days_from
from records.queries.binding import Rules
from records.queries.steering import as_found

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Tally:
    """How many members there are, how many of them are cleared, and by requirement how many of those bound meet it."""

    members: int
    cleared: int
    bound: dict[int, int]
    met: dict[int, int]


@dataclass(frozen=True)
class Outcomes:
    """What each demand comes to for a member of a statement that is joined with `gathered`, by the demand's id: 1 met,
    0 missing, NULL where it does not bind. `holds` says of gathered types whether the member holds one of them."""

    gathered: CTE
    columns: Mapping[int, ColumnElement[int]]
    holds: Callable[[frozenset[int]], Condition]

    @property
    def nothing_missing(self) -> Condition:
        return and_(true(), *(func.coalesce(outcome, 1) == 1 for outcome in self.columns.values()))


def outcomes(
    narrowed: Sequence[Condition], ruled: Rules, day: date, *, also: Iterable[frozenset[int]] = (), name: str = "then"
) -> Outcomes:
    """Of the members that fit, gathered in one pass through their certifications. `also`: other types to gather."""
    kinds = list(dict.fromkeys([*(kind for demand in ruled.demands for kind in _kinds(demand)), *also]))
    gathered = _gathered(kinds, narrowed, ruled, day, name)
    flags = {kind: func.coalesce(gathered.c[f"holds_{number}"], 0) == 1 for number, kind in enumerate(kinds)}
    columns = {
        demand.id: case((binds(demand, day), case((met(demand, day, flags.__getitem__), 1), else_=0)))
        for demand in ruled.demands
    }
    return Outcomes(gathered, columns, flags.__getitem__)


def tally(narrowed: Sequence[Condition], ruled: Rules, day: date) -> Tally:
    """Over all members that fit, in one statement that goes through their certifications once."""
    found = outcomes(narrowed, ruled, day)
    columns = [outcome.label(f"of_{demand_id}") for demand_id, outcome in found.columns.items()]
    # MATERIALIZED: else each sum below would look everything up once more.
    members_with = select(Member.id, *columns).outerjoin(found.gathered, found.gathered.c.member_id == Member.id)
    each = members_with.where(*narrowed).cte("each_member").prefix_with("MATERIALIZED")
    of_each = {demand_id: each.c[f"of_{demand_id}"] for demand_id in found.columns}
    nothing_missing = replace(found, columns=of_each).nothing_missing
    sums: list[Any] = [func.count(), func.count(case((nothing_missing, 1)))]
    for outcome in of_each.values():
        sums += [func.count(outcome), func.coalesce(func.sum(outcome), 0)]
    members, cleared, *rest = db.session.execute(select(*sums).select_from(each)).one()
    return Tally(
        members,
        cleared,
        bound=dict(zip(of_each, rest[::2], strict=True)),
        met={demand_id: int(count) for demand_id, count in zip(of_each, rest[1::2], strict=True)},
    )


def _gathered(
    kinds: Sequence[frozenset[int]], narrowed: Sequence[Condition], ruled: Rules, day: date, name: str
) -> CTE:
    """By member, whether they hold one of these types on that day, for each kind of types."""
    marks = [
        func.max(case((Certification.type_id.in_(kind), 1), else_=0)).label(f"holds_{number}")
        for number, kind in enumerate(kinds)
    ]
    return (
        select(Certification.member_id, *marks)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(Certification.member_id.in_(select(Member.id).where(*narrowed)))
        .where(Certification.type_id.in_(ruled.counted_types), Certification.deleted_at.is_(None))
        .where(Certification.standing_expression(day).in_(sorted(HOLDING)))
        .group_by(Certification.member_id)
        .cte(f"gathered_{name}")
        .prefix_with("MATERIALIZED")
    )


def cleared_on(day: date, ruled: Rules) -> Condition:
    """Whether nothing that binds the member on that day is missing."""
    return and_(true(), *(not_(lacks(demand, day)) for demand in ruled.demands))


def lacks(demand: Demand, day: date) -> Condition:
    return and_(concerned(demand), not_excused(demand, day, told=True), not_(met(demand, day)))


def binds(demand: Demand, day: date) -> Condition:
    """Whether it binds the member on that day, newcomers and the exempt left out."""
    return and_(concerned(demand), not_excused(demand, day))


def not_excused(demand: Demand, day: date, *, told: bool = False) -> Condition:
    """Whether it binds the members whom it concerns on that day: they are neither newcomers nor exempt. `told`: for a
    statement that looks at one member after the other: for an EXISTS PostgreSQL may sort them all first."""
    if day < demand.from_on:
        return false()
    exempt = (
        select(Exemption.id)
        .where(Exemption.organization_id == Member.organization_id, Exemption.requirement_id == demand.id)
        .where(Exemption.member_id == Member.id, Exemption.withdrawn_at.is_(None))
        .where(Exemption.starts_on <= day, Exemption.ends_on >= day)
        .correlate(Member)
    )
    is_free = exempt.limit(1).scalar_subquery().is_(None) if told else ~exempt.exists()
    return and_(_since_at_most(day - timedelta(days=demand.newcomer_days)), is_free)


def concerned(demand: Demand) -> Condition:
    """Whether it is meant for such a member at all."""
    if demand.binds_everyone:
        return true()
    named = (
        select(RequirementMember.member_id)
        .where(RequirementMember.organization_id == Member.organization_id)
        .where(RequirementMember.requirement_id == demand.id, RequirementMember.member_id == Member.id)
        .correlate(Member)
        .exists()
    )
    return or_(in_its_groups(demand), named) if demand.units or demand.positions else named


def in_its_groups(demand: Demand) -> Condition:
    """Whether the member is in one of its units and serves in one of its positions, as far as it names any."""
    groups: list[Condition] = []
    if demand.units:
        groups.append(and_(as_found(Member.unit_id).is_not(None), Member.unit_id.in_(demand.units)))
    if demand.positions:
        groups.append(serves_in(demand.positions))
    return and_(*groups)


def serves_in(positions: Iterable[int]) -> Condition:
    """Whether the member serves in one of these positions."""
    return (
        select(MemberPosition.member_id)
        .where(MemberPosition.organization_id == Member.organization_id)
        .where(MemberPosition.member_id == Member.id, MemberPosition.position_id.in_(positions))
        .correlate(Member)
        .exists()
    )


def met(demand: Demand, day: date, held: Callable[[frozenset[int]], Condition] | None = None) -> Condition:
    """Whether what the member has suffices, bound or not. `held` says of types whether the member holds one of them,
    where a statement knows that already."""
    if demand.credit_type is not None:
        return _credits_suffice(demand, demand.credit_type, day)
    has = [held(kind) if held else holds(kind, day) for kind in _kinds(demand)]
    if demand.needed == len(has):
        return and_(true(), *has)
    some: Any = sum((case((each, 1), else_=0) for each in has), start=literal(0))
    return some >= demand.needed


def _kinds(demand: Demand) -> list[frozenset[int]]:
    """What must be held, as sets of types of which any one does; where any one is asked for, all of them at once."""
    if demand.credit_type is not None:
        return []
    kinds = [demand.counting(type_id) for type_id in demand.types]
    return [frozenset[int]().union(*kinds)] if demand.needed == 1 else kinds


def holds(types: Iterable[int], day: date) -> Condition:
    """Whether the member holds a certification of one of these types on that day.

    The limit keeps PostgreSQL from working out the standing of every certification first.
    """
    statement = (
        select(Certification.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(Certification.organization_id == Member.organization_id, Certification.member_id == Member.id)
        .where(Certification.type_id.in_(types), Certification.deleted_at.is_(None))
        .where(Certification.standing_expression(day).in_(sorted(HOLDING)))
        .correlate(Member)
        .limit(1)
    )
    return statement.scalar_subquery().is_not(None)


def _since_at_most(day: date) -> Condition:
    """Whether they joined by that day, or were entered by it where that is not known."""
    zone = ZoneInfo(this_organization().time_zone)
    day_over = datetime.combine(day + timedelta(days=1), time(), zone)
    since = Member.created_at < literal(day_over, Instant)
    # One CASE: most members fit, and to look them up by either day would cost more than it saves.
    return case((Member.joined_on.is_not(None), Member.joined_on <= day), else_=since)


# Credits


class anniversary(FunctionElement[date]):
    """SQL: the day of a date in another year; 29 February becomes 28 February in a common year."""

    type = Date()
    inherit_cache = True
    name = "anniversary"


@compiles(anniversary, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    day, year = (compiler.process(clause, **options) for clause in element.clauses)
    leaps = f"date(printf('%04d-02-28', {year}), '+1 day') = printf('%04d-02-29', {year})"
    leap_day = f"strftime('%m-%d', {day}) = '02-29'"
    return (
        f"CASE WHEN {leap_day} AND NOT {leaps} THEN printf('%04d-02-28', {year})"
        f" ELSE printf('%04d', {year}) || strftime('-%m-%d', {day}) END"
    )


@compiles(anniversary, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    day, year = (compiler.process(clause, **options) for clause in element.clauses)
    years = f"CAST({year} AS INTEGER) - CAST(EXTRACT(YEAR FROM {day}) AS INTEGER)"
    return f"CAST({day} + make_interval(years => {years}) AS DATE)"


def _credits_suffice(demand: Demand, type_: CreditType | CreditKind, day: date) -> Condition:
    """By the calendar, or where periods begin with joining and the day of it is known, by each member's own."""
    span = type_.period_around(day, joined_on=None)
    if span.first is None:
        return _earned(demand, date.min, day) >= demand.credits
    before = type_.period_around(span.first - timedelta(days=1), joined_on=None).first or date.min
    young = true() if before < demand.from_on else not_(_since_at_most(before - timedelta(days=demand.newcomer_days)))
    by_calendar = or_(_suffices(demand, before, span.first, day), young)
    if type_.period != Period.FROM_JOINING:
        return by_calendar
    this, last, earlier = (anniversary(Member.joined_on, literal(day.year - back)) for back in range(3))
    begins = case((this <= literal(day, Date), this), else_=last)
    begun = case((this <= literal(day, Date), last), else_=earlier)
    new = or_(begun < literal(demand.from_on, Date), days_from(Member.joined_on, begun) < demand.newcomer_days)
    by_joining = or_(_suffices(demand, begun, begins, day), new)
    return case((Member.joined_on.is_(None), by_calendar), else_=by_joining)


def _suffices(demand: Demand, before: Any, first: Any, day: date) -> Condition:
    """Enough in the period from `first` on, or in the one from `before` until then."""
    in_last = and_(CreditEntry.counts_on >= before, CreditEntry.counts_on < first)
    return or_(_earned(demand, first, day) >= demand.credits, _sum(demand, in_last) >= demand.credits)


def _earned(demand: Demand, first: Any, day: date) -> ColumnElement[Decimal]:
    return _sum(demand, and_(CreditEntry.counts_on >= first, CreditEntry.counts_on <= day))


def _sum(demand: Demand, when: Condition) -> ColumnElement[Decimal]:
    type_id = demand.credit_type.id if demand.credit_type else 0
    statement = (
        select(func.coalesce(func.sum(CreditEntry.amount), literal(Decimal(0), CreditEntry.amount.type)))
        .where(CreditEntry.organization_id == Member.organization_id, CreditEntry.member_id == Member.id)
        .where(CreditEntry.credit_type_id == type_id, when)
        .correlate(Member)
    )
    return statement.scalar_subquery()
