"""How members sign in with their organization's own provider (OpenID Connect), and who they are there."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from records.errors import N_, Invalid
from records.models.account import Account
from records.models.base import Base, Id, Identity, OrganizationOwned, owned
from records.models.member import Role
from records.models.organization import Organization
from records.models.text import line

_ADDRESS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# From the least to the most that a role may do.
RANKED = (Role.MEMBER, Role.TRAINING_COORDINATOR, Role.ADMINISTRATOR)


class SignOn(OrganizationOwned, Base):
    """An organization's provider. `address` is where its people begin: /sign-on/ADDRESS; `sealed_secret` is the
    client's secret, by `records.vault`; `role_values` says which role each value of the claim `role_claim` gives.
    """

    __tablename__ = "sign_on"
    __table_args__ = (UniqueConstraint("address"),)

    organization_id: Mapped[int] = mapped_column(Id, ForeignKey("organization.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(60))
    issuer: Mapped[str]
    client_id: Mapped[str]
    sealed_secret: Mapped[str] = mapped_column(Text)
    button: Mapped[str] = mapped_column(String(80))
    role_claim: Mapped[str] = mapped_column(String(80), default="")
    role_values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_on: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    organization: Mapped[Organization] = relationship(viewonly=True)

    @validates("address")
    def _address_is_one_word(self, key: str, address: str) -> str:
        address = line(address, field=key, most=60).lower()
        if not _ADDRESS.fullmatch(address):
            raise Invalid(N_("Use letters a to z, digits and hyphens, such as lakeside-fire."), field=key)
        return address

    @validates("issuer", "client_id", "button", "role_claim")
    def _text_is_tidy(self, key: str, text: str) -> str:
        text = line(text, field=key, most={"button": 80, "role_claim": 80}.get(key, 255))
        if not text and key != "role_claim":
            raise Invalid(N_("Fill this in."), field=key)
        return text

    def role_in(self, claims: dict[str, Any]) -> Role | None:
        """The role that a token gives: the highest of those that the values of its claim are mapped to, None where
        there is none. A value that is mapped to nothing gives nothing.
        """
        given = claims.get(self.role_claim) if self.role_claim else None
        values = given if isinstance(given, list) else [given]
        roles = {self.role_values.get(value) for value in values if isinstance(value, str)}
        return next((role for role in reversed(RANKED) if role in roles), None)


class SignOnIdentity(OrganizationOwned, Base):
    """Who an account is at its organization's provider: bound at the first sign-on, by a verified e-mail address, and
    known by the provider's own `subject` from then on."""

    __tablename__ = "sign_on_identity"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "issuer", "subject"),
        UniqueConstraint("organization_id", "issuer", "account_id"),
        Index("ix_sign_on_identity_account_id", "account_id"),
    )

    id: Mapped[Identity]
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    issuer: Mapped[str]
    subject: Mapped[str]
    created_at: Mapped[datetime]

    account: Mapped[Account] = relationship()
