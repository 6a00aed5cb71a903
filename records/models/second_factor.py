"""What an account asks for besides its password: codes of a device, and recovery codes for when that is lost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.models.account import Account
from records.models.base import Base, Id, Identity


class SecondFactor(Base):
    """The secret that the account's device shares with us, sealed. Without `on_since` it has not been proved yet, and
    nothing asks for it.

    `last_step` is that of the latest code which was accepted, in steps of 30 seconds since the epoch.
    """

    __tablename__ = "second_factor"

    account_id: Mapped[int] = mapped_column(
        Id, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed_secret: Mapped[str] = mapped_column(Text)
    begun_at: Mapped[datetime]
    on_since: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """A code that stands in for the device's, once. Its owner has it; here stands only its SHA-256."""

    __tablename__ = "recovery_code"
    __table_args__ = (UniqueConstraint("account_id", "digest"),)

    id: Mapped[Identity]
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class HalfwaySignIn(Base):
    """Somebody gave the right password and still owes a code. It opens nothing but the page that asks for the code.

    The browser holds a token; here stands only its SHA-256. The row goes when it is used.
    """

    __tablename__ = "halfway_sign_in"
    __table_args__ = (UniqueConstraint("token_digest"), Index("ix_halfway_sign_in_account_id", "account_id"))

    id: Mapped[Identity]
    token_digest: Mapped[str] = mapped_column(String(64))
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]

    account: Mapped[Account] = relationship()
