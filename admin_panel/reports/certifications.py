"""How the reports on certifications look: what expires, what expired, who stands how, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from flask import url_for
from flask_babel import gettext, lazy_gettext

from admin_panel.reports.layout import ALL, Column, Figure, Kind, Layout, leading_to, member_columns, unit_or_words
from admin_panel.reports.words import AUDIENCE_WORDS, TOLD_WORDS, stage_words
from records.models import Actor, Standing
from records.models.member import listed_name
from records.models.standing import BEST_FIRST
from records.queries.member_filters import WITHOUT_UNIT
from records.queries.reports import Asked, expiry, holdings
from records.queries.reports.holdings import Figures
from records.queries.reports.notices import how_told
from records.web.clearance_words import finding_words
from records.web.words import STANDING_WORDS


def _expiring(asked: Asked) -> list[Column]:
    columns = [
        *member_columns(),
        *_certification(),
        Column(gettext("Expires"), kind=Kind.DAY, of=("expires_on",), repeats=True),
        Column(gettext("Days left"), lambda day: (day - asked.on).days, Kind.NUMBER, of=("expires_on",), repeats=True),
        Column(gettext("Standing"), kind=Kind.STANDING, of=("standing",), repeats=True),
    ]
    if asked["renewed"] == expiry.ALL:
        yes, no = gettext("Yes"), gettext("No")
        columns.append(
            Column(gettext("Renewed"), lambda followed: yes if followed else no, of=("is_followed",), repeats=True)
        )
    return columns


def _missing(_asked: Asked) -> list[Column]:
    return [
        Column(
            gettext("Member"),
            lambda row: listed_name(row.member.family_name, row.member.given_name, row.member.suffix),
            link=leading_to("profile.show", "member_id", by="member.id"),
            member=attrgetter("member.id"),
        ),
        Column(gettext("Number"), lambda row: row.member.number),
        Column(gettext("Unit"), attrgetter("member.unit")),
        Column(
            gettext("Requirement"),
            lambda row: row.finding.demand.name,
            link=leading_to("member_requirements.show", "member_id", by="member.id"),
        ),
        Column(
            gettext("What is missing"), lambda row: finding_words(row.finding, row.types).partition(": ")[2].rstrip(".")
        ),
    ]


def _by_requirement(asked: Asked, _by: Actor, rows: Any) -> Sequence[Figure]:
    return [
        Figure(demand.name, number, _address("missing", **asked.fields(requirement=str(demand.id))))
        for demand, number in rows.by_requirement
        if number
    ]


def _expired(asked: Asked) -> list[Column]:
    return [
        *member_columns(),
        *_certification(),
        Column(gettext("Expired"), kind=Kind.DAY, of=("expires_on",), repeats=True),
        Column(gettext("Days since"), lambda day: (asked.on - day).days, Kind.NUMBER, of=("expires_on",), repeats=True),
    ]


def _by_member(_asked: Asked) -> list[Column]:
    return [
        *member_columns(),
        *_certification(),
        Column(gettext("Expires"), kind=Kind.DAY, of=("expires_on",), repeats=True),
        Column(gettext("Standing"), BEST_FIRST.__getitem__, Kind.STANDING, of=("rank",), repeats=True),
    ]


def _certification() -> list[Column]:
    return [
        Column(
            gettext("Certification"),
            link=leading_to("certification.show", "certification_id", by="row_id"),
            of=("type",),
            repeats=True,
        ),
        Column(gettext("Certification Num"), of=("number",)),
    ]


def _standing(asked: Asked) -> list[Column]:
    group = asked["group"]
    unit = Column(gettext("Unit"), unit_or_words, Kind.UNIT)
    type_ = Column(gettext("Certification"), lambda row: row.type.name if row.type else ALL)
    first = {holdings.BY_TYPE: [type_], holdings.BY_UNIT: [unit], holdings.BY_BOTH: [unit, type_]}[group]
    return [
        *first,
        *(_number_of(standing, asked) for standing in BEST_FIRST),
        Column(gettext("Together"), lambda row: row.total, Kind.NUMBER, lambda row: _behind(row, asked, holdings.ANY)),
    ]


def _number_of(standing: Standing, asked: Asked) -> Column:
    return Column(
        str(STANDING_WORDS[standing]),
        lambda row: row.of(standing),
        Kind.NUMBER,
        lambda row: _behind(row, asked, standing) if row.of(standing) else None,
    )


def _behind(row: Figures, asked: Asked, standing: str) -> str:
    """The list of those whom a figure counts."""
    unit = str(row.unit.id) if row.unit else WITHOUT_UNIT if row.without_unit else asked["unit"]
    fields = {"unit": unit, "type": str(row.type.id) if row.type else asked["type"], "standing": standing}
    if standing == holdings.ANY:
        del fields["standing"]
    return _address("standing-by-member", **fields)


def _notices(_asked: Asked) -> list[Column]:
    return [
        Column(gettext("Sent"), lambda row: row.key, Kind.MOMENT),
        *member_columns(),
        Column(
            gettext("Certification"),
            link=leading_to("certification.show", "certification_id", by="certification_id"),
            of=("type",),
            repeats=True,
        ),
        Column(gettext("Expires"), kind=Kind.DAY, of=("expires_on",), repeats=True),
        Column(gettext("Stage"), stage_words, of=("stage",), repeats=True),
        Column(gettext("For"), AUDIENCE_WORDS.__getitem__, of=("audience",), repeats=True),
        Column(gettext("Told"), TOLD_WORDS.__getitem__, of=("told",), repeats=True),
        Column(gettext("Acknowledged"), lambda row: row.acknowledged_at, Kind.MOMENT),
    ]


def _how_told(asked: Asked, by: Actor, _rows: Any) -> Sequence[Figure]:
    return [
        Figure(str(TOLD_WORDS[each]), number, _address("notices", **asked.fields(told=each)))
        for each, number in how_told(asked, by).items()
    ]


def _address(report: str, **fields: Any) -> str:
    return url_for("reports.show", report=report, **{name: value for name, value in fields.items() if value})


CERTIFICATION_LAYOUTS = {
    "expiring": Layout(
        lazy_gettext("Expiring"),
        lazy_gettext("Which certifications expire in this time, or did, and are not renewed yet?"),
        _expiring,
        lazy_gettext("Nothing expires in this time. Choose a longer one, or fewer filters."),
        lazy_gettext("What is renewed, or followed by a later one of its type, is left out unless you ask for it."),
    ),
    "expired": Layout(
        lazy_gettext("Expired"),
        lazy_gettext("Who let a certification expire, and has nothing that replaces it?"),
        _expired,
        lazy_gettext("Nothing has expired without being replaced. Choose a longer time, or fewer filters."),
        lazy_gettext("The latest certification of each member and type, where it is past its days of grace."),
    ),
    "missing": Layout(
        lazy_gettext("Missing"),
        lazy_gettext("Who lacks what a requirement asks of them today?"),
        _missing,
        lazy_gettext("Nobody lacks anything that is required of them."),
        lazy_gettext(
            "One line for each member and requirement; newcomers in their days of grace and exempt members "
            "are left out."
        ),
        _by_requirement,
    ),
    "standing": Layout(
        lazy_gettext("Standing by unit and type"),
        lazy_gettext("How many members hold what, and how many of them soon will not?"),
        _standing,
        lazy_gettext("Nobody here has a certification yet."),
        lazy_gettext(
            "A member counts once for each type, by the best certification of it. A unit counts the units in it, too."
        ),
    ),
    "standing-by-member": Layout(
        lazy_gettext("Standing by member"),
        lazy_gettext("Where does each member stand in each type of certification?"),
        _by_member,
        lazy_gettext("Nobody has this standing. Choose another one, or fewer filters."),
        lazy_gettext("The best certification of each member and type, with its standing today."),
    ),
    "notices": Layout(
        lazy_gettext("Notices sent"),
        lazy_gettext("Who was told that a certification expires, when and how?"),
        _notices,
        lazy_gettext("No notice went out in this time. Choose a longer one, or fewer filters."),
        lazy_gettext("One line for each certification and stage of notice."),
        _how_told,
    ),
}
