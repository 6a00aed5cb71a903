"""Inviting a member to sign in, and accepting. A known e-mail reads exactly like a new one to the inviter.

An account that exists already is linked only once its owner accepts with their own password, so that no
administrator can take an account over by inviting it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from records import clock, passwords, signin
from records.database import db, every_organization, lock, locked, transaction
from records.errors import Deactivated, LinkSpent, NoEmail, WrongPassword
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    LinkPurpose,
    Member,
    MessageKind,
    Organization,
    SingleUseLink,
)
from records.models.text import folded
from records.services.outbox import link_path, new_link, peek, post, spend
from records.throttle import count_attempt

_LASTS = timedelta(days=14)


def invite(member: Member, *, by: Actor) -> str:
    """Mail a link to the member's e-mail; returns its path, to be shown once.

    Raises NotAllowed, NoEmail (field `email`), Deactivated.
    """
    by.require_administrator()
    with transaction() as session:
        member = lock(member)
        if not member.is_active:
            raise Deactivated()
        if not member.email:
            raise NoEmail(field="email")
        path = issue(member, organization=member.organization)
        session.add(AuditEvent.of(AuditKind.MEMBER_INVITED, member, by=by, at=clock.now()))
    return path


def issue(member: Member, *, organization: Organization) -> str:
    """The shared step, inside a transaction: the account's row, the link, the message."""
    address = member.email or ""
    account = db.session.scalar(select(Account).where(Account.folded_email == folded(address)))
    if account is None:
        account = Account(email=address, created_at=clock.now())
        db.session.add(account)
        db.session.flush()
    earlier = update(SingleUseLink).where(SingleUseLink.member_id == member.id, SingleUseLink.used_at.is_(None))
    db.session.execute(earlier.values(used_at=clock.now()))
    secret = new_link(LinkPurpose.INVITATION, account, lasts=_LASTS, member=member)
    member.invited_at = clock.now()
    path = link_path(LinkPurpose.INVITATION, secret)
    facts = {"path": path, "organization": organization.name, "name": member.name, "days": _LASTS.days}
    post(MessageKind.INVITATION, address, organization=organization, facts=facts)
    return path


def accept(secret: str, password: str, *, by: Actor) -> str:
    """Join: sets the password of a new account, or checks that of an existing one. Returns a session token.

    Raises LinkSpent, WrongPassword (field `password`), TooManyAttempts and what good passwords need.
    """
    with every_organization():
        link = peek(secret, LinkPurpose.INVITATION)
        account = link.account
        count_attempt(f"invitation:{account.id}", most=10, per=timedelta(minutes=15))
        hashed = _password_for(account, password)
        token, account_id, member_id = signin.token(), account.id, link.member_id or 0
        with transaction() as session:
            spend(secret, LinkPurpose.INVITATION)
            account, member = locked(Account, account_id), locked(Member, member_id)
            if not member.is_active:
                raise Deactivated()
            if hashed and account.password_hash is None:
                account.password_hash, account.password_changed_at = hashed, clock.now()
            member.account_id = account.id
            session.flush()
            session.add(signin.begin(token, account, member))
            session.add(AuditEvent.of(AuditKind.MEMBER_JOINED, member, by=by, at=clock.now()))
    return token


def _password_for(account: Account, password: str) -> str | None:
    """The hash to set, None where the account has a password and this is it."""
    if account.password_hash is not None:
        if not passwords.matches(password, account.password_hash):
            raise WrongPassword(field="password")
        return None
    passwords.require_good(password, personal=(account.email,))
    return passwords.hashed(password)


@dataclass(frozen=True)
class Invited:
    """What an invitation's page says: who is asked to join what, under which e-mail."""

    name: str
    organization: str
    email: str


def invited(link: SingleUseLink) -> Invited:
    with every_organization():
        member = db.session.get(Member, link.member_id or 0)
        if member is None:
            raise LinkSpent()
        return Invited(member.name, member.organization.name, link.account.email)
