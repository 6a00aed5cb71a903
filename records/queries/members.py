"""The list of members: one statement a page, however many members there are and however deep the page lies.

Pages are found by the sort key and the id of the row before them, never by counting rows off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, tuple_, union_all
from sqlalchemy.orm import contains_eager

from records import clock
from records.database import db, records_of, this_organization
from records.models import Actor, Member, Unit
from records.queries.capped import MOST_COUNTED, count_of, counting
from records.queries.keyset import Cursor
from records.queries.member_filters import Sort, Wanted, conditions

PAGE = 50
_AT_ONCE = 1000

Conditions = list[ColumnElement[bool]]


@dataclass(frozen=True)
class MemberList:
    """`count` stops at MOST_COUNTED; `is_more` says that there are more. The words lead to the pages around."""

    members: list[Member]
    count: int
    is_more: bool
    following: str
    preceding: str


@dataclass(frozen=True)
class _Order:
    """The column that sorts, the kind of its values, and whether members may lack one."""

    column: Any
    kind: type[Any]
    has_gaps: bool


_ORDERS = {
    Sort.NAME: _Order(Member.sort_name, str, has_gaps=False),
    Sort.NUMBER: _Order(Member.folded_number, str, has_gaps=True),
    Sort.JOINED: _Order(Member.joined_on, date, has_gaps=True),
    Sort.SEEN: _Order(Member.last_seen_at, datetime, has_gaps=True),
}


def member_list(wanted: Wanted, *, by: Actor, besides: Sequence[ColumnElement[bool]] = ()) -> MemberList:
    """One page of the members in the asker's scope, and how many there are. Raises NotAllowed.

    `besides`: further conditions on members, for lists that serve a purpose of their own.
    """
    narrowed = [*_narrowed(wanted, by=by), *besides]
    order = _ORDERS[Sort(wanted.sort)]
    before = _cursor(wanted.before, order)
    after = None if before else _cursor(wanted.after, order)
    statement = page(narrowed, order, descending=wanted.descending, after=after, before=before)
    rows = list(db.session.scalars(statement))
    has_more, rows = len(rows) > PAGE, rows[:PAGE]
    if before:
        rows.reverse()
    is_everything = not (has_more or after or before)
    count = len(rows) if is_everything else db.session.scalar(counting(select(Member.id).where(*narrowed))) or 0
    return MemberList(
        members=rows,
        count=min(count, MOST_COUNTED),
        is_more=count > MOST_COUNTED,
        following=_word(rows[-1], order) if rows and (has_more or before) else "",
        preceding=_word(rows[0], order) if rows and (after or (before and has_more)) else "",
    )


def how_many_members(wanted: Wanted, *, by: Actor, most: int | None) -> int:
    """How many are found, counted no further than `most`. Raises NotAllowed."""
    return count_of(select(Member.id).where(*_narrowed(wanted, by=by)), most)


def every_member(wanted: Wanted, *, by: Actor, only: Collection[int] | None = None) -> Iterator[Member]:
    """All that are found, in the order of the list and with their units, read as they are taken; where `only` is given,
    those alone that are in it. Raises NotAllowed."""
    narrowed = _narrowed(wanted, by=by)
    if only is not None:
        narrowed.append(Member.id.in_(only))
    order = _ORDERS[Sort(wanted.sort)]
    keys = _sorted(order.column, Member.id, wanted.descending)
    statement = _with_units(select(Member).where(*narrowed)).order_by(order.column.is_(None), *keys)
    return records_of(statement, at_once=_AT_ONCE)


def page(
    narrowed: Conditions, order: _Order, *, descending: bool, after: Cursor | None, before: Cursor | None
) -> Select[Member]:
    """PAGE + 1 members after or before a cursor; before one, nearest first.

    Those without a sort key come last in either direction. Where both kinds may be on one page, each is
    read by its own walk along the index.
    """
    falls = descending != bool(before)  # reading towards the beginning walks the other way
    cursor = before or after
    beyond = _beyond(order, cursor, falls)
    if not order.has_gaps:
        return _with_units(_walk([*narrowed, *beyond], order, falls))
    keyed, gaps = [*narrowed, order.column.is_not(None)], [*narrowed, order.column.is_(None)]
    if cursor is None:
        walks = [keyed, gaps]
    elif cursor.key is None:
        walks = [[*gaps, *beyond], keyed] if before else [[*gaps, *beyond]]
    else:
        walks = [[*keyed, *beyond]] if before else [[*keyed, *beyond], gaps]
    return _one_after_the_other(walks, order, falls)


def _narrowed(wanted: Wanted, *, by: Actor) -> Conditions:
    """To the members in the asker's scope who are wanted. Raises NotAllowed."""
    by.require_staff()
    organization = this_organization()
    return conditions(wanted, by=by, today=clock.today(organization), tracks=organization.tracks_certifications)


def _cursor(word: str, order: _Order) -> Cursor | None:
    cursor = Cursor.read(word, order.kind)
    return None if cursor and cursor.key is None and not order.has_gaps else cursor


def _beyond(order: _Order, cursor: Cursor | None, falls: bool) -> Conditions:
    if cursor is None:
        return []
    if cursor.key is None:
        return [Member.id < cursor.id if falls else Member.id > cursor.id]
    row, place = tuple_(order.column, Member.id), tuple_(literal(cursor.key, order.column.type), literal(cursor.id))
    return [row < place if falls else row > place]


def _walk(narrowed: Conditions, order: _Order, falls: bool) -> Select[Member]:
    return select(Member).where(*narrowed).order_by(*_sorted(order.column, Member.id, falls)).limit(PAGE + 1)


def _sorted(key: Any, row_id: Any, falls: bool) -> tuple[Any, Any]:
    return (key.desc(), row_id.desc()) if falls else (key, row_id)


def _one_after_the_other(walks: list[Conditions], order: _Order, falls: bool) -> Select[Member]:
    parts = [
        _walk(narrowed, order, falls)
        .with_only_columns(Member.id, order.column.label("key"), literal(turn).label("turn"))
        .subquery(f"walk_{turn}")
        for turn, narrowed in enumerate(walks)
    ]
    rows = union_all(*(select(part) for part in parts)).subquery("rows")
    statement = select(Member).join(rows, Member.id == rows.c.id)
    return _with_units(statement.order_by(rows.c.turn, *_sorted(rows.c.key, rows.c.id, falls)).limit(PAGE + 1))


def _with_units(statement: Select[Member]) -> Select[Member]:
    return statement.outerjoin(Unit, Member.unit_id == Unit.id).options(contains_eager(Member.unit))


def _word(member: Member, order: _Order) -> str:
    return Cursor(getattr(member, order.column.key), member.id).word()
