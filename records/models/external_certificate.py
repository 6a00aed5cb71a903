"""What a learner earned elsewhere and submits for credits, and the states that it goes through.

Source of the states and of who may do what: DOMAIN, "External certificates" and "Who may do what".
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.errors import (
    AlreadyDecided,
    AlreadyRevoked,
    ChecklistUnanswered,
    CommentRequired,
    NotAllowed,
    NotApproved,
    NotFound,
    NotOpen,
    OwnCertificate,
    ReasonRequired,
    RevisionChanged,
)
from records.models.amounts import Credits, amount
from records.models.base import Base, Id, Identity, OrganizationOwned, one_of, owned, where, within_organization
from records.models.certificate_states import Approval, State
from records.models.claim import Claim
from records.models.credit_type import CreditType
from records.models.member import Member
from records.models.revision import Revision, digest_of
from records.models.scan import Scan
from records.models.text import reason_lines

if TYPE_CHECKING:
    from records.models.actor import Actor


_PENDING = "state = 'pending'"


class ExternalCertificate(Claim, OrganizationOwned, Base):
    """`awarded_credits` in credits. `decided_at`, `decided_by_id` and `reason` are of the latest decision: a
    reviewer's, or the learner's own when they withdraw. `submission_key` makes a repeated submission one
    certificate. `certification_id`: the tracked certification that came of it. `announced_at`: when reviewers
    were told.
    """

    __tablename__ = "external_certificate"
    __table_args__ = owned(
        UniqueConstraint(
            "organization_id", "member_id", "submission_key", name="uq_external_certificate_submitted_once"
        ),
        within_organization("member_id", "member"),
        within_organization("credit_type_id", "credit_type"),
        within_organization("decided_by_id", "member"),
        within_organization("revoked_by_id", "member"),
        within_organization("copy_of_id", "external_certificate"),
        within_organization("certification_id", "certification"),
        one_of("state", State),
        CheckConstraint("claimed_credits BETWEEN 1 AND 999999", name="claim_is_an_amount"),
        CheckConstraint("awarded_credits BETWEEN 1 AND 999999", name="award_is_an_amount"),
        CheckConstraint("expires_on IS NULL OR earned_on <= expires_on", name="earned_before_it_expires"),
        CheckConstraint(
            "(state = 'pending') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_iff_not_pending",
        ),
        CheckConstraint(
            "(awarded_credits IS NOT NULL) = (state IN ('approved', 'revoked'))", name="awarded_iff_approved"
        ),
        CheckConstraint("reason <> '' OR state NOT IN ('changes_requested', 'declined')", name="refused_with_a_reason"),
        CheckConstraint(
            "reason <> '' OR awarded_credits IS NULL OR awarded_credits = claimed_credits",
            name="other_award_with_a_comment",
        ),
        CheckConstraint(
            "(state = 'revoked') = (revoked_at IS NOT NULL) AND (revoked_at IS NULL) = (revoked_by_id IS NULL)"
            " AND (revoked_at IS NULL) = (revoked_reason = '')",
            name="revoked_with_a_reason",
        ),
        CheckConstraint(
            "certification_id IS NULL OR state IN ('approved', 'revoked')", name="certification_comes_of_approval"
        ),
        CheckConstraint("copy_of_id <> id", name="not_its_own_copy"),
        Index("ix_external_certificate_pending", "organization_id", "submitted_at", "id",
              **where(_PENDING)),
        Index("ix_external_certificate_state", "organization_id", "state", "decided_at", "id"),
        Index("ix_external_certificate_state_member", "organization_id", "state", "member_id"),
        Index("ix_external_certificate_member_id", "organization_id", "member_id", "earned_on", "id"),
        Index("ix_external_certificate_folded_number", "organization_id", "folded_number"),
        Index("ix_external_certificate_credit_type_id", "organization_id", "credit_type_id"),
        Index("ix_external_certificate_certification_id", "organization_id", "certification_id"),
    )  # fmt: skip

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(20), default=State.PENDING, active_history=True)
    submission_key: Mapped[str] = mapped_column(String(64))
    copy_of_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime]
    announced_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(Text, default="")
    awarded_credits: Mapped[Decimal | None] = mapped_column(Credits)
    answers: Mapped[list[Any]] = mapped_column(default=list)
    certification_id: Mapped[int | None] = mapped_column(Id)
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(Id)
    revoked_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    member: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[member_id], primaryjoin="ExternalCertificate.member_id == Member.id"
    )
    decided_by: Mapped[Member | None] = relationship(
        viewonly=True, foreign_keys=[decided_by_id], primaryjoin="ExternalCertificate.decided_by_id == Member.id"
    )
    revoked_by: Mapped[Member | None] = relationship(
        viewonly=True, foreign_keys=[revoked_by_id], primaryjoin="ExternalCertificate.revoked_by_id == Member.id"
    )
    credit_type: Mapped[CreditType] = relationship(
        viewonly=True,
        foreign_keys="ExternalCertificate.credit_type_id",
        primaryjoin="ExternalCertificate.credit_type_id == CreditType.id",
    )
    scans: Mapped[list[Scan]] = relationship(
        viewonly=True,
        foreign_keys="Scan.external_certificate_id",
        primaryjoin="and_(ExternalCertificate.id == Scan.external_certificate_id, Scan.deleted_at.is_(None))",
        order_by="Scan.id",
    )
    revisions: Mapped[list[Revision]] = relationship(
        viewonly=True,
        foreign_keys="Revision.external_certificate_id",
        primaryjoin="ExternalCertificate.id == Revision.external_certificate_id",
        order_by="Revision.number",
    )

    # What stands

    def is_expired(self, on: date) -> bool:
        return is_expired(self.state, self.expires_on, on=on)

    def is_active(self, on: date) -> bool:
        """Source: DOMAIN, the filter Active: approved and not expired."""
        return self.state == State.APPROVED and not self.is_expired(on)

    def digest(self) -> str:
        """SHA-256 over the fields and the ordered hashes of all files, as they stand now."""
        return digest_of(self.facts(), [scan.stored_file.sha256 for scan in self.scans])

    # Who may do what: the guards of the verbs, asked by templates too.

    def is_own_of(self, actor: Actor) -> bool:
        return actor.member_id == self.member_id and actor.is_of(self.organization_id)

    def may_be_changed_by(self, actor: Actor) -> bool:
        return self.is_own_of(actor) and State(self.state).is_open

    def may_be_copied_by(self, actor: Actor) -> bool:
        """Whether "Submit again" starts with its fields and files."""
        return self.is_own_of(actor) and State(self.state).is_over

    def may_be_opened_by(self, actor: Actor) -> bool:
        """Its page and its files: for its learner, and for reviewers who have the learner in scope."""
        return self.is_own_of(actor) or (actor.reviews and self.member.may_be_seen_by(actor))

    def was_submitted_by(self, actor: Actor) -> bool:
        """Whether `actor` submitted or edited any revision of it, for themselves or logged in as the learner."""
        return any(actor.member_id in (each.submitted_by_id, each.administrator_id) for each in self.revisions)

    def may_be_reviewed_by(self, actor: Actor) -> bool:
        return (
            actor.reviews
            and self.member.may_be_seen_by(actor)
            and not self.is_own_of(actor)
            and not self.was_submitted_by(actor)
        )

    def may_be_revoked_by(self, actor: Actor) -> bool:
        return actor.administers and self.may_be_reviewed_by(actor)

    def require_own(self, actor: Actor) -> None:
        """Raises NotFound to everybody but the learner: others may not know of it in the portal."""
        if not self.is_own_of(actor):
            raise NotFound()

    def require_files_turned_by(self, actor: Actor) -> None:
        """Its learner and its reviewers, until it is decided. Raises NotAllowed, NotOpen."""
        if not self.may_be_opened_by(actor):
            raise NotAllowed()
        self.require_open()

    def require_reviewer(self, actor: Actor) -> None:
        """Raises NotAllowed, NotFound (out of scope), OwnCertificate."""
        if not actor.reviews:
            raise NotAllowed()
        self.member.require_seen_by(actor)
        if not self.may_be_reviewed_by(actor):
            raise OwnCertificate()

    def require_open(self) -> None:
        """Raises NotOpen: decided for good, or withdrawn."""
        if not State(self.state).is_open:
            raise NotOpen()

    # Changes

    def resubmit(self, *, at: datetime) -> None:
        """Pending from `at` on, after an edit. Raises NotOpen."""
        self.require_open()
        self.state, self.submitted_at, self.announced_at = State.PENDING, at, None
        self.decided_at = self.decided_by_id = None
        self.reason = ""

    def withdraw(self, *, by: Actor, at: datetime) -> None:
        """Raises NotOpen."""
        self.require_open()
        self._decide(State.WITHDRAWN, by=by, at=at)

    def request_changes(self, *, reason: str, by: Actor, at: datetime) -> None:
        """Raises AlreadyDecided, ReasonRequired (field `reason`)."""
        self._refuse(State.CHANGES_REQUESTED, reason, by=by, at=at)

    def decline(self, *, reason: str, by: Actor, at: datetime) -> None:
        """Raises AlreadyDecided, ReasonRequired (field `reason`)."""
        self._refuse(State.DECLINED, reason, by=by, at=at)

    def require_approvable(self, approval: Approval, *, seen: str) -> None:
        """Raises AlreadyDecided, RevisionChanged, CommentRequired (field `reason`), ChecklistUnanswered (field
        `checklist`), Invalid (field `credits`).
        """
        self.require_pending()
        if seen != self.digest():
            raise RevisionChanged()
        credits, comment = amount(approval.credits, field="credits"), _words(approval.comment)
        if credits != self.claimed_credits and not comment:
            raise CommentRequired(field="reason")
        if [question for question, _ in approval.answers] != list(self.credit_type.checklist):
            raise ChecklistUnanswered(field="checklist")

    def approve(
        self, approval: Approval, *, seen: str, by: Actor, at: datetime, certification_id: int | None = None
    ) -> None:
        """Award credits for what the reviewer saw: `seen` is its digest. Raises as `require_approvable`."""
        self.require_approvable(approval, seen=seen)
        self._decide(State.APPROVED, _words(approval.comment), by=by, at=at)
        self.awarded_credits = amount(approval.credits, field="credits")
        self.answers = [{"question": question, "yes": yes} for question, yes in approval.answers]
        self.certification_id = certification_id

    def revoke(self, *, reason: str, by: Actor, at: datetime) -> None:
        """Raises AlreadyRevoked, NotApproved, ReasonRequired (field `reason`)."""
        if self.state == State.REVOKED:
            raise AlreadyRevoked(name=_name_of(self.revoked_by))
        if self.state != State.APPROVED:
            raise NotApproved()
        reason = _words(reason)
        if not reason:
            raise ReasonRequired(field="reason")
        self.state, self.revoked_at = State.REVOKED, at
        self.revoked_by_id, self.revoked_reason = by.member_id, reason

    def _refuse(self, state: State, reason: str, *, by: Actor, at: datetime) -> None:
        self.require_pending()
        reason = _words(reason)
        if not reason:
            raise ReasonRequired(field="reason")
        self._decide(state, reason, by=by, at=at)

    def require_pending(self) -> None:
        """Raises AlreadyDecided, which says who was first."""
        if self.state != State.PENDING:
            raise AlreadyDecided(State(self.state), name=_name_of(self.decided_by))

    def _decide(self, state: State, reason: str = "", *, by: Actor, at: datetime) -> None:
        self.state, self.reason = state, reason
        self.decided_at, self.decided_by_id = at, by.member_id


def is_expired(state: str, expires_on: date | None, *, on: date) -> bool:
    """Approved, and past its own expiry date. Valid through that day."""
    return state == State.APPROVED and expires_on is not None and expires_on < on


def _name_of(member: Member | None) -> str:
    return member.name if member else ""


def _words(text: str) -> str:
    """Raises Invalid (field `reason`)."""
    return reason_lines(text, field="reason")
