"""Steps that verbs share inside their transaction: writing a message, making and spending a link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from records import clock, jobs, mail, signin
from records.database import after_commit, db, every_organization, this_organization
from records.errors import N_, Invalid, LinkSpent
from records.models import Account, LinkPurpose, Member, Message, MessageKind, Organization, SingleUseLink

_PATHS = {
    LinkPurpose.INVITATION: "/invitation/",
    LinkPurpose.PASSWORD_RESET: "/reset/",
    LinkPurpose.OLD_EMAIL: "/email/old/",
    LinkPurpose.NEW_EMAIL: "/email/new/",
}


def post(kind: MessageKind, address: str, *, organization: Organization | None, facts: dict[str, Any]) -> Message:
    """Write one message in the running transaction; it is sent soon after the commit, and only then."""
    now = clock.now()
    message = Message(
        organization_id=organization.id if organization else None,
        kind=kind,
        to_address=address,
        facts=facts,
        created_at=now,
        due_at=now,
    )
    db.session.add(message)
    after_commit(lambda: jobs.wake(mail.send_messages))
    return message


def notify(member: Member, kind: MessageKind, *, facts: dict[str, Any], page: str, mailed: bool = True) -> Message:
    """Tell a member in the portal, at `page` (a path), and by mail where it is `mailed` and they can open it, have an
    address and want it."""
    wanted = member.email if mailed and member.is_active and kind not in member.unwanted_mail else None
    organization, now = this_organization(), clock.now()
    message = Message(
        organization_id=organization.id,
        kind=kind,
        member_id=member.id,
        to_address=wanted,
        page=page,
        facts=facts | {"name": member.name, "organization": organization.name},
        created_at=now,
        due_at=now,
    )
    db.session.add(message)
    if wanted:
        after_commit(lambda: jobs.wake(mail.send_messages))
    return message


def new_link(
    purpose: LinkPurpose,
    account: Account,
    *,
    lasts: timedelta,
    member: Member | None = None,
    new_email: str | None = None,
) -> str:
    """A link's secret. Only its SHA-256 is kept."""
    secret, now = signin.token(), clock.now()
    db.session.add(
        SingleUseLink(
            token_digest=signin.digest(secret),
            purpose=purpose,
            account=account,
            member_id=member.id if member else None,
            new_email=new_email,
            created_at=now,
            expires_at=now + lasts,
        )
    )
    return secret


def link_path(purpose: LinkPurpose, secret: str) -> str:
    """The path below PUBLIC_URL that a link opens."""
    return _PATHS[purpose] + secret


def peek(secret: str, purpose: LinkPurpose) -> SingleUseLink:
    """The link that this secret opens, unspent. Raises LinkSpent."""
    with every_organization():
        link = db.session.scalar(select(SingleUseLink).where(SingleUseLink.token_digest == signin.digest(secret)))
    if link is None or link.purpose != purpose or link.used_at is not None or link.expires_at <= clock.now():
        raise LinkSpent()
    return link


def spend(secret: str, purpose: LinkPurpose) -> SingleUseLink:
    """Use a link up, inside a transaction: of two at once, one gets it. Raises LinkSpent."""
    now = clock.now()
    unspent = (
        update(SingleUseLink)
        .where(
            SingleUseLink.token_digest == signin.digest(secret),
            SingleUseLink.purpose == purpose,
            SingleUseLink.used_at.is_(None),
            SingleUseLink.expires_at > now,
        )
        .values(used_at=now)
    )
    if db.session.execute(unspent).rowcount != 1:  # type: ignore[attr-defined]  # because: an UPDATE's result counts rows
        raise LinkSpent()
    return db.session.scalars(select(SingleUseLink).where(SingleUseLink.token_digest == signin.digest(secret))).one()


def to_address(address: str | None) -> str:
    """An address that must be there. Raises Invalid (field `email`)."""
    if address is None:
        raise Invalid(N_("Enter an e-mail address like name@example.org."), field="email")
    return address
