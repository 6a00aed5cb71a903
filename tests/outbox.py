"""What waits in the outbox, as a test reads it."""

from __future__ import annotations

import sqlalchemy as sa

from records.database import db
from records.models import Message, MessageKind


def messages(kind: MessageKind | None = None) -> list[Message]:
    """All messages, of one kind if it is given, oldest first."""
    db.session.rollback()  # to see what others have written
    statement = sa.select(Message).order_by(Message.id)
    return list(db.session.scalars(statement.where(Message.kind == kind) if kind else statement))


def link(kind: MessageKind) -> str:
    """The path of the link in the newest message of this kind."""
    return str(messages(kind)[-1].facts["path"])


def secret(kind: MessageKind) -> str:
    return link(kind).rpartition("/")[2]
