"""What administrators do with background work: let a job run now, or again."""

from __future__ import annotations

from records import clock, jobs, turns
from records.database import after_commit, this_organization, transaction
from records.errors import NotFound
from records.models import Actor, AuditEvent, AuditKind


def run_now(name: str, *, by: Actor) -> None:
    """Ask the workers to run this job as soon as one is free. Raises NotAllowed, NotFound."""
    by.require_administrator()
    if name not in jobs.registered():
        raise NotFound()
    with transaction() as session:
        facts = {"job": name}
        session.add(AuditEvent.of(AuditKind.JOB_ASKED_FOR, this_organization(), by=by, at=clock.now(), after=facts))
        after_commit(lambda: turns.want({name}))
