"""What members do with their messages: mark them as read, and choose what they get by e-mail."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import update

from records import clock
from records.database import is_id, locked, transaction
from records.errors import NotAllowed
from records.models import Actor, AuditEvent, AuditKind, Member, Message, MessageKind
from records.queries.messages import mail_offered, own_messages


def read_all(*, up_to_id: int, by: Actor) -> None:
    """Mark the asker's messages as read, up to the one with this id: later ones they have not seen. What can be no id
    marks none.

    Raises ActingAlready: nobody reads for another.
    """
    by.require_not_acting()
    if not is_id(up_to_id):
        return
    with transaction() as session:
        unread = update(Message).where(*own_messages(by), Message.read_at.is_(None), Message.id <= up_to_id)
        session.execute(unread.values(read_at=clock.now()).execution_options(synchronize_session=False))


def choose_mail(wanted: Collection[str], *, by: Actor) -> bool:
    """Mail these kinds of messages from now on, and no others of those that are the asker's to choose.

    True where something changed. Raises ActingAlready, NotAllowed.
    """
    by.require_not_acting()
    if by.member_id is None:
        raise NotAllowed()
    with transaction() as session:
        member = locked(Member, by.member_id)
        before = list(member.unwanted_mail)
        offered = mail_offered(by)
        kept = [kind for kind in MessageKind if kind in before and kind not in offered]
        after = [str(kind) for kind in (*kept, *(kind for kind in offered if kind not in wanted))]
        if set(after) == set(before):
            return False
        member.unwanted_mail = after
        session.add(
            AuditEvent.of(
                AuditKind.MAIL_CHOSEN,
                member,
                by=by,
                at=clock.now(),
                before={"portal_only": ", ".join(before)},
                after={"portal_only": ", ".join(after)},
            )
        )
        return True
