"""What is tracked: anything that expires, such as "EMT-Basic" or "Forklift licence"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from records.errors import N_, Invalid
from records.models.base import Base, Identity, OrganizationOwned, Words, folded_string, owned
from records.models.text import folded, line, name_line, tidy_lines

# Days before expiry; negative is after. Source: the customer's default schedule.
DEFAULT_STAGES = [90, 30, 7, 0, -14]
_FARTHEST_STAGE = 3650


class CertificationType(OrganizationOwned, Base):
    """`usual_term` in months; `reminder_stages` in days before expiry, earliest first, negative for after.

    `notice_days` is the earliest stage: from then on a certification is "expiring soon". `stages_set_on` is the day
    on which the stages were last changed: none dated before it is sent. `members_propose_renewals`: members may
    propose a renewal with a scan, for review.
    """

    __tablename__ = "certification_type"
    __table_args__ = owned(
        UniqueConstraint("organization_id", "folded_name"),
        CheckConstraint("usual_term IS NULL OR usual_term BETWEEN 1 AND 1200", name="usual_term_in_months"),
        CheckConstraint("grace_days BETWEEN 0 AND 3650", name="grace_is_not_negative"),
        CheckConstraint("notice_days BETWEEN 0 AND 3650", name="notice_is_not_negative"),
        Index("ix_certification_type_position", "organization_id", "position", "folded_name"),
    )

    id: Mapped[Identity]
    name: Mapped[str]
    folded_name: Mapped[str] = mapped_column(folded_string(255))
    description: Mapped[Words]
    issuer: Mapped[str] = mapped_column(String(255), default="")
    usual_term: Mapped[int | None]
    reminder_stages: Mapped[list[Any]] = mapped_column(default=lambda: list(DEFAULT_STAGES))
    notice_days: Mapped[int] = mapped_column(default=max(DEFAULT_STAGES))
    grace_days: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    stages_set_on: Mapped[date | None]
    members_propose_renewals: Mapped[bool] = mapped_column(default=False)
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    @validates("name")
    def _name_folds(self, _key: str, name: str) -> str:
        name = name_line(name)
        self.folded_name = folded(name)
        return name

    @validates("issuer")
    def _issuer_is_tidy(self, key: str, text: str) -> str:
        return line(text, field=key)

    @validates("description")
    def _description_is_tidy(self, _key: str, text: str) -> str:
        return tidy_lines(text)

    @validates("reminder_stages")
    def _stages_are_ordered(self, _key: str, stages: list[int]) -> list[int]:
        if any(abs(stage) > _FARTHEST_STAGE for stage in stages):
            raise Invalid(N_("Stages lie within ten years of the expiry date."), field="reminder_stages")
        self.notice_days = max([0, *stages])
        return sorted(set(stages), reverse=True)

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None

    def proposed_expiry(self, issued_on: date) -> date | None:
        """Issued plus the usual term; 29 February becomes 28 February in a common year."""
        return _proposed_expiry(self.usual_term, issued_on)


@dataclass(frozen=True, slots=True)
class CertificationKind:
    """What a certification needs to know of its type: the type's values, for reading only."""

    id: int
    name: str
    folded_name: str
    description: str
    issuer: str
    position: int
    grace_days: int
    notice_days: int
    usual_term: int | None
    members_propose_renewals: bool
    is_retired: bool

    def __hash__(self) -> int:
        return self.id  # in no time: what is made of kinds is kept by what they are

    def proposed_expiry(self, issued_on: date) -> date | None:
        return _proposed_expiry(self.usual_term, issued_on)


def _proposed_expiry(usual_term: int | None, issued_on: date) -> date | None:
    if usual_term is None:
        return None
    try:
        return issued_on + relativedelta(months=usual_term)
    except (ValueError, OverflowError):
        return None
