"""How a person signs in: an e-mail address unique in the installation, a password, and open sessions."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from records.errors import N_, Invalid
from records.models.base import Base, Id, Identity, one_of
from records.models.text import folded, tidy

# One @, no spaces or control characters, a dot in the domain: the rest only a mail can prove.
_ADDRESS = re.compile(r"[^@\s\"'<>(),;:\\\[\]]+@[^@\s\"'<>(),;:\\\[\]]+\.[^@\s\"'<>(),;:\\\[\].]+")


def email_address(text: str | None) -> str | None:
    """`text` as an e-mail address, None where empty. Raises Invalid (field `email`)."""
    text = tidy(text)
    if not text:
        return None
    if max(len(text), len(folded(text)), len(address_key(text))) > 254 or not _ADDRESS.fullmatch(text):
        raise Invalid(N_("Enter an e-mail address like name@example.org."), field="email")
    return text


def address_key(email: str) -> str:
    """How addresses of accounts are compared: without case, but with accents. é and e are two mailboxes."""
    return unicodedata.normalize("NFKC", tidy(email)).casefold()


class Account(Base):
    """`password_hash` is empty until the first invitation is accepted."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("folded_email"),)

    id: Mapped[Identity]
    email: Mapped[str]
    folded_email: Mapped[str]
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    password_changed_at: Mapped[datetime | None]

    @validates("email")
    def _email_folds(self, _key: str, email: str) -> str:
        address = email_address(email)
        if address is None:
            raise Invalid(N_("Enter an e-mail address like name@example.org."), field="email")
        self.folded_email = address_key(address)
        return address


class SignIn(Base):
    """One open session. The browser holds a token; here stands only its SHA-256.

    `confirmed_at` is when its owner gave their password last: signing in, or confirming something grave.
    `administrator_id` is who is logged in as the member; `returns_until` is when their own session, which
    waits behind this one, would end. `came_through_id`: the organization whose sign-on began it, and the only one
    that it opens.
    """

    __tablename__ = "sign_in"
    __table_args__ = (
        UniqueConstraint("token_digest"),
        Index("ix_sign_in_account_id", "account_id"),
        CheckConstraint("(administrator_id IS NULL) = (returns_until IS NULL)", name="administrators_return"),
        Index("ix_sign_in_member_id", "member_id"),
    )

    id: Mapped[Identity]
    token_digest: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(Id, ForeignKey("member.id"))
    administrator_id: Mapped[int | None] = mapped_column(Id, ForeignKey("member.id"))
    returns_until: Mapped[datetime | None]
    came_through_id: Mapped[int | None] = mapped_column(Id, ForeignKey("organization.id"))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(64), default="")
    browser: Mapped[str] = mapped_column(String(255), default="")

    account: Mapped[Account] = relationship()


class KnownBrowser(Base):
    """A browser in which this account signed in before: it still gets in while the account is under attack."""

    __tablename__ = "known_browser"
    __table_args__ = (UniqueConstraint("token_digest"), Index("ix_known_browser_account_id", "account_id"))

    id: Mapped[Identity]
    token_digest: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    last_used_at: Mapped[datetime]


class LinkPurpose(StrEnum):
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105  # because: the purpose of a link
    OLD_EMAIL = "old_email"
    NEW_EMAIL = "new_email"


class SingleUseLink(Base):
    """A mailed link that works once. `member_id` for an invitation, `new_email` for a change of e-mail."""

    __tablename__ = "single_use_link"
    __table_args__ = (
        UniqueConstraint("token_digest"),
        one_of("purpose", LinkPurpose),
        Index("ix_single_use_link_account_id", "account_id"),
        Index("ix_single_use_link_member_id", "member_id"),
    )

    id: Mapped[Identity]
    token_digest: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(20))
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    member_id: Mapped[int | None] = mapped_column(Id, ForeignKey("member.id"))
    new_email: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class ThrottleCount(Base):
    """How often `key` was tried in the window that began at `began_at`. Shared by all processes."""

    __tablename__ = "throttle_count"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
