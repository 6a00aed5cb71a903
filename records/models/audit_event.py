"""Who did what to which record, when, on whose behalf, before and after.

Rows are never changed: a trigger refuses it. Only the sealing columns may be filled, once. Personal
values stand in `AuditDetail`, bound to the event by a salted digest, so that erasure can empty them
without breaking a chain of hashes.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from records.models.actor import Actor
from records.models.base import Base, Id, Identity, where
from records.models.sealing import PERSONAL, digest_of_detail


class AuditKind(StrEnum):
    """The closed vocabulary of events, in the past tense."""

    ORGANIZATION_CREATED = "organization.created"
    ORGANIZATION_CHANGED = "organization.changed"
    SIGN_ON_CHANGED = "organization.sign_on_changed"
    JOB_ASKED_FOR = "organization.job_asked_for"
    SIGN_ON_FORGOTTEN = "member.sign_on_forgotten"
    MEMBER_CREATED = "member.created"
    MEMBER_CHANGED = "member.changed"
    MEMBER_ROLE_CHANGED = "member.role_changed"
    MEMBER_INVITED = "member.invited"
    MEMBER_JOINED = "member.joined"
    MEMBER_DEACTIVATED = "member.deactivated"
    MEMBER_REACTIVATED = "member.reactivated"
    MEMBER_ERASED = "member.erased"
    DATA_EXPORTED = "member.data_exported"
    VIEWS_EMPTIED = "organization.views_emptied"
    UNIT_CREATED = "unit.created"
    UNIT_CHANGED = "unit.changed"
    UNIT_MERGED = "unit.merged"
    UNIT_DELETED = "unit.deleted"
    CERTIFICATION_TYPE_CREATED = "certification_type.created"
    CERTIFICATION_TYPE_CHANGED = "certification_type.changed"
    CERTIFICATION_TYPE_RETIRED = "certification_type.retired"
    CERTIFICATION_TYPE_REINSTATED = "certification_type.reinstated"
    CERTIFICATION_TYPE_DELETED = "certification_type.deleted"
    CERTIFICATION_ADDED = "certification.added"
    CERTIFICATION_CORRECTED = "certification.corrected"
    CERTIFICATION_SUSPENDED = "certification.suspended"
    CERTIFICATION_REVOKED = "certification.revoked"
    CERTIFICATION_REINSTATED = "certification.reinstated"
    CERTIFICATION_DELETED = "certification.deleted"
    CERTIFICATION_RESTORED = "certification.restored"
    SCAN_ATTACHED = "scan.attached"
    SCAN_DELETED = "scan.deleted"
    SCAN_RESTORED = "scan.restored"
    SCAN_TURNED = "scan.turned"
    SCAN_VIEWED = "scan.viewed"
    SCAN_SWEPT = "scan.swept"
    VIRUS_FOUND = "scan.virus_found"
    REGISTER_IMPORTED = "register.imported"
    REGISTER_IMPORT_UNDONE = "register.import_undone"
    CREDIT_TYPE_CREATED = "credit_type.created"
    CREDIT_TYPE_CHANGED = "credit_type.changed"
    CREDIT_TYPE_RETIRED = "credit_type.retired"
    CREDIT_TYPE_REINSTATED = "credit_type.reinstated"
    CREDIT_TYPE_DELETED = "credit_type.deleted"
    CERTIFICATE_SUBMITTED = "external_certificate.submitted"
    CERTIFICATE_EDITED = "external_certificate.edited"
    CERTIFICATE_RESUBMITTED = "external_certificate.resubmitted"
    CERTIFICATE_WITHDRAWN = "external_certificate.withdrawn"
    CERTIFICATE_OPENED = "external_certificate.opened"
    CHANGES_REQUESTED = "external_certificate.changes_requested"
    CERTIFICATE_DECLINED = "external_certificate.declined"
    CERTIFICATE_APPROVED = "external_certificate.approved"
    CERTIFICATE_REVOKED = "external_certificate.revoked"
    REASON_KEPT = "kept_reason.kept"
    REASON_FORGOTTEN = "kept_reason.forgotten"
    TRANSCRIPT_MADE = "transcript.made"
    REVIEWING_GRANTED = "member.reviewing_granted"
    REVIEWING_ENDED = "member.reviewing_ended"
    MAIL_CHOSEN = "member.mail_chosen"
    POSITION_CREATED = "position.created"
    POSITION_CHANGED = "position.changed"
    POSITION_MERGED = "position.merged"
    POSITION_DELETED = "position.deleted"
    POSITIONS_CHOSEN = "member.positions_chosen"
    REQUIREMENT_CREATED = "requirement.created"
    REQUIREMENT_CHANGED = "requirement.changed"
    REQUIREMENT_RETIRED = "requirement.retired"
    REQUIREMENT_REINSTATED = "requirement.reinstated"
    REQUIREMENT_DELETED = "requirement.deleted"
    EXEMPTION_GRANTED = "exemption.granted"
    EXEMPTION_WITHDRAWN = "exemption.withdrawn"
    EQUIVALENCES_CHOSEN = "certification_type.equivalences_chosen"
    NOTICE_SNOOZED = "certification.notice_snoozed"
    SNOOZE_ENDED = "certification.snooze_ended"
    NOTICE_ACKNOWLEDGED = "reminder.acknowledged"
    RENEWALS_MADE = "renewal_batch.made"
    RENEWALS_UNDONE = "renewal_batch.undone"
    RENEWAL_PROPOSED = "renewal_proposal.proposed"
    RENEWAL_WITHDRAWN = "renewal_proposal.withdrawn"
    RENEWAL_ACCEPTED = "renewal_proposal.accepted"
    RENEWAL_DECLINED = "renewal_proposal.declined"
    PROOF_MADE = "proof.made"
    PROOF_WITHDRAWN = "proof.withdrawn"
    FEED_MADE = "calendar_feed.made"
    FEED_ENDED = "calendar_feed.ended"
    VIEW_SAVED = "saved_view.saved"
    VIEW_DELETED = "saved_view.deleted"
    EXPORT_BEGUN = "list_export.begun"
    EXPORT_CANCELLED = "list_export.cancelled"
    EXPORT_WRITTEN = "list_export.written"
    EXPORT_FAILED = "list_export.failed"
    MEMBERS_MERGED = "member.merged"
    MERGE_UNDONE = "member.merge_undone"
    LANGUAGE_CHOSEN = "member.language_chosen"
    LOGGED_IN_AS = "member.logged_in_as"
    RETURNED = "member.administrator_returned"
    SIGNED_IN = "account.signed_in"
    SIGN_IN_REFUSED = "account.sign_in_refused"
    SIGNED_OUT = "account.signed_out"
    SESSIONS_ENDED = "account.sessions_ended"
    PASSWORD_CHANGED = "account.password_changed"  # noqa: S105  # because: the name of an event
    PASSWORD_RESET_REQUESTED = "account.password_reset_requested"  # noqa: S105  # because: as above
    SECOND_FACTOR_SET_UP = "account.second_factor_set_up"
    SECOND_FACTOR_SWITCHED_OFF = "account.second_factor_switched_off"
    SECOND_FACTOR_RESET = "account.second_factor_reset"
    RECOVERY_CODES_MADE = "account.recovery_codes_made"
    RECOVERY_CODE_USED = "account.recovery_code_used"
    EMAIL_CHANGE_REQUESTED = "account.email_change_requested"
    EMAIL_CHANGED = "account.email_changed"
    REFUSED = "request.refused"


_OF_NONE = "organization_id IS NULL"
_WAITING = "sequence IS NULL"
_BY_ADMINISTRATOR = "administrator_id IS NOT NULL"


class AuditEvent(Base):
    """`once_key` lets an event stand once only, such as one view of one scan by one viewer in an hour.

    `sequence`, `previous_hash`, `hash` and `sealed_at` are filled when the event is sealed: it becomes a link of the
    chain of hashes of its organization, or of the one of all events without an organization.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        UniqueConstraint("once_key"),
        UniqueConstraint("organization_id", "sequence"),
        # NULLs are never alike: the chain of events without an organization needs an index of its own.
        Index(
            "uq_audit_event_sequence_without_organization",
            "sequence",
            unique=True,
            **where(_OF_NONE),
        ),
        Index(
            "ix_audit_event_waiting",
            "organization_id",
            "id",
            **where(_WAITING),
        ),
        Index("ix_audit_event_newest", "organization_id", "id"),
        Index("ix_audit_event_kind", "organization_id", "kind", "id"),
        Index("ix_audit_event_record", "organization_id", "subject_kind", "id"),
        Index("ix_audit_event_actor", "organization_id", "actor_member_id", "id"),
        Index(
            "ix_audit_event_administrator",
            "organization_id",
            "administrator_id",
            "id",
            **where(_BY_ADMINISTRATOR),
        ),
        Index("ix_audit_event_at", "organization_id", "at", "id"),
        Index("ix_audit_event_subject", "organization_id", "subject_kind", "subject_id", "id"),
        Index("ix_audit_event_member_id", "organization_id", "member_id", "id"),
    )

    id: Mapped[Identity]
    organization_id: Mapped[int | None] = mapped_column(Id, ForeignKey("organization.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_member_id: Mapped[int | None] = mapped_column(Id)
    administrator_id: Mapped[int | None] = mapped_column(Id)
    account_id: Mapped[int | None] = mapped_column(Id)
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None] = mapped_column(Id)
    member_id: Mapped[int | None] = mapped_column(Id)
    request_id: Mapped[str] = mapped_column(String(40), default="")
    once_key: Mapped[str | None] = mapped_column(String(120))
    detail_digest: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int | None] = mapped_column(Id)
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))
    sealed_at: Mapped[datetime | None]

    detail: Mapped[AuditDetail] = relationship(cascade="save-update, merge", lazy="joined", innerjoin=True)

    @classmethod
    def of(
        cls,
        kind: AuditKind,
        subject: Any = None,
        *,
        by: Actor,
        at: datetime,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        organization_id: int | None = None,
        member_id: int | None = None,
        once_key: str | None = None,
    ) -> AuditEvent:
        """The event that `by` did `kind` to `subject` (a flushed model, or None) at the instant `at`.

        `before` and `after` are the changed fields; `member_id` is whose record it concerns.
        """
        detail = AuditDetail.of(by, before=before or {}, after=after or {})
        table = getattr(subject, "__tablename__", "")
        own = subject.id if table == "member" else getattr(subject, "member_id", None)
        return cls(
            organization_id=organization_id or _organization_of(subject, by),
            at=at,
            kind=kind,
            actor_kind=by.kind,
            actor_member_id=by.member_id,
            administrator_id=by.administrator_id,
            account_id=by.account_id,
            subject_kind=table,
            subject_id=getattr(subject, "id", None),
            member_id=member_id or own,
            request_id=by.request_id,
            once_key=once_key,
            detail_digest=detail.digest(),
            detail=detail,
        )


def _organization_of(subject: Any, by: Actor) -> int | None:
    if getattr(subject, "__tablename__", "") == "organization":
        return int(subject.id)
    return getattr(subject, "organization_id", None) or by.organization_id


class AuditDetail(Base):
    """The personal values of one event: names, address, fields before and after."""

    __tablename__ = "audit_detail"

    event_id: Mapped[int] = mapped_column(Id, ForeignKey("audit_event.id"), primary_key=True, autoincrement=False)
    salt: Mapped[str] = mapped_column(String(32))
    actor_name: Mapped[str] = mapped_column(String(300), default="")
    administrator_name: Mapped[str] = mapped_column(String(300), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    erased_at: Mapped[datetime | None]

    @classmethod
    def of(cls, by: Actor, *, before: dict[str, Any], after: dict[str, Any]) -> AuditDetail:
        return cls(
            salt=secrets.token_hex(16),
            actor_name=by.name,
            administrator_name=by.administrator_name or "",
            address=by.address,
            before=before,
            after=after,
        )

    def digest(self) -> str:
        """SHA-256 (hexadecimal) over the salt and the values."""
        return digest_of_detail({name: getattr(self, name) for name in PERSONAL})
