"""Granting training coordinators to review external certificates, and ending that."""

from __future__ import annotations

from collections.abc import Collection

from records import clock
from records.database import locked, transaction
from records.errors import NotCoordinator
from records.models import Actor, AuditEvent, AuditKind, Member, Role
from records.services.certificate_steps import require_module


def choose(reviewer_ids: Collection[int], *, shown: Collection[int], by: Actor) -> bool:
    """Of the coordinators `shown` (ids of members), just these review from now on. True where something changed.

    Who was not shown keeps what they have. Raises NotAllowed, PasswordFirst, ModuleOff, NotFound, NotCoordinator.
    """
    by.require_administrator()
    changed = False
    with transaction() as session:
        require_module()
        for member_id in sorted(set(shown)):
            member, granted = locked(Member, member_id), member_id in reviewer_ids
            if member.role != Role.TRAINING_COORDINATOR or not member.is_active:
                raise NotCoordinator(name=member.name)
            if member.reviews != granted:
                by.require_fresh_password()
                member.reviews = granted
                kind = AuditKind.REVIEWING_GRANTED if granted else AuditKind.REVIEWING_ENDED
                session.add(AuditEvent.of(kind, member, by=by, at=clock.now()))
                changed = True
    return changed
