"""One person who stood in the records twice: what went from the one member to the other, so that it can go back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.models.base import Base, Id, Identity, OrganizationOwned, owned, where, within_organization
from records.models.member import Member


class MemberMerge(OrganizationOwned, Base):
    """`moved` are the ids of the rows that went over, by table, and what else is needed to bring them back."""

    __tablename__ = "member_merge"
    __table_args__ = owned(
        within_organization("kept_id", "member"),
        within_organization("merged_id", "member"),
        within_organization("merged_by_id", "member"),
        within_organization("undone_by_id", "member"),
        CheckConstraint("kept_id <> merged_id", name="joins_two_members"),
        CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="undone_by_somebody"),
        Index(
            "uq_member_merge_merged_once",
            "organization_id",
            "merged_id",
            unique=True,
            **where("undone_at IS NULL"),
        ),
        Index("ix_member_merge_kept_id", "organization_id", "kept_id"),
        Index("ix_member_merge_merged_by_id", "organization_id", "merged_by_id"),
        Index("ix_member_merge_undone_by_id", "organization_id", "undone_by_id"),
    )

    id: Mapped[Identity]
    kept_id: Mapped[int] = mapped_column(Id)
    merged_id: Mapped[int] = mapped_column(Id)
    merged_at: Mapped[datetime]
    merged_by_id: Mapped[int] = mapped_column(Id)
    moved: Mapped[dict[str, Any]]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(Id)

    kept: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[kept_id], primaryjoin="MemberMerge.kept_id == Member.id"
    )
    merged: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[merged_id], primaryjoin="MemberMerge.merged_id == Member.id"
    )
