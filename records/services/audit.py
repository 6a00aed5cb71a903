"""Audit events that stand on their own: refusals, and who looked at what of another member's."""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.connections import PATIENCE
from records.database import db, transaction
from records.models import Actor, AuditEvent, AuditKind, ExternalCertificate, Scan
from records.queries.openings import own_openings

# How long a refusal waits to be noted while others write, in milliseconds: the answer is the same either way.
_REFUSAL_PATIENCE = 1000


def refused(*, by: Actor, method: str, path: str, status: int) -> None:
    """Note that a request of `by` was refused; the same one once a minute. Raises OperationalError where it has to wait
    too long for that."""
    at = clock.now()
    once = f"refused:{by.account_id or by.address}:{method}:{path}:{status}:{at:%Y%m%d%H%M}"
    facts = {"method": method, "path": path[:200], "status": status}
    _once(AuditEvent.of(AuditKind.REFUSED, by=by, at=at, after=facts, once_key=_key(once)), patience=_REFUSAL_PATIENCE)


def sign_on_refused(organization_id: int, reason: str, *, by: Actor) -> None:
    """Note in the organization's trail that its sign-on let nobody in, and why; the same once a minute."""
    at = clock.now()
    once = f"sign_on_refused:{organization_id}:{by.address}:{reason}:{at:%Y%m%d%H%M}"
    _once(AuditEvent.of(AuditKind.SIGN_IN_REFUSED, by=by, at=at, after={"reason": reason},
                        organization_id=organization_id, once_key=_key(once)))  # fmt: skip


def viewed_scan(scan: Scan, *, by: Actor) -> bool:
    """Note that `by` looked at another member's scan: one event per viewer, scan and hour. Whether there was a
    transaction, after which all that was read is to be read again."""
    if by.member_id == scan.member_id and by.administrator_id is None:
        return False
    at = clock.now()
    once = f"viewed:{by.member_id}:{by.administrator_id}:{scan.id}:{at:%Y%m%d%H}"
    seen = {"file_name": scan.name}
    return _once(AuditEvent.of(AuditKind.SCAN_VIEWED, scan, by=by, at=at, after=seen, once_key=_key(once)))


def opened(certificate: ExternalCertificate, *, by: Actor) -> bool:
    """Note that a reviewer has it open, and as it stands now: one event per reviewer, revision and minute. False where
    that is on record already, and nothing was written."""
    at, digest = clock.now(), certificate.digest()
    minute = f"{at:%Y%m%d%H%M}"
    known = own_openings(certificate.id, by=by)
    if any((each.digest, f"{each.at:%Y%m%d%H%M}") == (digest, minute) for each in known):
        return False
    once = f"opened:{by.member_id}:{certificate.id}:{digest}:{minute}"
    seen = {"digest": digest, "revision": certificate.revisions[-1].number}
    _once(AuditEvent.of(AuditKind.CERTIFICATE_OPENED, certificate, by=by, at=at, after=seen, once_key=_key(once)))
    return True


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _once(event: AuditEvent, *, patience: int = PATIENCE) -> bool:
    """Whoever looks again in the same hour waits for no writer. Whether there was a transaction."""
    if db.session.scalar(select(AuditEvent.id).where(AuditEvent.once_key == event.once_key)):
        return False
    try:
        with transaction(patience=patience) as session:
            session.add(event)
    except IntegrityError:
        db.session.rollback()  # it stands already
    return True
