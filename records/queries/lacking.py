"""Which types are lacking where a requirement is not met, counted over everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import case, func, select

from records.database import db
from records.models import Member
from records.queries.binding import Rules
from records.queries.clearance import Condition, outcomes


def lacking_types(narrowed: Sequence[Condition], ruled: Rules, day: date) -> dict[tuple[int, int], int]:
    """By demand and type that it names: how many members do not meet it on that day and do not hold the type. One
    statement."""
    wanted = {(demand.id, type_id): demand.counting(type_id) for demand in ruled.demands for type_id in demand.types}
    if not wanted:
        return {}
    found = outcomes(narrowed, ruled, day, also=wanted.values())
    kinds = {kind: f"with_{number}" for number, kind in enumerate(dict.fromkeys(wanted.values()))}
    columns = [outcome.label(f"of_{demand_id}") for demand_id, outcome in found.columns.items()]
    columns += [case((found.holds(kind), 1), else_=0).label(name) for kind, name in kinds.items()]
    members_with = select(Member.id, *columns).outerjoin(found.gathered, found.gathered.c.member_id == Member.id)
    each = members_with.where(*narrowed).cte("each_member").prefix_with("MATERIALIZED")
    sums = [
        func.count().filter(each.c[f"of_{demand_id}"] == 0, each.c[kinds[kind]] == 0)
        for (demand_id, _), kind in wanted.items()
    ]
    return dict(zip(wanted, db.session.execute(select(*sums).select_from(each)).one(), strict=True))
