"""What a member hands out: a public proof of one record, and addresses of calendar feeds.

Neither keeps its secret: it is made of the installation's key and `salt`, so that it can be shown again, and is
found by its digest (SHA-256, hexadecimal).
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from dateutil.relativedelta import relativedelta
from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.errors import EndPast, EndRequired, EndTooLate, ProofWithdrawn
from records.models.base import Base, Id, Identity, OrganizationOwned, one_of, owned, within_organization
from records.models.certification import Certification
from records.models.external_certificate import ExternalCertificate
from records.models.member import Member
from records.models.transcript import Transcript

_MOST_YEARS = 5


def latest_end(on: date) -> date:
    """The last day on which what is handed out on the day `on` may end."""
    return on + relativedelta(years=_MOST_YEARS)


def usual_end(on: date) -> date:
    """A year on."""
    return on + relativedelta(years=1)


class ProofState(StrEnum):
    """Only an open one opens for those who hold its code. BARRED: its record is deleted, its part of the program
    switched off, or its holder deactivated; it opens again when that ends.
    """

    OPEN = "open"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    BARRED = "barred"


class Proof(OrganizationOwned, Base):
    """A code for one record of a member, good through `ends_on`. `seen` counts how often it was looked at."""

    __tablename__ = "proof"
    __table_args__ = owned(
        UniqueConstraint("code_digest"),
        within_organization("member_id", "member"),
        within_organization("certification_id", "certification"),
        within_organization("external_certificate_id", "external_certificate"),
        within_organization("transcript_id", "transcript"),
        CheckConstraint(
            "(CASE WHEN certification_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN external_certificate_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN transcript_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="proves_exactly_one_record",
        ),
        Index("ix_proof_member_id", "organization_id", "member_id", "id"),
        Index("ix_proof_certification_id", "organization_id", "certification_id"),
        Index("ix_proof_external_certificate_id", "organization_id", "external_certificate_id"),
        Index("ix_proof_transcript_id", "organization_id", "transcript_id"),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    certification_id: Mapped[int | None] = mapped_column(Id)
    external_certificate_id: Mapped[int | None] = mapped_column(Id)
    transcript_id: Mapped[int | None] = mapped_column(Id)
    salt: Mapped[str] = mapped_column(String(32))
    code_digest: Mapped[str] = mapped_column(String(64))
    ends_on: Mapped[date]
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    seen: Mapped[int] = mapped_column(default=0)
    last_seen_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[member_id], primaryjoin="Proof.member_id == Member.id"
    )
    certification: Mapped[Certification | None] = relationship(
        viewonly=True, foreign_keys=[certification_id], primaryjoin="Proof.certification_id == Certification.id"
    )
    external_certificate: Mapped[ExternalCertificate | None] = relationship(
        viewonly=True,
        foreign_keys=[external_certificate_id],
        primaryjoin="Proof.external_certificate_id == ExternalCertificate.id",
    )
    transcript: Mapped[Transcript | None] = relationship(
        viewonly=True, foreign_keys=[transcript_id], primaryjoin="Proof.transcript_id == Transcript.id"
    )

    @property
    def title(self) -> str:
        """What it proves, in a word: the name of a type, the title of a certificate, '' for a transcript."""
        record = self.certification or self.external_certificate
        return record.title if record else ""

    def state_on(self, day: date) -> ProofState:
        """The one rule of what opens, for whoever asks."""
        if self.withdrawn_at is not None:
            return ProofState.WITHDRAWN
        if self.ends_on < day:
            return ProofState.ENDED
        return ProofState.BARRED if self._is_barred() else ProofState.OPEN

    def _is_barred(self) -> bool:
        organization, certification = self.member.organization, self.certification
        if certification is not None:
            is_there = organization.tracks_certifications and certification.deleted_at is None
        else:
            is_there = organization.takes_external_certificates
        return not (is_there and self.member.is_active)

    def end(self, *, on: date | None, today: date) -> None:
        """Choose the last day. Raises EndRequired, EndPast, EndTooLate (field `ends_on`)."""
        if on is None:
            raise EndRequired(field="ends_on")
        if on < today:
            raise EndPast(field="ends_on")
        if on > latest_end(today):
            raise EndTooLate(field="ends_on", years=_MOST_YEARS, day=latest_end(today).isoformat())
        self.ends_on = on

    def withdraw(self, *, at: datetime) -> None:
        """Raises ProofWithdrawn."""
        if self.withdrawn_at is not None:
            raise ProofWithdrawn()
        self.withdrawn_at = at


class FeedKind(StrEnum):
    """A member's own certifications, or those of everybody in a coordinator's scope."""

    OWN = "own"
    SCOPE = "scope"


class CalendarFeed(OrganizationOwned, Base):
    """An address that a calendar reads. A new one, with another salt, ends the old."""

    __tablename__ = "calendar_feed"
    __table_args__ = owned(
        UniqueConstraint("token_digest"),
        UniqueConstraint("organization_id", "member_id", "kind", name="uq_calendar_feed_one_of_a_kind"),
        within_organization("member_id", "member"),
        one_of("kind", FeedKind),
    )

    id: Mapped[Identity]
    member_id: Mapped[int] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(10))
    salt: Mapped[str] = mapped_column(String(32))
    token_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_read_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship(
        viewonly=True, foreign_keys=[member_id], primaryjoin="CalendarFeed.member_id == Member.id"
    )
