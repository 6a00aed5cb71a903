"""The outbox: one row for each outgoing notice, written with the change that causes it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from records.models.base import Base, Id, Identity, one_of

_WAITING = "sent_at IS NULL AND failed_at IS NULL"


class MessageKind(StrEnum):
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105  # because: the name of a notice, not a password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # because: as above
    OLD_EMAIL_CONFIRMATION = "old_email_confirmation"
    NEW_EMAIL_CONFIRMATION = "new_email_confirmation"
    EMAIL_CHANGED = "email_changed"


class Message(Base):
    """`facts` fill the template of `kind`; a link in them is wiped once the message is sent.

    `claimed_until` keeps two workers from sending one message; after it a dead worker's claim is void.
    """

    __tablename__ = "message"
    __table_args__ = (
        one_of("kind", MessageKind),
        Index(
            "ix_message_waiting",
            "due_at",
            "id",
            sqlite_where=text(_WAITING),
            postgresql_where=text(_WAITING),
        ),
    )

    id: Mapped[Identity]
    organization_id: Mapped[int | None] = mapped_column(Id, ForeignKey("organization.id"))
    kind: Mapped[str] = mapped_column(String(40))
    to_address: Mapped[str] = mapped_column(String(254))
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
