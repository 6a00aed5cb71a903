"""Notices of expiry in the demo, so that the proof of notice has something to show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock
from records.models import (
    Certification,
    Member,
    Message,
    MessageKind,
    Organization,
    Reminder,
    ReminderMessage,
    Snooze,
)
from records.models.notice import Due, NoticeFacts, due_on

_REASON = "The refresher is booked for next week."


def write_notices(session: Session, organization: Organization, member: Member, by: Member) -> None:
    """The stage that stands of each of a member's certifications, told of late, as after downtime; the next to expire
    is snoozed by `by`."""
    today = clock.today(organization)
    held = session.scalars(
        select(Certification).where(Certification.member_id == member.id, Certification.deleted_at.is_(None))
    ).all()
    due = [(each, outcome) for each in held if isinstance(outcome := due_on(today, _facts(each)), Due)]
    for each, outcome in sorted(due, key=lambda one: one[1].due_on):
        _tell(session, organization, member, each, outcome)
    coming = sorted((each for each, _ in due if each.expires_on > today), key=lambda one: one.expires_on)
    for each in coming[:1]:
        session.add(
            Snooze(certification_id=each.id, until_on=each.expires_on, reason=_REASON, by_id=by.id,
                   created_at=clock.now())
        )  # fmt: skip
    session.flush()


def _facts(certification: Certification) -> NoticeFacts:
    """As if it had been recorded when it was issued."""
    return NoticeFacts(
        expires_on=certification.expires_on,
        recorded_on=certification.takes_effect_on,
        stages=certification.type.reminder_stages,
        suspended_on=certification.suspended_on,
        revoked_on=certification.revoked_on,
        renewed=certification.renewal is not None,
        retired=certification.type.is_retired,
    )


def _tell(session: Session, organization: Organization, member: Member, certification: Certification, due: Due) -> None:
    at = clock.now()
    message = Message(
        organization_id=organization.id,
        kind=MessageKind.CERTIFICATIONS_EXPIRE,
        member_id=member.id,
        to_address=member.email,
        page=f"/portfolio/certifications/{certification.id}",
        facts=_words(organization, member, certification),
        created_at=at,
        due_at=at,
        sent_at=at,
        attempts=1,
    )
    reminder = Reminder(
        certification_id=certification.id,
        member_id=member.id,
        expires_on=certification.expires_on,
        stage=due.stage,
        due_on=due.due_on,
        created_at=at,
    )
    session.add_all([message, reminder])
    session.flush()
    session.add(ReminderMessage(reminder_id=reminder.id, message_id=message.id))


def _words(organization: Organization, member: Member, certification: Certification) -> dict[str, Any]:
    named = {
        "title": certification.title,
        "number": certification.number,
        "holder": member.name,
        "expires_on": certification.expires_on.isoformat(),
        "days": (certification.expires_on - clock.today(organization)).days,
    }
    return {"name": member.name, "organization": organization.name, "reviewing": False, "certifications": [named]}
