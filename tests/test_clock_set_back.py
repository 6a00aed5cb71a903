"""The server's clock is set back by an hour or a day: what was refused stays so, and nothing lives or goes twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from records import clock, mail
from records.database import db, every_organization
from records.models import Member, Message, SignIn
from records.services import accounts
from tests.cast import Cast
from tests.clients import SignedClient

NOON = datetime(2027, 3, 14, 12, 0, tzinfo=UTC)
BACK = [timedelta(hours=1), timedelta(days=1)]


@pytest.mark.parametrize("back", BACK, ids=str)
def test_a_session_neither_ends_nor_lives_longer_and_nobody_is_seen_earlier(
    cast: Cast, browse: Callable[..., SignedClient], back: timedelta
) -> None:
    with clock.standing_at(NOON):
        client = browse(cast.ada)
        ends = db.session.scalars(sa.select(SignIn.expires_at)).one()
    with clock.standing_at(NOON - back):
        assert client.get("/account").status_code == 200
        assert db.session.scalars(sa.select(SignIn.expires_at)).one() == ends
        assert db.session.scalars(sa.select(SignIn.last_seen_at)).one() == NOON
        assert db.session.get_one(Member, cast.ada.id).last_seen_at == NOON
    with clock.standing_at(ends + timedelta(seconds=1)):
        assert client.get("/account").status_code == 302


@pytest.mark.parametrize("back", BACK, ids=str)
def test_who_was_throttled_is_so_again_when_the_clock_is_right(
    cast: Cast, browse: Callable[..., SignedClient], back: timedelta
) -> None:
    def tried() -> int:
        return browse().post("/login", data={"email": cast.max.email, "password": "wrong"}).status_code

    with clock.standing_at(NOON):
        assert [tried() for _ in range(11)] == [422] * 10 + [429]
    with clock.standing_at(NOON - back):
        tried()
    with clock.standing_at(NOON + timedelta(minutes=1)):
        assert tried() == 429


@pytest.mark.parametrize("back", BACK, ids=str)
def test_mail_goes_once(cast: Cast, back: timedelta) -> None:
    def sent() -> list[tuple[datetime | None, int]]:
        db.session.rollback()
        with every_organization():
            return [(each.sent_at, each.attempts) for each in db.session.scalars(sa.select(Message))]

    with clock.standing_at(NOON):
        accounts.request_password_reset(cast.max.email or "", by=cast.actor(cast.ada))
        mail.send_messages()
    assert sent() == [(NOON, 1)]
    for now in (NOON - back, NOON, NOON + timedelta(minutes=1)):
        with clock.standing_at(now):
            mail.send_messages()
    assert sent() == [(NOON, 1)]
