"""Notices of expiry: one row for each stage of each certification, written once, with the message that it led to."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.models.base import Base, Id, Identity, OrganizationOwned, one_of, owned, where, within_organization
from records.models.certification import Certification
from records.models.member import Member
from records.models.message import Message


class Audience(StrEnum):
    """Whom a reminder goes to; to reviewers while a renewal waits for their decision."""

    MEMBER = "member"
    REVIEWERS = "reviewers"


class Reminder(OrganizationOwned, Base):
    """`stage` in days before `expires_on`, negative for after; None: the end of a snooze. `due_on` is its day.

    A corrected expiry date begins its stages anew.
    """

    __tablename__ = "reminder"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "certification_id", "expires_on", "due_on", name="uq_reminder_sent_once"),
        within_organization("certification_id", "certification"),
        within_organization("member_id", "member"),
        one_of("audience", Audience),
        Index("ix_reminder_member_id", "organization_id", "member_id", "id"),
        Index("ix_reminder_created_at", "organization_id", "created_at", "id"),
    )

    id: Mapped[Identity]
    certification_id: Mapped[int] = mapped_column(Id)
    member_id: Mapped[int] = mapped_column(Id)
    expires_on: Mapped[date]
    stage: Mapped[int | None]
    due_on: Mapped[date]
    audience: Mapped[str] = mapped_column(String(10), default=Audience.MEMBER)
    created_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]

    certification: Mapped[Certification] = relationship(
        viewonly=True, foreign_keys=[certification_id], primaryjoin="Reminder.certification_id == Certification.id"
    )
    member: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[member_id], primaryjoin="Reminder.member_id == Member.id"
    )


class ReminderMessage(OrganizationOwned, Base):
    """A message that told of a reminder: the proof of notice."""

    __tablename__ = "reminder_message"
    __table_args__ = (
        PrimaryKeyConstraint("reminder_id", "message_id"),
        within_organization("reminder_id", "reminder"),
        within_organization("message_id", "message"),
        Index("ix_reminder_message_message_id", "organization_id", "message_id"),
    )

    reminder_id: Mapped[int] = mapped_column(Id)
    message_id: Mapped[int] = mapped_column(Id)

    message: Mapped[Message] = relationship(
        viewonly=True, foreign_keys=[message_id], primaryjoin="ReminderMessage.message_id == Message.id"
    )


class Snooze(OrganizationOwned, Base):
    """No notice of a certification goes out before `until_on`, the day on which it is reminded of again."""

    __tablename__ = "snooze"
    __table_args__ = owned(
        within_organization("certification_id", "certification"),
        within_organization("by_id", "member"),
        CheckConstraint("reason <> ''", name="has_a_reason"),
        Index(
            "uq_snooze_one_at_a_time",
            "organization_id",
            "certification_id",
            unique=True,
            **where("ended_at IS NULL"),
        ),
        Index("ix_snooze_certification_id", "organization_id", "certification_id"),
        Index("ix_snooze_by_id", "organization_id", "by_id"),
    )

    id: Mapped[Identity]
    certification_id: Mapped[int] = mapped_column(Id)
    until_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(Id)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    by: Mapped[Member] = relationship(viewonly=True, foreign_keys=[by_id], primaryjoin="Snooze.by_id == Member.id")


class Digest(OrganizationOwned, Base):
    """The weekly digest of one coordinator or administrator, for the week that begins on `week_on`; `message_id` is
    None where there was nothing to tell."""

    __tablename__ = "digest"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "member_id", "week_on", name="uq_digest_once_a_week"),
        within_organization("member_id", "member"),
        within_organization("message_id", "message"),
        Index("ix_digest_message_id", "organization_id", "message_id"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    week_on: Mapped[date]
    message_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime]
