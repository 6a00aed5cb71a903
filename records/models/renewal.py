"""Renewals besides those made one by one: many members at once, and those that members propose."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from records.errors import NotAllowed, NotFound, ReasonRequired, Refusal
from records.errors.renewals import (
    OwnProposal,
    ProposalDecided,
    RenewedMeanwhile,
    TypeRetiredMeanwhile,
    UndoneAlready,
    UndoneByAdministrators,
)
from records.models.actor import Actor
from records.models.base import Base, Id, Identity, OrganizationOwned, one_of, owned, where, within_organization
from records.models.certification import Certification
from records.models.certification_type import CertificationType
from records.models.member import Member
from records.models.scan import Scan
from records.models.text import line, reason_lines

# How long whoever made a batch may undo it; later that is for administrators.
UNDONE_WITHIN = timedelta(hours=1)


class RenewalBatch(OrganizationOwned, Base):
    """Certifications of one type that many members got at once; undone as one.

    `submission_key` is that of the form that made it: sent twice, it makes one batch.
    """

    __tablename__ = "renewal_batch"
    __table_args__ = owned(
        within_organization("type_id", "certification_type"),
        within_organization("made_by_id", "member"),
        within_organization("undone_by_id", "member"),
        CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="undone_by_somebody"),
        Index("uq_renewal_batch_made_once", "organization_id", "made_by_id", "submission_key", unique=True),
        Index("ix_renewal_batch_made_at", "organization_id", "made_at", "id"),
        Index("ix_renewal_batch_type_id", "organization_id", "type_id"),
        Index("ix_renewal_batch_made_by_id", "organization_id", "made_by_id"),
        Index("ix_renewal_batch_undone_by_id", "organization_id", "undone_by_id"),
    )

    id: Mapped[Identity]
    type_id: Mapped[int] = mapped_column(Id)
    made_by_id: Mapped[int] = mapped_column(Id)
    made_at: Mapped[datetime]
    submission_key: Mapped[str] = mapped_column(String(64))
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(Id)

    type: Mapped[CertificationType] = relationship(
        viewonly=True, foreign_keys=[type_id], primaryjoin="RenewalBatch.type_id == CertificationType.id"
    )
    made_by: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[made_by_id], primaryjoin="RenewalBatch.made_by_id == Member.id"
    )
    undone_by: Mapped[Member | None] = relationship(
        viewonly=True, foreign_keys=[undone_by_id], primaryjoin="RenewalBatch.undone_by_id == Member.id"
    )

    def may_be_seen_by(self, actor: Actor) -> bool:
        """Whoever made it, while they are staff, and administrators."""
        return actor.is_of(self.organization_id) and (
            actor.administers or (actor.is_staff and actor.member_id == self.made_by_id)
        )

    def require_seen_by(self, actor: Actor) -> None:
        """Raises NotAllowed to those who are no staff, NotFound."""
        actor.require_staff()
        if not self.may_be_seen_by(actor):
            raise NotFound()

    def may_be_undone_by(self, actor: Actor, *, at: datetime) -> bool:
        if self.undone_at is not None or not self.may_be_seen_by(actor):
            return False
        return actor.administers or at - self.made_at <= UNDONE_WITHIN

    def undo(self, *, by: Actor, at: datetime) -> None:
        """Raises UndoneAlready, UndoneByAdministrators (too late for whoever made it)."""
        if self.undone_at is not None:
            raise UndoneAlready(name=self.undone_by.name if self.undone_by else "")
        if not self.may_be_undone_by(by, at=at):
            raise UndoneByAdministrators()
        self.undone_at, self.undone_by_id = at, by.member_id


class BatchedRenewal(OrganizationOwned, Base):
    """A certification that came of a batch; `version` is the one that the batch gave it."""

    __tablename__ = "batched_renewal"
    __table_args__ = (
        PrimaryKeyConstraint("batch_id", "certification_id"),
        within_organization("batch_id", "renewal_batch"),
        within_organization("certification_id", "certification"),
        Index("ix_batched_renewal_certification_id", "organization_id", "certification_id"),
    )

    batch_id: Mapped[int] = mapped_column(Id)
    certification_id: Mapped[int] = mapped_column(Id)
    version: Mapped[int]


class ProposalState(StrEnum):
    """Only what is proposed changes; all else is decided, for good."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class RenewalProposal(OrganizationOwned, Base):
    """A renewal of `certification_id` that its member proposes, with scans; once accepted, `renewal_id` came of it."""

    __tablename__ = "renewal_proposal"
    __table_args__ = owned(
        within_organization("member_id", "member"),
        within_organization("certification_id", "certification"),
        within_organization("renewal_id", "certification"),
        within_organization("decided_by_id", "member"),
        within_organization("administrator_id", "member"),
        one_of("state", ProposalState),
        CheckConstraint("issued_on IS NULL OR issued_on <= expires_on", name="issued_before_it_expires"),
        CheckConstraint(
            "(state = 'proposed') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_iff_not_proposed",
        ),
        CheckConstraint("(state = 'accepted') = (renewal_id IS NOT NULL)", name="renewed_iff_accepted"),
        CheckConstraint("reason <> '' OR state <> 'declined'", name="declined_with_a_reason"),
        Index(
            "uq_renewal_proposal_one_at_a_time",
            "organization_id",
            "certification_id",
            unique=True,
            **where("state = 'proposed'"),
        ),
        Index("ix_renewal_proposal_state", "organization_id", "state", "created_at", "id"),
        Index("ix_renewal_proposal_member_id", "organization_id", "member_id", "id"),
        Index("ix_renewal_proposal_certification_id", "organization_id", "certification_id"),
        Index("ix_renewal_proposal_renewal_id", "organization_id", "renewal_id"),
        Index("ix_renewal_proposal_decided_by_id", "organization_id", "decided_by_id"),
        Index("ix_renewal_proposal_administrator_id", "organization_id", "administrator_id"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    certification_id: Mapped[int] = mapped_column(Id)
    number: Mapped[str] = mapped_column(String(255), default="")
    issued_on: Mapped[date | None]
    expires_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default=ProposalState.PROPOSED)
    created_at: Mapped[datetime]
    announced_at: Mapped[datetime | None]
    administrator_id: Mapped[int | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(Text, default="")
    renewal_id: Mapped[int | None] = mapped_column(Id)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    member: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[member_id], primaryjoin="RenewalProposal.member_id == Member.id"
    )
    certification: Mapped[Certification] = relationship(
        viewonly=True,
        foreign_keys=[certification_id],
        primaryjoin="RenewalProposal.certification_id == Certification.id",
    )
    decided_by: Mapped[Member | None] = relationship(
        viewonly=True, foreign_keys=[decided_by_id], primaryjoin="RenewalProposal.decided_by_id == Member.id"
    )
    scans: Mapped[list[Scan]] = relationship(
        viewonly=True,
        foreign_keys="Scan.renewal_proposal_id",
        primaryjoin="and_(RenewalProposal.id == Scan.renewal_proposal_id, Scan.deleted_at.is_(None))",
        order_by="Scan.id",
    )

    @property
    def title(self) -> str:
        """What it is, in a word: the name of the type."""
        return self.certification.title

    @validates("number")
    def _number_is_tidy(self, _key: str, number: str | None) -> str:
        return line(number, field="number")

    @property
    def is_open(self) -> bool:
        return self.state == ProposalState.PROPOSED

    def facts(self) -> dict[str, Any]:
        """What is proposed, as the audit trail keeps it."""
        return {
            "certification_id": self.certification_id,
            "number": self.number,
            "issued_on": self.issued_on.isoformat() if self.issued_on else None,
            "expires_on": self.expires_on.isoformat(),
        }

    # Who may do what: the guards of the verbs, asked by templates too.

    def is_own_of(self, actor: Actor) -> bool:
        return actor.member_id == self.member_id and actor.is_of(self.organization_id)

    def may_be_decided_by(self, actor: Actor) -> bool:
        """Whoever may change the member's certifications; never the member, nor who proposed it logged in as them."""
        return (
            self.member.certifications_may_be_changed_by(actor)
            and not self.is_own_of(actor)
            and actor.member_id != self.administrator_id
        )

    def require_own(self, actor: Actor) -> None:
        """Raises NotFound."""
        if not self.is_own_of(actor):
            raise NotFound()

    def require_files_turned_by(self, actor: Actor) -> None:
        """Who proposed it and who may decide on it, until then. Raises NotAllowed, ProposalDecided."""
        if not (self.is_own_of(actor) or self.may_be_decided_by(actor)):
            raise NotAllowed()
        self.require_open()

    def require_decider(self, actor: Actor) -> None:
        """Raises NotAllowed (no staff), NotFound (out of scope), OwnProposal."""
        self.member.require_seen_by(actor)
        if not self.may_be_decided_by(actor):
            raise OwnProposal()

    def require_open(self) -> None:
        """Raises ProposalDecided, which says who was first."""
        if not self.is_open:
            raise ProposalDecided(self.state, name=self.decided_by.name if self.decided_by else "")

    @property
    def overtaken(self) -> Refusal | None:
        """What has come between, so that it can only be declined; None: nothing."""
        certification = self.certification
        if certification.deleted_at is not None:
            return RenewedMeanwhile(RenewedMeanwhile.deleted)
        if certification.renewal is not None:
            return RenewedMeanwhile()
        return TypeRetiredMeanwhile(name=certification.type.name) if certification.type.is_retired else None

    # Changes

    def withdraw(self, *, by: Actor, at: datetime) -> None:
        """Raises ProposalDecided."""
        self._decide(ProposalState.WITHDRAWN, by=by, at=at)

    def decline(self, *, reason: str, by: Actor, at: datetime) -> None:
        """Raises ProposalDecided, ReasonRequired (field `reason`)."""
        self.require_open()
        reason = reason_lines(reason, field="reason")
        if not reason:
            raise ReasonRequired(field="reason")
        self._decide(ProposalState.DECLINED, reason, by=by, at=at)

    def accept(self, renewal: Certification, *, by: Actor, at: datetime) -> None:
        """`renewal` is the flushed certification that came of it. Raises ProposalDecided."""
        self._decide(ProposalState.ACCEPTED, by=by, at=at)
        self.renewal_id = renewal.id

    def _decide(self, state: ProposalState, reason: str = "", *, by: Actor, at: datetime) -> None:
        self.require_open()
        self.state, self.reason = state, reason
        self.decided_at, self.decided_by_id = at, by.member_id
