"""The audit trail as administrators read it: newest first, in pages that cost the same however deep."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from records.database import chosen_organization_id, db, is_id
from records.errors import NotFound
from records.models import Actor, AuditEvent, AuditKind, Member

PAGE = 50


@dataclass(frozen=True)
class Trail:
    """`names` are those of the members concerned, by id.

    `older` is where the next page begins (an event's id), None on the last.
    """

    events: list[AuditEvent]
    names: dict[int, str]
    older: int | None


def audit_trail(*, by: Actor, kind: str = "", member_id: int | None = None, before_id: int | None = None) -> Trail:
    """Events of the organization, of one kind or about one member, older than `before_id`. Raises NotAllowed.

    The trail is no table of an organization (a failed sign-in may belong to none), so the organization
    is named here.
    """
    by.require_administrator()
    statement = select(AuditEvent).where(AuditEvent.organization_id == chosen_organization_id())
    if kind in set(AuditKind):
        statement = statement.where(AuditEvent.kind == kind)
    if is_id(member_id):
        statement = statement.where(AuditEvent.member_id == member_id)
    if is_id(before_id):
        statement = statement.where(AuditEvent.id < before_id)
    events = list(db.session.scalars(statement.order_by(AuditEvent.id.desc()).limit(PAGE + 1)))
    concerned = {event.member_id for event in events if event.member_id}
    members = db.session.scalars(select(Member).where(Member.id.in_(concerned)))
    names = {member.id: member.name for member in members}
    return Trail(events[:PAGE], names, events[PAGE - 1].id if len(events) > PAGE else None)


def audit_event(event_id: int, *, by: Actor) -> tuple[AuditEvent, Member | None]:
    """One event of the organization, and the member concerned. Raises NotAllowed, NotFound."""
    by.require_administrator()
    statement = select(AuditEvent).where(AuditEvent.organization_id == chosen_organization_id())
    event = db.session.scalar(statement.where(AuditEvent.id == event_id)) if is_id(event_id) else None
    if event is None:
        raise NotFound()
    member = db.session.scalar(select(Member).where(Member.id == event.member_id)) if event.member_id else None
    return event, member
