"""Where an organization falls short: types with the most gaps, and units at risk; of the members in scope.

This goes through everybody's certifications: a part of a page that comes after it. Where nothing is required, it is
told by what has expired and was not renewed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select

from records import clock
from records.database import db, this_organization
from records.errors import ModuleOff
from records.models import Actor, Certification, CertificationType, Member
from records.models.credit_type import Span
from records.queries.attention import expiring_in, unrenewed
from records.queries.binding import Rules, rules
from records.queries.certification_types import all_types
from records.queries.clearance import Condition, outcomes
from records.queries.lacking import lacking_types
from records.queries.member_filters import LAPSES_WITHIN, in_scope
from records.queries.reports.folding import Numbers, with_below
from records.queries.reports.periods import Preset, span_of
from records.queries.units import Choice, unit_choices

MOST = 6
_ALL = 0  # in the place of a type: of all of them


@dataclass(frozen=True)
class TypeGaps:
    """`count`: how often a requirement asks a member for the type, is not met, and the member does not hold it.
    Where nothing is required: how many of the type have expired and were not renewed."""

    type: CertificationType
    count: int


@dataclass(frozen=True)
class UnitAtRisk:
    """A unit with the units in it; None: members without one. Of its `members` so many are not cleared, and so many
    are and stop to be within 30 days."""

    unit: Choice | None
    members: int
    not_cleared: int
    lapsing: int

    @property
    def share(self) -> int:
        """Of the members, how many are or will be not cleared, in whole hundredths, at least 1."""
        return max(1, round(100 * (self.not_cleared + self.lapsing) / self.members))


@dataclass(frozen=True)
class UnitBehind:
    """Where nothing is required: so many certifications expired in the unit, so many expire within 30 days."""

    unit: Choice | None
    expired: int
    expiring: int


@dataclass(frozen=True)
class Shortfalls:
    """At most MOST of each, the worst first. `required`: whether anything is required; else `behind` is told."""

    required: bool
    types: Sequence[TypeGaps]
    at_risk: Sequence[UnitAtRisk] = ()
    behind: Sequence[UnitBehind] = ()


def shortfalls(*, by: Actor) -> Shortfalls:
    """A constant number of statements. Raises NotAllowed, ModuleOff."""
    by.require_staff()
    organization = this_organization()
    if not organization.tracks_certifications:
        raise ModuleOff()
    today, ruled = clock.today(organization), rules()
    if not ruled.demands:
        return _by_expiry(today, by=by)
    narrowed = [in_scope(by), Member.deactivated_at.is_(None)]
    counts = Counter[int]()
    for (_, type_id), count in lacking_types(narrowed, ruled, today).items():
        counts[type_id] += count
    return Shortfalls(True, _types(counts), at_risk=_at_risk(narrowed, ruled, today, by=by))


def _at_risk(narrowed: Sequence[Condition], ruled: Rules, today: date, *, by: Actor) -> list[UnitAtRisk]:
    now = outcomes(narrowed, ruled, today, name="now")
    then = outcomes(narrowed, ruled, today + LAPSES_WITHIN, name="then")
    cleared, holds_on = now.nothing_missing, then.nothing_missing
    state = case((~cleared, 0), (~holds_on, 1), else_=2).label("state")
    members_with = (
        select(Member.unit_id, state)
        .outerjoin(now.gathered, now.gathered.c.member_id == Member.id)
        .outerjoin(then.gathered, then.gathered.c.member_id == Member.id)
    )
    each = members_with.where(*narrowed).cte("each_member").prefix_with("MATERIALIZED")
    sums = [func.count(), func.count().filter(each.c.state == 0), func.count().filter(each.c.state == 1)]
    rows = db.session.execute(select(each.c.unit_id, *sums).group_by(each.c.unit_id))
    units = _folded({unit_id: tuple(found) for unit_id, *found in rows}, by=by)
    found = [UnitAtRisk(unit, *numbers) for unit, numbers in units if numbers[1] + numbers[2]]
    return sorted(found, key=lambda each: (-each.share, -each.not_cleared - each.lapsing))[:MOST]


def _by_expiry(today: date, *, by: Actor) -> Shortfalls:
    past, soon = (span_of(each, None, None, on=today) for each in (Preset.PAST, Preset.NEXT_30))
    columns = (Member.unit_id, Certification.type_id, expiring_in(past), expiring_in(soon))
    statement = unrenewed(Span(None, soon.last), by=by).with_only_columns(*columns, maintain_column_froms=True)
    counts, units = Counter[int](), dict[int | None, Numbers]()
    for unit_id, type_id, *numbers in db.session.execute(statement.group_by(*columns[:2])):
        counts[type_id] += numbers[0]
        before = units.get(unit_id, (0, 0))
        units[unit_id] = tuple(one + other for one, other in zip(before, numbers, strict=True))
    found = [UnitBehind(unit, *numbers) for unit, numbers in _folded(units, by=by) if any(numbers)]
    return Shortfalls(
        False, _types(counts), behind=sorted(found, key=lambda each: (-each.expired, -each.expiring))[:MOST]
    )


def _types(counts: Mapping[int, int]) -> list[TypeGaps]:
    """Those with the highest counts, in the organization's order where they are equal."""
    found = [TypeGaps(each, counts[each.id]) for each in all_types() if counts.get(each.id)]
    return sorted(found, key=lambda each: -each.count)[:MOST]


def _folded(numbers: Mapping[int | None, Numbers], *, by: Actor) -> Iterator[tuple[Choice | None, Numbers]]:
    """Each unit with the numbers of the units in it added, and last of the members without one."""
    units = unit_choices(by=by)
    sums = with_below({(unit_id, _ALL): found for unit_id, found in numbers.items()}, units)
    for unit in [*units, None]:
        if found := sums.get(unit.id if unit else None, {}).get(_ALL):
            yield unit, found
