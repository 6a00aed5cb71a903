"""One version of an external certificate, as it was submitted: what a reviewer sees and approves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.models.base import Base, Id, Identity, OrganizationOwned, owned, within_organization


def digest_of(facts: Mapping[str, Any], hashes: Sequence[str]) -> str:
    """SHA-256 (hexadecimal) over a submission's fields and the ordered SHA-256 of its files."""
    canonical = json.dumps([dict(facts), list(hashes)], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class Revision(OrganizationOwned, Base):
    """`number` counts from 1. `submitted_by_id` is the learner, `administrator_id` whoever was logged in as them.

    `files` are names and hashes, in order. A revision is never changed.
    """

    __tablename__ = "revision"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "external_certificate_id", "number"),
        within_organization("external_certificate_id", "external_certificate"),
        within_organization("submitted_by_id", "member"),
        within_organization("administrator_id", "member"),
        CheckConstraint("number > 0", name="number_counts_from_one"),
        Index("ix_revision_administrator_id", "organization_id", "administrator_id"),
    )

    id: Mapped[Identity]
    external_certificate_id: Mapped[int] = mapped_column(Id)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]
    files: Mapped[list[Any]]
    submitted_by_id: Mapped[int] = mapped_column(Id)
    administrator_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime]
