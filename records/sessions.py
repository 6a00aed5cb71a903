"""The rows behind sessions: how one begins, and when it was last in use."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from flask import current_app, has_request_context, request
from sqlalchemy import bindparam, update
from sqlalchemy.exc import SQLAlchemyError

from records import clock
from records.database import db, every_organization, transaction
from records.models import Account, Member, SignIn
from records.signin import address, digest, signed_in

_TOUCH_EVERY = timedelta(minutes=1)
# Milliseconds: a page that is read waits no longer for whoever writes.
_TOUCH_PATIENCE = 20
_SEEN = update(Member).where(Member.id == bindparam("member_id")).values(last_seen_at=bindparam("at"))
log = logging.getLogger(__name__)


def begin(
    sign_in_token: str,
    account: Account,
    member: Member | None,
    *,
    goes_on: SignIn | None = None,
    through: int | None = None,
) -> SignIn:
    """A new session row for `account`, to be added by a verb; its member is seen from now on.

    `goes_on`: the session that it replaces without a password: it is no fresher, ends when that would, and came through
    the same. `through`: the id of the organization whose sign-on a new one came through, if it did.
    """
    now = clock.now()
    ends_at = now + timedelta(days=current_app.config["SESSION_DAYS"])
    if member is not None:
        _see(member.id, now)
    return SignIn(
        token_digest=digest(sign_in_token),
        account_id=account.id,
        member_id=member.id if member else None,
        came_through_id=goes_on.came_through_id if goes_on else through,
        created_at=now,
        confirmed_at=goes_on.confirmed_at if goes_on else now,
        last_seen_at=now,
        expires_at=(goes_on.returns_until or goes_on.expires_at) if goes_on else ends_at,
        address=address(),
        browser=(request.user_agent.string if has_request_context() else "")[:255],
    )


def begin_acting(sign_in_token: str, own: SignIn, member: Member, *, lasts: timedelta) -> SignIn:
    """A session in which the administrator of the session `own`, which it replaces, has `member` open.

    It ends with `own` at the latest. The member is not seen by it.
    """
    acting = begin(sign_in_token, own.account, None, through=own.came_through_id)
    acting.expires_at = min(acting.created_at + lasts, own.expires_at)
    acting.member_id, acting.administrator_id, acting.returns_until = member.id, own.member_id, own.expires_at
    return acting


def touch() -> None:
    """Note that the session is in use: at most once a minute, so that reading stays reading.

    Where others are writing, or the database is down, this waits for next time: no page fails over it.
    """
    try:
        _touch()
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("last use not noted: %s", type(error).__name__)


def _touch() -> None:
    user, now = signed_in(), clock.now()
    if user is None or user.sign_in.last_seen_at > now - _TOUCH_EVERY:
        return
    seen = user.administrator or user.member
    sign_in_id, member_id = user.sign_in.id, seen.id if seen else None
    with every_organization(), transaction(patience=_TOUCH_PATIENCE) as writing:
        writing.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))
        if member_id is not None:
            _see(member_id, now)


def _see(member_id: int, at: datetime) -> None:
    """Not by the unit of work: being seen is no new version of a member's record."""
    db.session.connection().execute(_SEEN, {"member_id": member_id, "at": at})
