"""What people do with notices of expiry: staff snooze them for a while, members acknowledge theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, is_id, lock, locked, this_organization, transaction
from records.errors import (
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSnoozed,
    ReasonRequired,
    Refusal,
    SnoozedAlready,
    SnoozedTillWhen,
)
from records.models import (
    Actor,
    Audience,
    AuditEvent,
    AuditKind,
    Certification,
    Message,
    Reminder,
    ReminderMessage,
    Snooze,
)
from records.models.text import reason_lines
from records.services.certification_steps import require_tracking
from records.services.certifications import require_changeable

_LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class SnoozeRequest:
    """What a person asked for; `unreadable` are the refusals of fields that hold no date at all, by field."""

    until_on: date | None
    reason: str
    unreadable: Mapping[str, Refusal] = field(default_factory=dict)


def snooze(certification: Certification, asked: SnoozeRequest, *, by: Actor) -> None:
    """Let no notice of it go before the day `until_on`, on which it is reminded of again.

    Raises InvalidInput (SnoozedTillWhen for `until_on`, ReasonRequired for `snooze_reason`, and what is unreadable),
    SnoozedAlready, NotFound, NotAllowed, OwnCertifications, ModuleOff.
    """
    if by.member_id is None:
        raise NotAllowed()
    try:
        with transaction() as session:
            certification = lock(certification)
            require_changeable(certification, by=by)
            until_on, reason = _checked(asked)
            _let_go(certification)
            row = Snooze(certification_id=certification.id, until_on=until_on, reason=reason, by_id=by.member_id,
                         created_at=clock.now())  # fmt: skip
            after = {"until_on": until_on.isoformat(), "reason": reason}
            event = AuditEvent.of(AuditKind.NOTICE_SNOOZED, certification, by=by, at=clock.now(), after=after)
            session.add_all([row, event])
    except IntegrityError:
        raise SnoozedAlready() from None


def end_snooze(certification: Certification, *, by: Actor) -> None:
    """From now on notices go out again: what stands, with the next run.

    Raises NotSnoozed, NotFound, NotAllowed, OwnCertifications, ModuleOff.
    """
    with transaction() as session:
        certification = lock(certification)
        require_changeable(certification, by=by)
        running = _running(certification)
        if running is None or running.until_on <= clock.today(this_organization()):
            raise NotSnoozed()
        running.ended_at = clock.now()
        before = {"until_on": running.until_on.isoformat(), "reason": running.reason}
        session.add(AuditEvent.of(AuditKind.SNOOZE_ENDED, certification, by=by, at=clock.now(), before=before))


def acknowledge_message(message_id: int, *, by: Actor) -> bool:
    """The member says that they have taken note of what this message of theirs told, which so counts as read, too.

    True where that is news. Raises ActingAlready: nobody acknowledges for another; NotFound, ModuleOff.
    """
    by.require_not_acting()
    with transaction() as session:
        require_tracking()
        message = session.get(Message, message_id) if is_id(message_id) else None
        if message is None or (message.organization_id, message.member_id) != (by.organization_id, by.member_id):
            raise NotFound()
        told = select(ReminderMessage.reminder_id).where(ReminderMessage.message_id == message.id)
        news = _acknowledge(session.scalars(_unacknowledged(by).where(Reminder.id.in_(told))).all(), by=by)
        message.read_at = message.read_at or clock.now()
        return news


def acknowledge_certification(certification_id: int, *, by: Actor) -> bool:
    """As `acknowledge_message`, of all notices of a certification of their own."""
    by.require_not_acting()
    with transaction() as session:
        require_tracking()
        certification = locked(Certification, certification_id)
        if certification.member_id != by.member_id or certification.deleted_at is not None:
            raise NotFound()
        own = _unacknowledged(by).where(Reminder.certification_id == certification.id)
        return _acknowledge(session.scalars(own).all(), by=by)


def _checked(asked: SnoozeRequest) -> tuple[date, str]:
    """Raises InvalidInput."""
    today, reason = clock.today(this_organization()), ""
    errors: dict[str, Refusal] = {}
    if asked.until_on is None or not today < asked.until_on <= today + _LONGEST:
        errors["until_on"] = SnoozedTillWhen(field="until_on")
    try:
        reason = reason_lines(asked.reason, field="snooze_reason")
        if not reason:
            raise ReasonRequired(field="snooze_reason")
    except Refusal as refusal:
        errors["snooze_reason"] = refusal
    errors |= asked.unreadable
    if errors or asked.until_on is None:
        raise InvalidInput(errors)
    return asked.until_on, reason


def _let_go(certification: Certification) -> None:
    """A snooze that ran out by itself makes way for a new one. Raises SnoozedAlready where it runs still."""
    running = _running(certification)
    if running is None:
        return
    if running.until_on > clock.today(this_organization()):
        raise SnoozedAlready()
    running.ended_at = clock.now()
    db.session.flush()


def _running(certification: Certification) -> Snooze | None:
    """The one that nobody ended, past its day or not."""
    running = select(Snooze).where(Snooze.certification_id == certification.id, Snooze.ended_at.is_(None))
    return db.session.scalar(running.with_for_update(of=Snooze).execution_options(populate_existing=True))


def _unacknowledged(by: Actor) -> Select[Reminder]:
    own = select(Reminder).where(
        Reminder.member_id == (by.member_id or 0),
        Reminder.audience == Audience.MEMBER,
        Reminder.acknowledged_at.is_(None),
    )
    return own.order_by(Reminder.id).with_for_update(of=Reminder)


def _acknowledge(reminders: Sequence[Reminder], *, by: Actor) -> bool:
    for reminder in reminders:
        reminder.acknowledged_at = clock.now()
        db.session.add(AuditEvent.of(AuditKind.NOTICE_ACKNOWLEDGED, reminder, by=by, at=clock.now()))
    return bool(reminders)
