"""How audit events read on screens."""

from __future__ import annotations

from flask_babel import lazy_gettext

from records.models import AuditKind

KIND_WORDS = {
    AuditKind.ORGANIZATION_CREATED: lazy_gettext("Organization founded"),
    AuditKind.ORGANIZATION_CHANGED: lazy_gettext("Settings changed"),
    AuditKind.MEMBER_CREATED: lazy_gettext("Member created"),
    AuditKind.MEMBER_CHANGED: lazy_gettext("Member changed"),
    AuditKind.MEMBER_ROLE_CHANGED: lazy_gettext("Role changed"),
    AuditKind.MEMBER_INVITED: lazy_gettext("Member invited"),
    AuditKind.MEMBER_JOINED: lazy_gettext("Member joined"),
    AuditKind.MEMBER_DEACTIVATED: lazy_gettext("Member deactivated"),
    AuditKind.MEMBER_REACTIVATED: lazy_gettext("Member reactivated"),
    AuditKind.UNIT_CREATED: lazy_gettext("Unit created"),
    AuditKind.UNIT_CHANGED: lazy_gettext("Unit changed"),
    AuditKind.UNIT_MERGED: lazy_gettext("Unit merged"),
    AuditKind.UNIT_DELETED: lazy_gettext("Unit deleted"),
    AuditKind.CERTIFICATION_TYPE_CREATED: lazy_gettext("Certification type created"),
    AuditKind.CERTIFICATION_TYPE_CHANGED: lazy_gettext("Certification type changed"),
    AuditKind.CERTIFICATION_TYPE_RETIRED: lazy_gettext("Certification type retired"),
    AuditKind.CERTIFICATION_TYPE_REINSTATED: lazy_gettext("Certification type reinstated"),
    AuditKind.CERTIFICATION_TYPE_DELETED: lazy_gettext("Certification type deleted"),
    AuditKind.CERTIFICATION_ADDED: lazy_gettext("Certification added"),
    AuditKind.CERTIFICATION_CORRECTED: lazy_gettext("Certification changed"),
    AuditKind.CERTIFICATION_SUSPENDED: lazy_gettext("Certification suspended"),
    AuditKind.CERTIFICATION_REVOKED: lazy_gettext("Certification revoked"),
    AuditKind.CERTIFICATION_REINSTATED: lazy_gettext("Certification reinstated"),
    AuditKind.CERTIFICATION_DELETED: lazy_gettext("Certification deleted"),
    AuditKind.CERTIFICATION_RESTORED: lazy_gettext("Certification restored"),
    AuditKind.SCAN_ATTACHED: lazy_gettext("File added"),
    AuditKind.SCAN_DELETED: lazy_gettext("File deleted"),
    AuditKind.SCAN_RESTORED: lazy_gettext("File restored"),
    AuditKind.SCAN_VIEWED: lazy_gettext("File viewed"),
    AuditKind.SCAN_SWEPT: lazy_gettext("Deleted file removed for good"),
    AuditKind.REGISTER_IMPORTED: lazy_gettext("Register brought in"),
    AuditKind.REGISTER_IMPORT_UNDONE: lazy_gettext("Register import undone"),
    AuditKind.SIGNED_IN: lazy_gettext("Signed in"),
    AuditKind.SIGN_IN_REFUSED: lazy_gettext("Sign-in refused"),
    AuditKind.SIGNED_OUT: lazy_gettext("Signed out"),
    AuditKind.SESSIONS_ENDED: lazy_gettext("Sessions ended"),
    AuditKind.PASSWORD_CHANGED: lazy_gettext("Password changed"),
    AuditKind.PASSWORD_RESET_REQUESTED: lazy_gettext("Password reset asked for"),
    AuditKind.EMAIL_CHANGE_REQUESTED: lazy_gettext("Change of e-mail asked for"),
    AuditKind.EMAIL_CHANGED: lazy_gettext("E-mail changed"),
    AuditKind.REFUSED: lazy_gettext("Request refused"),
}
