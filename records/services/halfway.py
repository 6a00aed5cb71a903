"""The second half of signing in: whoever gave the right password gives a code of the account's second factor."""

from __future__ import annotations

from sqlalchemy import delete, select

from records import clock, signin
from records.database import db, every_organization, lock, transaction
from records.errors.second_factors import HalfwayOver, WrongCode
from records.models import Actor, AuditKind, HalfwaySignIn
from records.services import browsers
from records.services.account_steps import WINDOW, account_event, count_guess, open_members, refuse_sign_in
from records.services.entering import SignedInNow, open_session
from records.services.factor_steps import spend
from records.throttle import take_back


def require_open(token: str) -> HalfwaySignIn:
    """The sign-in that is halfway. Raises HalfwayOver once it is finished, has run out, or its sessions were ended."""
    mine = select(HalfwaySignIn).where(HalfwaySignIn.token_digest == signin.digest(token))
    with every_organization():
        halfway = db.session.scalar(mine.where(HalfwaySignIn.expires_at > clock.now()))
    if halfway is None:
        raise HalfwayOver()
    return halfway


def finish(token: str, *, code: str, browser: str, by: Actor) -> SignedInNow:
    """Open the session. Of two that finish one sign-in at once, one does.

    Raises HalfwayOver, WrongCode (field `code`), TooManyAttempts.
    """
    account = require_open(token).account
    with every_organization():
        known = browsers.known_secret(account, browser)
        counted = count_guess("code", str(account.id), known=known, address=by.address)
        try:
            with transaction() as session:
                account = lock(account)
                used = delete(HalfwaySignIn).where(HalfwaySignIn.token_digest == signin.digest(token))
                if session.execute(used).rowcount != 1:  # type: ignore[attr-defined]  # because: a DELETE's result counts rows
                    raise HalfwayOver()
                spend(account, code, by=by)
                opened = open_session(account, *open_members(account), browser=browser)
                session.add(account_event(AuditKind.SIGNED_IN, account, by=by))
        except WrongCode:
            refuse_sign_in(account, by=by)
            raise
        take_back(*counted, per=WINDOW)
    return opened
