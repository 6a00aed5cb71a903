"""The words of reports: times, filters and what stands in their cells."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext, ngettext

from records.models import ActorKind, Audience, Standing
from records.models.credit_type import Span
from records.queries.reports.notices import Answered, Stage, Told
from records.queries.reports.periods import Preset
from records.web.words import STANDING_WORDS, day

PRESET_WORDS: dict[str, Any] = {
    Preset.NEXT_30: lazy_gettext("Next 30 days"),
    Preset.NEXT_60: lazy_gettext("Next 60 days"),
    Preset.NEXT_90: lazy_gettext("Next 90 days"),
    Preset.PAST: lazy_gettext("Before today"),
    Preset.LAST_30: lazy_gettext("Last 30 days"),
    Preset.LAST_90: lazy_gettext("Last 90 days"),
    Preset.THIS_YEAR: lazy_gettext("This year"),
    Preset.LAST_YEAR: lazy_gettext("Last year"),
    Preset.EVER: lazy_gettext("Any time"),
    Preset.OWN_DATES: lazy_gettext("Own dates"),
}
_STAGE_WORDS: dict[str, Any] = {
    Stage.BEFORE: lazy_gettext("Before it expires"),
    Stage.ON_THE_DAY: lazy_gettext("On the day"),
    Stage.AFTER: lazy_gettext("After it expired"),
    Stage.SNOOZED: lazy_gettext("End of a snooze"),
}
TOLD_WORDS: dict[str, Any] = {
    Told.MAILED: lazy_gettext("By e-mail"),
    Told.WAITING: lazy_gettext("E-mail waits"),
    Told.PORTAL: lazy_gettext("Portal only"),
    Told.FAILED: lazy_gettext("E-mail failed"),
    Told.NOBODY: lazy_gettext("Nobody"),
}
AUDIENCE_WORDS: dict[str, Any] = {
    Audience.MEMBER: lazy_gettext("Member"),
    Audience.REVIEWERS: lazy_gettext("Reviewers"),
}
ACTOR_WORDS: dict[str, Any] = {
    ActorKind.MEMBER: lazy_gettext("Somebody unknown"),
    ActorKind.COMMAND: lazy_gettext("Commands"),
    ActorKind.JOB: lazy_gettext("Jobs"),
    ActorKind.VISITOR: lazy_gettext("Visitors"),
}
FILTER_LABELS = {
    "period": lazy_gettext("Time"),
    "first": lazy_gettext("From"),
    "last": lazy_gettext("To"),
    "unit": lazy_gettext("Unit"),
    "type": lazy_gettext("Certification type"),
    "credit_type": lazy_gettext("Credit type"),
    "requirement": lazy_gettext("Requirement"),
    "renewed": lazy_gettext("Renewed ones"),
    "standing": lazy_gettext("Standing"),
    "group": lazy_gettext("A line for each"),
    "people": lazy_gettext("Members"),
    "stage": lazy_gettext("Stage"),
    "told": lazy_gettext("Told"),
    "answered": lazy_gettext("Acknowledged"),
}
CHOICE_WORDS: dict[str, dict[str, Any]] = {
    "renewed": {"unrenewed": lazy_gettext("Left out"), "all": lazy_gettext("Shown, too")},
    "standing": {"any": lazy_gettext("All"), **{each: STANDING_WORDS[each] for each in Standing}},
    "group": {
        "type": lazy_gettext("Type"),
        "unit": lazy_gettext("Unit"),
        "unit_and_type": lazy_gettext("Unit and type"),
        "month": lazy_gettext("Month"),
        "year": lazy_gettext("Year"),
        "actor": lazy_gettext("Person"),
        "kind": lazy_gettext("Kind of event"),
    },
    "people": {"active": lazy_gettext("Active ones"), "everyone": lazy_gettext("Deactivated ones, too")},
    "stage": {"any": lazy_gettext("All"), **_STAGE_WORDS},
    "told": {"any": lazy_gettext("All"), **TOLD_WORDS},
    "answered": {
        "any": lazy_gettext("All"),
        Answered.ACKNOWLEDGED: lazy_gettext("Acknowledged"),
        Answered.OPEN: lazy_gettext("Not yet"),
    },
}


def stage_words(stage: int | None) -> str:
    """A stage of notice, in days before the expiry: "30 days before", "14 days after"."""
    if stage is None:
        return gettext("End of a snooze")
    if stage == 0:
        return gettext("On the day")
    days = ngettext("%(num)d day", "%(num)d days", abs(stage))
    return gettext("%(days)s before", days=days) if stage > 0 else gettext("%(days)s after", days=days)


def span_words(span: Span) -> str:
    """The days of a span: "1 Mar 2027 to 30 May 2027", open ends in words."""
    if span.first and span.last:
        return gettext("%(first)s to %(last)s", first=day(span.first), last=day(span.last))
    if span.first:
        return gettext("from %(first)s on", first=day(span.first))
    return gettext("up to %(last)s", last=day(span.last)) if span.last else gettext("any time")
