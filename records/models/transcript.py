"""A transcript of credits that was handed out, so that its code can be verified later."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.models.base import Base, Id, Identity, OrganizationOwned, owned, within_organization
from records.models.member import Member


class Transcript(OrganizationOwned, Base):
    """`code_digest` is the SHA-256 of the printed code; `totals` are [credit type's id, name, unit, credits] as
    printed, and `entry_ids` are the ids of the ledger's entries that they are the sums of.
    """

    __tablename__ = "transcript"
    __table_args__ = owned(
        UniqueConstraint("code_digest"),
        within_organization("member_id", "member"),
        Index("ix_transcript_member_id", "organization_id", "member_id"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    code_digest: Mapped[str] = mapped_column(String(64))
    made_on: Mapped[date]
    created_at: Mapped[datetime]
    totals: Mapped[list[Any]]
    entry_ids: Mapped[list[Any]]

    member: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[member_id], primaryjoin="Transcript.member_id == Member.id"
    )
