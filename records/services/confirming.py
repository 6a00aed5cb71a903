"""Confirming that it is still the owner who sits there, before something grave."""

from __future__ import annotations

from sqlalchemy import update

from records import clock, signin
from records.database import every_organization, lock, transaction
from records.errors import NotAllowed, WrongPassword
from records.models import Actor, SignIn
from records.services.account_steps import session_of
from records.services.accounts import require_password
from records.services.factor_steps import factor_of, guessing, spend


def confirm(token: str, *, password: str, code: str, by: Actor) -> str:
    """The session of `token` is fresh again, and opens by another token from now on, which is returned.

    `code` counts where a second factor is on. Raises WrongPassword (field `password`), WrongCode (field `code`),
    TooManyAttempts, ActingAlready.
    """
    by.require_not_acting()
    account, new = session_of(token).account, signin.token()
    verified = require_password(account, password, field="password")
    with guessing(account), every_organization(), transaction() as session:
        account = lock(account)
        if account.password_hash != verified:  # changed while it was being checked
            raise WrongPassword(field="password")
        if factor_of(account.id) is not None:
            spend(account, code, by=by)
        mine = update(SignIn).where(SignIn.token_digest == signin.digest(token), SignIn.ended_at.is_(None))
        renewed = session.execute(mine.values(token_digest=signin.digest(new), confirmed_at=clock.now()))
        if renewed.rowcount != 1:  # type: ignore[attr-defined]  # because: an UPDATE's result counts rows
            raise NotAllowed()
    return new
