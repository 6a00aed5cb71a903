"""A list or a report that is written to a workbook in the background, because it has too many rows to wait for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.errors import NotAllowed, NotFound
from records.errors.exports import ExportChanged, ExportNotReady
from records.models.base import Base, Id, Identity, OrganizationOwned, one_of, owned, within_organization
from records.models.stored_file import StoredFile

if TYPE_CHECKING:
    from records.models.actor import Actor


class ExportState(StrEnum):
    """WAITING for a worker; RUNNING while one writes it, and until another takes it up where that one died."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ExportFailure(StrEnum):
    """What kept it from its end, as far as the asker can do something about it."""

    REFUSED = "refused"
    TOO_LARGE = "too_large"
    STORAGE_FULL = "storage_full"
    CUT_SHORT = "cut_short"
    UNEXPECTED = "unexpected"


IN_PROGRESS = (ExportState.WAITING, ExportState.RUNNING)


class ListExport(OrganizationOwned, Base):
    """`page` names the list or the report, `asked` are the fields of its address, `language` is that of its words.

    `run` is the run of the job that writes it, `tries` how many began. `rights` stand for what its asker might see when
    it was written: who may see less, or other, by now does not get the file. It goes at `expires_at`.
    """

    __tablename__ = "list_export"
    __table_args__ = owned(
        within_organization("member_id", "member"),
        within_organization("stored_file_id", "stored_file"),
        one_of("state", ExportState),
        CheckConstraint("(state = 'done') = (stored_file_id IS NOT NULL)", name="done_with_a_file"),
        CheckConstraint(
            "(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="finished_at_a_time"
        ),
        Index("ix_list_export_member_id", "organization_id", "member_id", "created_at"),
        Index("ix_list_export_stored_file_id", "organization_id", "stored_file_id"),
        Index("ix_list_export_expires_at", "expires_at"),
        Index("ix_list_export_state", "state", "id"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    page: Mapped[str] = mapped_column(String(40))
    asked: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), default=ExportState.WAITING)
    run: Mapped[str] = mapped_column(String(40), default="")
    tries: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int | None]
    failure: Mapped[str] = mapped_column(String(20), default="")
    rights: Mapped[str] = mapped_column(String(64), default="")
    file_name: Mapped[str] = mapped_column(default="")
    stored_file_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]

    stored_file: Mapped[StoredFile | None] = relationship(
        viewonly=True, foreign_keys=[stored_file_id], primaryjoin="ListExport.stored_file_id == StoredFile.id"
    )

    @property
    def is_in_progress(self) -> bool:
        return self.state in IN_PROGRESS

    @property
    def share(self) -> int | None:
        """How much of it is written, in percent; None where that is not known yet."""
        return min(100, 100 * self.rows_done // self.rows_total) if self.rows_total else None

    def require_its_asker(self, actor: Actor) -> None:
        """Raises NotAllowed, NotFound: also an administrator has no business with the file of another."""
        if not actor.is_staff:
            raise NotAllowed()
        if not actor.is_of(self.organization_id) or actor.member_id != self.member_id:
            raise NotFound()

    def its_file(self, *, at: datetime) -> StoredFile:
        """Raises ExportNotReady, NotFound where its day is over."""
        if self.stored_file is None:
            raise ExportNotReady()
        if self.expires_at <= at:
            raise NotFound()
        return self.stored_file

    def require_in_progress(self) -> None:
        if not self.is_in_progress:
            raise ExportChanged()

    def require_over_without_file(self) -> None:
        if self.state not in (ExportState.FAILED, ExportState.CANCELLED):
            raise ExportChanged()
