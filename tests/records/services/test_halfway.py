"""The second half of signing in: what opens it, how often one may guess, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from records import clock, signin
from records.database import db, every_organization, transaction
from records.errors import TooManyAttempts
from records.errors.second_factors import HalfwayOver, WrongCode
from records.models import Account, Actor, AuditEvent, AuditKind, HalfwaySignIn, Member, MessageKind, SignIn
from records.services import accounts, halfway, invitations, second_factors, sweeps
from records.services.entering import SignedInNow
from tests.cast import PASSWORD, Cast
from tests.factors import account_of, set_up
from tests.outbox import secret

HOME = Actor.visitor(address="192.0.2.7")
ELSEWHERE = Actor.visitor(address="198.51.100.9")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NEW = "a wholly different long phrase"


def give_password(member: Member, *, browser: str = "", by: Actor = HOME) -> SignedInNow:
    return accounts.sign_in(member.email or "", PASSWORD, browser=browser, by=by)


def sessions() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(SignIn).where(SignIn.ended_at.is_(None))) or 0


def test_the_password_alone_opens_no_session_and_makes_no_browser_known(cast: Cast) -> None:
    set_up(cast.max)
    before = sessions()
    half = give_password(cast.max)
    assert (half.owes_code, half.browser) == (True, "")
    assert sessions() == before
    assert signin._load(half.token) is None  # its token is none of a session
    kept = db.session.scalars(sa.select(HalfwaySignIn)).one()
    assert half.token not in (kept.token_digest, str(vars(kept)))


def test_a_code_opens_the_session_once(cast: Cast) -> None:
    device, before = set_up(cast.max), sessions()
    half = give_password(cast.max)
    opened = halfway.finish(half.token, code=device.code(), browser="", by=HOME)
    assert opened.token != half.token
    assert not opened.owes_code
    assert opened.browser
    assert sessions() == before + 1
    with pytest.raises(HalfwayOver):
        halfway.finish(half.token, code=device.recovery_codes[0], browser="", by=HOME)
    assert second_factors.standing_of(account_of(cast.max)).codes_left == 10


def test_the_code_of_one_sign_in_opens_no_second_one(cast: Cast) -> None:
    device, first, second = set_up(cast.max), give_password(cast.max), give_password(cast.max)
    with clock.standing_at(clock.now()):
        halfway.finish(first.token, code=device.code(), browser="", by=HOME)
        with pytest.raises(WrongCode):
            halfway.finish(second.token, code=device.code(), browser="", by=HOME)


def test_a_code_of_somebody_else_opens_nothing(cast: Cast) -> None:
    set_up(cast.max)
    other = set_up(cast.mia)
    half = give_password(cast.max)
    for code in (other.code(), other.recovery_codes[0]):
        with pytest.raises(WrongCode):
            halfway.finish(half.token, code=code, browser="", by=HOME)


def test_after_ten_minutes_it_is_over(cast: Cast) -> None:
    with clock.standing_at(NOON):
        device = set_up(cast.max)
        half, late = give_password(cast.max), give_password(cast.max)
    with clock.standing_at(NOON + timedelta(minutes=9, seconds=59)):
        halfway.finish(half.token, code=device.code(), browser="", by=HOME)
    with clock.standing_at(NOON + timedelta(minutes=10)), pytest.raises(HalfwayOver):
        halfway.finish(late.token, code=device.recovery_codes[0], browser="", by=HOME)


def test_a_new_password_or_a_reset_second_factor_ends_it(cast: Cast) -> None:
    device, half = set_up(cast.max), give_password(cast.max)
    account, by = account_of(cast.max), cast.actor(cast.max)
    accounts.change_password(account, current=PASSWORD, new=NEW, by=by)
    with pytest.raises(HalfwayOver):
        halfway.finish(half.token, code=device.code(), browser="", by=HOME)
    set_up(cast.mia)
    half = give_password(cast.mia)
    second_factors.reset(cast.mia, by=cast.actor(cast.ada))
    with pytest.raises(HalfwayOver):
        halfway.finish(half.token, code="123456", browser="", by=HOME)


@pytest.mark.parametrize("token", ["", "x", "\0", "é" * 50])
def test_a_made_up_token_is_over(cast: Cast, token: str) -> None:
    with pytest.raises(HalfwayOver):
        halfway.finish(token, code="123456", browser="", by=HOME)


def test_guesses_are_counted_across_sign_ins_and_refused_ones_are_noted(cast: Cast) -> None:
    device = set_up(cast.max)
    with clock.standing_at(NOON):
        for _ in range(10):
            with pytest.raises(WrongCode):
                halfway.finish(give_password(cast.max).token, code=device.wrong(), browser="", by=ELSEWHERE)
        with pytest.raises(TooManyAttempts):
            halfway.finish(give_password(cast.max).token, code=device.code(), browser="", by=ELSEWHERE)
    db.session.rollback()
    refused = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.SIGN_IN_REFUSED)).all()
    assert len(refused) == 10
    assert {event.member_id for event in refused} == {cast.max.id}


def test_an_attacker_who_has_the_password_does_not_lock_the_owners_browser_out_nor_anybody_for_good(cast: Cast) -> None:
    with clock.standing_at(NOON - timedelta(hours=1)):
        device = set_up(cast.max)
        half = give_password(cast.max)
        known = halfway.finish(half.token, code=device.code(), browser="", by=HOME).browser
    with clock.standing_at(NOON):
        for _ in range(11):
            with pytest.raises((WrongCode, TooManyAttempts)):
                halfway.finish(give_password(cast.max).token, code=device.wrong(), browser="", by=ELSEWHERE)
        half = give_password(cast.max, browser=known)
        assert halfway.finish(half.token, code=device.code(), browser=known, by=HOME).token
        with pytest.raises(TooManyAttempts):  # a browser that nobody knows waits
            halfway.finish(give_password(cast.max).token, code=device.recovery_codes[0], browser="", by=HOME)
    with clock.standing_at(NOON + timedelta(minutes=15)):
        half = give_password(cast.max)
        assert halfway.finish(half.token, code=device.code(), browser="", by=HOME).token


def test_a_password_set_by_a_mailed_link_does_not_get_past_it(cast: Cast) -> None:
    device = set_up(cast.max)
    accounts.request_password_reset(cast.max.email or "", by=HOME)
    browser = accounts.reset_password(secret(MessageKind.PASSWORD_RESET), NEW, browser="", by=HOME)
    assert browser == ""  # nor does it give guesses of its own
    half = accounts.sign_in(cast.max.email or "", NEW, browser=browser, by=HOME)
    assert half.owes_code
    with pytest.raises(WrongCode):
        halfway.finish(half.token, code=device.wrong(), browser=browser, by=HOME)


def test_an_invitation_of_an_account_with_one_does_not_get_past_it_either(cast: Cast) -> None:
    device = set_up(cast.other_max)
    email = account_of(cast.other_max).email
    with transaction() as session:
        member = Member(given_name="Max", family_name="Miller", email=email, created_at=clock.now())
        session.add(member)
    path = invitations.invite(member, by=cast.actor(cast.ada))
    before = sessions()
    half = invitations.accept(path.rpartition("/")[2], PASSWORD, browser="", by=HOME)
    assert half.owes_code
    assert sessions() == before
    opened = halfway.finish(half.token, code=device.code(), browser="", by=HOME)
    row = db.session.scalars(sa.select(SignIn).where(SignIn.token_digest == signin.digest(opened.token))).one()
    assert row.member_id is None  # of two organizations they choose one


def test_browsers_that_were_known_by_the_password_alone_give_no_guesses_at_the_code(cast: Cast) -> None:
    """Whoever had the password before could have made as many known as they liked."""
    with clock.standing_at(NOON - timedelta(hours=1)):
        known = [give_password(cast.max).browser for _ in range(3)]
        device = set_up(cast.max)
    with clock.standing_at(NOON):
        for number in range(10):
            half = give_password(cast.max, browser=known[number % 3], by=ELSEWHERE)
            with pytest.raises(WrongCode):
                halfway.finish(half.token, code=device.wrong(), browser=known[number % 3], by=ELSEWHERE)
        half = give_password(cast.max, by=ELSEWHERE)
        for browser in known:
            with pytest.raises(TooManyAttempts):
                halfway.finish(half.token, code=device.code(), browser=browser, by=ELSEWHERE)


def test_the_sweep_forgets_those_that_were_never_finished(cast: Cast) -> None:
    with clock.standing_at(NOON):
        set_up(cast.max)
        give_password(cast.max)
    with clock.standing_at(NOON + timedelta(days=32)):
        sweeps.sweep_now(by=replace(Actor.job("sweep")))
    with every_organization():
        assert db.session.scalars(sa.select(HalfwaySignIn)).all() == []
        assert db.session.get(Account, cast.max.account_id) is not None
