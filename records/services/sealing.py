"""Sealing: events become links of a chain of hashes, one for each organization and one for events without any.

The order of a chain is the order of sealing, by ids among what is committed: an event with a lower id that is committed
later simply comes later, and no number is left out. Nobody waits for a seal: hashes are made without any lock, then
written in a short transaction, if no other worker was faster.
"""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import DBAPIError

from records import clock, jobs
from records.database import db, is_sqlite, transaction
from records.models import AuditEvent
from records.models.sealing import hash_of, in_text
from records.queries.audit_chains import Head, head_of, unsealed, waiting_chains, waiting_events

_AT_ONCE = 500
_PATIENCE = 500  # milliseconds that sealing waits for writers; then it tries again at its next run
_LOCK = 0x5EA1  # of PostgreSQL, held by whoever seals
log = logging.getLogger(__name__)

_SEALED = ("sequence", "previous_hash", "hash", "sealed_at")


@jobs.job(every_seconds=3, after_others=True, waiting=unsealed)
def seal() -> None:
    """All that waits, a batch of each chain in turn, until no batch is full: what comes meanwhile has the next run."""
    full = True
    while full:
        sealed = [_seal_some(each) for each in waiting_chains()]
        jobs.did(sum(sealed))
        full = max(sealed, default=0) == _AT_ONCE and not jobs.is_over()


def _seal_some(organization_id: int | None) -> int:
    """A batch of one chain: how many. None where writers are busy or another worker was faster."""
    head = head_of(organization_id)
    links = _links(organization_id, head)
    db.session.rollback()
    try:
        with transaction(patience=_PATIENCE) as session:
            if not links or not _is_alone() or head_of(organization_id) != head:
                return 0
            seals: Any = {name: bindparam(name) for name in _SEALED}
            waits = AuditEvent.id == bindparam("event_id"), AuditEvent.sequence.is_(None)
            session.connection().execute(update(AuditEvent).where(*waits).values(**seals), links)
    except (DBAPIError, OverflowError) as error:  # writers are busy, or the chain was tampered with
        # Its text may hold values: its kind is enough.
        log.warning("chain %s is sealed later: %s", organization_id, type(error).__name__)
        return 0
    return len(links)


def _links(organization_id: int | None, head: Head) -> list[dict[str, object]]:
    """The next links of the chain, ready to be written."""
    links, at = [], clock.now()
    previous = head.hash
    for number, event in enumerate(waiting_events(organization_id, _AT_ONCE), head.sequence + 1):
        link = {"sequence": number, "previous_hash": previous, "sealed_at": at}
        previous = hash_of(event | link | {"sealed_at": in_text(at)})
        links.append(link | {"hash": previous, "event_id": event["id"]})
    return links


def _is_alone() -> bool:
    """On SQLite, writers are alone anyway."""
    return is_sqlite() or bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))
