"""An external certificate's history: who did what to it, when, and with which words. Read from the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from records.database import chosen_organization_id
from records.models import AuditDetail, AuditEvent, AuditKind, ExternalCertificate
from records.reading.ahead import Question, rows_of


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
    return [
        Happened(AuditKind(kind), at, who, administrator, str(after.get("reason") or ""), after)
        for kind, at, who, administrator, after in rows_of(*asked_for_history_of(certificate.id))
    ]


def asked_for_history_of(certificate_id: int) -> Question:
    """What `history_of` is going to ask."""
    return Question(_history(), {"certificate_id": certificate_id, "organization_id": chosen_organization_id()})


@cache
def _history() -> Select[Any]:
    detail = (AuditDetail.actor_name, AuditDetail.administrator_name, AuditDetail.after)
    return (
        select(AuditEvent.kind, AuditEvent.at, *detail)
        .join(AuditDetail, AuditDetail.event_id == AuditEvent.id)
        .where(AuditEvent.organization_id == bindparam("organization_id"))
        .where(AuditEvent.subject_kind == "external_certificate", AuditEvent.subject_id == bindparam("certificate_id"))
        .where(AuditEvent.kind != AuditKind.CERTIFICATE_OPENED)
        .order_by(AuditEvent.id)
    )
