"""Calendar feeds: making, renewing and ending their addresses, and what opens one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock, codes, signin
from records.database import db, every_organization, locked, organization_scope, transaction
from records.errors import ActingAlready, ModuleOff, NotAllowed, NotFound, TooManyAttempts
from records.models import Actor, AuditEvent, AuditKind, Base, CalendarFeed, FeedKind, Member, Organization, Role
from records.queries.calendar_feeds import own_feeds
from records.services import calendar_feeds
from tests.certificates import acting
from tests.holdings import give, today


def _make(cast, member, kind=FeedKind.OWN):
    return codes.token(calendar_feeds.make(kind, by=cast.actor(member)).salt)


def _read(token, address="192.0.2.7"):
    db.session.rollback()
    return calendar_feeds.read(token, by=Actor.visitor(address=address))


def _change(model, record_id, **fields):
    with transaction():
        record = locked(model, record_id)
        for name, value in fields.items():
            setattr(record, name, value)


def test_a_member_has_a_feed_of_their_own(cast):
    certification_id = give(cast.max, cast.emt, 20)
    feed = _read(_make(cast, cast.max))
    assert (feed.kind, feed.owner, feed.organization, feed.time_zone, feed.on) == (
        FeedKind.OWN, "Max Miller", "Lakeside Fire & Rescue", "America/Chicago", today(),
    )  # fmt: skip
    assert [each.certification_id for each in feed.expiries] == [certification_id]


def test_only_the_digest_of_the_token_is_kept(cast):
    token = _make(cast, cast.max)
    assert db.session.scalars(sa.select(CalendarFeed.token_digest)).one() == signin.digest(token)
    db.session.rollback()
    with db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert token not in repr(row)


def test_making_and_ending_are_on_record_without_the_token(cast):
    token = _make(cast, cast.nora, FeedKind.SCOPE)
    calendar_feeds.end(FeedKind.SCOPE, by=cast.actor(cast.nora))
    kinds = (AuditKind.FEED_MADE, AuditKind.FEED_ENDED)
    made, ended = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind.in_(kinds)).order_by(AuditEvent.id))
    assert (made.kind, made.member_id, made.detail.after) == (AuditKind.FEED_MADE, cast.nora.id, {"kind": "scope"})
    assert (ended.kind, ended.member_id, ended.detail.before) == (AuditKind.FEED_ENDED, cast.nora.id, {"kind": "scope"})
    assert token not in repr((made.detail.after, ended.detail.before))


def test_a_new_address_ends_the_old_one_at_once(cast):
    first = _make(cast, cast.max)
    calendar_feeds.note_read(_read(first))
    second = _make(cast, cast.max)
    assert first != second
    assert _read(first) is None
    assert _read(second)
    assert own_feeds(by=cast.actor(cast.max))[FeedKind.OWN].feed.last_read_at is None


def test_what_has_ended_is_not_found_and_ends_once(cast):
    token = _make(cast, cast.max)
    calendar_feeds.end(FeedKind.OWN, by=cast.actor(cast.max))
    assert _read(token) is None
    with pytest.raises(NotFound):
        calendar_feeds.end(FeedKind.OWN, by=cast.actor(cast.max))


def test_own_and_scope_are_two_addresses(cast):
    own, scope = _make(cast, cast.nora), _make(cast, cast.nora, FeedKind.SCOPE)
    assert (_read(own).kind, _read(scope).kind) == (FeedKind.OWN, FeedKind.SCOPE)
    assert own_feeds(by=cast.actor(cast.nora)).keys() == {FeedKind.OWN, FeedKind.SCOPE}
    calendar_feeds.end(FeedKind.SCOPE, by=cast.actor(cast.nora))
    assert _read(own)


def test_members_get_no_feed_of_a_scope(cast):
    with pytest.raises(NotAllowed):
        calendar_feeds.make(FeedKind.SCOPE, by=cast.actor(cast.max))
    with pytest.raises(NotAllowed):
        calendar_feeds.make(FeedKind.OWN, by=Actor.visitor())


def test_an_administrator_logged_in_as_the_member_does_not_touch_theirs(cast):
    _make(cast, cast.max)
    admin = acting(cast, cast.max, cast.ada)
    for attempt in (
        lambda: calendar_feeds.make(FeedKind.OWN, by=admin),
        lambda: calendar_feeds.end(FeedKind.OWN, by=admin),
        lambda: own_feeds(by=admin),
    ):
        with pytest.raises(ActingAlready):
            attempt()


def test_nobody_sees_or_ends_anothers(cast):
    token = _make(cast, cast.max)
    assert own_feeds(by=cast.actor(cast.mia)) == {}
    with pytest.raises(NotFound):
        calendar_feeds.end(FeedKind.OWN, by=cast.actor(cast.mia))
    assert _read(token)


def test_of_two_made_at_once_one_address_is_left(app, cast):
    by, fire_id = cast.actor(cast.max), cast.fire.id

    def make(_):
        with app.app_context(), organization_scope(fire_id):
            try:
                return calendar_feeds.make(FeedKind.OWN, by=by).salt
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        # Whoever was first may be handed the second's already: what they hold is read after it was kept.
        tokens = {codes.token(salt) for salt in pool.map(make, range(2))}
    assert sum(bool(_read(token)) for token in tokens) == 1


# What opens it


def test_the_scope_is_that_of_the_moment(cast):
    give(cast.max, cast.emt, 20)
    give(cast.mia, cast.emt, 30)
    token = _make(cast, cast.nora, FeedKind.SCOPE)
    assert [each.holder for each in _read(token).expiries] == ["Max Miller"]
    _change(Member, cast.mia.id, unit_id=cast.engine.id)
    assert [each.holder for each in _read(token).expiries] == ["Max Miller", "Mia Söderström"]


BARRING = {
    "deactivated": lambda cast: _change(Member, cast.carl.id, deactivated_at=clock.now()),
    "role lost": lambda cast: _change(Member, cast.carl.id, role=Role.MEMBER, covers_organization=False),
    "module off": lambda cast: _change(Organization, cast.fire.id, tracks_certifications=False),
}


@pytest.mark.parametrize("how", BARRING)
def test_what_is_barred_is_not_found(cast, how):
    token = _make(cast, cast.carl, FeedKind.SCOPE)
    assert _read(token)
    BARRING[how](cast)
    assert _read(token) is None


def test_an_own_feed_outlives_the_role(cast):
    token = _make(cast, cast.carl)
    BARRING["role lost"](cast)
    assert _read(token)


def test_none_is_made_with_the_module_off_but_one_can_be_ended(cast):
    _make(cast, cast.max)
    BARRING["module off"](cast)
    with pytest.raises(ModuleOff):
        calendar_feeds.make(FeedKind.OWN, by=cast.actor(cast.max))
    calendar_feeds.end(FeedKind.OWN, by=cast.actor(cast.max))


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é", "z" * 5000])
def test_anything_else_is_no_address(cast, token):
    assert _read(token) is None


def test_guessing_ends_and_the_throttle_tells_nothing(cast):
    token = _make(cast, cast.max)
    with clock.standing_at(clock.now()):
        for number in range(100):
            assert _read(f"{number:043}") is None
        for tried in (token, "A" * 43):
            with pytest.raises(TooManyAttempts):
                _read(tried)
        assert _read(token, address="192.0.2.8")


def test_a_token_is_no_code_and_a_code_no_token(cast):
    from records.services import verifying

    feed = calendar_feeds.make(FeedKind.OWN, by=cast.actor(cast.max))
    assert verifying.verify(codes.code(feed.salt), by=Actor.visitor()) is None
    assert _read(codes.code(feed.salt)) is None


# When it was read


def _noted(cast):
    db.session.rollback()
    return own_feeds(by=cast.actor(cast.max))[FeedKind.OWN].feed.last_read_at


def test_reading_is_noted_once_a_minute_and_in_no_trail(cast):
    token = _make(cast, cast.max)
    with every_organization():
        events = db.session.scalar(sa.select(sa.func.count(AuditEvent.id)))
    at = clock.now()
    for seconds, noted in ((0, 0), (30, 0), (90, 90)):
        with clock.standing_at(at + timedelta(seconds=seconds)):
            calendar_feeds.note_read(_read(token))
            assert _noted(cast) == at + timedelta(seconds=noted)
    with every_organization():
        assert db.session.scalar(sa.select(sa.func.count(AuditEvent.id))) == events


def test_under_another_key_it_cannot_be_shown_and_still_opens(app, cast):
    token = _make(cast, cast.max)
    assert own_feeds(by=cast.actor(cast.max))[FeedKind.OWN].token == token
    key, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "z" * 64
    try:
        assert own_feeds(by=cast.actor(cast.max))[FeedKind.OWN].token is None
        assert _read(token)
    finally:
        app.config["SECRET_KEY"] = key
