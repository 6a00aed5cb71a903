"""How the reports on what people did look: decisions and how long they took, credits, and the audit trail counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext, lazy_gettext

from admin_panel.forms.member import ACTIVITY_WORDS
from admin_panel.reports.layout import ALL, Column, Figure, Kind, Layout, unit_or_words
from admin_panel.reports.words import ACTOR_WORDS
from records.models import Actor, AuditKind
from records.queries.member_filters import WITHOUT_UNIT
from records.queries.reports import Asked, credit_sums
from records.queries.reports.activity import BY_KIND, Deeds
from records.queries.reports.credit_sums import CreditSum
from records.web.events import KIND_WORDS
from records.web.words import month_name


def _turnaround(_asked: Asked) -> list[Column]:
    def decided(label: str, kind: AuditKind) -> Column:
        return Column(label, lambda row: row.decided[kind], Kind.NUMBER)

    return [
        Column(gettext("Reviewer"), lambda row: row.reviewer.listed_name if row.reviewer else ALL),
        Column(gettext("Decisions"), lambda row: row.total, Kind.NUMBER),
        decided(gettext("Approved"), AuditKind.CERTIFICATE_APPROVED),
        decided(gettext("Declined"), AuditKind.CERTIFICATE_DECLINED),
        decided(gettext("Changes requested"), AuditKind.CHANGES_REQUESTED),
        Column(gettext("Median hours"), lambda row: row.median, Kind.HOURS),
        Column(gettext("9 of 10 within hours"), lambda row: row.slowest_tenth, Kind.HOURS),
        Column(gettext("Oldest waiting since"), lambda row: row.oldest, Kind.MOMENT),
    ]


def _credits(asked: Asked) -> list[Column]:
    grouped = {
        credit_sums.BY_TYPE: [],
        credit_sums.BY_UNIT: [Column(gettext("Unit"), unit_or_words, Kind.UNIT, lambda row: _by_month(row, asked))],
        credit_sums.BY_MONTH: [Column(gettext("Month"), _month)],
        credit_sums.BY_YEAR: [Column(gettext("Year"), lambda row: str(row.since.year) if row.since else ALL)],
    }
    return [
        *grouped[asked["group"]],
        Column(gettext("Credit type"), lambda row: row.type.name),
        Column(gettext("Awards"), lambda row: row.awards, Kind.NUMBER),
        Column(gettext("Reversals"), lambda row: row.reversals, Kind.NUMBER),
        Column(gettext("Credits"), lambda row: row.credits, Kind.CREDITS),
        Column(gettext("Counted in"), lambda row: row.type.unit),
    ]


def _month(row: CreditSum) -> Any:
    return f"{month_name(row.since)} {row.since.year}" if row.since else ALL


def _by_month(row: CreditSum, asked: Asked) -> str | None:
    """The same sum, month by month."""
    unit = str(row.unit.id) if row.unit else WITHOUT_UNIT if row.without_unit else ""
    if not unit:
        return None
    fields: dict[str, Any] = {"unit": unit, "credit_type": str(row.type.id), "group": credit_sums.BY_MONTH}
    address: dict[str, Any] = {"report": "credits", **asked.fields(**fields)}
    return url_for("reports.show", **address)


def _activity(asked: Asked) -> list[Column]:
    by_kind = asked["group"] == BY_KIND
    first = Column(
        gettext("What happened") if by_kind else gettext("Who"), _what if by_kind else _who, link=_events_or_profile
    )
    return [
        first,
        Column(gettext("Events"), lambda row: row.number, Kind.NUMBER),
        Column(gettext("Latest"), lambda row: row.latest, Kind.MOMENT),
    ]


def _what(row: Deeds) -> Any:
    return KIND_WORDS[AuditKind(row.kind)] if row.kind else ALL


def _who(row: Deeds) -> Any:
    if row.member:
        return row.member.listed_name
    return ACTOR_WORDS[row.actor_kind] if row.actor_kind else ALL


def _events_or_profile(row: Deeds) -> str | None:
    if row.kind:
        return url_for("audit_trail.list", kind=row.kind)
    return url_for("profile.show", member_id=row.member.id) if row.member else None


def _presence(_asked: Asked, _by: Actor, rows: Any) -> Sequence[Figure]:
    return [
        Figure(str(ACTIVITY_WORDS[word]), number, url_for("members.list", activity=word))
        for word, number in rows.present.items()
    ]


PEOPLE_LAYOUTS = {
    "turnaround": Layout(
        lazy_gettext("Reviewers' turnaround"),
        lazy_gettext("How many certificates does each reviewer decide, and how long do learners wait?"),
        _turnaround,
        lazy_gettext("Nobody reviews certificates yet."),
        lazy_gettext(
            "Hours from a submission, or from its repetition, to the decision. What waits now is what the reviewer may "
            "decide."
        ),
    ),
    "credits": Layout(
        lazy_gettext("Credits by unit and period"),
        lazy_gettext("How many credits were earned, where and when?"),
        _credits,
        lazy_gettext("No credits count in this time. Choose a longer one, or fewer filters."),
        lazy_gettext(
            "Credits count on the day on which a certificate was earned; reversals are taken off. A unit counts the "
            "units in it, too."
        ),
    ),
    "activity": Layout(
        lazy_gettext("Activity"),
        lazy_gettext("Who does how much in Certfolio, and who never signs in?"),
        _activity,
        lazy_gettext("Nothing happened in this time. Choose a longer one."),
        lazy_gettext("Counted from the audit trail. What an administrator did as somebody else counts as theirs."),
        _presence,
    ),
}
