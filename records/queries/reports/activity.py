"""Who did how much: the events of the audit trail, counted by kind, by person or by day; and who signs in at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from records.database import chosen_organization_id, db
from records.models import Actor, AuditEvent, Member
from records.queries.capped import MOST_COUNTED
from records.queries.member_filters import Activity, Scope, seen
from records.queries.reports.frame import Asked, Listed, Page, Sums, during

BY_KIND, BY_ACTOR = "kind", "actor"
_AT_ONCE = 1000
# Whose, or what, how often, and when for the last time.
_Row = tuple[dict[str, Any], int, str]


@dataclass(frozen=True)
class Deeds:
    """`kind` is an AuditKind where rows are kinds; `actor_kind` an ActorKind, and `member`, whose id is
    `who`, who it is if a member.

    An administrator who was logged in as a member is the one who did it. `latest` is the last of them.
    """

    number: int
    latest: datetime | None = None
    kind: str = ""
    actor_kind: str = ""
    who: int | None = None
    member: Member | None = None


@dataclass(frozen=True)
class Activities(Listed):
    """Members are named as their rows are read. `present`: how many members each of these words means."""

    present: Mapping[Activity, int] = field(default_factory=dict)

    def page(self, after: str) -> Page:
        page = super().page(after)
        return replace(page, rows=_named(page.rows))

    def __iter__(self) -> Iterator[Deeds]:
        for start in range(0, len(self.rows), _AT_ONCE):
            yield from _named(self.rows[start : start + _AT_ONCE])


def _activities(asked: Asked, _by: Actor, counted: Mapping[str, Any]) -> Activities:
    rows = [Deeds(number, datetime.fromisoformat(latest), **who) for who, number, latest in counted["rows"]]
    all_of_them = counted["all"]
    totals = [Deeds(all_of_them[0], datetime.fromisoformat(all_of_them[1]))] if rows else []
    return Activities(rows, totals, {Activity(word): number for word, number in counted["present"].items()})


def _counted(asked: Asked, _by: Scope) -> dict[str, Any]:
    """The most first. The trail is no table of an organization, so the organization is named here."""
    in_time = and_(AuditEvent.organization_id == chosen_organization_id(), *during(AuditEvent.at, asked.span))
    rows = _by_kind(in_time) if asked["group"] == BY_KIND else _by_actor(in_time)
    latest = max((latest for _, _, latest in rows), default=None)
    return {"rows": rows, "all": [sum(number for _, number, _ in rows), latest], "present": presence()}


def _first_ones(counted: dict[str, Any]) -> dict[str, Any]:
    """One more than a page counts: in many organizations everybody who signs in did something."""
    return counted | {"rows": counted["rows"][: MOST_COUNTED + 1]}


def _by_kind(in_time: ColumnElement[bool]) -> list[_Row]:
    number = func.count()
    statement = select(AuditEvent.kind, number, func.max(AuditEvent.at)).where(in_time).group_by(AuditEvent.kind)
    rows = db.session.execute(statement.order_by(number.desc(), AuditEvent.kind))
    return [({"kind": kind}, number, latest.isoformat()) for kind, number, latest in rows]


def _by_actor(in_time: ColumnElement[bool]) -> list[_Row]:
    who = func.coalesce(AuditEvent.administrator_id, AuditEvent.actor_member_id)
    number = func.count()
    statement = select(AuditEvent.actor_kind, who, number, func.max(AuditEvent.at)).where(in_time)
    rows = db.session.execute(
        statement.group_by(AuditEvent.actor_kind, who).order_by(number.desc(), AuditEvent.actor_kind, who)
    )
    return [({"actor_kind": kind, "who": who}, number, latest.isoformat()) for kind, who, number, latest in rows]


def _named(rows: Sequence[Deeds]) -> list[Deeds]:
    """With the members that they are about. One statement at most."""
    ids = [each.who for each in rows if each.who]
    members = {each.id: each for each in db.session.scalars(select(Member).where(Member.id.in_(ids)))} if ids else {}
    return [replace(each, member=members.get(each.who or 0)) for each in rows]


def presence() -> Mapping[Activity, int]:
    """How many members the list of members shows under each of these words. One statement."""
    words = (Activity.ACTIVE, Activity.LATELY, Activity.NEVER, Activity.NOT_INVITED, Activity.DEACTIVATED)
    counts = (func.count().filter(seen(word)) for word in words)
    row = db.session.execute(select(*counts).select_from(Member)).one()
    return dict(zip(words, row, strict=True))


activity = Sums(_counted, _activities, kept=_first_ones)
