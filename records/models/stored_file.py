"""Bytes, once per organization and SHA-256; nothing is shared between organizations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.errors import FileInfected, FileUnscanned
from records.models.base import Base, Identity, OrganizationOwned, one_of, owned, where

# What a browser may open by itself. All else is downloaded. Source: DOMAIN, Files.
OPENS_IN_BROWSER = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf"})
# What the worker can draw a preview of.
CAN_BE_PREVIEWED = OPENS_IN_BROWSER | {"image/heic", "image/heif"}


class Preview(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    NONE = "none"


class VirusScan(StrEnum):
    """Where files are scanned, each begins as UNSCANNED; where they are not, as NOT_SCANNED."""

    NOT_SCANNED = "not_scanned"
    UNSCANNED = "unscanned"
    CLEAN = "clean"
    INFECTED = "infected"


LONGEST_VIRUS = 100
HELD_BACK = (VirusScan.UNSCANNED, VirusScan.INFECTED)


class StoredFile(OrganizationOwned, Base):
    """A row exists only when its bytes are safely stored under `key`. `kind` is decided by the bytes.

    `wanted_at` is when somebody last attached or staged the file; the sweep leaves younger ones alone.
    A worker that draws the preview claims the file until `preview_claimed_until` and counts the attempt.
    `virus_scan_due_at` is when an unscanned file is scanned next: a worker that takes it, or fails, puts it off.
    `tells_place`: the photo says where it was taken; known once its preview is drawn.
    """

    __tablename__ = "stored_file"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "sha256"),
        UniqueConstraint("key"),
        CheckConstraint("size > 0", name="size_is_positive"),
        CheckConstraint("length(sha256) = 64", name="sha256_is_hexadecimal"),
        one_of("preview", Preview),
        one_of("virus_scan", VirusScan),
        CheckConstraint("(virus_scan = 'infected') = (virus <> '')", name="infected_by_a_virus"),
        CheckConstraint("(virus_scan = 'unscanned') = (virus_scan_due_at IS NOT NULL)", name="unscanned_is_due"),
        Index(
            "ix_stored_file_preview_waiting",
            "id",
            **where("preview = 'waiting'"),
        ),
        Index("ix_stored_file_wanted_at", "wanted_at"),
        Index("ix_stored_file_virus_scan", "virus_scan", "virus_scan_due_at", "id"),
    )

    id: Mapped[Identity]
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(160))
    size: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(100))
    preview: Mapped[str] = mapped_column(String(10), default=Preview.NONE)
    preview_attempts: Mapped[int] = mapped_column(default=0)
    preview_claimed_until: Mapped[datetime | None]
    tells_place: Mapped[bool] = mapped_column(default=False)
    virus_scan: Mapped[str] = mapped_column(String(11), default=VirusScan.NOT_SCANNED)
    virus: Mapped[str] = mapped_column(String(LONGEST_VIRUS), default="")
    virus_scan_due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    wanted_at: Mapped[datetime]

    @property
    def is_held_back(self) -> bool:
        """Nobody opens it, nor a picture of it: it waits for the virus scan, or a virus was found."""
        return self.virus_scan in HELD_BACK

    def require_released(self, *, name: str) -> None:
        """Raises FileUnscanned, FileInfected, with the `name` that the file has where it is asked for."""
        if self.virus_scan == VirusScan.INFECTED:
            raise FileInfected(name=name, virus=self.virus)
        if self.virus_scan == VirusScan.UNSCANNED:
            raise FileUnscanned(name=name)

    @property
    def has_preview(self) -> bool:
        return self.preview == Preview.READY and not self.is_held_back

    @property
    def opens_in_browser(self) -> bool:
        """A picture that could not be decoded is downloaded only; a PDF may merely ask for its password."""
        if self.is_held_back or (self.preview == Preview.FAILED and self.kind != "application/pdf"):
            return False
        return self.kind in OPENS_IN_BROWSER

    @property
    def may_be_viewed(self) -> bool:
        """Whether there is something to look at: the file itself, or its preview."""
        return self.opens_in_browser or self.has_preview

    @property
    def is_picture(self) -> bool:
        return self.opens_in_browser and self.kind.startswith("image/")
