"""Audit events for tests of the trail, written, sealed and verified."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from records import clock
from records.database import db, transaction
from records.models import Actor, AuditDetail, AuditEvent, AuditKind
from records.queries.audit_chains import Head, chains, lines
from records.queries.audit_verifying import Chain, verify
from records.services.sealing import seal


def note(cast: Any, number: int = 1, *, at: datetime | None = None) -> list[int]:
    """So many events about Max by Ada, each with facts on both sides: their ids."""
    by = cast.actor(cast.ada)
    events = [
        AuditEvent.of(
            AuditKind.MEMBER_CHANGED, cast.max, by=by, at=at or clock.now(),
            before={"family_name": f"Before {each}"}, after={"family_name": "Späth", "note": None, "rows": each},
        )
        for each in range(number)
    ]  # fmt: skip
    with transaction() as session:
        session.add_all(events)
        session.flush()
        return [event.id for event in events]


def many(cast: Any, number: int, *, first: int = 100_000) -> None:
    """So many events at one stroke, with ids from `first` on."""
    by = cast.actor(cast.ada)
    event = AuditEvent.of(AuditKind.MEMBER_CHANGED, by=by, at=clock.now(), after={"note": "One of many"})
    tables = {AuditEvent.__table__: event, AuditDetail.__table__: event.detail}
    ids = range(first, first + number)
    db.session.rollback()
    with db.engine.connect().execution_options(writes=True) as connection:
        for (table, row), key in zip(tables.items(), ("id", "event_id"), strict=True):
            values = {name: getattr(row, name) for name in table.columns.keys()}  # noqa: SIM118  # because: columns are no dict
            connection.execute(table.insert(), [values | {key: each} for each in ids])
        connection.commit()


def note_visitor() -> None:
    """An event of no organization, as a failed sign-in leaves it."""
    by = Actor.visitor(address="192.0.2.7")
    with transaction() as session:
        session.add(AuditEvent.of(AuditKind.SIGN_IN_REFUSED, by=by, at=clock.now(), after={"email": "x@example.org"}))


def sealed(cast: Any, number: int) -> list[int]:
    ids = note(cast, number)
    seal()
    return ids


def verified(noted: dict[int | None, list[Head]] | None = None) -> dict[int | None, Chain]:
    db.session.rollback()
    return verify(lines(chains()), noted)


def faults(cast: Any, noted: dict[int | None, list[Head]] | None = None) -> list[tuple[str, str]]:
    """What is wrong with the fire department's chain, and where; nothing is with any other."""
    found = verified(noted)
    assert all(chain.is_whole for name, chain in found.items() if name != cast.fire.id)
    return [(each.kind.value, each.record) for each in found[cast.fire.id].breaks] if cast.fire.id in found else []
