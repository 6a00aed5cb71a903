"""In which language a member reads the product."""

from __future__ import annotations

from records import clock
from records.database import locked, transaction
from records.errors import NotAllowed
from records.models import Actor, AuditEvent, AuditKind, Member


def choose(language: str, *, by: Actor) -> bool:
    """Write the asker's pages and mails in this language from now on; '' leaves it to their browser.

    True where something changed. Raises ActingAlready, NotAllowed where no member is open, and Invalid (`language`).
    """
    by.require_not_acting()
    if by.member_id is None:
        raise NotAllowed()
    with transaction() as session:
        member = locked(Member, by.member_id)
        before = member.language
        member.language = language
        if member.language == before:
            return False
        session.add(
            AuditEvent.of(
                AuditKind.LANGUAGE_CHOSEN,
                member,
                by=by,
                at=clock.now(),
                before={"language": before or ""},
                after={"language": member.language or ""},
            )
        )
        return True
