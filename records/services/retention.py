"""The organization's rules of retention, which run by themselves. Off unless Settings say otherwise.

Files of certifications that expired long ago go with the sweep.
"""

from __future__ import annotations

from sqlalchemy import select

from records import clock, jobs
from records.database import db, every_organization, found, organization_scope, transaction
from records.models import Actor, AuditDetail, AuditEvent, AuditKind, Member, Organization
from records.queries.retention import due_members, due_views, erased_before
from records.services.erasing import erase_by_rule
from records.services.merge_steps import change

_AT_ONCE = 500


@jobs.job(every_minutes=60)
def keep_rules() -> None:
    with every_organization():
        ids = db.session.scalars(select(Organization.id).order_by(Organization.id)).all()
    for organization_id in ids:
        with organization_scope(organization_id):
            erase_due(by=Actor.job("retention", organization_id))
            empty_due_views(by=Actor.job("retention", organization_id))


def erase_due(*, by: Actor) -> int:
    """Each member in a transaction of their own, so that none waits for all; how many."""
    organization = found(Organization, by.organization_id or 0)
    before, erased = erased_before(organization), 0
    if before is None:
        return 0
    for member_id in db.session.scalars(due_members(organization)).all():
        erased += erase_by_rule(found(Member, member_id), before=before, by=by)
    return erased


def empty_due_views(*, by: Actor) -> int:
    """Who looked, and from which address; that somebody did, at what and when stays. How many events."""
    emptied = 0
    while True:
        with transaction() as session:
            organization = session.get_one(Organization, by.organization_id)
            ids = session.scalars(due_views(organization).limit(_AT_ONCE)).all()
            change(
                AuditDetail, AuditDetail.event_id.in_(ids), erased_at=clock.now(), salt="", actor_name="",
                administrator_name="", address="",
            )  # fmt: skip
            if ids:
                facts = {"counts": {"audit_event": len(ids)}}
                session.add(AuditEvent.of(AuditKind.VIEWS_EMPTIED, organization, by=by, at=clock.now(), after=facts))
        emptied += len(ids)
        if len(ids) < _AT_ONCE:
            return emptied
