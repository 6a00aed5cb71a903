"""A text that reviewers keep, to use it again: "The certificate shows no name." """

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from records.errors import N_, Invalid
from records.models.base import Base, Identity, OrganizationOwned, owned
from records.models.text import folded, reason_lines


class KeptReason(OrganizationOwned, Base):
    """All reviewers of the organization share them. `text_digest` keeps each text once, without regard to case."""

    __tablename__ = "kept_reason"
    __table_args__ = owned(UniqueConstraint("organization_id", "text_digest"))

    id: Mapped[Identity]
    text: Mapped[str] = mapped_column(Text)
    text_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]

    @validates("text")
    def _text_is_tidy(self, key: str, text: str) -> str:
        text = reason_lines(text, field=key)
        if not text:
            raise Invalid(N_("Enter a text to keep."), field=key)
        self.text_digest = hashlib.sha256(folded(text).encode()).hexdigest()
        return text
