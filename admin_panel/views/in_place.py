"""Answers to scripts that change files without leaving a page on which something may be typed."""

from __future__ import annotations

from flask import Response, jsonify, render_template

from records import signin
from records.errors import Refusal
from records.pages.guards import this_organization
from records.queries.profiles import certification_for
from records.web.scripted import wants_json
from records.web.words import refusal_text


def done(certification_id: int, said: str, *, undo: str | None = None) -> Response | None:
    """The row's files as they stand now, and the message, as HTML; None for a browser that wants a page."""
    if not wants_json():
        return None
    certification = certification_for(certification_id, by=signin.current_actor())
    largest = this_organization().largest_file
    return jsonify(
        certification=certification_id,
        files=render_template("admin_panel/files_cell.html", certification=certification, largest=largest),
        message=render_template("admin_panel/in_place_message.html", text=said, undo=undo, kind="success"),
    )


def refused(refusal: Refusal) -> Response:
    message = render_template("admin_panel/in_place_message.html", text=refusal_text(refusal), undo=None, kind="error")
    response = jsonify(message=message)
    response.status_code = refusal.status
    return response
