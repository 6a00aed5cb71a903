"""What a member serves as: "driver", "crew chief". Several may apply to one member."""

from __future__ import annotations

from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from records.models.base import Base, Id, Identity, OrganizationOwned, folded_string, owned, within_organization
from records.models.text import folded, name_line


class Position(OrganizationOwned, Base):
    __tablename__ = "position"
    __table_args__ = owned(UniqueConstraint("organization_id", "folded_name"))

    id: Mapped[Identity]
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(folded_string(255))

    @validates("name")
    def _name_folds(self, _key: str, name: str) -> str:
        name = name_line(name)
        self.folded_name = folded(name)[:255]
        return name


class MemberPosition(OrganizationOwned, Base):
    """A member serves in a position."""

    __tablename__ = "member_position"
    __table_args__ = (
        PrimaryKeyConstraint("member_id", "position_id"),
        within_organization("member_id", "member", ondelete="CASCADE"),
        within_organization("position_id", "position"),
        Index("ix_member_position_position_id", "organization_id", "position_id", "member_id"),
    )

    member_id: Mapped[int] = mapped_column(Id)
    position_id: Mapped[int] = mapped_column(Id)
