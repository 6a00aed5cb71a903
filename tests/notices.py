"""Notices of expiry in tests: what went to whom, and the clock at a day and hour of an organization."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import event

from records import clock
from records.database import db, this_organization, transaction
from records.models import Certification, Member, MessageKind, Reminder, ReminderMessage, RenewalProposal
from records.services import reminders
from records.services.reminders import Report
from tests.outbox import messages

# Max's certification in these tests is recorded on START and expires on EXPIRES.
START, EXPIRES = date(2027, 1, 4), date(2027, 6, 30)


def at(day: date, hour: int = 9, minute: int = 0) -> AbstractContextManager[None]:
    """The clock stands at this time of the chosen organization's own."""
    zone = ZoneInfo(this_organization().time_zone)
    return clock.standing_at(datetime.combine(day, time(hour, minute), zone).astimezone(UTC))


def on(stage: int, late: int = 0) -> date:
    """The day of a stage of what expires on EXPIRES, or so many days later."""
    return EXPIRES - timedelta(days=stage) + timedelta(days=late)


def remind(day: date, hour: int = 9) -> Report:
    with at(day, hour):
        return reminders.remind()


def stages_sent() -> list[int | None]:
    """The stages of all reminders, in the order in which they went."""
    return list(db.session.scalars(sa.select(Reminder.stage).order_by(Reminder.id)))


def propose(certification_id: int, *, administrator: Member | None = None) -> int:
    """The id of a renewal that its member proposes."""
    with transaction() as session:
        certification = session.get_one(Certification, certification_id)
        proposal = RenewalProposal(
            member_id=certification.member_id,
            certification_id=certification.id,
            expires_on=certification.expires_on + timedelta(days=700),
            administrator_id=administrator.id if administrator else None,
            created_at=clock.now(),
        )
        session.add(proposal)
        session.flush()
        return proposal.id


class cut_after:
    """Raise InterruptedError in the place of the statement with this number; `cut` is filled once it did."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.cut: list[bool] = []

    def __enter__(self) -> list[bool]:
        event.listen(db.engine, "before_cursor_execute", self._count)
        return self.cut

    def __exit__(self, *_failure: object) -> None:
        event.remove(db.engine, "before_cursor_execute", self._count)

    def _count(self, *_statement: object) -> None:
        self.left -= 1
        if self.left < 0 and not self.cut:
            self.cut.append(True)
            raise InterruptedError


def messages_are_whole(organization_id: int | None = None) -> None:
    """Every reminder of the chosen organization is told of by a message, and every message names as many as it tells
    of."""
    db.session.rollback()  # to see what others have written
    owner = organization_id or this_organization().id
    told = Counter(db.session.scalars(sa.select(ReminderMessage.message_id)))
    reminders_told = set(db.session.scalars(sa.select(ReminderMessage.reminder_id)))
    assert reminders_told == set(db.session.scalars(sa.select(Reminder.id)))
    named = {
        message.id: len(message.facts["certifications"])
        for message in messages(MessageKind.CERTIFICATIONS_EXPIRE)
        if message.organization_id == owner
    }
    assert named == dict(told)
