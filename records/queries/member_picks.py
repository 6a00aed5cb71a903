"""Members to choose from: found by a few letters, never all of them; and those that were chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from records.database import db, is_id
from records.models import Actor, Member
from records.queries.member_filters import in_scope
from records.queries.member_search import matches, words_of

MOST_FOUND = 10


@dataclass(frozen=True)
class FoundMembers:
    """At most MOST_FOUND of them, by name; `is_more` says that there are more."""

    members: Sequence[Member]
    is_more: bool


def found_members(text: str, *, by: Actor) -> FoundMembers:
    """Active members in the asker's scope who match every word; none where nothing was asked. Raises NotAllowed."""
    by.require_staff()
    words = words_of(text)
    if not words:
        return FoundMembers([], is_more=False)
    statement = select(Member).where(in_scope(by), Member.deactivated_at.is_(None), matches(words))
    ordered = statement.options(joinedload(Member.unit)).order_by(Member.sort_name, Member.id).limit(MOST_FOUND + 1)
    rows = db.session.scalars(ordered).all()
    return FoundMembers(rows[:MOST_FOUND], is_more=len(rows) > MOST_FOUND)


def members_with(ids: Iterable[int], *, by: Actor) -> Sequence[Member]:
    """Those with these ids in the asker's scope, deactivated ones too, by name. Raises NotAllowed."""
    by.require_staff()
    statement = select(Member).where(in_scope(by), Member.id.in_([each for each in ids if is_id(each)]))
    return db.session.scalars(statement.options(joinedload(Member.unit)).order_by(Member.sort_name, Member.id)).all()
