"""A report or a list with its filters, kept under a name by whoever uses it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from records.models.base import Base, Id, Identity, OrganizationOwned, folded_string, owned, within_organization
from records.models.member import Member
from records.models.text import folded, name_line


class SavedView(OrganizationOwned, Base):
    """`page` names the report or the list, `asked` are the fields of the address that shows it; a shared one is offered
    to all staff, each in their own scope."""

    __tablename__ = "saved_view"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "member_id", "report", "folded_name", name="uq_saved_view_named_once"),
        within_organization("member_id", "member"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    page: Mapped[str] = mapped_column("report", String(40))
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(folded_string(255))
    asked: Mapped[dict[str, Any]]
    is_shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    member: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[member_id], primaryjoin="SavedView.member_id == Member.id"
    )

    @validates("name")
    def _name_folds(self, _key: str, name: str) -> str:
        name = name_line(name)
        self.folded_name = folded(name)[:255]
        return name
