"""Bytes, once per organization and SHA-256; nothing is shared between organizations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from records.models.base import Base, Identity, OrganizationOwned, one_of, owned

# What a browser may open by itself. All else is downloaded. Source: DOMAIN, Files.
OPENS_IN_BROWSER = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf"})
# What the worker can draw a preview of.
CAN_BE_PREVIEWED = OPENS_IN_BROWSER | {"image/heic", "image/heif"}


class Preview(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    NONE = "none"


class StoredFile(OrganizationOwned, Base):
    """A row exists only when its bytes are safely stored under `key`. `kind` is decided by the bytes.

    `wanted_at` is when somebody last attached or staged the file; the sweep leaves younger ones alone.
    A worker that draws the preview claims the file until `preview_claimed_until` and counts the attempt.
    """

    __tablename__ = "stored_file"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "sha256"),
        UniqueConstraint("key"),
        CheckConstraint("size > 0", name="size_is_positive"),
        CheckConstraint("length(sha256) = 64", name="sha256_is_hexadecimal"),
        one_of("preview", Preview),
        Index(
            "ix_stored_file_preview_waiting",
            "id",
            sqlite_where=text("preview = 'waiting'"),
            postgresql_where=text("preview = 'waiting'"),
        ),
        Index("ix_stored_file_wanted_at", "wanted_at"),
    )

    id: Mapped[Identity]
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(160))
    size: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(100))
    preview: Mapped[str] = mapped_column(String(10), default=Preview.NONE)
    preview_attempts: Mapped[int] = mapped_column(default=0)
    preview_claimed_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    wanted_at: Mapped[datetime]

    @property
    def opens_in_browser(self) -> bool:
        """A picture that could not be decoded is downloaded only; a PDF may merely ask for its password."""
        if self.preview == Preview.FAILED and self.kind != "application/pdf":
            return False
        return self.kind in OPENS_IN_BROWSER

    @property
    def may_be_viewed(self) -> bool:
        """Whether there is something to look at: the file itself, or its preview."""
        return self.opens_in_browser or self.preview == Preview.READY

    @property
    def is_picture(self) -> bool:
        return self.opens_in_browser and self.kind.startswith("image/")
