"""A member's own calendar feeds, each with the token of its address where that can still be shown."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from records import codes, signin
from records.database import db
from records.models import Actor, CalendarFeed, FeedKind


@dataclass(frozen=True)
class OwnFeed:
    """`token` is None where it cannot be shown any more: it was made under another SECRET_KEY."""

    feed: CalendarFeed
    token: str | None


def own_feeds(*, by: Actor) -> dict[FeedKind, OwnFeed]:
    """Those that the asker has, by kind. Raises ActingAlready: an address opens without signing in."""
    by.require_not_acting()
    feeds = db.session.scalars(select(CalendarFeed).where(CalendarFeed.member_id == (by.member_id or 0)))
    return {FeedKind(feed.kind): _shown(feed) for feed in feeds}


def _shown(feed: CalendarFeed) -> OwnFeed:
    token = codes.token(feed.salt)
    return OwnFeed(feed, token if signin.digest(token) == feed.token_digest else None)
