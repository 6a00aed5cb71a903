"""Who did how much: the events of the audit trail, counted by kind, by person or by day; and who signs in at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

from records.database import chosen_organization_id, db
from records.models import Actor, AuditEvent, Member
from records.queries.member_filters import Activity, seen
from records.queries.reports.frame import Asked, Listed, during

BY_KIND, BY_ACTOR = "kind", "actor"


@dataclass(frozen=True)
class Deeds:
    """`kind` is an AuditKind where rows are kinds; `actor_kind` an ActorKind, and `member` who it is if a member.

    An administrator who was logged in as a member is the one who did it. `latest` is the last of them.
    """

    number: int
    latest: datetime | None = None
    kind: str = ""
    actor_kind: str = ""
    member: Member | None = None


def activity(asked: Asked, by: Actor) -> Listed:
    """The most first. The trail is no table of an organization, so the organization is named here."""
    in_time = and_(AuditEvent.organization_id == chosen_organization_id(), *during(AuditEvent.at, asked.span))
    rows = _by_kind(in_time) if asked["group"] == BY_KIND else _by_actor(in_time)
    latest = max((row.latest for row in rows if row.latest), default=None)
    return Listed(rows, [Deeds(sum(row.number for row in rows), latest)] if rows else [])


def _by_kind(in_time: ColumnElement[bool]) -> Sequence[Deeds]:
    number = func.count()
    statement = select(AuditEvent.kind, number, func.max(AuditEvent.at)).where(in_time).group_by(AuditEvent.kind)
    rows = db.session.execute(statement.order_by(number.desc(), AuditEvent.kind))
    return [Deeds(number, latest, kind=kind) for kind, number, latest in rows]


def _by_actor(in_time: ColumnElement[bool]) -> Sequence[Deeds]:
    who = func.coalesce(AuditEvent.administrator_id, AuditEvent.actor_member_id)
    counts = (
        select(
            AuditEvent.actor_kind,
            who.label("who"),
            func.count().label("number"),
            func.max(AuditEvent.at).label("latest"),
        )
        .where(in_time)
        .group_by(AuditEvent.actor_kind, who)
        .subquery("counts")
    )
    statement = (
        select(counts.c.actor_kind, counts.c.number, counts.c.latest, Member)
        .outerjoin(Member, Member.id == counts.c.who)
        .order_by(counts.c.number.desc(), counts.c.actor_kind, counts.c.who)
    )
    rows = db.session.execute(statement)
    return [Deeds(number, latest, actor_kind=kind, member=member) for kind, number, latest, member in rows]


def presence() -> Mapping[Activity, int]:
    """How many members the list of members shows under each of these words. One statement."""
    words = (Activity.ACTIVE, Activity.LATELY, Activity.NEVER, Activity.NOT_INVITED, Activity.DEACTIVATED)
    counts = (func.count().filter(seen(word)) for word in words)
    row = db.session.execute(select(*counts).select_from(Member)).one()
    return dict(zip(words, row, strict=True))
