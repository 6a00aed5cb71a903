"""All that is kept of one member, kind by kind, as they may have it: facts in words, no secrets, no ids.

Every table that leads to a member is here or named as left out; a test goes through all tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, case, or_, select
from sqlalchemy.orm import joinedload

from records.database import chosen_organization_id, db
from records.models import (
    Account,
    AuditDetail,
    AuditEvent,
    CalendarFeed,
    Certification,
    CertificationType,
    CreditEntry,
    CreditType,
    Digest,
    Exemption,
    ExternalCertificate,
    ImportRow,
    Member,
    MemberPosition,
    Message,
    Position,
    Proof,
    RegisterImport,
    Reminder,
    RenewalProposal,
    Requirement,
    RequirementMember,
    Revision,
    SavedView,
    Scan,
    ScopeUnit,
    SignIn,
    Snooze,
    StoredFile,
    Transcript,
    Unit,
    Upload,
    UploadedFile,
)
from records.queries.erasing import scans_of

_SECRET = "a secret, or what is made of one"  # noqa: S105  # because: words on why something is left out
_STAFF = "what they did for others; the audit trail of it is there"
LEFT_OUT: dict[str, str] = {
    "known_browser": _SECRET,
    "single_use_link": _SECRET,
    "second_factor": _SECRET,
    "recovery_code": _SECRET,
    "halfway_sign_in": _SECRET,
    "sign_on_identity": "the provider's own name for the account",
    "member_merge": "ids alone; what was changed is in the audit trail",
    "erasure": "of somebody who is erased there is nothing to hand out",
    "renewal_batch": _STAFF,
    "batched_renewal": "which batch a certification came with",
    "register_import": _STAFF,
    "list_export": _STAFF,
    "upload": "files under way are there",
    "reminder_message": "which message told of which notice",
}
_AT_ONCE = 200
_BACK_OFFICE = "/admin/"  # messages that lead there tell staff of others
_LINKS = frozenset({"path", "link"})  # what a message's link opens is a secret

Kinds = dict[str, Any]  # statements, whatever they select


def kinds_of(member: Member) -> Kinds:
    """By the name of its table, in the order of the file: a statement whose columns are named in words."""
    return _person(member) | _papers(member) | _files(member) | _notices(member) | _traces(member)


def _person(member: Member) -> Kinds:
    of, account_id = member.id, member.account_id or 0
    return {
        "member": select(
            Member.given_name, Member.family_name, Member.suffix, Member.number, Member.email, Unit.name.label("unit"),
            Member.role, Member.language, Member.joined_on, Member.created_at, Member.invited_at, Member.last_seen_at,
            Member.deactivated_at, Member.unwanted_mail,
        ).outerjoin(Unit, Unit.id == Member.unit_id).where(Member.id == of),
        "account": select(Account.email, Account.created_at, Account.password_changed_at)
        .where(Account.id == account_id),
        "sign_in": select(SignIn.created_at, SignIn.last_seen_at, SignIn.ended_at, SignIn.address, SignIn.browser)
        .where(SignIn.member_id == of, SignIn.administrator_id.is_(None)).order_by(SignIn.id),
        "member_position": select(Position.name.label("position"))
        .join(MemberPosition, MemberPosition.position_id == Position.id).where(MemberPosition.member_id == of),
        "scope_unit": select(Unit.name.label("looks_after_unit"))
        .join(ScopeUnit, ScopeUnit.unit_id == Unit.id).where(ScopeUnit.member_id == of),
    }  # fmt: skip


def _papers(member: Member) -> Kinds:
    of, type_, credit = member.id, CertificationType.name.label("type"), CreditType.name.label("credit_type")
    certificate, proposal = ExternalCertificate, RenewalProposal
    return {
        "certification": select(
            type_, Certification.number, Certification.issued_on, Certification.expires_on, Certification.recorded_on,
            Certification.suspended_on, Certification.suspended_reason, Certification.revoked_on,
            Certification.revoked_reason, Certification.created_at, Certification.deleted_at,
        ).join(CertificationType, CertificationType.id == Certification.type_id)
        .where(Certification.member_id == of).order_by(Certification.id),
        "renewal_proposal": select(
            type_, proposal.number, proposal.issued_on, proposal.expires_on, proposal.state, proposal.created_at,
            proposal.decided_at, proposal.reason,
        ).join(Certification, Certification.id == proposal.certification_id)
        .join(CertificationType, CertificationType.id == Certification.type_id)
        .where(proposal.member_id == of).order_by(proposal.id),
        "external_certificate": select(
            certificate.title, credit, certificate.claimed_credits, certificate.awarded_credits, certificate.earned_on,
            certificate.expires_on, certificate.issuer, certificate.number, certificate.note, certificate.state,
            certificate.created_at, certificate.submitted_at, certificate.decided_at, certificate.reason,
            certificate.answers, certificate.revoked_at, certificate.revoked_reason,
        ).join(CreditType, CreditType.id == certificate.credit_type_id)
        .where(certificate.member_id == of).order_by(certificate.id),
        "revision": select(certificate.title, Revision.number.label("version"), Revision.facts, Revision.files,
                           Revision.created_at)
        .join(certificate, certificate.id == Revision.external_certificate_id)
        .where(certificate.member_id == of).order_by(Revision.id),
        "credit_entry": select(certificate.title, credit, CreditEntry.kind, CreditEntry.amount, CreditEntry.counts_on,
                               CreditEntry.created_at)
        .join(certificate, certificate.id == CreditEntry.external_certificate_id)
        .join(CreditType, CreditType.id == CreditEntry.credit_type_id)
        .where(CreditEntry.member_id == of).order_by(CreditEntry.id),
    }  # fmt: skip


def _files(member: Member) -> Kinds:
    of = member.id
    return {
        "scan": select(Scan.name, StoredFile.kind, StoredFile.size.label("size_in_bytes"), StoredFile.sha256,
                       Scan.created_at, Scan.deleted_at)
        .join(StoredFile, StoredFile.id == Scan.stored_file_id).where(scans_of([of])).order_by(Scan.id),
        "uploaded_file": select(UploadedFile.name, UploadedFile.submitted_at, Upload.created_at)
        .join(Upload, Upload.id == UploadedFile.upload_id).where(Upload.member_id == of).order_by(UploadedFile.id),
        "transcript": select(Transcript.made_on, Transcript.totals).where(Transcript.member_id == of),
        "proof": select(Proof.created_at, Proof.ends_on, Proof.withdrawn_at, Proof.seen.label("times_seen"),
                        Proof.last_seen_at).where(Proof.member_id == of).order_by(Proof.id),
    }  # fmt: skip


def _notices(member: Member) -> Kinds:
    of, type_ = member.id, CertificationType.name.label("type")
    return {
        "requirement_member": select(Requirement.name.label("requirement"))
        .join(RequirementMember, RequirementMember.requirement_id == Requirement.id)
        .where(RequirementMember.member_id == of),
        "exemption": select(Requirement.name.label("requirement"), Exemption.reason, Exemption.starts_on,
                            Exemption.ends_on, Exemption.created_at, Exemption.withdrawn_at)
        .join(Requirement, Requirement.id == Exemption.requirement_id).where(Exemption.member_id == of),
        "reminder": select(type_, Reminder.expires_on, Reminder.due_on, Reminder.created_at, Reminder.acknowledged_at)
        .join(Certification, Certification.id == Reminder.certification_id)
        .join(CertificationType, CertificationType.id == Certification.type_id)
        .where(Reminder.member_id == of).order_by(Reminder.id),
        "snooze": select(type_, Snooze.until_on, Snooze.reason, Snooze.created_at, Snooze.ended_at)
        .join(Certification, Certification.id == Snooze.certification_id)
        .join(CertificationType, CertificationType.id == Certification.type_id).where(Certification.member_id == of),
        "message": select(Message.kind, Message.to_address, Message.facts, Message.created_at, Message.sent_at,
                          Message.read_at)
        .where(Message.member_id == of, Message.page.not_like(f"{_BACK_OFFICE}%")).order_by(Message.id),
        "digest": select(Digest.week_on, Digest.created_at).where(Digest.member_id == of).order_by(Digest.id),
        "calendar_feed": select(CalendarFeed.kind, CalendarFeed.created_at, CalendarFeed.last_read_at)
        .where(CalendarFeed.member_id == of),
        "saved_view": select(SavedView.name, SavedView.page.label("page"), SavedView.asked, SavedView.is_shared,
                             SavedView.created_at)
        .where(SavedView.member_id == of),
    }  # fmt: skip


def _traces(member: Member) -> Kinds:
    """Who did something is told as the portal tells it: the member, or somebody of the organization."""
    who = case((AuditEvent.actor_member_id == member.id, "you"), else_=AuditEvent.actor_kind).label("by")
    about = or_(AuditEvent.member_id == member.id, AuditEvent.actor_member_id == member.id)
    own = AuditEvent.member_id == member.id
    return {
        "import_row": select(RegisterImport.file_name.label("register"), ImportRow.line, ImportRow.cells)
        .join(RegisterImport, RegisterImport.id == ImportRow.import_id)
        .where(ImportRow.member_id == member.id).order_by(ImportRow.id),
        "audit_event": select(
            AuditEvent.at, AuditEvent.kind.label("what"), who, AuditEvent.subject_kind.label("record"),
            case((own, AuditDetail.before)).label("before"), case((own, AuditDetail.after)).label("after"),
            case((AuditEvent.actor_member_id == member.id, AuditDetail.address), else_="").label("address"),
        ).join(AuditDetail, AuditDetail.event_id == AuditEvent.id)
        .where(AuditEvent.organization_id == chosen_organization_id(), about).order_by(AuditEvent.id),
    }  # fmt: skip


def rows_of(statement: Select[Any]) -> Iterator[dict[str, Any]]:
    """Rows as they are read, each as JSON can have it."""
    for row in db.session.execute(statement.execution_options(yield_per=_AT_ONCE)).mappings():
        yield {name: _plain(value) for name, value in row.items()}


def scans_with_files(member: Member) -> Sequence[Scan]:
    """Every file of the member that is kept, deleted ones that can still be restored too."""
    statement = select(Scan).where(scans_of([member.id])).order_by(Scan.id)
    owners = (Scan.certification, Scan.external_certificate, Scan.renewal_proposal)
    return db.session.scalars(statement.options(*(joinedload(owner) for owner in owners))).all()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if name not in _LINKS}
    return [_plain(each) for each in value] if isinstance(value, list) else value
