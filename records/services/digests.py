"""The weekly digest: one message to each coordinator and administrator for their scope, never a mail per certification.

A row is written for each of them and week, whether or not there was anything to tell. After days of downtime it comes
late, within its week.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from records import clock
from records.database import this_organization, transaction
from records.models import Digest, Member, Message, MessageKind, Organization
from records.models.notice import reminding_day, week_of
from records.queries.digests import has_digest, summary_for, without_digest
from records.queries.overseers import Overseer, overseers
from records.services.outbox import notify


def send(*, dry_run: bool = False) -> list[str]:
    """Write the digests of this week that are not written yet; the names of those whom there is something to tell.
    With `dry_run` nothing is written."""
    organization = this_organization()
    if not organization.tracks_certifications:
        return []
    day = reminding_day(clock.now(), time_zone=organization.time_zone, reminds_at=organization.reminds_at)
    week_on = week_of(day, weekday=organization.digest_weekday)
    waiting = without_digest(week_on, since=_began(organization, week_on))
    if dry_run:
        return [each.actor.name for each in waiting if _has_something_to_tell(each, organization)]
    people = [(each.member.id, each.actor.name) for each in waiting]
    return [name for member_id, name in people if _write(member_id, week_on) is not None]


def _began(organization: Organization, week_on: date) -> datetime:
    zone = ZoneInfo(organization.time_zone)
    return datetime.combine(week_on, organization.reminds_at, zone).astimezone(UTC)


def _has_something_to_tell(overseer: Overseer, organization: Organization) -> bool:
    summary = summary_for(overseer.actor, today=clock.today(organization), now=clock.now())
    return overseer.oversees_somebody and not summary.is_empty


def _write(member_id: int, week_on: date) -> Message | None:
    """The digest of one of them, as they stand now; the message, where there is one. Of two runs at once, one writes:
    the second waits for the member's row, and then sees the first one's."""
    with transaction() as session:
        session.get(Member, member_id, with_for_update={"key_share": True}, populate_existing=True)
        overseer = next(iter(overseers(Member.id == member_id)), None)
        if overseer is None or has_digest(member_id, week_on):
            return None
        now, message = clock.now(), None
        if overseer.oversees_somebody:
            summary = summary_for(overseer.actor, today=clock.today(this_organization()), now=now)
            if not summary.is_empty:
                message = notify(overseer.member, MessageKind.WEEKLY_DIGEST, facts=summary.facts(), page="/admin/")
                session.flush()
        session.add(
            Digest(member_id=member_id, week_on=week_on, message_id=message.id if message else None, created_at=now)
        )
        return message
