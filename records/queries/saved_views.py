"""The views that somebody may open: their own, and those that are shared with all staff."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from records.database import db
from records.models import Actor, SavedView
from records.queries.list_pages import pages_of

# Of those that are shared; one's own are counted where they are saved.
MOST_SHOWN = 500


def saved_views(*, by: Actor, of: Collection[str] | None = None) -> Sequence[SavedView]:
    """Of the reports and lists that the asker may open, or of those among them that are named; by name, with their
    owners. Raises NotAllowed."""
    names = [each for each in pages_of(by) if of is None or each in of]
    statement = (
        select(SavedView)
        .where(SavedView.page.in_(names), or_(SavedView.member_id == by.member_id, SavedView.is_shared))
        .options(joinedload(SavedView.member))
        .order_by(SavedView.folded_name, SavedView.id)
    )
    return db.session.scalars(statement.limit(MOST_SHOWN)).all()
