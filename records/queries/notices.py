"""Proof of notice: which notices of expiry went out, when, to whom and how, and what was snoozed why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from records import clock
from records.database import chosen_organization_id, db, this_organization
from records.models import Actor, Audience, Certification, Member, Message, Reminder, ReminderMessage, Snooze

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
    mine = Certification.member_id == member.id
    return _notices(Reminder.member_id == member.id, mine)


def notices_of(certification: Certification) -> Notices:
    """Of one certification that the asker may see."""
    return _notices(Reminder.certification_id == certification.id, Snooze.certification_id == certification.id)


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


def _notices(of_reminders: ColumnElement[bool], of_snoozes: ColumnElement[bool]) -> Notices:
    """Four statements at most."""
    statement = select(Reminder).where(of_reminders).order_by(Reminder.id.desc()).limit(MOST + 1)
    reminders = db.session.scalars(
        statement.options(joinedload(Reminder.certification).joinedload(Certification.type))
    ).all()
    told = _told(each.id for each in reminders[:MOST])
    sent = tuple(
        Notice(
            each.certification_id, each.certification.title, each.stage, each.due_on, each.expires_on, each.created_at,
            each.audience == Audience.REVIEWERS, tuple(told[each.id]), each.acknowledged_at,
        )
        for each in reminders[:MOST]
    )  # fmt: skip
    return Notices(sent, len(reminders) > MOST, _snoozes(of_snoozes))


def _told(reminder_ids: Iterable[int]) -> defaultdict[int, list[Told]]:
    ids = list(reminder_ids)
    told: defaultdict[int, list[Told]] = defaultdict(list)
    statement = (
        select(ReminderMessage.reminder_id, Message, Member)
        .join(Message, ReminderMessage.message_id == Message.id)
        .join(Member, Message.member_id == Member.id)
        .where(ReminderMessage.reminder_id.in_(ids), Message.organization_id == chosen_organization_id())
        .order_by(ReminderMessage.message_id)
    )
    for reminder_id, message, member in db.session.execute(statement) if ids else ():
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


def _snoozes(condition: ColumnElement[bool]) -> tuple[Snoozed, ...]:
    today = clock.today(this_organization())
    statement = (
        select(Snooze, Certification)
        .join(Certification, Snooze.certification_id == Certification.id)
        .where(condition)
        .options(joinedload(Snooze.by), joinedload(Certification.type))
        .order_by(Snooze.id.desc())
        .limit(MOST)
    )
    return tuple(
        Snoozed(
            certification.id, certification.title, snooze.until_on, snooze.reason, snooze.by.name, snooze.created_at,
            snooze.ended_at, snooze.ended_at is None and snooze.until_on > today,
        )
        for snooze, certification in db.session.execute(statement)
    )  # fmt: skip
