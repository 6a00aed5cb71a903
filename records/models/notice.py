"""Which notice of expiry is due on a day, if any, and why none: one pure function.

A stage's day is `expires_on` less the stage. Of the stages whose day has come only the latest is ever due: those
before it were passed by. So a run after days of downtime tells what stands now, late and once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from records.errors import N_

# What lies further back than that is history, not news: a record restored or a module switched on after a year.
NEWS_FOR = timedelta(days=90)


class Why(StrEnum):
    """Why nothing is due. First match wins."""

    OFF = "off"
    DELETED = "deleted"
    DEACTIVATED = "deactivated"
    RETIRED = "retired"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    RENEWED = "renewed"
    FOLLOWED = "followed"
    SNOOZED = "snoozed"
    NOT_YET = "not yet"
    SENT = "sent"
    BEFORE_RECORDED = "before recorded"
    BEFORE_SCHEDULE = "before schedule"
    HISTORY = "history"


WHY_WORDS = {
    Why.OFF: N_("Certification Tracking is switched off."),
    Why.DELETED: N_("The certification is deleted."),
    Why.DEACTIVATED: N_("The member is deactivated."),
    Why.RETIRED: N_("The certification type is retired."),
    Why.REVOKED: N_("The issuer has revoked it."),
    Why.SUSPENDED: N_("The issuer has suspended it."),
    Why.RENEWED: N_("A renewal is recorded."),
    Why.FOLLOWED: N_("The member has one of the same type that expires later."),
    Why.SNOOZED: N_("The notices are snoozed."),
    Why.NOT_YET: N_("No stage has come yet."),
    Why.SENT: N_("The stage that stands was sent."),
    Why.BEFORE_RECORDED: N_("The stage lies before the day on which it was recorded."),
    Why.BEFORE_SCHEDULE: N_("The stage lies before the day on which the type's stages were set."),
    Why.HISTORY: N_("The stage lies more than 90 days back."),
}


@dataclass(frozen=True)
class NoticeFacts:
    """What the decision reads.

    `stages` in days before `expires_on`, negative for after. `stages_set_on`: none dated before it is sent.
    `snoozed_until`: the day on which it is reminded of again, of a snooze that nobody ended. `reminded_for`: the
    latest day for which a notice of this very `expires_on` went out. `renewed`: a renewal is recorded, in effect or
    not. `followed`: the member has one of the same type that expires later and that counts, now or later.
    """

    expires_on: date
    recorded_on: date
    stages: Sequence[int]
    stages_set_on: date | None = None
    snoozed_until: date | None = None
    reminded_for: date | None = None
    suspended_on: date | None = None
    revoked_on: date | None = None
    renewed: bool = False
    followed: bool = False
    deleted: bool = False
    deactivated: bool = False
    retired: bool = False
    off: bool = False


@dataclass(frozen=True)
class Due:
    """The stage that is due (None: the end of a snooze) and the day that it is dated."""

    stage: int | None
    due_on: date


def due_on(day: date, facts: NoticeFacts) -> Due | Why:
    """The one notice that is due on `day`, or why there is none."""
    silence = _silence(day, facts)
    if silence is not None:
        return silence
    due = max(_come(day, facts), key=lambda each: each.due_on, default=None)
    if due is None:
        return Why.NOT_YET
    if facts.reminded_for is not None and due.due_on <= facts.reminded_for:
        return Why.SENT
    if due.due_on < facts.recorded_on:
        return Why.BEFORE_RECORDED
    if due.stage is not None and facts.stages_set_on is not None and due.due_on < facts.stages_set_on:
        return Why.BEFORE_SCHEDULE
    if day - due.due_on > NEWS_FOR:
        return Why.HISTORY
    return due


def _silence(day: date, facts: NoticeFacts) -> Why | None:
    """What keeps every notice back. While it is suspended, that is what the holder has to mend, and they do not hold
    it: of its expiry nothing is said until the suspension is lifted."""
    reasons = (
        (facts.off, Why.OFF),
        (facts.deleted, Why.DELETED),
        (facts.deactivated, Why.DEACTIVATED),
        (facts.retired, Why.RETIRED),
        (facts.revoked_on is not None and facts.revoked_on <= day, Why.REVOKED),
        (facts.suspended_on is not None and facts.suspended_on <= day, Why.SUSPENDED),
        (facts.renewed, Why.RENEWED),
        (facts.followed, Why.FOLLOWED),
        (facts.snoozed_until is not None and day < facts.snoozed_until, Why.SNOOZED),
    )
    return next((why for holds, why in reasons if holds), None)


def _come(day: date, facts: NoticeFacts) -> Iterator[Due]:
    """Every notice whose day has come. A stage on the day on which a snooze ends goes before that end."""
    dated = [(stage, stage_day(facts.expires_on, stage)) for stage in facts.stages]
    yield from (Due(stage, on) for stage, on in dated if on is not None and on <= day)
    if facts.snoozed_until is not None and facts.snoozed_until <= day:
        yield Due(None, facts.snoozed_until)


def stage_day(expires_on: date, stage: int) -> date | None:
    """The day of a stage; None where the calendar ends before it."""
    try:
        return expires_on - timedelta(days=stage)
    except OverflowError:
        return None


def reminding_day(now: datetime, *, time_zone: str, reminds_at: time) -> date:
    """The day for which notices go out at the instant `now` (aware): until the organization's time of day,
    `reminds_at` in its zone, it is still yesterday. It never goes back, whatever its clocks do."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    begins = datetime.combine(today, reminds_at, zone).astimezone(UTC)
    return today if begins <= now else today - timedelta(days=1)


def week_of(day: date, *, weekday: int) -> date:
    """The day on which the digest's week began that `day` is in; `weekday` 0 is Monday."""
    return day - timedelta(days=(day.weekday() - weekday) % 7)
