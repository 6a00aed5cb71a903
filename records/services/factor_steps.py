"""Steps of verbs that ask for the code of a second factor, or change what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import bindparam, delete, func, select, update

from records import clock, codes, one_time_codes, signin, vault
from records.database import db
from records.errors.second_factors import WrongCode
from records.models import Account, Actor, AuditKind, Member, MessageKind, RecoveryCode, SecondFactor
from records.services.account_steps import MOST_PER_ACCOUNT, WINDOW, account_event
from records.services.outbox import post
from records.throttle import count_attempt, take_back

_ON = select(SecondFactor).where(SecondFactor.account_id == bindparam("account_id"), SecondFactor.on_since.is_not(None))


def factor_of(account_id: int) -> SecondFactor | None:
    """The account's second factor, where it is on."""
    return db.session.scalar(_ON, {"account_id": account_id})


@contextmanager
def guessing(account: Account) -> Iterator[None]:
    """Around the transaction of a verb in which somebody with an open session gives a code: wrong ones are counted.

    Raises TooManyAttempts.
    """
    key = f"code:{account.id}"
    count_attempt(key, most=MOST_PER_ACCOUNT, per=WINDOW)
    yield
    take_back(key, per=WINDOW)


def spend(account: Account, code: str, *, by: Actor) -> None:
    """Inside a transaction: accept a code of the device or a recovery code, each only once, also of two at once.

    Raises WrongCode (field `code`).
    """
    factor = factor_of(account.id)
    if factor is not None and _is_new(factor, code):
        return
    if factor is None or not _is_left(account, code):
        raise WrongCode(field="code")
    tell(account, AuditKind.RECOVERY_CODE_USED, by=by, left=recovery_codes_left(account.id))


def fitting_step(factor: SecondFactor, code: str) -> int | None:
    """The time step of this code; None where it fits none, or where the secret was sealed under a key that is gone."""
    try:
        return one_time_codes.step_of(code, vault.unseal(factor.sealed_secret), at=clock.now())
    except vault.Unreadable:
        return None


def _is_new(factor: SecondFactor, code: str) -> bool:
    step = fitting_step(factor, code)
    if step is None:
        return False
    mine = SecondFactor.account_id == factor.account_id
    accepted = update(SecondFactor).where(mine, SecondFactor.last_step < step).values(last_step=step)
    return db.session.execute(accepted).rowcount == 1  # type: ignore[attr-defined]  # because: an UPDATE's result counts rows


def _is_left(account: Account, code: str) -> bool:
    mine = RecoveryCode.account_id == account.id, RecoveryCode.digest == signin.digest(codes.tidy(code))
    used = update(RecoveryCode).where(*mine, RecoveryCode.used_at.is_(None)).values(used_at=clock.now())
    return db.session.execute(used).rowcount == 1  # type: ignore[attr-defined]  # because: as above


def recovery_codes_left(account_id: int) -> int:
    left = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(left) or 0


def new_recovery_codes(account: Account) -> list[str]:
    """Inside a transaction: ten new ones in place of all older ones, as they are shown, once."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    made = one_time_codes.new_recovery_codes()
    db.session.add_all(RecoveryCode(account_id=account.id, digest=signin.digest(code)) for code in made)
    return [codes.grouped(code) for code in made]


def forget(account: Account) -> None:
    """Inside a transaction: the account has no second factor any more."""
    for table in (SecondFactor, RecoveryCode):
        db.session.execute(delete(table).where(table.account_id == account.id))


def tell(account: Account, what: AuditKind, *, by: Actor, member: Member | None = None, **facts: object) -> None:
    """Inside a transaction: note that this has happened, and mail it to the account's owner."""
    db.session.add(account_event(what, account, by=by, member=member))
    post(MessageKind.SECOND_FACTOR_CHANGED, account.email, organization=None, facts={"what": what, **facts})
