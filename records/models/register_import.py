"""A register brought in: the file, how its columns were read, and what became of each row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.models.base import Base, Id, Identity, OrganizationOwned, one_of, owned, within_organization
from records.models.stored_file import StoredFile


class ImportState(StrEnum):
    MAPPING = "mapping"
    CHECKED = "checked"
    APPLIED = "applied"
    UNDONE = "undone"


class RowOutcome(StrEnum):
    """What a row comes to. `ASK` waits for a person to say who is meant; `LEFT_OUT` by the mapping."""

    NEW_MEMBER = "new member"
    NEW_CERTIFICATION = "new certification"
    RENEWAL = "renewal"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LEFT_OUT = "left out"
    ASK = "ask"
    ERROR = "error"


class RegisterImport(OrganizationOwned, Base):
    """`mapping` says which column is which; `counts` how many rows came to each outcome."""

    __tablename__ = "register_import"
    __table_args__ = owned(
        within_organization("stored_file_id", "stored_file"),
        one_of("state", ImportState),
        Index("ix_register_import_stored_file_id", "organization_id", "stored_file_id"),
    )

    id: Mapped[Identity]
    stored_file_id: Mapped[int] = mapped_column(Id)
    file_name: Mapped[str]
    mapping: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default=ImportState.MAPPING)
    started_by_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    stored_file: Mapped[StoredFile] = relationship(
        viewonly=True, foreign_keys=[stored_file_id], primaryjoin="RegisterImport.stored_file_id == StoredFile.id"
    )


class ImportRow(OrganizationOwned, Base):
    """`line` counts from 1 in the file, the header included. `values` are the row's cells by header.

    `created` names what the row made ("member", "certification"); `before` holds the fields that it
    changed, and `versions` the versions it left behind, so that undoing can tell what was touched since.
    """

    __tablename__ = "import_row"
    __table_args__ = owned(
        within_organization("import_id", "register_import", ondelete="CASCADE"),
        UniqueConstraint("organization_id", "import_id", "line"),
        one_of("outcome", RowOutcome),
        Index("ix_import_row_outcome", "organization_id", "import_id", "outcome", "line"),
    )

    id: Mapped[Identity]
    import_id: Mapped[int] = mapped_column(Id)
    line: Mapped[int]
    values: Mapped[dict[str, Any]]
    outcome: Mapped[str] = mapped_column(String(20))
    problem: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(String(40), default="")
    member_id: Mapped[int | None] = mapped_column(Id)
    certification_id: Mapped[int | None] = mapped_column(Id)
    created: Mapped[list[Any]] = mapped_column(default=list)
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ColumnMapping(OrganizationOwned, Base):
    """A mapping kept for the next file with the same header."""

    __tablename__ = "column_mapping"
    __table_args__ = owned(UniqueConstraint("organization_id", "header_digest"))

    id: Mapped[Identity]
    header_digest: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]
