"""One customer. Everything below, but accounts, belongs to exactly one."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from records.errors import N_, Invalid
from records.models.base import Base, Id, Identity, OrganizationOwned, within_organization
from records.models.stored_file import StoredFile
from records.models.text import folded, name_line

MEBIBYTE = 1024 * 1024
# How long records are kept, as numbers of the unit that ends the name.
RULES = ("erase_members_years", "remove_scans_years", "empty_views_months")
LONGEST_PERIOD = 1200
_FILES_TOGETHER = 20
_MOST_TOGETHER = 2048 * MEBIBYTE


class Organization(Base):
    """`largest_file` in bytes; `retention_days` is how long deleted records can be restored.

    Reminders go out from `reminds_at` on, in its time zone; the weekly digest on `digest_weekday` (0 is Monday).
    `requires_second_factor`: of its administrators and training coordinators.
    `first_steps_put_away_at`: since when the first page leads nobody through the first steps.

    Rules that run by themselves, None where they are off: `erase_members_years` after their deactivation,
    `remove_scans_years` after their certification expired, `empty_views_months` after somebody looked at a paper.
    """

    __tablename__ = "organization"
    __table_args__ = (
        UniqueConstraint("folded_name"),
        CheckConstraint("largest_file > 0", name="largest_file_is_positive"),
        CheckConstraint("retention_days >= 1", name="retention_is_positive"),
        CheckConstraint("digest_weekday BETWEEN 0 AND 6", name="digest_weekday_is_one_of_seven"),
        *(CheckConstraint(f"{name} BETWEEN 1 AND {LONGEST_PERIOD}", name=f"{name}_is_a_period") for name in RULES),
    )

    id: Mapped[Identity]
    name: Mapped[str]
    folded_name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    largest_file: Mapped[int] = mapped_column(BigInteger, default=25 * MEBIBYTE)
    retention_days: Mapped[int] = mapped_column(default=3650)
    tracks_certifications: Mapped[bool] = mapped_column(default=True)
    takes_external_certificates: Mapped[bool] = mapped_column(default=True)
    reminds_at: Mapped[time] = mapped_column(default=time(7))
    digest_weekday: Mapped[int] = mapped_column(default=0)
    requires_second_factor: Mapped[bool] = mapped_column(default=False)
    first_steps_put_away_at: Mapped[datetime | None]
    erase_members_years: Mapped[int | None]
    remove_scans_years: Mapped[int | None]
    empty_views_months: Mapped[int | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @property
    def most_together(self) -> int:
        """How many bytes one form may bring, in all its files together."""
        return min(self.largest_file * _FILES_TOGETHER, _MOST_TOGETHER)

    @validates("name")
    def _name_folds(self, _key: str, name: str) -> str:
        name = name_line(name)
        self.folded_name = folded(name)[:255]
        return name

    @validates("time_zone")
    def _time_zone_exists(self, _key: str, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Invalid(N_("Choose a time zone from the list."), field="time_zone") from None
        return name


class Logo(OrganizationOwned, Base):
    """The organization's picture, shown at the head of every page."""

    __tablename__ = "logo"
    __table_args__ = (within_organization("stored_file_id", "stored_file"),)

    organization_id: Mapped[int] = mapped_column(Id, ForeignKey("organization.id"), primary_key=True)
    stored_file_id: Mapped[int] = mapped_column(Id)
    stored_file: Mapped[StoredFile] = relationship(
        viewonly=True, foreign_keys=[stored_file_id], primaryjoin="Logo.stored_file_id == StoredFile.id"
    )
