"""Proof of notice: which notices of expiry went out, when, to whom and how, and what was snoozed why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import bindparam, select

from records import clock
from records.database import chosen_organization_id, db, this_organization
from records.models import (
    Actor,
    Audience,
    Certification,
    CertificationType,
    HeldCertification,
    Member,
    Message,
    Reminder,
    ReminderMessage,
    Snooze,
)
from records.reading.ahead import Question, read_ahead, rows_of

MOST = 50


class Mail(StrEnum):
    """What became of the mail."""

    NONE = "portal only"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Told:
    """One person who was told; `address` is '' where it stands in the portal only."""

    name: str
    address: str
    mail: Mail
    sent_at: datetime | None
    read_at: datetime | None


@dataclass(frozen=True)
class Notice:
    """`stage` in days before `expires_on`, negative for after; None: the end of a snooze, on `due_on`."""

    certification_id: int
    title: str
    stage: int | None
    due_on: date
    expires_on: date
    at: datetime
    to_reviewers: bool
    told: tuple[Told, ...]
    acknowledged_at: datetime | None


@dataclass(frozen=True)
class Snoozed:
    """`is_running`: nothing goes out now."""

    certification_id: int
    title: str
    until_on: date
    reason: str
    by: str
    at: datetime
    ended_at: datetime | None
    is_running: bool


@dataclass(frozen=True)
class Notices:
    """The latest first, at most MOST; `more`: there are others."""

    sent: tuple[Notice, ...] = ()
    more: bool = False
    snoozes: tuple[Snoozed, ...] = field(default=())

    @property
    def running(self) -> Snoozed | None:
        """The snooze that is on, of one certification."""
        return next((each for each in self.snoozes if each.is_running), None)

    @property
    def unacknowledged(self) -> bool:
        """Whether the member has something to acknowledge."""
        return any(not each.to_reviewers and each.acknowledged_at is None for each in self.sent)


def notices_of_member(member: Member) -> Notices:
    """Of all certifications of a member whom the asker may see, deleted ones included: what was sent was sent."""
    return _notices(*asked_for_notices_of_member(member.id))


def notices_of(certification: Certification | HeldCertification) -> Notices:
    """Of one certification that the asker may see."""
    return _notices(*_questions(Reminder.certification_id, Snooze.certification_id, certification.id))


def asked_for_notices_of_member(member_id: int) -> tuple[Question, Question, Question]:
    """What `notices_of_member` is going to ask."""
    return _questions(Reminder.member_id, Certification.member_id, member_id)


def to_acknowledge(message_ids: Collection[int], *, by: Actor) -> frozenset[int]:
    """Those of these messages that told the asker of something they have not acknowledged."""
    told = (
        select(ReminderMessage.message_id)
        .join(Reminder, ReminderMessage.reminder_id == Reminder.id)
        .where(
            ReminderMessage.message_id.in_(message_ids),
            Reminder.member_id == (by.member_id or 0),
            Reminder.audience == Audience.MEMBER,
            Reminder.acknowledged_at.is_(None),
        )
    )
    return frozenset(db.session.scalars(told)) if message_ids else frozenset()


def _questions(of_reminder: Any, of_snooze: Any, record_id: int) -> tuple[Question, Question, Question]:
    """The reminders, who was told of them, and the snoozes: those where the columns name the record."""
    of, here = {"record_id": record_id}, {"organization_id": chosen_organization_id()}
    return (
        Question(_reminders(of_reminder), of),
        Question(_messages(of_reminder), of | here),
        Question(_snoozed(of_snooze), of),
    )


def _notices(reminders: Question, messages: Question, snoozes: Question) -> Notices:
    """One statement."""
    with read_ahead(reminders, messages, snoozes):
        found, told = rows_of(*reminders), _told(messages)
        running = _snoozes(snoozes)
    sent = tuple(
        Notice(
            each.certification_id, each.title, each.stage, each.due_on, each.expires_on, each.created_at,
            each.audience == Audience.REVIEWERS, tuple(told[each.id]), each.acknowledged_at,
        )
        for each in found[:MOST]
    )  # fmt: skip
    return Notices(sent, len(found) > MOST, running)


@cache
def _reminders(column: Any) -> Any:
    return (
        select(
            Reminder.id, Reminder.certification_id, CertificationType.name.label("title"), Reminder.stage,
            Reminder.due_on, Reminder.expires_on, Reminder.created_at, Reminder.audience, Reminder.acknowledged_at,
        )
        .join(Certification, Reminder.certification_id == Certification.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(column == bindparam("record_id"))
        .order_by(Reminder.id.desc())
        .limit(MOST + 1)
    )  # fmt: skip


@cache
def _messages(column: Any) -> Any:
    """Of the reminders that are shown."""
    shown = select(Reminder.id).where(column == bindparam("record_id")).order_by(Reminder.id.desc()).limit(MOST)
    return (
        select(ReminderMessage.reminder_id, Message, Member)
        .join(Message, ReminderMessage.message_id == Message.id)
        .join(Member, Message.member_id == Member.id)
        .where(ReminderMessage.reminder_id.in_(shown), Message.organization_id == bindparam("organization_id"))
        .order_by(ReminderMessage.message_id)
    )


def _told(messages: Question) -> defaultdict[int, list[Told]]:
    told: defaultdict[int, list[Told]] = defaultdict(list)
    for reminder_id, message, member in rows_of(*messages):
        told[reminder_id].append(
            Told(member.name, message.to_address or "", _mail(message), message.sent_at, message.read_at)
        )
    return told


def _mail(message: Message) -> Mail:
    if message.to_address is None:
        return Mail.NONE
    if message.sent_at is not None:
        return Mail.SENT
    return Mail.FAILED if message.failed_at is not None else Mail.WAITING


@cache
def _snoozed(column: Any) -> Any:
    return (
        select(
            Snooze.certification_id, CertificationType.name.label("title"), Snooze.until_on, Snooze.reason, Member,
            Snooze.created_at, Snooze.ended_at,
        )
        .join(Certification, Snooze.certification_id == Certification.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .join(Member, Snooze.by_id == Member.id)
        .where(column == bindparam("record_id"))
        .order_by(Snooze.id.desc())
        .limit(MOST)
    )  # fmt: skip


def _snoozes(snoozes: Question) -> tuple[Snoozed, ...]:
    today = clock.today(this_organization())
    return tuple(
        Snoozed(
            each.certification_id, each.title, each.until_on, each.reason, each.Member.name, each.created_at,
            each.ended_at, each.ended_at is None and each.until_on > today,
        )
        for each in rows_of(*snoozes)
    )  # fmt: skip
