"""A register brought in: the file, how its columns were read, and what became of each row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.errors import BroughtInAlready, NotAllowed, NotBroughtIn, NotChecked, NotFound
from records.models.base import Base, Id, Identity, OrganizationOwned, Words, one_of, owned, where, within_organization
from records.models.stored_file import StoredFile

if TYPE_CHECKING:
    from records.models.actor import Actor


class ImportState(StrEnum):
    """MAPPING waits for a person to say which column is which; CHECKED has a dry run that can be applied."""

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


# What a person has to look at before the row can come in.
TO_MEND = (RowOutcome.ERROR, RowOutcome.ASK)
GOOD = (RowOutcome.NEW_MEMBER, RowOutcome.NEW_CERTIFICATION, RowOutcome.RENEWAL, RowOutcome.CHANGED)


class RegisterImport(OrganizationOwned, Base):
    """`reading` says how the file is read, `survey` what was seen in it, `mapping` what a person decided.

    `counts` has the number of rows by outcome; `digest` stands for every row's outcome in the dry run, so
    that what is brought in is what was shown. `made` lists the ids of the types and units that it created. Once it is
    brought in, the file may go: with the erasure of a member whom it names.
    """

    __tablename__ = "register_import"
    __table_args__ = owned(
        within_organization("stored_file_id", "stored_file"),
        one_of("state", ImportState),
        CheckConstraint("(applied_at IS NOT NULL) = (state IN ('applied', 'undone'))", name="applied_at_a_time"),
        CheckConstraint("(undone_at IS NOT NULL) = (state = 'undone')", name="undone_at_a_time"),
        within_organization("started_by_id", "member"),
        Index("ix_register_import_stored_file_id", "organization_id", "stored_file_id"),
    )

    id: Mapped[Identity]
    stored_file_id: Mapped[int | None] = mapped_column(Id)
    file_name: Mapped[str]
    reading: Mapped[dict[str, Any]]
    survey: Mapped[dict[str, Any]]
    mapping: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    digest: Mapped[str] = mapped_column(String(64), default="")
    made: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default=ImportState.MAPPING)
    started_by_id: Mapped[int | None] = mapped_column(Id)
    started_by_name: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    stored_file: Mapped[StoredFile | None] = relationship(
        viewonly=True, foreign_keys=[stored_file_id], primaryjoin="RegisterImport.stored_file_id == StoredFile.id"
    )

    @property
    def its_file(self) -> StoredFile:
        """Raises NotFound where it went with the erasure of somebody whom it names."""
        if self.stored_file is None:
            raise NotFound()
        return self.stored_file

    @property
    def is_open(self) -> bool:
        """Whether it can still be mapped, checked or discarded."""
        return self.state in (ImportState.MAPPING, ImportState.CHECKED)

    def may_be_handled_by(self, actor: Actor) -> bool:
        """An import shows rows of members: a coordinator sees the own ones only."""
        own = actor.is_staff and actor.member_id is not None and actor.member_id == self.started_by_id
        return actor.is_of(self.organization_id) and (actor.administers or own)

    def require_handled_by(self, actor: Actor) -> None:
        if not actor.is_staff:
            raise NotAllowed()
        if not self.may_be_handled_by(actor):
            raise NotFound()

    def require_open(self) -> None:
        if not self.is_open:
            raise BroughtInAlready()

    def require_checked(self) -> None:
        self.require_open()
        if self.state != ImportState.CHECKED:
            raise NotChecked()

    def apply(self, *, counts: dict[str, Any], made: dict[str, Any], at: datetime) -> None:
        self.require_checked()
        self.state, self.applied_at, self.counts, self.made = ImportState.APPLIED, at, counts, made

    def undo(self, *, at: datetime) -> None:
        if self.state != ImportState.APPLIED:
            raise NotBroughtIn()
        self.state, self.undone_at = ImportState.UNDONE, at


class ImportRow(OrganizationOwned, Base):
    """`line` counts from 1 in the file, the header included. `cells` are the row's cells as text.

    `problem` is a sentence marked for translation, with its `problem_params` and the `problem_column` that
    it is about. `candidates` are the answers that a person may give where the row asks, `answer` is theirs.
    `created` names what the row made ("member", "certification"); `before` holds the fields that it changed,
    and `versions` the versions it left behind, so that undoing can tell what was touched since. `kept`
    says why undoing left something as it is.
    """

    __tablename__ = "import_row"
    __table_args__ = owned(
        within_organization("import_id", "register_import", ondelete="CASCADE"),
        within_organization("member_id", "member"),
        within_organization("certification_id", "certification"),
        UniqueConstraint("organization_id", "import_id", "line"),
        one_of("outcome", RowOutcome),
        Index("ix_import_row_member_id", "organization_id", "member_id"),
        Index("ix_import_row_certification_id", "organization_id", "certification_id"),
        Index("ix_import_row_outcome", "organization_id", "import_id", "outcome", "line"),
        Index(
            "ix_import_row_kept",
            "organization_id",
            "import_id",
            "line",
            **where("kept <> ''"),
        ),
    )

    id: Mapped[Identity]
    import_id: Mapped[int] = mapped_column(Id)
    line: Mapped[int]
    cells: Mapped[list[Any]]
    name: Mapped[str] = mapped_column(String(300), default="")
    outcome: Mapped[str] = mapped_column(String(20))
    problem: Mapped[Words]
    problem_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    problem_column: Mapped[str] = mapped_column(String(255), default="")
    candidates: Mapped[list[Any]] = mapped_column(default=list)
    answer: Mapped[str] = mapped_column(String(40), default="")
    member_id: Mapped[int | None] = mapped_column(Id)
    certification_id: Mapped[int | None] = mapped_column(Id)
    created: Mapped[list[Any]] = mapped_column(default=list)
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    kept: Mapped[str] = mapped_column(Text, default="", server_default="")


class ColumnMapping(OrganizationOwned, Base):
    """A mapping kept for the next file with the same header."""

    __tablename__ = "column_mapping"
    __table_args__ = owned(UniqueConstraint("organization_id", "header_digest"))

    id: Mapped[Identity]
    header_digest: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]
