"""Steps of verbs that let somebody in: a session, or the half of one where the code of a second factor is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from records import clock, sessions, signin
from records.database import db
from records.models import Account, HalfwaySignIn, Member
from records.services import browsers
from records.services.factor_steps import factor_of

# So long the page waits that asks for the code.
HALFWAY_LASTS = timedelta(minutes=10)


@dataclass(frozen=True)
class SignedInNow:
    """Secrets for two cookies: `token` of the session, and `browser`, "signed in here before".

    `owes_code`: a second factor is on, so `token` is that of a sign-in that is halfway, and there is no `browser` yet.
    """

    token: str
    browser: str
    owes_code: bool = False


def enter(account: Account, *members: Member, browser: str) -> SignedInNow:
    """Inside a transaction, for whoever gave the right password: a session, or the half of one. The account opens these
    `members`."""
    if factor_of(account.id) is None:
        return open_session(account, *members, browser=browser)
    token = signin.token()
    db.session.add(HalfwaySignIn(token_digest=signin.digest(token), account_id=account.id,
                                 expires_at=clock.now() + HALFWAY_LASTS))  # fmt: skip
    return SignedInNow(token, "", owes_code=True)


def open_session(account: Account, *members: Member, browser: str) -> SignedInNow:
    """Inside a transaction: a session with the one member open, or with none yet where there are several."""
    token = signin.token()
    db.session.add(sessions.begin(token, account, members[0] if len(members) == 1 else None))
    return SignedInNow(token, browsers.remember(account, browser))
