"""Who is asking: sessions that the server keeps, and the actor behind a request.

The browser holds one random token in its signed cookie; the database holds the token's SHA-256. Role and
organization are read from the database at every request, never from the cookie.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import replace
from datetime import timedelta

from flask import Flask, g, has_request_context, request, session
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy import select

from records import clock, open_session
from records.database import choose_organization, db, every_organization
from records.models import Actor, ActorKind, Member, SignIn
from records.open_session import SignedIn
from records.scopes import covered_units

# So long after the password was given, what is grave needs it no second time.
PASSWORD_STAYS_FRESH = timedelta(minutes=15)
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


def init_app(app: Flask) -> None:
    _login.init_app(app)


@_login.user_loader
def _load(token: str) -> SignedIn | None:
    user = open_session.opened_by(token, digest(token))
    if user is not None:
        choose_organization(user.organization.id if user.organization else None)
    return user


def signed_in() -> SignedIn | None:
    """The session of this request, None for a visitor."""
    if not has_request_context():
        return None
    user = g.get("_login_user") or current_user._get_current_object()
    return user if isinstance(user, SignedIn) else None


def was_logged_in_as() -> str:
    """Whom this browser was logged in as until that ended by itself, "" for nobody: for the sign-in page."""
    token = session.get("_user_id")
    if signed_in() is not None or not isinstance(token, str):
        return ""
    statement = select(Member).join(SignIn, SignIn.member_id == Member.id)
    statement = statement.where(SignIn.token_digest == digest(token), SignIn.administrator_id.is_not(None))
    with every_organization():
        member = db.session.scalar(statement)
    return member.name if member else ""


def set_aside() -> None:
    """For the rest of this request nobody is signed in: for error pages, when sessions cannot be read."""
    g._login_user = _login.anonymous_user()
    g.pop("actor", None)


def hand_out(sign_in_token: str) -> None:
    """Give this browser the token, in a cookie made anew: nothing of the old session stays."""
    _begin_cookie()
    exchange(sign_in_token)


def exchange(sign_in_token: str) -> None:
    """Give this browser another token of the session that goes on: forms that are open stay good."""
    user = _load(sign_in_token)
    if user is not None:
        login_user(user)
        g.pop("actor", None)


def hand_out_half(halfway_token: str) -> None:
    """Give this browser the token of a sign-in that is halfway, in a cookie made anew."""
    _begin_cookie()
    session["halfway"] = halfway_token


def halfway_token() -> str:
    """The token of the sign-in that is halfway in this browser, "" where there is none."""
    return str(session.get("halfway", ""))


def _begin_cookie() -> None:
    kept = session.get("face")
    session.clear()
    if kept:
        session["face"] = kept


def take_back() -> None:
    """Forget the session in this browser."""
    logout_user()
    session.clear()
    g.pop("actor", None)


def current_actor() -> Actor:
    """Who is asking. A visitor where nobody is signed in, or no member is chosen yet."""
    if "actor" not in g:
        user = signed_in()
        g.actor = _actor_of(user)
    actor: Actor = g.actor
    return actor


def _actor_of(user: SignedIn | None) -> Actor:
    if user is None or user.member is None:
        return Actor.visitor(address=address(), request_id=request_id(), account=user.account if user else None)
    if user.administrator is None:
        actor = actor_of(user.member, units=user.covered_units)
    else:
        actor = _logged_in_as(user.member, user.administrator)
    return replace(
        actor,
        came_through=user.sign_in.came_through_id,
        password_is_old=user.sign_in.confirmed_at < clock.now() - PASSWORD_STAYS_FRESH,
    )


def _logged_in_as(member: Member, administrator: Member) -> Actor:
    return Actor(
        ActorKind.MEMBER,
        member.name,
        organization_id=member.organization_id,
        member_id=member.id,
        account_id=administrator.account_id,
        administrator_id=administrator.id,
        administrator_name=administrator.name,
        address=address(),
        request_id=request_id(),
    )


def actor_of(member: Member, *, units: frozenset[int] | None = None) -> Actor:
    """`member` with the rights that they have now, acting for themselves; `units` are those covered, if known."""
    return Actor(
        ActorKind.MEMBER,
        member.name,
        organization_id=member.organization_id,
        member_id=member.id,
        account_id=member.account_id,
        role=member.role,
        covers_organization=member.covers_organization,
        covered_units=covered_units(member) if units is None else units,
        reviews_by_grant=member.reviews,
        address=address(),
        request_id=request_id(),
    )


def address() -> str:
    return (request.remote_addr or "")[:64] if has_request_context() else ""


def request_id() -> str:
    """One id for this request, for logs, audit events and error pages alike."""
    if not has_request_context():
        return ""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    return str(g.request_id)
