"""One line of the ledger of credits: an award, or the reversal of one. Lines are added, never changed or taken away."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.models.amounts import Credits
from records.models.base import Base, Id, Identity, OrganizationOwned, one_of, owned, where, within_organization
from records.models.credit_type import CreditType

if TYPE_CHECKING:
    from records.models.external_certificate import ExternalCertificate


class EntryKind(StrEnum):
    AWARD = "award"
    REVERSAL = "reversal"


class CreditEntry(OrganizationOwned, Base):
    """`amount` in credits, negative for a reversal. `counts_on`: the day on which the certificate was earned."""

    __tablename__ = "credit_entry"
    __table_args__ = owned(
        within_organization("member_id", "member"),
        within_organization("credit_type_id", "credit_type"),
        within_organization("external_certificate_id", "external_certificate"),
        within_organization("reverses_id", "credit_entry"),
        one_of("kind", EntryKind),
        CheckConstraint("(kind = 'award') = (amount > 0) AND amount <> 0", name="awards_add_and_reversals_subtract"),
        CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal_names_its_entry"),
        Index(
            "uq_credit_entry_awarded_once",
            "organization_id",
            "external_certificate_id",
            unique=True,
            **where("kind = 'award'"),
        ),
        Index(
            "uq_credit_entry_reversed_once",
            "organization_id",
            "reverses_id",
            unique=True,
            **where("reverses_id IS NOT NULL"),
        ),
        Index("ix_credit_entry_member_id", "organization_id", "member_id", "credit_type_id", "counts_on"),
        Index("ix_credit_entry_credit_type_id", "organization_id", "credit_type_id"),
        Index("ix_credit_entry_external_certificate_id", "organization_id", "external_certificate_id"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    credit_type_id: Mapped[int] = mapped_column(Id)
    external_certificate_id: Mapped[int] = mapped_column(Id)
    reverses_id: Mapped[int | None] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[Decimal] = mapped_column(Credits)
    counts_on: Mapped[date]
    created_at: Mapped[datetime]

    credit_type: Mapped[CreditType] = relationship(
        viewonly=True, foreign_keys=[credit_type_id], primaryjoin="CreditEntry.credit_type_id == CreditType.id"
    )
    certificate: Mapped[ExternalCertificate] = relationship(
        viewonly=True,
        foreign_keys=[external_certificate_id],
        primaryjoin="CreditEntry.external_certificate_id == ExternalCertificate.id",
    )

    @classmethod
    def award(cls, certificate: ExternalCertificate, *, at: datetime) -> CreditEntry:
        """The entry of an approved certificate, at the instant `at`."""
        if certificate.awarded_credits is None:
            raise ValueError("only an approved certificate is awarded credits")
        return cls(
            organization_id=certificate.organization_id,
            member_id=certificate.member_id,
            credit_type_id=certificate.credit_type_id,
            external_certificate_id=certificate.id,
            kind=EntryKind.AWARD,
            amount=certificate.awarded_credits,
            counts_on=certificate.earned_on,
            created_at=at,
        )

    def reversal(self, *, at: datetime) -> CreditEntry:
        """The entry that takes this one back, on the day on which this one counts."""
        return CreditEntry(
            organization_id=self.organization_id,
            member_id=self.member_id,
            credit_type_id=self.credit_type_id,
            external_certificate_id=self.external_certificate_id,
            reverses_id=self.id,
            kind=EntryKind.REVERSAL,
            amount=-self.amount,
            counts_on=self.counts_on,
            created_at=at,
        )
