"""Who looked at the learner's papers."""

from __future__ import annotations

from flask import Blueprint, render_template, request, session

from records import signin
from records.pages.faces import PORTAL
from records.pages.guards import member_required
from records.queries.viewers import looks_at


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/viewers", "viewers", viewers)


@member_required
def viewers() -> str:
    """The latest first."""
    session["face"] = PORTAL
    page = looks_at(by=signin.current_actor(), before_id=request.args.get("before", type=int))
    return render_template("portal/viewers.html", page=page)
