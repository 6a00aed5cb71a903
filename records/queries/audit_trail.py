"""The audit trail as administrators read it: newest first, in pages that cost the same however deep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from records.database import db, is_id
from records.errors import NotFound
from records.models import Actor, AuditEvent
from records.queries.audit_filters import TrailWanted, trail_conditions
from records.queries.audit_names import Names, names_for
from records.queries.capped import count_of

PAGE = 50
_AT_ONCE = 500


@dataclass(frozen=True)
class Trail:
    """`names` are those of the records that the events speak of.

    `older` is where the next page begins (an event's id), None on the last.
    """

    events: list[AuditEvent]
    names: Names
    older: int | None


def audit_trail(wanted: TrailWanted, *, by: Actor) -> Trail:
    """One page of the events that are found, older than the one that the question names. Raises NotAllowed."""
    by.require_administrator()
    events = _older(wanted, int(wanted.before) if wanted.before else None, PAGE + 1)
    page = events[:PAGE]
    return Trail(page, names_for(page), events[PAGE - 1].id if len(events) > PAGE else None)


def every_event(wanted: TrailWanted, *, by: Actor) -> Iterator[tuple[AuditEvent, Names]]:
    """All that are found, newest first, each with the names that it needs, read as they are taken.

    Raises NotAllowed.
    """
    by.require_administrator()
    before: int | None = None
    while events := _older(wanted, before, _AT_ONCE):
        names = names_for(events)
        yield from ((event, names) for event in events)
        before = events[-1].id


def how_many_events(wanted: TrailWanted, *, by: Actor, most: int | None) -> int:
    """How many are found, counted no further than `most`. Raises NotAllowed."""
    by.require_administrator()
    return count_of(select(AuditEvent.id).where(*trail_conditions(wanted)), most)


def audit_event(event_id: int, *, by: Actor) -> tuple[AuditEvent, Names]:
    """One event of the organization, with the names that it needs. Raises NotAllowed, NotFound."""
    by.require_administrator()
    statement = select(AuditEvent).where(*trail_conditions(TrailWanted()), AuditEvent.id == event_id)
    event = db.session.scalar(statement) if is_id(event_id) else None
    if event is None:
        raise NotFound()
    return event, names_for([event])


def _older(wanted: TrailWanted, before: int | None, most: int) -> list[AuditEvent]:
    """Ids first, from an index alone where it can be: between two days of a long trail many are put in order."""
    newest = AuditEvent.id.desc()
    fitting = select(AuditEvent.id).where(*trail_conditions(wanted)).order_by(newest).limit(most)
    if before is not None:
        fitting = fitting.where(AuditEvent.id < before)
    ids = db.session.scalars(fitting).all()
    return list(db.session.scalars(select(AuditEvent).where(AuditEvent.id.in_(ids)).order_by(newest)))
