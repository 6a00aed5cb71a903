"""What a member reads in the portal: their messages, newest first, and who was logged in as them.

Neither messages nor the audit trail are tables of an organization by themselves: the conditions stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from records.database import chosen_organization_id, db, is_id
from records.mail import in_words
from records.models import Actor, AuditEvent, AuditKind, Message, MessageKind
from records.models.message import PORTAL_KINDS
from records.reading.ahead import Question, scalars_of

PAGE = 20
_MOST_VISITS = 50


@dataclass(frozen=True)
class Letter:
    """A message in words. `page` is the path that it leads to."""

    id: int
    kind: MessageKind
    at: datetime
    subject: str
    paragraphs: tuple[str, ...]
    page: str
    is_unread: bool


@dataclass(frozen=True)
class Inbox:
    """One page of messages. `older` is where the next one begins (a message's id), None on the last."""

    letters: tuple[Letter, ...]
    older: int | None


@dataclass(frozen=True)
class Visit:
    """A time when an administrator was logged in as the member. Without `until` it goes on, or ended by itself:
    at `latest` then. Once the audit trail's personal values are erased, `administrator` is '' and `latest` None."""

    administrator: str
    since: datetime
    until: datetime | None
    latest: datetime | None


def inbox(*, by: Actor, before_id: int | None = None) -> Inbox:
    """The asker's own messages, those older than the one with the id `before_id`."""
    statement = select(Message).where(*own_messages(by)).order_by(Message.id.desc()).limit(PAGE + 1)
    if is_id(before_id):
        statement = statement.where(Message.id < before_id)
    messages = list(db.session.scalars(statement))
    older = messages[PAGE - 1].id if len(messages) > PAGE else None
    return Inbox(tuple(_letter(message) for message in messages[:PAGE]), older)


def unread_count(*, by: Actor) -> int:
    (count,) = scalars_of(*asked_for_unread(by=by))
    return int(count)


def asked_for_unread(*, by: Actor) -> Question:
    """What `unread_count` is going to ask."""
    return Question(_unread(), {"organization_id": chosen_organization_id(), "reader_id": by.member_id or 0})


@cache
def _unread() -> Select[int]:
    of_reader = Message.organization_id == bindparam("organization_id"), Message.member_id == bindparam("reader_id")
    return select(func.count(Message.id)).where(*of_reader, Message.read_at.is_(None))


def mail_offered(by: Actor) -> tuple[MessageKind, ...]:
    """The kinds of messages that the asker may get by e-mail; digests only for those whom they concern."""
    theirs = {
        MessageKind.CERTIFICATES_SUBMITTED: by.reviews,
        MessageKind.WEEKLY_DIGEST: by.is_staff,
        MessageKind.RENEWALS_PROPOSED: by.is_staff,
    }
    return tuple(kind for kind in PORTAL_KINDS if theirs.get(kind, True))


def own_messages(by: Actor) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions on messages that are the asker's to read."""
    return Message.organization_id == chosen_organization_id(), Message.member_id == (by.member_id or 0)


def _letter(message: Message) -> Letter:
    subject, body = in_words(message)
    kind, paragraphs = MessageKind(message.kind), tuple(body.split("\n\n"))
    return Letter(message.id, kind, message.created_at, subject, paragraphs, message.page, message.read_at is None)


def visits(*, by: Actor) -> list[Visit]:
    """When administrators were logged in as the asker, the latest first."""
    about = AuditEvent.organization_id == chosen_organization_id(), AuditEvent.member_id == (by.member_id or 0)
    begun = select(AuditEvent).where(*about, AuditEvent.kind == AuditKind.LOGGED_IN_AS)
    entered = list(db.session.scalars(begun.order_by(AuditEvent.id.desc()).limit(_MOST_VISITS)))
    if not entered:
        return []
    over = select(AuditEvent).where(
        *about,
        AuditEvent.kind.in_((AuditKind.RETURNED, AuditKind.SIGNED_OUT)),
        AuditEvent.administrator_id.is_not(None),
        AuditEvent.id > entered[-1].id,
    )
    ended = {(event.administrator_id, event.detail.after.get("since")): event.at for event in db.session.scalars(over)}
    return [_visit(event, ended.get((event.actor_member_id, event.at.isoformat()))) for event in entered]


def _visit(event: AuditEvent, ended: datetime | None) -> Visit:
    latest = event.detail.after.get("until")
    return Visit(event.detail.actor_name, event.at, ended, datetime.fromisoformat(latest) if latest else None)
