"""An upload under way: files stored and waiting to be matched to certifications, or to be submitted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.models.base import Base, Id, Identity, OrganizationOwned, owned, within_organization
from records.models.member import Member
from records.models.stored_file import StoredFile


class Upload(OrganizationOwned, Base):
    """`member_id` is whose profile the files are for; `started_by_id` the member who chose them.

    `submission_key` is that of the form with which a learner submits them; empty in the upload wizard.
    """

    __tablename__ = "upload"
    __table_args__ = owned(
        within_organization("member_id", "member"),
        within_organization("started_by_id", "member"),
        Index("uq_upload_submission_key", "organization_id", "started_by_id", "submission_key", unique=True),
        Index("ix_upload_created_at", "created_at"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    started_by_id: Mapped[int] = mapped_column(Id)
    submission_key: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]

    member: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[member_id], primaryjoin="Upload.member_id == Member.id"
    )
    files: Mapped[list[UploadedFile]] = relationship(
        viewonly=True,
        foreign_keys="UploadedFile.upload_id",
        primaryjoin="Upload.id == UploadedFile.upload_id",
        order_by="UploadedFile.id",
    )


class UploadedFile(OrganizationOwned, Base):
    """`submitted_at` once it has become a scan of `certification_ids`; until then it waits to be matched."""

    __tablename__ = "uploaded_file"
    __table_args__ = owned(
        within_organization("upload_id", "upload", ondelete="CASCADE"),
        within_organization("stored_file_id", "stored_file"),
        Index("ix_uploaded_file_upload_id", "organization_id", "upload_id"),
        Index("ix_uploaded_file_stored_file_id", "organization_id", "stored_file_id"),
    )

    id: Mapped[Identity]
    upload_id: Mapped[int] = mapped_column(Id)
    stored_file_id: Mapped[int] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(255))
    submitted_at: Mapped[datetime | None]
    certification_ids: Mapped[list[Any]] = mapped_column(default=list)

    stored_file: Mapped[StoredFile] = relationship(
        viewonly=True,
        foreign_keys=[stored_file_id],
        primaryjoin="UploadedFile.stored_file_id == StoredFile.id",
        lazy="joined",
    )
