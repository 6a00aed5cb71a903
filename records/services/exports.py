"""What staff do with lists that are too long to wait for: let them be written in the background, cancel, try again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from records import clock
from records.database import db, locked, transaction
from records.errors import NotAllowed
from records.errors.exports import TooManyExports
from records.models import Actor, AuditEvent, AuditKind, ExportState, ListExport, Member
from records.models.list_export import IN_PROGRESS
from records.queries.list_pages import page_named

# Of one member at once.
MOST = 5
# So long after its end the file can be taken.
KEPT = timedelta(days=1)


def begin(page: str, asked: Mapping[str, str], *, language: str, by: Actor) -> ListExport:
    """A workbook of the list or report under these filters, to be written soon; the one that is in progress already,
    where the same was asked for before. `language` is that of its words.

    Raises NotFound (no such page), NotAllowed, ModuleOff, TooManyExports.
    """
    kept = page_named(page, by=by).kept(asked)
    if by.member_id is None:
        raise NotAllowed()
    with transaction() as session:
        locked(Member, by.member_id)  # two clicks at once: the second finds what the first has begun
        mine = _in_progress(by.member_id)
        for each in mine:
            if (each.page, each.asked) == (page, kept):
                return each
        if len(mine) >= MOST:
            raise TooManyExports(most=MOST)
        now = clock.now()
        export = ListExport(
            member_id=by.member_id, page=page, asked=kept, language=language, created_at=now, expires_at=now + KEPT
        )
        session.add(export)
        session.flush()
        session.add(_event(AuditKind.EXPORT_BEGUN, export, by=by, at=now))
    return export


def cancel(export_id: int, *, by: Actor) -> ListExport:
    """Let it not be written to its end. Raises NotAllowed, NotFound, ExportChanged."""
    with transaction() as session:
        export = _own(export_id, by=by)
        export.require_in_progress()
        now = clock.now()
        export.state, export.run, export.finished_at = ExportState.CANCELLED, "", now
        session.add(_event(AuditKind.EXPORT_CANCELLED, export, by=by, at=now))
    return export


def again(export_id: int, *, by: Actor) -> ListExport:
    """Begin anew what failed or was cancelled. Raises NotAllowed, NotFound, ModuleOff, ExportChanged,
    TooManyExports."""
    with transaction() as session:
        export = _own(export_id, by=by)
        export.require_over_without_file()
        page_named(export.page, by=by)
        if (count := len(_in_progress(export.member_id))) >= MOST:
            raise TooManyExports(most=count)
        now = clock.now()
        export.state, export.failure, export.finished_at = ExportState.WAITING, "", None
        export.tries, export.rows_done, export.expires_at = 0, 0, now + KEPT
        session.add(_event(AuditKind.EXPORT_BEGUN, export, by=by, at=now))
    return export


def rights_of(actor: Actor) -> str:
    """What stands for all that decides which rows the actor sees, so that two can be compared."""
    facts = [actor.role, actor.covers_organization, sorted(actor.covered_units), actor.reviews]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _own(export_id: int, *, by: Actor) -> ListExport:
    by.require_staff()
    export = locked(ListExport, export_id)
    export.require_its_asker(by)
    return export


def _in_progress(member_id: int) -> list[ListExport]:
    return list(
        db.session.scalars(
            select(ListExport).where(ListExport.member_id == member_id, ListExport.state.in_(IN_PROGRESS))
        )
    )


def _event(kind: AuditKind, export: ListExport, *, by: Actor, at: datetime) -> AuditEvent:
    facts: dict[str, Any] = {"page": export.page, "asked": dict(export.asked)}
    return AuditEvent.of(kind, export, by=by, at=at, after=facts)
