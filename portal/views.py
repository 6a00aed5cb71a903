"""The learner's pages. They read; a learner changes nothing about certifications."""

from __future__ import annotations

from flask import Blueprint, render_template, session

from records import signin
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_member, this_organization
from records.queries.portfolio import portfolio


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/", "overview", overview)
    blueprint.add_url_rule("/certifications", "certifications", certifications)
    blueprint.add_url_rule("/certifications/<int:certification_id>", "certification", certification)


@member_required
def overview() -> str:
    """The learner's standing at a glance."""
    session["face"] = PORTAL
    own = portfolio(by=signin.current_actor()) if this_organization().tracks_certifications else None
    return render_template("portal/overview.html", member=this_member(), portfolio=own)


@member_required
def certifications() -> str:
    """All of the learner's own certifications. Raises ModuleOff."""
    session["face"] = PORTAL
    own = portfolio(by=signin.current_actor())
    return render_template("portal/certifications.html", member=this_member(), portfolio=own)


@member_required
def certification(certification_id: int) -> str:
    """One of the learner's own. Raises ModuleOff, and NotFound alike for others' and for none."""
    session["face"] = PORTAL
    own = portfolio(by=signin.current_actor()).find(certification_id)
    return render_template("portal/certification.html", own=own)
