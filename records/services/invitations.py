"""Inviting a member to sign in, and accepting. A known e-mail reads exactly like a new one to the inviter.

An account that exists already is linked only once its owner accepts with their own password, so that no
administrator can take an account over by inviting it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Delete, delete, select, update
from sqlalchemy.exc import IntegrityError

from records import clock, hashing, passwords
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
from records.models.account import address_key
from records.services.account_steps import fits, hashed, personal_texts
from records.services.entering import SignedInNow, enter
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
    account = _account_for(address)
    earlier = update(SingleUseLink).where(SingleUseLink.member_id == member.id, SingleUseLink.used_at.is_(None))
    db.session.execute(earlier.values(used_at=clock.now()))
    secret = new_link(LinkPurpose.INVITATION, account, lasts=_LASTS, member=member)
    member.invited_at = clock.now()
    path = link_path(LinkPurpose.INVITATION, secret)
    facts = {"path": path, "organization": organization.name, "name": member.name, "days": _LASTS.days}
    post(MessageKind.INVITATION, address, organization=organization, facts=facts)
    return path


def _account_for(address: str) -> Account:
    """The account with this address, made where there is none, even by two organizations at once."""
    same = select(Account).where(Account.folded_email == address_key(address))
    account = db.session.scalar(same)
    if account is not None:
        return account
    try:
        with db.session.begin_nested():
            account = Account(email=address, created_at=clock.now())
            db.session.add(account)
    except IntegrityError:
        account = db.session.scalars(same).one()
    return account


@hashing.place()
def accept(secret: str, password: str, *, browser: str, by: Actor) -> SignedInNow:
    """Join: sets the password of a new account, or checks that of an existing one, and opens a session, or half of one.

    Raises LinkSpent, WrongPassword (field `password`), TooManyAttempts and what good passwords need.
    """
    with every_organization():
        link = peek(secret, LinkPurpose.INVITATION)
        account = link.account
        count_attempt(f"invitation:{account.id}", most=10, per=timedelta(minutes=15))
        verified = account.password_hash
        password_hash = _password_for(account, _invited_member(link), password)
        account_id = account.id
        with transaction() as session:
            member = _invited_member(peek(secret, LinkPurpose.INVITATION), hold=True)
            account = locked(Account, account_id)
            spend(secret, LinkPurpose.INVITATION)
            if account.password_hash != verified:  # set or changed while this one was being checked
                raise WrongPassword(field="password")
            if password_hash is not None:
                account.password_hash, account.password_changed_at = password_hash, clock.now()
            member.account_id = account.id
            session.execute(_reset_links(account))
            session.flush()
            opened = enter(account, member, browser=browser)
            session.add(AuditEvent.of(AuditKind.MEMBER_JOINED, member, by=by, at=clock.now()))
    return opened


def _reset_links(account: Account) -> Delete:
    """Those that an administrator may have been shown while the account opened nothing but their organization."""
    links = delete(SingleUseLink).where(SingleUseLink.account_id == account.id)
    return links.where(SingleUseLink.purpose == LinkPurpose.PASSWORD_RESET)


def _password_for(account: Account, member: Member, password: str) -> str | None:
    """The hash to set, None where the account has a password and this is it."""
    if account.password_hash is not None:
        if not fits(password, account.password_hash):
            raise WrongPassword(field="password")
        return None
    passwords.require_good(password, personal=personal_texts(account, member))
    return hashed(password)


def _invited_member(link: SingleUseLink, *, hold: bool = False) -> Member:
    """Who may join by this link: somebody active whose address is still the one invited. Raises LinkSpent."""
    member_id = link.member_id or 0
    member = locked(Member, member_id) if hold else db.session.get(Member, member_id)
    if member is None or not member.is_active or address_key(member.email or "") != link.account.folded_email:
        raise LinkSpent()
    return member


@dataclass(frozen=True)
class Invited:
    """What an invitation's page says: who is asked to join what, under which e-mail."""

    name: str
    organization: str
    email: str


def invited(secret: str) -> Invited:
    """Raises LinkSpent."""
    with every_organization():
        link = peek(secret, LinkPurpose.INVITATION)
        member = _invited_member(link)
        return Invited(member.name, member.organization.name, link.account.email)
