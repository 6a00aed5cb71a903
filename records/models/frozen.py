"""What is decided stays: the models refuse first what triggers in the database refuse again, by name.

A revocation alone may be written on an approved certificate. Revisions and the ledger only grow. Bytes never change.
Along a merge of two members that stands, the triggers let the member of certificates and entries change, nothing else.
Of an erased member they let personal values of certificates and revisions become empty, nothing else.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event, inspect, select

from records.errors import Frozen
from records.models.certificate_states import FROZEN, REVOCATION, State
from records.models.credit_entry import CreditEntry
from records.models.external_certificate import ExternalCertificate
from records.models.revision import Revision
from records.models.scan import Scan
from records.models.stored_file import StoredFile

_BYTES = frozenset({"id", "organization_id", "sha256", "key", "size", "kind"})


@event.listens_for(ExternalCertificate, "before_update")
def _what_is_decided_stays(_mapper: Any, _connection: Any, certificate: ExternalCertificate) -> None:
    changed, before = _changed(certificate), _before(certificate, "state")
    revokes = (before, certificate.state) == (State.APPROVED, State.REVOKED) and changed <= REVOCATION
    if changed and before in FROZEN and not revokes:
        raise Frozen()


@event.listens_for(ExternalCertificate, "before_delete")
@event.listens_for(Revision, "before_update")
@event.listens_for(Revision, "before_delete")
@event.listens_for(CreditEntry, "before_update")
@event.listens_for(CreditEntry, "before_delete")
def _it_stays(_mapper: Any, _connection: Any, _row: Any) -> None:
    raise Frozen()


@event.listens_for(StoredFile, "before_update")
def _bytes_stay(_mapper: Any, _connection: Any, stored: StoredFile) -> None:
    if _changed(stored) & _BYTES:
        raise Frozen()


@event.listens_for(Scan, "before_insert")
@event.listens_for(Scan, "before_update")
def _no_file_comes_or_changes(_mapper: Any, connection: Connection, scan: Scan) -> None:
    if _changed(scan):
        _require_open(connection, {scan.external_certificate_id, _before(scan, "external_certificate_id")})


@event.listens_for(Scan, "before_delete")
def _no_file_goes(_mapper: Any, connection: Connection, scan: Scan) -> None:
    """What was taken off before the decision may be swept."""
    if _before(scan, "deleted_at") is None:
        _require_open(connection, {scan.external_certificate_id})


def _require_open(connection: Connection, certificate_ids: set[int | None]) -> None:
    ids = certificate_ids - {None}
    states = select(ExternalCertificate.state).where(ExternalCertificate.id.in_(ids))
    if ids and any(state in FROZEN for state in connection.scalars(states)):
        raise Frozen()


def _changed(row: Any) -> set[str]:
    """The names of the columns that are about to change."""
    facts: Any = inspect(row)
    return {each.key for each in facts.mapper.column_attrs if facts.attrs[each.key].history.has_changes()}


def _before(row: Any, column: str) -> Any:
    """The value that the row has in the database."""
    history = inspect(row).attrs[column].history
    return history.deleted[0] if history.deleted else getattr(row, column)
