"""Calendar feeds: an address that a calendar program reads, renewed and ended by whoever it belongs to."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, time, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import joinedload

from records import clock, codes, signin
from records.database import db, every_organization, locked, organization_scope, transaction
from records.errors import NotAllowed, NotFound
from records.models import Actor, AuditEvent, AuditKind, CalendarFeed, FeedKind, Member, Organization
from records.queries.feed_events import Expiry, expiries
from records.services.certification_steps import require_tracking
from records.services.proof_steps import Door, require_own_person

# Programs of many people ask from one address, and go on asking for a while where a feed has ended.
_DOOR = Door("calendar", most_wrong=100)
_NOTED_EVERY = timedelta(minutes=1)
_PATIENCE = 250  # milliseconds
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Feed:
    """What a calendar reads, in the owner's `language`, None for none chosen. Alarms go off at `reminds_at` in
    `time_zone`; `on` is today there.
    """

    id: int
    kind: FeedKind
    owner: str
    language: str | None
    organization: str
    time_zone: str
    reminds_at: time
    on: date
    expiries: tuple[Expiry, ...]


def make(kind: FeedKind, *, by: Actor) -> CalendarFeed:
    """A new address; the one before ends at once. Raises ActingAlready, ModuleOff, and NotAllowed where the asker
    has no scope.
    """
    member_id = require_own_person(by)
    if kind == FeedKind.SCOPE:
        by.require_staff()
    with transaction() as session:
        require_tracking()
        member = locked(Member, member_id)  # of two at once, one waits
        feed = _feed_of(member.id, kind) or CalendarFeed(member_id=member.id, kind=kind)
        feed.salt = codes.new_salt()
        feed.token_digest = signin.digest(codes.token(feed.salt))
        feed.created_at, feed.last_read_at = clock.now(), None
        session.add(feed)
        session.flush()
        session.add(AuditEvent.of(AuditKind.FEED_MADE, feed, by=by, at=clock.now(), after={"kind": str(kind)}))
    return feed


def end(kind: FeedKind, *, by: Actor) -> None:
    """Its address is not found from now on; with the module off or the role lost, too.

    Raises ActingAlready, NotAllowed, NotFound where there is none.
    """
    member_id = require_own_person(by)
    with transaction() as session:
        member = locked(Member, member_id)
        feed = _feed_of(member.id, kind)
        if feed is None:
            raise NotFound()
        session.add(AuditEvent.of(AuditKind.FEED_ENDED, feed, by=by, at=clock.now(), before={"kind": str(kind)}))
        session.flush()
        session.execute(delete(CalendarFeed).where(CalendarFeed.id == feed.id))


def read(token: str, *, by: Actor) -> Feed | None:
    """What stands behind this address now, by the rights that its owner has now; None alike for an address of
    nothing, and where the owner is deactivated, has lost the role, or the module is off. Raises TooManyAttempts.
    """
    return _DOOR.look_up(lambda: _read(token), by=by)


def note_read(feed: Feed) -> None:
    """Note when it was read last: at most once a minute, and not where others are writing."""
    now = clock.now()
    noted = update(CalendarFeed).where(
        CalendarFeed.id == feed.id,
        CalendarFeed.last_read_at.is_(None) | (CalendarFeed.last_read_at < now - _NOTED_EVERY),
    )
    try:
        with every_organization(), transaction(patience=_PATIENCE) as session:
            session.execute(noted.values(last_read_at=now))
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("reading not noted: %s", type(error).__name__)


def _feed_of(member_id: int, kind: FeedKind) -> CalendarFeed | None:
    return db.session.scalar(select(CalendarFeed).where(CalendarFeed.member_id == member_id, CalendarFeed.kind == kind))


def _read(token: str) -> Feed | None:
    statement = (
        select(CalendarFeed)
        .where(CalendarFeed.token_digest == signin.digest(token))
        .options(joinedload(CalendarFeed.member).joinedload(Member.organization))
    )
    with every_organization():
        feed = db.session.scalar(statement)
    if feed is None:
        return None
    owner, organization = feed.member, feed.member.organization
    if not (owner.is_active and organization.tracks_certifications):
        return None
    with organization_scope(organization.id):
        return _shown(feed, owner, organization)


def _shown(feed: CalendarFeed, owner: Member, organization: Organization) -> Feed | None:
    actor, kind, on = signin.actor_of(owner), FeedKind(feed.kind), clock.today(organization)
    try:
        found = expiries(kind, on=on, by=actor)
    except NotAllowed:
        return None
    return Feed(feed.id, kind, owner.name, owner.language, organization.name, organization.time_zone,
                organization.reminds_at, on, found)  # fmt: skip
