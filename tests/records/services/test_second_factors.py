"""The second factor of an account: setting it up, recovery codes, switching off, and what administrators may do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock, sessions, signin
from records.database import db, every_organization, locked, transaction
from records.errors import ActingAlready, NoAccount, NotAllowed, NotFound, PasswordFirst, TooManyAttempts, WrongPassword
from records.errors.second_factors import (
    NoSecondFactor,
    OpensElsewhere,
    OwnSecondFactor,
    SecondFactorStands,
    SetUpOver,
    WrongCode,
)
from records.models import Account, AuditEvent, AuditKind, Base, Member, MessageKind, RecoveryCode, SecondFactor, SignIn
from records.services import accounts, factor_steps, second_factors
from tests.cast import PASSWORD, Cast
from tests.factors import Device, account_of, set_up
from tests.outbox import messages

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TOLD = MessageKind.SECOND_FACTOR_CHANGED


def opened(member: Member) -> str:
    """The token of a session that the member opened by their password."""
    token = signin.token()
    with every_organization(), transaction() as session:
        account = session.get_one(Account, member.account_id)
        session.add(sessions.begin(token, account, session.get(Member, member.id)))
    return token


def is_open(token: str) -> bool:
    db.session.rollback()
    row = db.session.scalars(sa.select(SignIn).where(SignIn.token_digest == signin.digest(token))).one()
    return row.ended_at is None


def events(*kinds: AuditKind) -> list[AuditEvent]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind.in_(kinds)).order_by(AuditEvent.id)))


def is_on(member: Member) -> bool:
    return second_factors.standing_of(account_of(member)).is_on


def begin(cast: Cast, member: Member, password: str = PASSWORD) -> str:
    second_factors.begin(account_of(member), password=password, by=cast.actor(member))
    return second_factors.standing_of(account_of(member)).secret


# Setting it up


def test_the_password_is_asked_for_first_and_nothing_is_on_until_a_code_proves_the_device(cast: Cast) -> None:
    with pytest.raises(WrongPassword) as refused:
        begin(cast, cast.max, "a guess")
    assert refused.value.field == "current"
    assert begin(cast, cast.max)
    assert not is_on(cast.max)
    with pytest.raises(WrongCode):
        second_factors.turn_on(account_of(cast.max), code="000000000", browser="", by=cast.actor(cast.max))
    assert not is_on(cast.max)
    assert not accounts.sign_in(cast.max.email or "", PASSWORD, browser="", by=cast.actor(cast.max)).owes_code


def test_the_secret_lies_sealed_and_recovery_codes_as_digests_alone(cast: Cast) -> None:
    device = set_up(cast.max)
    shown = [device.secret, *device.recovery_codes, *(code.replace("-", "") for code in device.recovery_codes)]
    with db.engine.connect() as connection:
        kept = {table.name: str(connection.execute(sa.select(table)).all()) for table in Base.metadata.sorted_tables}
    assert not [name for name, rows in kept.items() if any(secret in rows for secret in shown)]
    assert len(set(device.recovery_codes)) == 10


def test_it_ends_every_other_session_and_the_askers_old_one(cast: Cast) -> None:
    tokens = [opened(cast.max), opened(cast.max)]
    others = opened(cast.mia)
    set_up(cast.max)
    assert [is_open(token) for token in (*tokens, others)] == [False, False, True]


def test_a_setup_runs_out_after_a_quarter_of_an_hour_and_its_secret_is_shown_no_longer(cast: Cast) -> None:
    with clock.standing_at(NOON):
        secret = begin(cast, cast.max)
    with clock.standing_at(NOON + timedelta(minutes=15, seconds=1)):
        assert second_factors.standing_of(account_of(cast.max)).secret == ""
        with pytest.raises(SetUpOver):
            second_factors.turn_on(
                account_of(cast.max), code=Device(secret, []).code(), browser="", by=cast.actor(cast.max)
            )
        assert begin(cast, cast.max) != secret


def test_what_is_on_is_not_set_up_over_it(cast: Cast) -> None:
    device = set_up(cast.max)
    with pytest.raises(SecondFactorStands):
        begin(cast, cast.max)
    with pytest.raises(SecondFactorStands):
        second_factors.turn_on(account_of(cast.max), code=device.code(), browser="", by=cast.actor(cast.max))
    assert second_factors.standing_of(account_of(cast.max)).secret == ""


def test_a_secret_whose_key_is_gone_fits_no_code_and_recovery_codes_still_do(app: Flask, cast: Cast) -> None:
    device, account = set_up(cast.max), account_of(cast.max)
    key, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "another key of thirty-two letters or more"
    try:
        for code, fits in ((device.code(), False), (device.recovery_codes[0], True)):
            assert _is_accepted(account, code, cast) is fits
    finally:
        app.config["SECRET_KEY"] = key


def _is_accepted(account: Account, code: str, cast: Cast) -> bool:
    try:
        with every_organization(), transaction():
            factor_steps.spend(account, code, by=cast.actor(cast.max))
    except WrongCode:
        return False
    return True


# Codes, each once


def test_a_code_is_accepted_once_also_where_a_later_one_was_accepted_before(cast: Cast) -> None:
    device, account, now = set_up(cast.max), account_of(cast.max), clock.now()
    early, late = device.code(at=now), device.code(at=now + timedelta(seconds=30))
    with clock.standing_at(now):
        tried = [_is_accepted(account, code, cast) for code in (late, late, early)]
    assert tried == [True, False, False]


def test_the_code_that_turned_it_on_opens_nothing_more(cast: Cast) -> None:
    device = set_up(cast.max)
    then = clock.now() - timedelta(minutes=2)
    with clock.standing_at(then):
        assert not _is_accepted(account_of(cast.max), device.code(), cast)


def test_of_two_at_once_one_is_accepted(cast: Cast) -> None:
    """The row is changed on a condition: a second process that read it before changes nothing."""
    device, account = set_up(cast.max), account_of(cast.max)
    factor = factor_steps.factor_of(account.id)
    assert factor is not None
    step = factor_steps.fitting_step(factor, device.code())
    with every_organization(), transaction():
        stale = factor_steps.factor_of(account.id)
        assert stale is not None
        db.session.execute(sa.update(SecondFactor).values(last_step=step).execution_options(synchronize_session=False))
        assert stale.last_step < (step or 0)  # as the other process still has it in its hands
        assert not factor_steps._is_new(stale, device.code())


def test_a_recovery_code_is_accepted_once_however_it_is_typed(cast: Cast) -> None:
    device, account = set_up(cast.max), account_of(cast.max)
    first, second = device.recovery_codes[:2]
    tried = [_is_accepted(account, code, cast) for code in (first.lower(), first, second.replace("-", " "), second)]
    assert tried == [True, False, True, False]
    assert second_factors.standing_of(account).codes_left == 8
    told = [message.facts for message in messages(TOLD)][-2:]
    assert told == [{"what": AuditKind.RECOVERY_CODE_USED, "left": left} for left in (9, 8)]
    assert len(events(AuditKind.RECOVERY_CODE_USED)) == 2


def test_a_recovery_code_of_somebody_else_opens_nothing(cast: Cast) -> None:
    set_up(cast.max)
    assert not _is_accepted(account_of(cast.max), set_up(cast.mia).recovery_codes[0], cast)
    assert second_factors.standing_of(account_of(cast.mia)).codes_left == 10


# Codes anew, and switching off: password and code


ACTS: dict[str, Callable[..., object]] = {
    "codes": second_factors.make_recovery_codes,
    "off": second_factors.switch_off,
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_password_and_code_are_asked_for(cast: Cast, act: Callable[..., object]) -> None:
    device, by = set_up(cast.max), cast.actor(cast.max)
    before = {row.digest for row in db.session.scalars(sa.select(RecoveryCode))}
    with pytest.raises(WrongPassword):
        act(account_of(cast.max), password="a guess", code=device.code(), by=by)
    with pytest.raises(WrongCode):
        act(account_of(cast.max), password=PASSWORD, code=device.wrong(), by=by)
    db.session.rollback()
    assert {row.digest for row in db.session.scalars(sa.select(RecoveryCode))} == before
    act(account_of(cast.max), password=PASSWORD, code=device.code(), by=by)
    db.session.rollback()
    assert not before & {row.digest for row in db.session.scalars(sa.select(RecoveryCode))}
    assert is_on(cast.max) is (act is second_factors.make_recovery_codes)


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_guesses_at_the_code_in_an_open_session_are_counted(cast: Cast, act: Callable[..., object]) -> None:
    device, by = set_up(cast.max), cast.actor(cast.max)
    with clock.standing_at(clock.now()):
        for _ in range(10):
            with pytest.raises(WrongCode):
                act(account_of(cast.max), password=PASSWORD, code=device.wrong(), by=by)
        with pytest.raises(TooManyAttempts):
            act(account_of(cast.max), password=PASSWORD, code=device.code(), by=by)
    assert is_on(cast.max)


def test_switching_off_ends_every_session_and_forgets_all_of_it(cast: Cast) -> None:
    device, token = set_up(cast.max), opened(cast.max)
    new = second_factors.switch_off(
        account_of(cast.max), password=PASSWORD, code=device.recovery_codes[3], by=cast.actor(cast.max)
    )
    assert [is_open(each) for each in (token, new)] == [False, True]
    left = [db.session.scalars(sa.select(table)).all() for table in (SecondFactor, RecoveryCode)]
    assert left == [[], []]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_where_none_is_on_there_is_nothing_to_change(cast: Cast, act: Callable[..., object]) -> None:
    begin(cast, cast.max)
    with pytest.raises(NoSecondFactor):
        act(account_of(cast.max), password=PASSWORD, code="123456", by=cast.actor(cast.max))


def test_nobody_who_is_logged_in_as_another_touches_it(cast: Cast) -> None:
    by = replace(cast.actor(cast.max), administrator_id=cast.ada.id, account_id=cast.ada.account_id)
    account = account_of(cast.ada)
    for act in (
        lambda: second_factors.begin(account, password=PASSWORD, by=by),
        lambda: second_factors.turn_on(account, code="1", browser="", by=by),
        lambda: second_factors.make_recovery_codes(account, password=PASSWORD, code="1", by=by),
        lambda: second_factors.switch_off(account, password=PASSWORD, code="1", by=by),
    ):
        with pytest.raises(ActingAlready):
            act()


# What administrators may do


def test_an_administrator_resets_a_members_second_factor_and_its_owner_is_told(cast: Cast) -> None:
    set_up(cast.max)
    token = opened(cast.max)
    second_factors.reset(cast.max, by=cast.actor(cast.ada))
    assert not is_on(cast.max)
    assert not is_open(token)
    (event,) = events(AuditKind.SECOND_FACTOR_RESET)
    assert (event.member_id, event.actor_member_id, event.organization_id) == (cast.max.id, cast.ada.id, cast.fire.id)
    assert (messages(TOLD)[-1].to_address, messages(TOLD)[-1].facts["what"]) == (cast.max.email, event.kind)


@pytest.mark.parametrize("who", ["max", "carl", "nora"])
def test_nobody_else_does(cast: Cast, who: str) -> None:
    set_up(cast.mia)
    with pytest.raises(NotAllowed):
        second_factors.reset(cast.mia, by=cast.actor(getattr(cast, who)))
    assert is_on(cast.mia)


def test_an_old_password_is_asked_for_again_first(cast: Cast) -> None:
    set_up(cast.mia)
    with pytest.raises(PasswordFirst):
        second_factors.reset(cast.mia, by=replace(cast.actor(cast.ada), password_is_old=True))
    assert is_on(cast.mia)


def test_ones_own_is_switched_off_with_its_code_alone(cast: Cast) -> None:
    set_up(cast.ada)
    with pytest.raises(OwnSecondFactor):
        second_factors.reset(cast.ada, by=cast.actor(cast.ada))
    assert is_on(cast.ada)


@pytest.mark.parametrize("deactivated", [False, True])
def test_an_account_that_opens_another_organization_too_is_not_theirs_to_reset(cast: Cast, deactivated: bool) -> None:
    with every_organization(), transaction():
        other = locked(Member, cast.other_max.id)
        other.account_id = cast.max.account_id
        other.deactivated_at = clock.now() if deactivated else None
    set_up(cast.max)
    with pytest.raises(OpensElsewhere):
        second_factors.reset(cast.max, by=cast.actor(cast.ada))
    assert is_on(cast.max)


def test_members_without_one_without_an_account_and_of_elsewhere(cast: Cast) -> None:
    by = cast.actor(cast.ada)
    with transaction():
        locked(Member, cast.una.id).account_id = None
    with every_organization():
        other = db.session.get_one(Member, cast.other_max.id)
    refusals: list[tuple[Any, Member]] = [(NoSecondFactor, cast.max), (NoAccount, cast.una), (NotFound, other)]
    for refusal, member in refusals:
        with pytest.raises(refusal):
            second_factors.reset(member, by=by)


def test_each_change_is_in_the_trail_and_in_a_mail_of_its_own_words(app: Flask, cast: Cast) -> None:
    from records.mail import in_words

    device, by = set_up(cast.max), cast.actor(cast.max)
    used = {second_factors.make_recovery_codes: device.recovery_codes[0], second_factors.switch_off: device.code()}
    for act, code in used.items():
        act(account_of(cast.max), password=PASSWORD, code=code, by=by)
    set_up(cast.max)
    second_factors.reset(cast.max, by=cast.actor(cast.ada))
    kinds = [AuditKind.SECOND_FACTOR_SET_UP, AuditKind.RECOVERY_CODE_USED, AuditKind.RECOVERY_CODES_MADE,
             AuditKind.SECOND_FACTOR_SWITCHED_OFF, AuditKind.SECOND_FACTOR_SET_UP,
             AuditKind.SECOND_FACTOR_RESET]  # fmt: skip
    assert [event.kind for event in events(*kinds)] == kinds
    assert {event.organization_id for event in events(*kinds)} == {cast.fire.id}
    assert [message.facts["what"] for message in messages(TOLD)] == kinds
    with app.test_request_context():
        subjects = [in_words(message, mailed=True)[0] for message in messages(TOLD)]
    assert len(set(subjects)) == 5
    assert all("Certfolio" in subject for subject in subjects)
