"""The learner's page about calendar feeds: what they are, their addresses, new ones, and ending them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from records import signin
from records.models import FeedKind
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_member
from records.queries.calendar_feeds import own_feeds
from records.services import calendar_feeds
from records.services.certification_steps import require_tracking


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/calendar", "calendar", calendar)
    for verb, view in (("make", make_feed), ("end", end_feed)):
        rule = f"/calendar/<any(own, scope):kind>/{verb}"
        blueprint.add_url_rule(rule, view.__name__, view, methods=["POST"])


@member_required
def calendar() -> str:
    """Raises ModuleOff. An administrator who is logged in as the member sees no address."""
    session["face"] = PORTAL
    require_tracking()
    actor = signin.current_actor()
    return render_template(
        "portal/calendar.html",
        member=this_member(),
        feeds={} if actor.is_acting else own_feeds(by=actor),
        kinds=[FeedKind.OWN, FeedKind.SCOPE] if actor.is_staff else [FeedKind.OWN],
    )


@member_required
def make_feed(kind: str) -> Response:
    """Raises ActingAlready, ModuleOff, NotAllowed."""
    calendar_feeds.make(FeedKind(kind), by=signin.current_actor())
    flash(gettext("There is a new address. Add it to your calendar; one from before has stopped working."), "success")
    return redirect(url_for(".calendar", _anchor=kind))


@member_required
def end_feed(kind: str) -> Response:
    """Raises ActingAlready, NotFound."""
    calendar_feeds.end(FeedKind(kind), by=signin.current_actor())
    flash(gettext("The address has ended. Remove it from your calendar, too."), "success")
    return redirect(url_for(".calendar", _anchor=kind))
