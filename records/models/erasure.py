"""The erasure of one member: who did it, when, why, and how much went. It holds nothing of theirs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.models.base import Base, Id, Identity, OrganizationOwned, one_of, owned, within_organization
from records.models.member import Member

# Stands where a text was that may not be empty.
ERASED = "[erased]"


class ErasureReason(StrEnum):
    """Why: a choice and no free text, which might name the member."""

    ASKED = "asked"
    NOT_NEEDED = "not_needed"
    RETENTION = "retention"


class Erasure(OrganizationOwned, Base):
    """While it stands, the database lets personal values of its member become empty, and nothing else.

    `erased_by_id` is None where the rule of retention did it. `counts` are numbers of rows by table.
    """

    __tablename__ = "erasure"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "member_id"),
        within_organization("member_id", "member"),
        within_organization("erased_by_id", "member"),
        one_of("reason", ErasureReason),
        Index("ix_erasure_erased_by_id", "organization_id", "erased_by_id"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    erased_at: Mapped[datetime]
    erased_by_id: Mapped[int | None] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(String(12))
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    erased_by: Mapped[Member | None] = relationship(
        viewonly=True, foreign_keys=[erased_by_id], primaryjoin="Erasure.erased_by_id == Member.id"
    )
