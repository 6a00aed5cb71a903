"""Where an organization falls short: types with the most gaps, and units at risk; of the members in scope.

This goes through everybody's certifications: a part of a page that comes after it. Where nothing is required, it is
told by what has expired and was not renewed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case, func, select

from records.database import db
from records.models import Actor, Certification, CertificationType, Member
from records.models.credit_type import Span
from records.queries.attention import expiring_in, unrenewed
from records.queries.binding import Rules, asked_for_rules, rules
from records.queries.certification_types import all_types
from records.queries.clearance import Condition, outcomes
from records.queries.lacking import lacking_types
from records.queries.member_filters import LAPSES_WITHIN, Scope, in_scope
from records.queries.reports.folding import Numbers, added, with_below
from records.queries.reports.frame import Asked, Report, Sums
from records.queries.reports.periods import Preset, span_of
from records.queries.units import Choice, asked_for_choices, unit_choices

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


def _counted(asked: Asked, by: Scope) -> dict[str, Any]:
    """`lacking`: a type and how often it is. `units`: a unit or None, and its members by itself with those who are not
    cleared and who will not be; or where nothing is `required`, what expired in it and what expires."""
    ruled = rules()
    if not ruled.demands:
        return {"required": False, **_by_expiry(asked.on, by=by)}
    narrowed = [in_scope(by), Member.deactivated_at.is_(None)]
    lacking = Counter[int]()
    for (_, type_id), count in lacking_types(narrowed, ruled, asked.on).items():
        lacking[type_id] += count
    return {"required": True, "lacking": [*lacking.items()], "units": _at_risk(narrowed, ruled, asked.on)}


def _at_risk(narrowed: Sequence[Condition], ruled: Rules, today: date) -> list[list[Any]]:
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
    return [[*row] for row in db.session.execute(select(each.c.unit_id, *sums).group_by(each.c.unit_id))]


def _by_expiry(today: date, *, by: Scope) -> dict[str, Any]:
    past, soon = (span_of(each, None, None, on=today) for each in (Preset.PAST, Preset.NEXT_30))
    columns = (Member.unit_id, Certification.type_id, expiring_in(past), expiring_in(soon))
    statement = unrenewed(Span(None, soon.last), by=by).with_only_columns(*columns, maintain_column_froms=True)
    lacking, units = Counter[int](), dict[int | None, Numbers]()
    for unit_id, type_id, *numbers in db.session.execute(statement.group_by(*columns[:2])):
        lacking[type_id] += numbers[0]
        units[unit_id] = added([units.get(unit_id, (0, 0)), tuple(numbers)])
    return {"lacking": [*lacking.items()], "units": [[unit_id, *numbers] for unit_id, numbers in units.items()]}


def _shortfalls(_asked: Asked, by: Actor, counted: Mapping[str, Any]) -> Shortfalls:
    types, units = _types(dict(counted["lacking"])), [*_folded(counted["units"], by=by)]
    if counted["required"]:
        risks = [UnitAtRisk(unit, *numbers) for unit, numbers in units if numbers[1] + numbers[2]]
        risks.sort(key=lambda each: (-each.share, -each.not_cleared - each.lapsing))
        return Shortfalls(True, types, at_risk=risks[:MOST])
    behind = [UnitBehind(unit, *numbers) for unit, numbers in units if any(numbers)]
    behind.sort(key=lambda each: (-each.expired, -each.expiring))
    return Shortfalls(False, types, behind=behind[:MOST])


def _types(counts: Mapping[int, int]) -> list[TypeGaps]:
    """Those with the highest counts, in the organization's order where they are equal."""
    found = [TypeGaps(each, counts[each.id]) for each in all_types() if counts.get(each.id)]
    return sorted(found, key=lambda each: -each.count)[:MOST]


def _folded(rows: Sequence[Sequence[Any]], *, by: Actor) -> Iterator[tuple[Choice | None, Numbers]]:
    """Each unit with the numbers of the units in it added, and last of the members without one."""
    units = unit_choices(by=by)
    sums = with_below({(unit_id, _ALL): tuple(numbers) for unit_id, *numbers in rows}, units)
    for unit in [*units, None]:
        if found := sums.get(unit.id if unit else None, {}).get(_ALL):
            yield unit, found


# Part of Home, and no report of its own; with no filters.
SHORTFALLS = Report(
    "gaps", Sums(_counted, _shortfalls), tracks=True, asks=lambda: [*asked_for_rules(), asked_for_choices()]
)


def shortfalls(*, by: Actor) -> Shortfalls:
    """Counted here and now, in a constant number of statements. Raises NotAllowed, ModuleOff."""
    SHORTFALLS.require(by)
    found: Any = SHORTFALLS.rows(SHORTFALLS.read({}), by)
    return found
