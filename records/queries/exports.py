"""Exports of lists that are written in the background: the asker's own, as they stand, and their files."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from records import clock
from records.database import db, found
from records.models import Actor, ListExport

MOST_SHOWN = 50


def own_exports(*, by: Actor) -> Sequence[ListExport]:
    """Those of the asker whose day is not over, the newest first. Raises NotAllowed."""
    by.require_staff()
    own = select(ListExport).where(ListExport.member_id == by.member_id, ListExport.expires_at > clock.now())
    newest = own.order_by(ListExport.created_at.desc(), ListExport.id.desc()).limit(MOST_SHOWN)
    return db.session.scalars(newest.options(joinedload(ListExport.stored_file))).all()


def own_export(export_id: int, *, by: Actor) -> ListExport:
    """Raises NotAllowed, NotFound."""
    by.require_staff()
    export = found(ListExport, export_id)
    export.require_its_asker(by)
    return export
