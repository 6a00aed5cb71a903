"""What the learner's organization requires of them, and what is missing. These pages read only."""

from __future__ import annotations

from flask import Blueprint, render_template, request, session

from records import signin
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_member
from records.queries.findings import asked_for_clearance, own_clearance
from records.queries.matrix import day_in
from records.queries.messages import asked_for_unread
from records.reading.ahead import read_ahead


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/requirements", "requirements", requirements)


@member_required
def requirements() -> str:
    """The learner's own, today or on a chosen day. Raises ModuleOff."""
    session["face"] = PORTAL
    by = signin.current_actor()
    with read_ahead(*asked_for_clearance(this_member().id), asked_for_unread(by=by)):
        clearance = own_clearance(by=by, on=day_in(request.args.get("on", "")))
        return render_template("portal/requirements.html", clearance=clearance)
