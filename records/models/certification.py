"""One holding of a certification type by one member."""

from __future__ import annotations

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship, validates

from records.errors import AlreadyRenewed, ExpiresBeforeIssued, NotAllowed, NotDeleted, ReasonRequired
from records.models.actor import Actor
from records.models.base import Base, Id, Identity, OrganizationOwned, owned, where, within_organization
from records.models.certification_type import CertificationType
from records.models.held import Dated
from records.models.member import Member
from records.models.scan import Scan
from records.models.standing import standing_case
from records.models.text import folded, line, reason_lines

LIVE = "deleted_at IS NULL"


class Certification(Dated, OrganizationOwned, Base):
    """`number` is free text, also notes; '' where there is none. Valid through `expires_on`.

    `recorded_on` is the day it was written down, in the organization's time zone. `supersedes_id`
    points to the certification that this one renews. A deletion leaves a tombstone: `deleted_at`.
    """

    __tablename__ = "certification"
    __table_args__ = owned(
        within_organization("member_id", "member"),
        within_organization("type_id", "certification_type"),
        within_organization("supersedes_id", "certification"),
        within_organization("import_id", "register_import"),
        CheckConstraint("issued_on IS NULL OR issued_on <= expires_on", name="issued_before_it_expires"),
        CheckConstraint("supersedes_id <> id", name="does_not_supersede_itself"),
        CheckConstraint("(suspended_on IS NULL) = (suspended_reason = '')", name="suspended_with_a_reason"),
        CheckConstraint("(revoked_on IS NULL) = (revoked_reason = '')", name="revoked_with_a_reason"),
        Index(
            "uq_certification_held_once",
            "organization_id",
            "member_id",
            "type_id",
            "number",
            "expires_on",
            unique=True,
            **where(LIVE),
        ),
        Index(
            "uq_certification_renewed_once",
            "organization_id",
            "supersedes_id",
            unique=True,
            **where(LIVE + " AND supersedes_id IS NOT NULL"),
        ),
        Index(
            "ix_certification_expires_on",
            "organization_id",
            "expires_on",
            "id",
            "member_id",
            "type_id",
            "revoked_on",
            **where(LIVE),
        ),
        Index(
            "ix_certification_suspended_on",
            "organization_id",
            "suspended_on",
            **where("suspended_on IS NOT NULL"),
        ),
        Index(
            "ix_certification_revoked_on",
            "organization_id",
            "revoked_on",
            **where("revoked_on IS NOT NULL"),
        ),
        Index("ix_certification_type_id", "organization_id", "type_id", "expires_on"),
        Index("ix_certification_folded_number", "organization_id", "folded_number"),
        Index("ix_certification_import_id", "organization_id", "import_id"),
        Index("ix_certification_member_id", "organization_id", "member_id"),
        Index("ix_certification_supersedes_id", "organization_id", "supersedes_id"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    type_id: Mapped[int] = mapped_column(Id)
    number: Mapped[str] = mapped_column(String(255), default="")
    folded_number: Mapped[str] = mapped_column(String(255), default="")
    issued_on: Mapped[date | None]
    expires_on: Mapped[date]
    recorded_on: Mapped[date]
    supersedes_id: Mapped[int | None] = mapped_column(Id)
    suspended_on: Mapped[date | None]
    suspended_reason: Mapped[str] = mapped_column(Text, default="")
    revoked_on: Mapped[date | None]
    revoked_reason: Mapped[str] = mapped_column(Text, default="")
    import_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    member: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[member_id], primaryjoin="Certification.member_id == Member.id"
    )
    type: Mapped[CertificationType] = relationship(
        viewonly=True, foreign_keys=[type_id], primaryjoin="Certification.type_id == CertificationType.id"
    )
    scans: Mapped[list[Scan]] = relationship(
        viewonly=True,
        foreign_keys="Scan.certification_id",
        primaryjoin="and_(Certification.id == Scan.certification_id, Scan.deleted_at.is_(None))",
        order_by="Scan.id",
    )
    renewal: Mapped[Certification | None] = relationship(
        viewonly=True,
        uselist=False,
        foreign_keys="Certification.supersedes_id",
        primaryjoin=(
            "and_(Certification.id == remote(Certification.supersedes_id), remote(Certification.deleted_at).is_(None))"
        ),
    )

    @validates("number")
    def _number_folds(self, _key: str, number: str | None) -> str:
        number = line(number, field="number")
        self.folded_number = folded(number)[:255]
        return number

    @classmethod
    def standing_expression(cls, day: date, other: Any = None) -> ColumnElement[str]:
        """The standing on `day` in SQL, or that of an alias (`other`); the statement must join CertificationType."""
        one, renewal = other or cls, aliased(cls, name="renewal")
        renewed_on = (
            select(func.coalesce(renewal.issued_on, renewal.recorded_on))
            .where(renewal.supersedes_id == one.id, renewal.organization_id == one.organization_id)
            .where(renewal.deleted_at.is_(None))
            .correlate(one)
            .scalar_subquery()
        )
        facts = SimpleNamespace(
            expires_on=one.expires_on,
            issued_on=one.issued_on,
            grace_days=CertificationType.grace_days,
            notice_days=CertificationType.notice_days,
            suspended_on=one.suspended_on,
            revoked_on=one.revoked_on,
            renewed_on=renewed_on,
        )
        return standing_case(day, facts)

    # Changes

    def require_files_turned_by(self, actor: Actor) -> None:
        """Raises NotAllowed."""
        if not self.member.certifications_may_be_changed_by(actor):
            raise NotAllowed()

    def check(self) -> None:
        """Raises ExpiresBeforeIssued (field `expires_on`)."""
        if self.issued_on and self.expires_on < self.issued_on:
            raise ExpiresBeforeIssued(field="expires_on")

    def renew(self, earlier: Certification) -> None:
        """Record that this certification replaces `earlier`. Raises AlreadyRenewed."""
        if earlier.renewal is not None and earlier.renewal is not self:
            raise AlreadyRenewed(field="renews")
        self.supersedes_id = earlier.id

    def suspend(self, *, on: date | None, reason: str) -> None:
        """From `on` (a date), for `reason`; with no date the suspension is lifted. Raises ReasonRequired."""
        self.suspended_on, self.suspended_reason = _from_day(on, reason, field="suspended_reason")

    def revoke(self, *, on: date | None, reason: str) -> None:
        self.revoked_on, self.revoked_reason = _from_day(on, reason, field="revoked_reason")

    def delete(self, *, at: datetime) -> None:
        self.deleted_at = at

    def restore(self) -> None:
        """Raises NotDeleted."""
        if self.deleted_at is None:
            raise NotDeleted()
        self.deleted_at = None

    def facts(self) -> dict[str, Any]:
        """The fields as the audit trail keeps them."""
        return {
            "type_id": self.type_id,
            "number": self.number,
            "issued_on": self.issued_on.isoformat() if self.issued_on else None,
            "expires_on": self.expires_on.isoformat(),
            "supersedes_id": self.supersedes_id,
            "suspended_on": self.suspended_on.isoformat() if self.suspended_on else None,
            "suspended_reason": self.suspended_reason,
            "revoked_on": self.revoked_on.isoformat() if self.revoked_on else None,
            "revoked_reason": self.revoked_reason,
        }


def _from_day(on: date | None, reason: str, *, field: str) -> tuple[date | None, str]:
    reason = reason_lines(reason, field=field)
    if on is None:
        return None, ""
    if not reason:
        raise ReasonRequired(field=field)
    return on, reason
