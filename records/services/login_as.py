"""An administrator logs in as a member, and comes back. Each verb is one transaction, and one session for another.

Only the portal opens meanwhile: `records.pages.guards`. Every event names both.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from records import clock, sessions, signin
from records.database import db, lock, transaction
from records.errors import NotActing, WrongPassword
from records.models import Account, Actor, AuditEvent, AuditKind, Member, SignIn
from records.services.account_steps import session_of
from records.services.accounts import require_password

LASTS = timedelta(hours=1)


def enter(member: Member, *, password: str, token: str, by: Actor) -> str:
    """Open the portal as `member`, in place of the session that `token` opens; returns the token of the new one.

    It lasts an hour, or as long as the old one would. `password` is the administrator's own. Raises what
    `Member.require_entered_by` does, WrongPassword (field `password`), TooManyAttempts.
    """
    member.require_entered_by(by)
    account = session_of(token).account
    verified, new = require_password(account, password, field="password"), signin.token()
    with transaction() as session:
        if lock(account).password_hash != verified:  # changed while it was being checked
            raise WrongPassword(field="password")
        member = lock(member)
        member.require_entered_by(by)
        own = _replaced(token)
        acting = sessions.begin_acting(new, own, member, lasts=LASTS)
        session.add(acting)
        until = {"until": acting.expires_at.isoformat()}
        session.add(AuditEvent.of(AuditKind.LOGGED_IN_AS, member, by=by, at=acting.created_at, after=until))
    return new


def return_to_own(token: str, *, by: Actor) -> str:
    """End being logged in as a member; returns the token of the administrator's own session, begun anew.

    It ends when the one would have that they had before. Raises NotActing.
    """
    if not by.is_acting:
        raise NotActing()
    new = signin.token()
    with transaction() as session:
        acting = _replaced(token)
        if acting.administrator_id is None or acting.member_id is None:
            raise NotActing()
        administrator = session.get_one(Member, acting.administrator_id)
        member = session.get_one(Member, acting.member_id)
        account = session.get_one(Account, acting.account_id)
        session.add(sessions.begin(new, account, administrator, goes_on=acting))
        since = {"since": acting.created_at.isoformat()}
        session.add(AuditEvent.of(AuditKind.RETURNED, member, by=by, at=clock.now(), after=since))
    return new


def _replaced(token: str) -> SignIn:
    """The session that `token` opens, ended: of two that replace it at once, one does. Raises NotActing."""
    sign_in, now = session_of(token), clock.now()
    ended = update(SignIn).where(SignIn.id == sign_in.id, SignIn.ended_at.is_(None)).values(ended_at=now)
    if db.session.execute(ended).rowcount != 1:  # type: ignore[attr-defined]  # because: an UPDATE's result counts rows
        raise NotActing()
    return sign_in
