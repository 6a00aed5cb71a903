"""Handing out all data of a member: to themselves, and to administrators."""

from __future__ import annotations

from records import clock
from records.database import transaction
from records.errors.erasing import MemberErased
from records.models import Actor, AuditEvent, AuditKind, Member


def note_export(member: Member, *, by: Actor) -> None:
    """All data of the member leave the program: it is on record who took them.

    Raises ActingAlready, NotAllowed, NotFound (another organization), PasswordFirst, MemberErased.
    """
    by.require_not_acting()
    if by.member_id != member.id or not by.is_of(member.organization_id):
        by.require_administrator()
        member.require_seen_by(by)
        by.require_fresh_password()
    if member.is_erased:
        raise MemberErased()
    with transaction() as session:
        session.add(AuditEvent.of(AuditKind.DATA_EXPORTED, member, by=by, at=clock.now()))
