"""The outbox: one row for each notice, written with the change that causes it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.models.base import Base, Id, Identity, one_of, where, within_organization

# Still to be mailed.
WAITING = "to_address IS NOT NULL AND sent_at IS NULL AND failed_at IS NULL"


class MessageKind(StrEnum):
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105  # because: the name of a notice, not a password
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # because: as above
    OLD_EMAIL_CONFIRMATION = "old_email_confirmation"
    NEW_EMAIL_CONFIRMATION = "new_email_confirmation"
    EMAIL_CHANGED = "email_changed"
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    CERTIFICATES_SUBMITTED = "certificates_submitted"
    CHANGES_REQUESTED = "changes_requested"
    CERTIFICATE_APPROVED = "certificate_approved"
    CERTIFICATE_DECLINED = "certificate_declined"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATIONS_EXPIRE = "certifications_expire"
    WEEKLY_DIGEST = "weekly_digest"
    RENEWALS_PROPOSED = "renewals_proposed"
    RENEWAL_ACCEPTED = "renewal_accepted"
    RENEWAL_DECLINED = "renewal_declined"
    VIRUS_FOUND = "virus_found"


# What a member reads in the portal, too, and may do without in the mail.
PORTAL_KINDS = (
    MessageKind.CERTIFICATES_SUBMITTED,
    MessageKind.CHANGES_REQUESTED,
    MessageKind.CERTIFICATE_APPROVED,
    MessageKind.CERTIFICATE_DECLINED,
    MessageKind.CERTIFICATE_REVOKED,
    MessageKind.CERTIFICATIONS_EXPIRE,
    MessageKind.WEEKLY_DIGEST,
    MessageKind.RENEWALS_PROPOSED,
    MessageKind.RENEWAL_ACCEPTED,
    MessageKind.RENEWAL_DECLINED,
    MessageKind.VIRUS_FOUND,
)


class Message(Base):
    """`facts` fill the template of `kind`; a link in them is wiped once the message is sent.

    `claimed_until` keeps two workers from sending one message; after it a dead worker's claim is void.
    `member_id` is who reads it in the portal, at `page` and once at `read_at`; without a `to_address` it is not
    mailed.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        one_of("kind", MessageKind),
        within_organization("member_id", "member"),
        CheckConstraint("to_address IS NOT NULL OR member_id IS NOT NULL", name="reaches_somebody"),
        Index(
            "ix_message_waiting",
            "due_at",
            "id",
            **where(WAITING),
        ),
        Index("ix_message_member_id", "organization_id", "member_id", "id"),
    )

    id: Mapped[Identity]
    organization_id: Mapped[int | None] = mapped_column(Id, ForeignKey("organization.id"))
    kind: Mapped[str] = mapped_column(String(40))
    member_id: Mapped[int | None] = mapped_column(Id)
    to_address: Mapped[str | None] = mapped_column(String(254))
    page: Mapped[str] = mapped_column(String(255), default="")
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    read_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
