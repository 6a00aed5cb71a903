"""The views that somebody may open: their own, and those that are shared with all staff."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from records.database import db
from records.models import Actor, SavedView
from records.queries.reports import offered

# Of those that are shared; one's own are counted where they are saved.
MOST_SHOWN = 500


def saved_views(*, by: Actor, report: str = "") -> Sequence[SavedView]:
    """Of the reports that the asker may open (or of one), by name, with their owners. Raises NotAllowed."""
    names = [each.name for each in offered(by=by) if report in ("", each.name)]
    statement = (
        select(SavedView)
        .where(SavedView.report.in_(names), or_(SavedView.member_id == by.member_id, SavedView.is_shared))
        .options(joinedload(SavedView.member))
        .order_by(SavedView.folded_name, SavedView.id)
    )
    return db.session.scalars(statement.limit(MOST_SHOWN)).all()
