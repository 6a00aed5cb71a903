"""The views that somebody may open: their own, and those that are shared with all staff."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import joinedload

from records.database import db
from records.models import Actor, SavedView
from records.queries.list_pages import pages_of
from records.reading.ahead import Question, rows_of

# Of those that are shared; one's own are counted where they are saved.
MOST_SHOWN = 500


class KeptView(NamedTuple):
    """What the menu of a page shows of a view."""

    id: int
    name: str
    asked: dict[str, Any]
    is_shared: bool


def saved_views(*, by: Actor, of: Collection[str] | None = None) -> Sequence[SavedView]:
    """Of the reports and lists that the asker may open, or of those among them that are named; by name, with their
    owners. Raises NotAllowed."""
    names = pages_of(by) if of is None else pages_of(by, of)
    among = SavedView.page.in_(bindparam("pages", expanding=True))
    statement = _views().where(among).options(joinedload(SavedView.member))
    return db.session.scalars(statement, {"pages": names, "member_id": by.member_id}).all()


def kept_views(page: str, *, by: Actor) -> Sequence[KeptView]:
    """Those of one page, for its menu, by name. Raises NotAllowed."""
    return [KeptView(*row) for row in rows_of(*asked_for_kept_views(page, by=by))]


def asked_for_kept_views(page: str, *, by: Actor) -> Question:
    """What `kept_views` is going to ask. Raises NotAllowed."""
    offered = pages_of(by, [page])
    return Question(_kept_views(), {"page": offered[0] if offered else "", "member_id": by.member_id})


@cache
def _views() -> Select[SavedView]:
    own = or_(SavedView.member_id == bindparam("member_id"), SavedView.is_shared)
    return select(SavedView).where(own).order_by(SavedView.folded_name, SavedView.id).limit(MOST_SHOWN)


@cache
def _kept_views() -> Select[Any]:
    views = _views().where(SavedView.page == bindparam("page"))
    return views.with_only_columns(SavedView.id, SavedView.name, SavedView.asked, SavedView.is_shared)
