"""The chains of sealed events as they stand: their heads, what waits to be sealed, and every event as a line of JSON
that can be checked without the database.

A chain is named by its organization's id; None is that of events without an organization.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from records.database import db, every_organization
from records.models import AuditDetail, AuditEvent, Organization
from records.models.sealing import BEGINNING, HASHED, PERSONAL, in_text, plain

_AT_ONCE = 1000
_WAITS = AuditEvent.sequence.is_(None)

Line = dict[str, Any]


@dataclass(frozen=True)
class Head:
    """The newest link of a chain; `sequence` 0 before the first."""

    sequence: int = 0
    hash: str = BEGINNING


def head_of(organization_id: int | None) -> Head:
    newest = select(AuditEvent.sequence, AuditEvent.hash).where(in_chain(organization_id), ~_WAITS)
    row = db.session.execute(newest.order_by(AuditEvent.sequence.desc()).limit(1)).one_or_none()
    return Head(row.sequence, row.hash) if row else Head()


def heads() -> dict[int | None, Head]:
    """Of every chain that has a link."""
    found = {organization_id: head_of(organization_id) for organization_id in chains()}
    return {organization_id: head for organization_id, head in found.items() if head.sequence}


def chains() -> list[int | None]:
    """Those of all organizations, and of all that stand in the trail; the one without an organization first."""
    with every_organization():
        ids = set(db.session.scalars(select(Organization.id)))
        ids |= set(db.session.scalars(select(AuditEvent.organization_id).distinct()))
    return [None, *sorted(ids - {None})]


def unsealed() -> Select[Any]:
    """The organization of each event that waits."""
    return select(AuditEvent.organization_id).where(_WAITS, AuditEvent.sealed_at.is_(None))


def waiting_chains() -> list[int | None]:
    """The chains for which an event waits to be sealed."""
    return list(db.session.scalars(unsealed().distinct()))


def waiting_events(organization_id: int | None, most: int) -> list[dict[str, Any]]:
    """The hashed columns of committed events that wait to be sealed, in the order of their ids."""
    columns = [getattr(AuditEvent, name) for name in HASHED]
    waiting = select(*columns).where(in_chain(organization_id), _WAITS, AuditEvent.sealed_at.is_(None))
    rows = db.session.execute(waiting.order_by(AuditEvent.id).limit(most)).mappings()
    return [plain(row) for row in rows]


def in_chain(organization_id: int | None) -> ColumnElement[bool]:
    """The condition on events of this chain."""
    column = AuditEvent.organization_id
    return column.is_(None) if organization_id is None else column == organization_id


def lines(organization_ids: Iterable[int | None]) -> Iterator[Line]:
    """Every event of these chains with its hash and its detail: the sealed in the order of their numbers, then those
    that wait. Read a page at a time, each in a transaction of its own.
    """
    for organization_id in organization_ids:
        yield from _pages(in_chain(organization_id), ~_WAITS, by=AuditEvent.sequence)
        yield from _pages(in_chain(organization_id), _WAITS, by=AuditEvent.id)


def _pages(*conditions: ColumnElement[bool], by: Any) -> Iterator[Line]:
    """No link of a chain is passed over where two have the same number: ids tell them apart."""
    columns = [getattr(AuditEvent, name) for name in (*HASHED, "hash")]
    detail = [getattr(AuditDetail, name).label(f"detail_{name}") for name in (*PERSONAL, "erased_at", "event_id")]
    statement = select(*columns, *detail).outerjoin(AuditDetail, AuditDetail.event_id == AuditEvent.id)
    statement = statement.where(*conditions).order_by(by, AuditEvent.id).limit(_AT_ONCE)
    after: ColumnElement[bool] | None = None
    while True:
        page = statement if after is None else statement.where(after)
        rows = db.session.execute(page).mappings().all()
        db.session.rollback()
        yield from map(_line, rows)
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1]
        after = (by >= last[by.key]) & ((by > last[by.key]) | (AuditEvent.id > last["id"]))


def _line(row: Any) -> Line:
    detail = {name: in_text(row[f"detail_{name}"]) for name in (*PERSONAL, "erased_at")}
    return {"event": plain(row), "hash": row["hash"], "detail": None if row["detail_event_id"] is None else detail}
