"""A feed as iCalendar (RFC 5545, with the names of RFC 7986): one all-day event for each last valid day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlparse

from flask import current_app
from flask_babel import gettext

from records.icalendar import component, line, text
from records.models import FeedKind
from records.queries.feed_events import Expiry
from records.services.calendar_feeds import Feed
from records.web.links import public_address

_READ_EVERY = timedelta(hours=12)
_DAY = timedelta(days=1)


def icalendar_text(feed: Feed) -> bytes:
    """The whole file."""
    events = (written for expiry in feed.expiries for written in _event(expiry, feed))
    return b"".join(component("VCALENDAR", _head(feed), events))


def _head(feed: Feed) -> Iterator[bytes]:
    name = text(_name(feed))
    yield line("VERSION", "2.0")
    yield line("PRODID", "-//Certfolio//Certifications//EN")
    yield line("CALSCALE", "GREGORIAN")
    yield line("NAME", name)
    yield line("X-WR-CALNAME", name)
    yield line("X-WR-TIMEZONE", feed.time_zone)
    yield line("REFRESH-INTERVAL", _READ_EVERY, kind="DURATION")
    yield line("X-PUBLISHED-TTL", _READ_EVERY)


def _name(feed: Feed) -> str:
    if feed.kind == FeedKind.SCOPE:
        return gettext("Certifications of members – %(organization)s", organization=feed.organization)
    return gettext("My certifications – %(organization)s", organization=feed.organization)


def _event(expiry: Expiry, feed: Feed) -> Iterator[bytes]:
    """On a date, which is the same day in every zone. It takes no time: nobody is busy."""
    # Alarms that are over would go off at once.
    coming = (stage for stage in expiry.stages if expiry.expires_on - stage * _DAY >= feed.on)
    summary = text(_summary(expiry, feed))
    alarms = (written for stage in coming for written in _alarm(stage, summary, feed))
    return component("VEVENT", _facts(expiry, feed, summary), alarms)


def _facts(expiry: Expiry, feed: Feed, summary: str) -> Iterator[bytes]:
    address = _page(expiry, feed)
    yield line("UID", f"certification-{expiry.certification_id}-{feed.kind}@{_host()}")
    yield line("DTSTAMP", expiry.changed_at)
    yield line("LAST-MODIFIED", expiry.changed_at)
    yield line("SEQUENCE", str(expiry.changes))
    yield line("DTSTART", expiry.expires_on)
    yield line("DTEND", expiry.expires_on + _DAY)
    yield line("SUMMARY", summary)
    yield line("DESCRIPTION", text(gettext("Valid through this day. Details: %(address)s", address=address)))
    yield line("URL", address)
    yield line("TRANSP", "TRANSPARENT")


def _summary(expiry: Expiry, feed: Feed) -> str:
    if feed.kind == FeedKind.SCOPE:
        return gettext("%(name)s: %(type)s expires", name=expiry.holder, type=expiry.type)
    return gettext("%(type)s expires", type=expiry.type)


def _alarm(stage: int, summary: str, feed: Feed) -> Iterator[bytes]:
    """So many days before, at the time of day at which the organization reminds."""
    at = timedelta(hours=feed.reminds_at.hour, minutes=feed.reminds_at.minute)
    facts = (line("ACTION", "DISPLAY"), line("TRIGGER", at - stage * _DAY), line("DESCRIPTION", summary))
    return component("VALARM", facts)


def _page(expiry: Expiry, feed: Feed) -> str:
    if feed.kind == FeedKind.SCOPE:
        return public_address("profile.show", member_id=expiry.member_id)
    return public_address("portal.certification", certification_id=expiry.certification_id)


def _host() -> str:
    return urlparse(current_app.config["PUBLIC_URL"]).hostname or "certfolio"
