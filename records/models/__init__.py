"""The one model layer that both faces stand on: plain SQLAlchemy, no Flask."""

from records.models.account import Account, KnownBrowser, LinkPurpose, SignIn, SingleUseLink, ThrottleCount
from records.models.actor import Actor, ActorKind
from records.models.audit_event import AuditDetail, AuditEvent, AuditKind
from records.models.base import Base, OrganizationOwned
from records.models.certification import Certification
from records.models.certification_type import CertificationType
from records.models.member import Member, Role, ScopeUnit
from records.models.message import Message, MessageKind
from records.models.organization import Logo, Organization
from records.models.register_import import ColumnMapping, ImportRow, ImportState, RegisterImport, RowOutcome
from records.models.scan import Scan
from records.models.standing import Standing
from records.models.stored_file import Preview, StoredFile
from records.models.unit import Unit
from records.models.upload import Upload, UploadedFile

__all__ = [
    "Account",
    "Actor",
    "ActorKind",
    "AuditDetail",
    "AuditEvent",
    "AuditKind",
    "Base",
    "Certification",
    "CertificationType",
    "ColumnMapping",
    "ImportRow",
    "ImportState",
    "KnownBrowser",
    "LinkPurpose",
    "Logo",
    "Member",
    "Message",
    "MessageKind",
    "Organization",
    "OrganizationOwned",
    "Preview",
    "RegisterImport",
    "Role",
    "RowOutcome",
    "Scan",
    "ScopeUnit",
    "SignIn",
    "SingleUseLink",
    "Standing",
    "StoredFile",
    "ThrottleCount",
    "Unit",
    "Upload",
    "UploadedFile",
]
