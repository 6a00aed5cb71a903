"""Erasing a member for good: what administrators do, and the rule of retention. What stays: `queries.erasing`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from records import clock, jobs
from records.database import after_commit, lock, transaction
from records.errors.erasing import NotConfirmed, ReasonUnknown
from records.models import Actor, AuditEvent, AuditKind, Erasure, ErasureReason, Member
from records.models.text import folded
from records.queries.erasing import require_erasable, with_merged
from records.services.erasing_steps import empty_all
from records.services.sweeps import sweep

ERASED_MEMBER = "Erased member"


def erase(member: Member, *, reason: str, confirmed: str, by: Actor, called: str = ERASED_MEMBER) -> Erasure:
    """Nothing personal of the member is left, nor of those merged into them; it cannot be taken back.

    `confirmed` is their name or number, as typed; `called` stands for the name from now on. Open certificates and
    proposals are withdrawn. The bytes go with the next sweep, which is asked to run at once. Raises as
    `require_erasable`, and PasswordFirst, NotConfirmed (field `confirmed`), ReasonUnknown (field `reason`), NotFound.
    """
    by.require_administrator()
    by.require_fresh_password()
    with transaction() as session:
        member = lock(member)
        require_erasable(member, by=by)
        if folded(confirmed) not in {folded(member.name), folded(member.number or member.name)}:
            raise NotConfirmed(field="confirmed")
        if reason not in (ErasureReason.ASKED, ErasureReason.NOT_NEEDED):
            raise ReasonUnknown(field="reason")
        return _erase(session, member, ErasureReason(reason), called=called, by=by)


def erase_by_rule(member: Member, *, before: datetime, by: Actor) -> bool:
    """Where the member is still deactivated since before that instant: as `erase`. Whether they were erased."""
    with transaction() as session:
        member = lock(member)
        if member.is_erased or member.is_merged or member.deactivated_at is None or member.deactivated_at >= before:
            return False
        _erase(session, member, ErasureReason.RETENTION, called=ERASED_MEMBER, by=by)
    return True


def _erase(session: Session, member: Member, reason: ErasureReason, *, called: str, by: Actor) -> Erasure:
    at = clock.now()
    done = empty_all(with_merged(member), reason=reason, called=called, by=by, at=at)[member.id]
    facts = {"reason": str(reason), "counts": done.counts}
    session.add(AuditEvent.of(AuditKind.MEMBER_ERASED, member, by=by, at=at, after=facts))
    after_commit(lambda: jobs.wake(sweep))
    return done
