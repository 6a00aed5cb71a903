"""Figures over many members, which a job counts and keeps, because they take too long for whoever waits for a page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.models.base import Base, Identity, OrganizationOwned, owned


class KeptFigures(OrganizationOwned, Base):
    """`name` is that of the report; `question` holds the fields of its address and the ids of the units that are told
    of, None for everyone; `key` stands for all of these. `figures` are numbers, dates and ids: names are looked up when
    they are shown. They say what stood in the records at `counted_at`; both are None until they were counted once.

    `asked_at` is when somebody last wanted them counted, `wanted` that a job is to do so.
    """

    __tablename__ = "kept_figures"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "key", name="uq_kept_figures_kept_once"),
        CheckConstraint("(figures IS NULL) = (counted_at IS NULL)", name="counted_at_a_time"),
        Index("ix_kept_figures_wanted", "wanted", "asked_at"),
    )

    id: Mapped[Identity]
    key: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(40))
    question: Mapped[dict[str, Any]]
    figures: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    counted_at: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    wanted: Mapped[bool] = mapped_column(default=True)
