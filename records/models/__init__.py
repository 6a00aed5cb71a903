"""The one model layer that both faces stand on: plain SQLAlchemy, no Flask."""

from records.models import frozen  # noqa: F401  # because: importing it sets the guards up
from records.models.account import Account, KnownBrowser, LinkPurpose, SignIn, SingleUseLink, ThrottleCount
from records.models.actor import Actor, ActorKind
from records.models.audit_event import AuditDetail, AuditEvent, AuditKind
from records.models.base import Base, OrganizationOwned
from records.models.certificate_states import Approval, State
from records.models.certification import Certification
from records.models.certification_type import CertificationKind, CertificationType
from records.models.credit_entry import CreditEntry, EntryKind
from records.models.credit_type import CreditKind, CreditType, Period
from records.models.erasure import ERASED, Erasure, ErasureReason
from records.models.external_certificate import ExternalCertificate
from records.models.held import HeldCertification
from records.models.job_state import JobFailure, JobState
from records.models.kept_figures import KeptFigures
from records.models.kept_reason import KeptReason
from records.models.list_export import ExportFailure, ExportState, ListExport
from records.models.member import Member, Role, ScopeUnit
from records.models.member_merge import MemberMerge
from records.models.message import Message, MessageKind
from records.models.organization import Logo, Organization
from records.models.position import MemberPosition, Position
from records.models.proof import CalendarFeed, FeedKind, Proof, ProofState
from records.models.register_import import ColumnMapping, ImportRow, ImportState, RegisterImport, RowOutcome
from records.models.reminder import Audience, Digest, Reminder, ReminderMessage, Snooze
from records.models.renewal import BatchedRenewal, ProposalState, RenewalBatch, RenewalProposal
from records.models.requirement import (
    Exemption,
    Requirement,
    RequirementKind,
    RequirementMember,
    RequirementPosition,
    RequirementType,
    RequirementUnit,
    Rule,
    TypeEquivalence,
)
from records.models.revision import Revision
from records.models.saved_view import SavedView
from records.models.scan import Scan
from records.models.second_factor import HalfwaySignIn, RecoveryCode, SecondFactor
from records.models.sign_on import SignOn, SignOnIdentity
from records.models.standing import Standing
from records.models.stored_file import Preview, StoredFile, VirusScan
from records.models.transcript import Transcript
from records.models.unit import Unit
from records.models.upload import Upload, UploadedFile

__all__ = [
    "ERASED",
    "Account",
    "Actor",
    "ActorKind",
    "Approval",
    "Audience",
    "AuditDetail",
    "AuditEvent",
    "AuditKind",
    "Base",
    "BatchedRenewal",
    "CalendarFeed",
    "Certification",
    "CertificationKind",
    "CertificationType",
    "ColumnMapping",
    "CreditEntry",
    "CreditKind",
    "CreditType",
    "Digest",
    "EntryKind",
    "Erasure",
    "ErasureReason",
    "Exemption",
    "ExportFailure",
    "ExportState",
    "ExternalCertificate",
    "FeedKind",
    "HalfwaySignIn",
    "HeldCertification",
    "ImportRow",
    "ImportState",
    "JobFailure",
    "JobState",
    "KeptFigures",
    "KeptReason",
    "KnownBrowser",
    "LinkPurpose",
    "ListExport",
    "Logo",
    "Member",
    "MemberMerge",
    "MemberPosition",
    "Message",
    "MessageKind",
    "Organization",
    "OrganizationOwned",
    "Period",
    "Position",
    "Preview",
    "Proof",
    "ProofState",
    "ProposalState",
    "RecoveryCode",
    "RegisterImport",
    "Reminder",
    "ReminderMessage",
    "RenewalBatch",
    "RenewalProposal",
    "Requirement",
    "RequirementKind",
    "RequirementMember",
    "RequirementPosition",
    "RequirementType",
    "RequirementUnit",
    "Revision",
    "Role",
    "RowOutcome",
    "Rule",
    "SavedView",
    "Scan",
    "ScopeUnit",
    "SecondFactor",
    "SignIn",
    "SignOn",
    "SignOnIdentity",
    "SingleUseLink",
    "Snooze",
    "Standing",
    "State",
    "StoredFile",
    "ThrottleCount",
    "Transcript",
    "TypeEquivalence",
    "Unit",
    "Upload",
    "UploadedFile",
    "VirusScan",
]
