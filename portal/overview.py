"""The first page of the ePortfolio: what needs the learner, what expires next, what waits, and how far credits are."""

from __future__ import annotations

from collections import defaultdict

from flask import Blueprint, render_template, session
from flask_babel import gettext

from records import signin
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_member, this_organization
from records.queries.certificate_list import asked_for_standings, standings
from records.queries.credits import asked_for_totals, totals_of
from records.queries.findings import asked_for_clearance, own_clearance
from records.queries.messages import asked_for_unread
from records.queries.portfolio import OwnCertification, Portfolio, asked_for_portfolio, portfolio
from records.queries.positions import asked_for_positions_of, positions_of
from records.queries.reports.periods import coming_months
from records.reading.ahead import Question, read_ahead
from records.web.charts import BarChart, Value, bar_chart
from records.web.words import month_names, today


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/", "overview", overview)


@member_required
def overview() -> str:
    """The learner's standing at a glance."""
    session["face"] = PORTAL
    with read_ahead(*_around(), planned_once=True):
        return _page()


def _around() -> list[Question]:
    """What the page asks."""
    by, member = signin.current_actor(), this_member()
    return [
        *asked_for_portfolio(by=by),
        *asked_for_clearance(member.id),
        *asked_for_totals(member, on=today()),
        asked_for_positions_of(member.id),
        asked_for_standings(by=by),
        asked_for_unread(by=by),
    ]


def _page() -> str:
    actor, organization, member = signin.current_actor(), this_organization(), this_member()
    own = portfolio(by=actor) if organization.tracks_certifications else None
    totals = totals_of(member, on=today()) if organization.takes_external_certificates else []
    upcoming = _upcoming(own) if own is not None else ()
    return render_template(
        "portal/overview.html",
        member=member,
        positions=positions_of(member),
        portfolio=own,
        upcoming=upcoming,
        chart=_chart(upcoming) if upcoming else None,
        goals=[total for total in totals if total.in_period is not None],
        standings=standings(by=actor),
        clearance=own_clearance(by=actor) if own is not None else None,
    )


def _upcoming(own: Portfolio) -> tuple[OwnCertification, ...]:
    """What expires in the months of the chart."""
    return own.expiring_by(coming_months(today())[-1][1])


def _chart(upcoming: tuple[OwnCertification, ...]) -> BarChart:
    """How many expire in each month; a bar leads to the first of its month in the list below."""
    values, firsts = [], [first for first, _last in coming_months(today())]
    by_month: dict[tuple[int, int], list[int]] = defaultdict(list)
    for certification in (each.certification for each in upcoming):
        by_month[certification.expires_on.year, certification.expires_on.month].append(certification.id)
    for first, name in zip(firsts, month_names(firsts), strict=True):
        ids = by_month[first.year, first.month]
        address = f"#expires-{ids[0]}" if ids else None
        values.append(Value(name, f"{name} {first.year}", len(ids), str(len(ids)), address=address))
    title = gettext("Your certifications that expire in the next 12 months")
    return bar_chart(title, (gettext("Month"), gettext("Certifications")), values)
