"""What people do with the second factor of their account, and administrators with that of a member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from records import clock, one_time_codes, vault
from records.database import db, every_organization, lock, transaction
from records.errors import NoAccount, WrongPassword
from records.errors.second_factors import (
    NoSecondFactor,
    OpensElsewhere,
    OwnSecondFactor,
    SecondFactorStands,
    SetUpOver,
    WrongCode,
)
from records.models import Account, Actor, AuditKind, Member, SecondFactor
from records.services import browsers
from records.services.account_steps import begin_anew, end_all_sessions, member_of, opens_this_organization_alone
from records.services.accounts import require_password
from records.services.factor_steps import (
    factor_of,
    fitting_step,
    forget,
    guessing,
    new_recovery_codes,
    recovery_codes_left,
    spend,
    tell,
)

# So long the secret is shown, to whoever gave the password.
_SET_UP_LASTS = timedelta(minutes=15)


@dataclass(frozen=True)
class Standing:
    """`secret` while it is being set up, else ""; `codes_left` of the recovery codes, where it is on."""

    is_on: bool
    secret: str
    codes_left: int


@dataclass(frozen=True)
class TurnedOn:
    """The token of the asker's new session, and recovery codes to be shown once."""

    token: str
    codes: list[str]


def standing_of(account: Account) -> Standing:
    """How it stands with the account's second factor."""
    with every_organization():
        factor = db.session.get(SecondFactor, account.id)
        if factor is not None and factor.on_since is not None:
            return Standing(True, "", recovery_codes_left(account.id))
    return Standing(False, _secret(factor), 0)


def _secret(factor: SecondFactor | None) -> str:
    if factor is None or factor.begun_at < clock.now() - _SET_UP_LASTS:
        return ""
    try:
        return vault.unseal(factor.sealed_secret)
    except vault.Unreadable:
        return ""


def begin(account: Account, *, password: str, by: Actor) -> None:
    """Draw a secret for the account's device, in place of one that was never proved.

    Raises WrongPassword (field `current`), TooManyAttempts, SecondFactorStands, ActingAlready,
    CameThroughSignOn.
    """
    by.require_whole_account()
    require_password(account, password, field="current")
    with every_organization(), transaction() as session:
        account = lock(account)
        if factor_of(account.id) is not None:
            raise SecondFactorStands()
        sealed = vault.seal(one_time_codes.new_secret())
        session.merge(SecondFactor(account_id=account.id, sealed_secret=sealed, begun_at=clock.now(), last_step=0))


def turn_on(account: Account, *, code: str, browser: str, by: Actor) -> TurnedOn:
    """Prove by a code that the device has the secret: from now on signing in asks for one. Every other session ends,
    and of the browsers that were known by the password alone, only that of the cookie `browser` stays known.

    Raises WrongCode (field `code`), SetUpOver, SecondFactorStands, ActingAlready,
    CameThroughSignOn.
    """
    by.require_whole_account()
    with every_organization(), transaction() as session:
        account = lock(account)
        factor = session.get(SecondFactor, account.id)
        if factor is not None and factor.on_since is not None:
            raise SecondFactorStands()
        if factor is None or not _secret(factor):
            raise SetUpOver()
        step = fitting_step(factor, code)
        if step is None:
            raise WrongCode(field="code")
        factor.on_since, factor.last_step = clock.now(), step
        browsers.forget_others(account, browser)
        made, token = new_recovery_codes(account), begin_anew(account, by=by)
        tell(account, AuditKind.SECOND_FACTOR_SET_UP, by=by, member=member_of(by))
    return TurnedOn(token, made)


def make_recovery_codes(account: Account, *, password: str, code: str, by: Actor) -> list[str]:
    """Ten new recovery codes, to be shown once; older ones are void.

    Raises WrongPassword (field `current`), WrongCode (field `code`), TooManyAttempts, NoSecondFactor, ActingAlready,
    CameThroughSignOn.
    """
    by.require_whole_account()
    verified = require_password(account, password, field="current")
    with guessing(account), every_organization(), transaction():
        account = _with_both(account, verified, code, by=by)
        made = new_recovery_codes(account)
        tell(account, AuditKind.RECOVERY_CODES_MADE, by=by, member=member_of(by))
    return made


def switch_off(account: Account, *, password: str, code: str, by: Actor) -> str:
    """The password alone suffices again. Every session ends; returns the token of the asker's new one.

    Raises as `make_recovery_codes`.
    """
    by.require_whole_account()
    verified = require_password(account, password, field="current")
    with guessing(account), every_organization(), transaction():
        account = _with_both(account, verified, code, by=by)
        forget(account)
        token = begin_anew(account, by=by)
        tell(account, AuditKind.SECOND_FACTOR_SWITCHED_OFF, by=by, member=member_of(by))
    return token


def _with_both(account: Account, verified: str, code: str, *, by: Actor) -> Account:
    """The account, locked, once its code is accepted too."""
    account = lock(account)
    if account.password_hash != verified:  # changed while it was being checked
        raise WrongPassword(field="current")
    if factor_of(account.id) is None:
        raise NoSecondFactor()
    spend(account, code, by=by)
    return account


def reset(member: Member, *, by: Actor) -> None:
    """Take a member's second factor away, who has lost it: they are signed out, and their password alone suffices.

    Raises NotAllowed, PasswordFirst, OwnSecondFactor, NoAccount, NoSecondFactor, and OpensElsewhere where the account
    opens members of other organizations, too.
    """
    by.require_administrator()
    by.require_fresh_password()
    if by.member_id == member.id:
        raise OwnSecondFactor()
    with transaction():
        member = lock(member)
        account = member.account
        if account is None:
            raise NoAccount()
        if not opens_this_organization_alone(account):
            raise OpensElsewhere()
        if factor_of(account.id) is None:
            raise NoSecondFactor()
        forget(account)
        end_all_sessions(account.id)
        tell(account, AuditKind.SECOND_FACTOR_RESET, by=by, member=member)
