"""The learner's pages. They read; a learner changes nothing about certifications."""

from __future__ import annotations

from flask import Blueprint, redirect, session, url_for
from werkzeug.wrappers import Response

from records.pages.guards import member_required


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/", "overview", overview)


@member_required
def overview() -> Response:
    session["face"] = "portal"
    return redirect(url_for("pages.account"))
