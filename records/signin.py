"""Who is asking: sessions that the server keeps, and the actor behind a request.

The browser holds one random token in its signed cookie; the database holds the token's SHA-256. Role and
organization are read from the database at every request, never from the cookie.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask, current_app, g, has_request_context, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from records import clock
from records.database import choose_organization, db, every_organization, transaction
from records.models import Account, Actor, ActorKind, Member, Organization, Role, ScopeUnit, SignIn, Unit

_TOUCH_EVERY = timedelta(minutes=1)
_TOUCH_PATIENCE = 250
log = logging.getLogger(__name__)
_login = LoginManager()
_login.session_protection = None
_login.login_view = "pages.sign_in"
_login.login_message = None


def token() -> str:
    """A new secret of 256 bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass
class SignedIn(UserMixin):
    """The open session of this request. `member` is None until an account with several has chosen one."""

    token: str
    sign_in: SignIn
    account: Account
    member: Member | None
    organization: Organization | None

    def get_id(self) -> str:
        return self.token


def init_app(app: Flask) -> None:
    _login.init_app(app)


@_login.user_loader
def _load(token: str) -> SignedIn | None:
    now = clock.now()
    statement = (
        select(SignIn, Account, Member, Organization)
        .join(Account, SignIn.account_id == Account.id)
        .outerjoin(Member, SignIn.member_id == Member.id)
        .outerjoin(Organization, Member.organization_id == Organization.id)
        .where(SignIn.token_digest == digest(token), SignIn.ended_at.is_(None), SignIn.expires_at > now)
    )
    with every_organization():
        row = db.session.execute(statement).one_or_none()
    if row is None:
        return None
    sign_in, account, member, organization = row
    if sign_in.last_seen_at < now - timedelta(minutes=current_app.config["SESSION_IDLE_MINUTES"]):
        return None
    if sign_in.member_id is not None and (member is None or not member.is_active or member.account_id != account.id):
        return None
    choose_organization(organization.id if organization else None)
    return SignedIn(token, sign_in, account, member, organization)


def signed_in() -> SignedIn | None:
    """The session of this request, None for a visitor."""
    user = current_user._get_current_object()
    return user if isinstance(user, SignedIn) else None


def set_aside() -> None:
    """For the rest of this request nobody is signed in: for error pages, when sessions cannot be read."""
    g._login_user = _login.anonymous_user()
    g.pop("actor", None)


def begin(sign_in_token: str, account: Account, member: Member | None, *, until: datetime | None = None) -> SignIn:
    """A new session row for `account`, to be added by a verb. `until`: the end of the session that it replaces."""
    now = clock.now()
    return SignIn(
        token_digest=digest(sign_in_token),
        account_id=account.id,
        member_id=member.id if member else None,
        created_at=now,
        last_seen_at=now,
        expires_at=until or now + timedelta(days=current_app.config["SESSION_DAYS"]),
        address=address(),
        browser=(request.user_agent.string if has_request_context() else "")[:255],
    )


def hand_out(sign_in_token: str) -> None:
    """Give this browser the token, in a cookie made anew: nothing of the old session stays."""
    kept = session.get("face")
    session.clear()
    if kept:
        session["face"] = kept
    user = _load(sign_in_token)
    if user is not None:
        login_user(user)
        g.pop("actor", None)


def take_back() -> None:
    """Forget the session in this browser."""
    logout_user()
    session.clear()
    g.pop("actor", None)


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
    sign_in_id, member_id = user.sign_in.id, user.member.id if user.member else None
    with every_organization(), transaction(patience=_TOUCH_PATIENCE) as writing:
        writing.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))
        if member_id is not None:
            writing.execute(update(Member).where(Member.id == member_id).values(last_seen_at=now))


def current_actor() -> Actor:
    """Who is asking. A visitor where nobody is signed in, or no member is chosen yet."""
    if "actor" not in g:
        user = signed_in()
        g.actor = _visitor(user) if user is None or user.member is None else _acting(user.member)
    actor: Actor = g.actor
    return actor


def _visitor(user: SignedIn | None) -> Actor:
    return Actor.visitor(address=address(), request_id=request_id(), account=user.account if user else None)


def _acting(member: Member) -> Actor:
    return Actor(
        ActorKind.MEMBER,
        member.name,
        organization_id=member.organization_id,
        member_id=member.id,
        account_id=member.account_id,
        role=member.role,
        covers_organization=member.covers_organization,
        covered_units=covered_units(member),
        address=address(),
        request_id=request_id(),
    )


def covered_units(member: Member) -> frozenset[int]:
    """The ids of all units in a coordinator's scope: those named, with their sub-units."""
    if member.role != Role.TRAINING_COORDINATOR or member.covers_organization:
        return frozenset()
    named = select(ScopeUnit.unit_id.label("id")).where(ScopeUnit.member_id == member.id)
    tree = named.cte("covered", recursive=True)
    tree = tree.union(select(Unit.id).where(Unit.parent_id == tree.c.id))
    return frozenset(db.session.scalars(select(tree.c.id)))


def address() -> str:
    return (request.remote_addr or "")[:64] if has_request_context() else ""


def request_id() -> str:
    """One id for this request, for logs, audit events and error pages alike."""
    if not has_request_context():
        return ""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    return str(g.request_id)
