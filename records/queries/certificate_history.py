"""An external certificate's history: who did what to it, when, and with which words. Read from the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from records.database import chosen_organization_id, db
from records.models import AuditEvent, AuditKind, ExternalCertificate


@dataclass(frozen=True)
class Happened:
    """`who` did it; `administrator` was logged in as them, if anybody. `after` are the values that it left."""

    kind: AuditKind
    at: datetime
    who: str
    administrator: str
    words: str
    after: dict[str, Any]


def history_of(certificate: ExternalCertificate) -> list[Happened]:
    """Oldest first; who merely looked at it is left out. The asker may see the certificate: callers make sure."""
    statement = (
        select(AuditEvent)
        .where(AuditEvent.organization_id == chosen_organization_id())
        .where(AuditEvent.subject_kind == "external_certificate", AuditEvent.subject_id == certificate.id)
        .where(AuditEvent.kind != AuditKind.CERTIFICATE_OPENED)
        .order_by(AuditEvent.id)
    )
    return [_happened(event) for event in db.session.scalars(statement)]


def _happened(event: AuditEvent) -> Happened:
    detail = event.detail
    return Happened(
        AuditKind(event.kind),
        event.at,
        detail.actor_name,
        detail.administrator_name,
        str(detail.after.get("reason") or ""),
        detail.after,
    )
