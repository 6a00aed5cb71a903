"""A scan joins one record to one stored file, with the file's name and a rotation for previews."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.errors import Invalid, NotDeleted, NotFound, Refusal
from records.models.base import Base, Id, Identity, OrganizationOwned, owned, where, within_organization
from records.models.stored_file import StoredFile
from records.models.text import tidy

if TYPE_CHECKING:
    from records.models.actor import Actor
    from records.models.certification import Certification
    from records.models.external_certificate import ExternalCertificate
    from records.models.renewal import RenewalProposal

_LIVE = "deleted_at IS NULL"
_LONGEST_NAME = 200
_QUARTERS = (0, 90, 180, 270)
# Marks that turn the writing direction: they make "cert\u202egpj.exe" read as if it ended in .jpg.
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def file_name(name: str | None) -> str:
    """A file's own name, without folders, control characters or turns, its ending kept when it is cut."""
    name = tidy(re.split(r"[/\\]", name or "")[-1].translate(_TURNS)).strip(". ") if name else ""
    name = name or "file"
    if len(name) > _LONGEST_NAME:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: _LONGEST_NAME - 20]}.{ending}" if dot and len(ending) < 15 else name[:_LONGEST_NAME]
    return name


def _by(column: str) -> Index:
    """Only of scans that have such a record: SQLite, which looks at the start of an index, would take it for one of a
    single value."""
    return Index(f"ix_scan_{column}", "organization_id", column, **where(f"{column} IS NOT NULL"))


class Scan(OrganizationOwned, Base):
    """A file of exactly one record: a certification, an external certificate, or a renewal that a member proposes.

    `rotation` in degrees clockwise, applied to previews only: bytes never change.
    """

    __tablename__ = "scan"
    __table_args__ = owned(
        within_organization("certification_id", "certification"),
        within_organization("external_certificate_id", "external_certificate"),
        within_organization("renewal_proposal_id", "renewal_proposal"),
        within_organization("stored_file_id", "stored_file"),
        CheckConstraint("rotation IN (0, 90, 180, 270)", name="rotation_is_a_quarter_turn"),
        CheckConstraint(
            "(CASE WHEN certification_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN external_certificate_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN renewal_proposal_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="belongs_to_exactly_one_record",
        ),
        Index(
            "uq_scan_attached_once",
            "organization_id",
            "certification_id",
            "stored_file_id",
            unique=True,
            **where(_LIVE),
        ),
        Index(
            "uq_scan_submitted_once",
            "organization_id",
            "external_certificate_id",
            "stored_file_id",
            unique=True,
            **where(_LIVE),
        ),
        Index(
            "uq_scan_proposed_once",
            "organization_id",
            "renewal_proposal_id",
            "stored_file_id",
            unique=True,
            **where(_LIVE),
        ),
        Index("ix_scan_stored_file_id", "organization_id", "stored_file_id"),
        _by("certification_id"),
        _by("external_certificate_id"),
        _by("renewal_proposal_id"),
    )

    id: Mapped[Identity]
    certification_id: Mapped[int | None] = mapped_column(Id)
    external_certificate_id: Mapped[int | None] = mapped_column(Id, active_history=True)
    renewal_proposal_id: Mapped[int | None] = mapped_column(Id)
    stored_file_id: Mapped[int] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(255))
    rotation: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None] = mapped_column(active_history=True)

    certification: Mapped[Certification | None] = relationship(
        viewonly=True, foreign_keys=[certification_id], primaryjoin="Scan.certification_id == Certification.id"
    )
    external_certificate: Mapped[ExternalCertificate | None] = relationship(
        viewonly=True,
        foreign_keys=[external_certificate_id],
        primaryjoin="Scan.external_certificate_id == ExternalCertificate.id",
    )
    renewal_proposal: Mapped[RenewalProposal | None] = relationship(
        viewonly=True, foreign_keys=[renewal_proposal_id], primaryjoin="Scan.renewal_proposal_id == RenewalProposal.id"
    )
    stored_file: Mapped[StoredFile] = relationship(
        viewonly=True, foreign_keys=[stored_file_id], primaryjoin="Scan.stored_file_id == StoredFile.id", lazy="joined"
    )

    @property
    def record(self) -> Certification | ExternalCertificate | RenewalProposal:
        """The record that it is a file of: who may see it is the record's to say."""
        record = self.certification or self.external_certificate or self.renewal_proposal
        if record is None:
            raise ValueError("a scan belongs to one record")
        return record

    @property
    def member_id(self) -> int:
        """Whose file it is."""
        return self.record.member_id

    @property
    def its_certification(self) -> Certification:
        """Raises NotFound where it is a file of something else."""
        if self.certification is None:
            raise NotFound()
        return self.certification

    def require_turned_by(self, actor: Actor) -> None:
        """Its record says who looks after it, and until when. Raises NotAllowed, NotOpen, ProposalDecided."""
        self.record.require_files_turned_by(actor)

    def may_be_turned_by(self, actor: Actor) -> bool:
        try:
            self.require_turned_by(actor)
        except Refusal:
            return False
        return True

    def turn(self, *, to: int) -> None:
        """Let previews show it turned by so many degrees, clockwise. Raises Invalid where that is no quarter turn."""
        if to not in _QUARTERS:
            raise Invalid()
        self.rotation = to

    @property
    def shows_as_picture(self) -> bool:
        """Whether its page shows a picture, rather than a document or nothing."""
        return self.stored_file.may_be_viewed and self.stored_file.kind != "application/pdf"

    @property
    def turned_left(self) -> int:
        """The rotation a quarter further to the left."""
        return (self.rotation - 90) % 360

    @property
    def turned_right(self) -> int:
        return (self.rotation + 90) % 360

    def delete(self, *, at: datetime) -> None:
        self.deleted_at = at

    def restore(self) -> None:
        """Raises NotDeleted."""
        if self.deleted_at is None:
            raise NotDeleted()
        self.deleted_at = None
