"""A station, department or team; a member is in at most one; units nest."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from records.models.base import Base, Id, Identity, OrganizationOwned, folded_string, owned, where, within_organization
from records.models.text import folded, name_line


class Unit(OrganizationOwned, Base):
    __tablename__ = "unit"
    __table_args__ = owned(
        within_organization("parent_id", "unit"),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        Index(
            "uq_unit_folded_name_under_parent",
            "organization_id",
            "parent_id",
            "folded_name",
            unique=True,
            **where("parent_id IS NOT NULL"),
        ),
        Index(
            "uq_unit_folded_name_at_top",
            "organization_id",
            "folded_name",
            unique=True,
            **where("parent_id IS NULL"),
        ),
    )

    id: Mapped[Identity]
    parent_id: Mapped[int | None] = mapped_column(Id)
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(folded_string(255))

    parent: Mapped[Unit | None] = relationship(
        remote_side="Unit.id", foreign_keys=[parent_id], primaryjoin="Unit.parent_id == remote(Unit.id)"
    )

    @validates("name")
    def _name_folds(self, _key: str, name: str) -> str:
        name = name_line(name)
        self.folded_name = folded(name)[:255]
        return name
