"""The first page of the ePortfolio."""

from __future__ import annotations

from flask import Blueprint, render_template, session

from records import signin
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_member, this_organization
from records.queries.certificate_list import standings
from records.queries.findings import own_clearance
from records.queries.portfolio import portfolio
from records.queries.positions import positions_of


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/", "overview", overview)


@member_required
def overview() -> str:
    """The learner's standing at a glance."""
    session["face"] = PORTAL
    actor = signin.current_actor()
    own = portfolio(by=actor) if this_organization().tracks_certifications else None
    member = this_member()
    return render_template(
        "portal/overview.html",
        member=member,
        positions=positions_of(member),
        portfolio=own,
        standings=standings(by=actor),
        clearance=own_clearance(by=actor) if own is not None else None,
    )
