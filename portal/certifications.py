"""The learner's certifications that the organization tracks. A learner changes nothing of them; they acknowledge
notices."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from records import signin
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_member
from records.queries.messages import asked_for_unread
from records.queries.notices import notices_of
from records.queries.portfolio import asked_for_portfolio, portfolio
from records.queries.renewal_proposals import proposals_of, with_open_proposals
from records.reading.ahead import read_ahead
from records.services import notices
from records.web.words import today


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/certifications", "certifications", certifications)
    blueprint.add_url_rule("/certifications/<int:certification_id>", "certification", certification)
    blueprint.add_url_rule(
        "/certifications/<int:certification_id>/acknowledge", "acknowledge", acknowledge, methods=["POST"]
    )


@member_required
def certifications() -> str:
    """All of the learner's own certifications. Raises ModuleOff."""
    session["face"] = PORTAL
    by = signin.current_actor()
    with read_ahead(*asked_for_portfolio(by=by), asked_for_unread(by=by), planned_once=True):
        own = portfolio(by=by)
        proposed = with_open_proposals([each.certification.id for each in own.current])
        return render_template("portal/certifications.html", member=this_member(), portfolio=own, proposed=proposed)


@member_required
def certification(certification_id: int) -> str:
    """One of the learner's own. Raises ModuleOff, and NotFound alike for others' and for none."""
    session["face"] = PORTAL
    own = portfolio(by=signin.current_actor()).find(certification_id)
    proposals = proposals_of(own.certification)
    may_propose = own.certification.may_be_proposed_on(today()) and not any(each.is_open for each in proposals)
    return render_template(
        "portal/certification.html",
        own=own,
        notices=notices_of(own.certification),
        proposals=proposals,
        may_propose=may_propose,
    )


@member_required
def acknowledge(certification_id: int) -> Response:
    """The notices of one of the learner's own. Raises ModuleOff, ActingAlready, NotFound."""
    if notices.acknowledge_certification(certification_id, by=signin.current_actor()):
        flash(gettext("You acknowledged the notices of this certification."), "success")
    else:
        flash(gettext("There was nothing to acknowledge."), "info")
    return redirect(url_for("portal.certification", certification_id=certification_id))
