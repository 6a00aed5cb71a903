"""The address that calendar programs read: open to whoever knows it."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, current_app, request
from flask_babel import force_locale

from records import signin
from records.errors import NotFound
from records.pages.icalendar_text import icalendar_text
from records.services import calendar_feeds
from records.services.calendar_feeds import Feed


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/calendar/<token>.ics", "calendar", calendar)


def calendar(token: str) -> Response:
    """The feed, or 304 where the reader has it as it stands. Raises NotFound, alike for every address that opens
    nothing (now), and TooManyAttempts.
    """
    feed = calendar_feeds.read(token, by=signin.current_actor())
    if feed is None:
        raise NotFound()
    calendar_feeds.note_read(feed)
    etag = _etag(feed)
    if request.if_none_match.contains(etag):
        answer = Response(status=304)
    else:
        with force_locale(feed.language or current_app.config["BABEL_DEFAULT_LOCALE"]):
            answer = Response(icalendar_text(feed), mimetype="text/calendar")
        answer.headers.set("Content-Disposition", "inline", filename="certifications.ics")
    answer.set_etag(etag)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _etag(feed: Feed) -> str:
    """Changes with anything that is written, so that nothing has to be written to know it."""
    return hashlib.sha256(repr((feed, current_app.config["PUBLIC_URL"])).encode()).hexdigest()
