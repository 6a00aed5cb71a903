"""Changing the e-mail address of one's account: both the old and the new address confirm by a link."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, every_organization, lock, transaction
from records.errors import N_, EmailTaken
from records.models import Account, Actor, AuditEvent, AuditKind, LinkPurpose, Member, MessageKind, SingleUseLink
from records.models.account import address_key, email_address
from records.models.text import folded
from records.services.account_steps import account_event, end_all_sessions
from records.services.accounts import require_password
from records.services.outbox import link_path, new_link, peek, post, spend, to_address

_PURPOSES = (LinkPurpose.OLD_EMAIL, LinkPurpose.NEW_EMAIL)
_LASTS = timedelta(days=1)


def request(account: Account, *, new_email: str, password: str, by: Actor) -> None:
    """Ask both addresses to confirm. Raises WrongPassword (field `current`), Invalid (field `email`),
    ActingAlready, CameThroughSignOn.

    An address that another account has reads like any other, in the mails too: nobody learns who has an
    account. A new request makes the links of an earlier one void.
    """
    by.require_whole_account()
    require_password(account, password, field="current")
    address = to_address(email_address(new_email))
    with every_organization(), transaction() as session:
        account = lock(account)
        session.add(account_event(AuditKind.EMAIL_CHANGE_REQUESTED, account, by=by, after={"email": address}))
        forget_links(account)
        for purpose, kind, receiver in (
            (LinkPurpose.OLD_EMAIL, MessageKind.OLD_EMAIL_CONFIRMATION, account.email),
            (LinkPurpose.NEW_EMAIL, MessageKind.NEW_EMAIL_CONFIRMATION, address),
        ):
            secret = new_link(purpose, account, lasts=_LASTS, new_email=address)
            facts = {"path": link_path(purpose, secret), "new_email": address, "old_email": account.email}
            post(kind, receiver, organization=None, facts=facts)


def confirm(secret: str, purpose: LinkPurpose, *, by: Actor) -> bool:
    """Confirm by one of the two links; True once both have and the e-mail is changed.

    Every session of the account ends then. Members of the account that have the old address for contact
    follow, unless the new one is taken in their organization. Raises LinkSpent, ActingAlready, and EmailTaken where
    the address belongs to another account.
    """
    by.require_not_acting()
    with every_organization():
        account = peek(secret, purpose).account
        with transaction() as session:
            account = lock(account)  # so that of two links opened at once the second sees the first
            address = spend(secret, purpose).new_email or ""
            confirmed = select(SingleUseLink.purpose).where(
                SingleUseLink.account_id == account.id,
                SingleUseLink.new_email == address,
                SingleUseLink.purpose.in_(_PURPOSES),
                SingleUseLink.used_at.is_not(None),
            )
            if set(session.scalars(confirmed)) != set(_PURPOSES):
                return False
            before = _change(account, address)
            end_all_sessions(account.id)
            session.add(account_event(AuditKind.EMAIL_CHANGED, account, by=by,
                                      before={"email": before}, after={"email": address}))  # fmt: skip
            _members_follow(account, before, by=by)
            post(MessageKind.EMAIL_CHANGED, before, organization=None, facts={"new_email": address})
    return True


def forget_links(account: Account) -> None:
    """The shared step, inside a transaction: a change of e-mail under way is called off."""
    links = delete(SingleUseLink).where(SingleUseLink.account_id == account.id, SingleUseLink.purpose.in_(_PURPOSES))
    db.session.execute(links)


def _change(account: Account, address: str) -> str:
    """Returns the address before. Raises EmailTaken."""
    before, taken = account.email, EmailTaken(N_("This e-mail address belongs to another account."), email=address)
    others = select(Account.id).where(Account.folded_email == address_key(address), Account.id != account.id)
    if db.session.scalar(others) is not None:
        raise taken
    account.email = address
    try:
        db.session.flush()
    except IntegrityError:
        raise taken from None
    return before


def _members_follow(account: Account, before: str, *, by: Actor) -> None:
    members = select(Member).where(Member.account_id == account.id, Member.folded_email == folded(before))
    for member in db.session.scalars(members).all():
        taken = select(Member.id).where(
            Member.organization_id == member.organization_id,
            Member.folded_email == folded(account.email),
            Member.id != member.id,
        )
        if db.session.scalar(taken) is None:
            was, member.email = member.email, account.email
            db.session.add(AuditEvent.of(AuditKind.MEMBER_CHANGED, member, by=by, at=clock.now(),
                                         before={"email": was}, after={"email": member.email}))  # fmt: skip
