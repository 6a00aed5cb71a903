"""The list of members: one statement a page, however many members there are and however deep the page lies.

Pages are found by the sort key and the id of the row before them, never by counting rows off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal, select, tuple_, union_all
from sqlalchemy.orm import contains_eager

from records import clock
from records.database import records_of, this_organization
from records.errors import Refusal
from records.models import Actor, Member, MemberMerge, Unit
from records.models.member import full_name, listed_name, require_can_be_entered
from records.queries.capped import MOST_COUNTED, count_of, counting
from records.queries.keyset import Cursor
from records.queries.member_filters import (
    WITHOUT_UNIT,
    Activity,
    Kinds,
    Names,
    Narrowing,
    Sort,
    Wanted,
    fitting,
    narrowing,
)
from records.reading.ahead import Question, read_ahead, rows_of, scalars_of

PAGE = 50
_AT_ONCE, _MOST_HELD = 1000, 200

_EVERYBODY = Kinds(covers_everyone=True, activity=Activity.ACTIVE, lacks_unit=False, standing="", day=None)

Conditions = list[ColumnElement[bool]]


class ListedMember(NamedTuple):
    """What lists show of a member. `unit` is its name; `key` what the list is sorted by."""

    id: int
    given_name: str
    family_name: str
    suffix: str
    email: str | None
    number: str | None
    role: str
    account_id: int | None
    joined_on: date | None
    invited_at: datetime | None
    last_seen_at: datetime | None
    deactivated_at: datetime | None
    unit: str | None
    is_merged: bool
    key: Any

    @property
    def name(self) -> str:
        return full_name(self.given_name, self.family_name, self.suffix)

    @property
    def listed_name(self) -> str:
        return listed_name(self.family_name, self.given_name, self.suffix)

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None

    def may_be_entered_by(self, administrator: Actor) -> bool:
        """What Member says, of one whom they see."""
        try:
            administrator.require_not_acting()
            require_can_be_entered(self.id, self.role, administrator, is_active=self.is_active)
        except Refusal:
            return False
        return True


@dataclass(frozen=True)
class MemberList:
    """`count` stops at MOST_COUNTED; `is_more` says that there are more. The words lead to the pages around."""

    members: list[ListedMember]
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


class _Place(NamedTuple):
    """Where a page lies in which order. `beyond`: whether it begins at a row, and whether that one has a sort key."""

    sort: str
    descending: bool
    is_before: bool
    beyond: bool
    is_keyed: bool

    @property
    def falls(self) -> bool:
        return self.descending != self.is_before  # reading towards the beginning walks the other way


def member_list(wanted: Wanted, *, by: Actor, besides: Sequence[ColumnElement[bool]] = ()) -> MemberList:
    """One page of the members in the asker's scope, and how many there are. Raises NotAllowed.

    `besides`: further conditions on members, for lists that serve a purpose of their own.
    """
    page, count, before, cursor = _asked(wanted, _narrowed(wanted, by=by), besides)
    is_kept = not (besides or wanted.clearance)
    with read_ahead(*([page, count] if is_kept and not wanted.search else [])):
        rows = [ListedMember._make(row) for row in rows_of(*page)]
        has_more, rows = len(rows) > PAGE, rows[:PAGE]
        if before:
            rows.reverse()
        is_everything = not (has_more or cursor)
        found = len(rows) if is_everything else scalars_of(*count)[0]
    return MemberList(
        members=rows,
        count=min(found, MOST_COUNTED),
        is_more=found > MOST_COUNTED,
        following=_word(rows[-1]) if rows and (has_more or before) else "",
        preceding=_word(rows[0]) if rows and ((cursor and not before) or (before and has_more)) else "",
    )


def asked_for_list(wanted: Wanted, *, by: Actor) -> list[Question]:
    """What `member_list` is going to ask, where that can be said beforehand: not where it must first ask which units
    lie within one, or which requirements there are. Raises NotAllowed."""
    if wanted.clearance or wanted.unit not in ("", WITHOUT_UNIT):
        return []
    page, count, _, _ = _asked(wanted, _narrowed(wanted, by=by))
    return [page] if wanted.search else [page, count]  # what a search finds may well stand on one page


def _asked(
    wanted: Wanted, narrowed: Narrowing, besides: Sequence[ColumnElement[bool]] = ()
) -> tuple[Question, Question, Cursor | None, Cursor | None]:
    """The page, how many there are, the row before which the page ends, and the row next to it on either side."""
    order = _ORDERS[Sort(wanted.sort)]
    before = _cursor(wanted.before, order)
    cursor = before or _cursor(wanted.after, order)
    is_keyed = cursor is not None and cursor.key is not None
    place = _Place(wanted.sort, wanted.descending, bool(before), bool(cursor), is_keyed)
    start = {"start_key": cursor.key, "start_id": cursor.id} if cursor else {}
    page = Question(_page_of(narrowed, place, besides), narrowed.given | start)
    return page, Question(_count_of(narrowed, besides), narrowed.given), before, cursor


def _page_of(asked: Narrowing, place: _Place, besides: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Kept, where it may be, for the next who asks the same of other values."""
    others = [*asked.besides, *besides]
    if others:
        return page([*_with_parameters(asked.kinds, asked.names), *others], place)
    return _kept_page(asked.kinds, asked.names, place)


def _count_of(asked: Narrowing, besides: Sequence[ColumnElement[bool]] = ()) -> Select[int]:
    """Likewise."""
    others = [*asked.besides, *besides]
    if others:
        return counting(select(Member.id).where(*_with_parameters(asked.kinds, asked.names), *others))
    return _kept_count(asked.kinds, asked.names)


@lru_cache(_MOST_HELD)
def _kept_page(kinds: Kinds, names: Names, place: _Place) -> Select[Any]:
    return page(_with_parameters(kinds, names), place)


@lru_cache(_MOST_HELD)
def _kept_count(kinds: Kinds, names: Names) -> Select[int]:
    members = select(Member.id).where(*_with_parameters(kinds, names))
    if kinds == _EVERYBODY and not names:  # along the list's own index, for SQLite would as soon read the table
        members = members.order_by(Member.sort_name, Member.id)
    return counting(members)


def _with_parameters(kinds: Kinds, names: Names) -> Conditions:
    return fitting(kinds, {name: bindparam(name, expanding=is_list) for name, is_list in names})


def how_many_members(wanted: Wanted, *, by: Actor, most: int | None) -> int:
    """How many are found, counted no further than `most`. Raises NotAllowed."""
    return count_of(select(Member.id).where(*_narrowed(wanted, by=by).conditions()), most)


def every_member(wanted: Wanted, *, by: Actor, only: Collection[int] | None = None) -> Iterator[Member]:
    """All that are found, in the order of the list and with their units, read as they are taken; where `only` is given,
    those alone that are in it. Raises NotAllowed."""
    narrowed = _narrowed(wanted, by=by).conditions()
    if only is not None:
        narrowed.append(Member.id.in_(only))
    order = _ORDERS[Sort(wanted.sort)]
    keys = _sorted(order.column, Member.id, wanted.descending)
    statement = select(Member).outerjoin(Unit, Member.unit_id == Unit.id).options(contains_eager(Member.unit))
    ordered = statement.where(*narrowed).order_by(order.column.is_(None), *keys)
    return records_of(ordered, at_once=_AT_ONCE)


def page(narrowed: Conditions, place: _Place) -> Select[Any]:
    """PAGE + 1 members after or before a row; before one, nearest first. The row is `start_key` and `start_id`.

    Those without a sort key come last in either direction. Where both kinds may be on one page, each is
    read by its own walk along the index.
    """
    order = _ORDERS[Sort(place.sort)]
    beyond = _beyond(order, place)
    if not order.has_gaps:
        return _shown(order).where(*narrowed, *beyond).order_by(*_sorted(order.column, Member.id, place.falls))
    keyed, gaps = [*narrowed, order.column.is_not(None)], [*narrowed, order.column.is_(None)]
    if not place.beyond:
        walks = [keyed, gaps]
    elif not place.is_keyed:
        walks = [[*gaps, *beyond], keyed] if place.is_before else [[*gaps, *beyond]]
    else:
        walks = [[*keyed, *beyond]] if place.is_before else [[*keyed, *beyond], gaps]
    return _one_after_the_other(walks, order, place.falls)


def _narrowed(wanted: Wanted, *, by: Actor) -> Narrowing:
    """To the members in the asker's scope who are wanted. Raises NotAllowed."""
    by.require_staff()
    organization = this_organization()
    return narrowing(wanted, by=by, today=clock.today(organization), tracks=organization.tracks_certifications)


def _cursor(word: str, order: _Order) -> Cursor | None:
    cursor = Cursor.read(word, order.kind)
    return None if cursor and cursor.key is None and not order.has_gaps else cursor


def _beyond(order: _Order, place: _Place) -> Conditions:
    if not place.beyond:
        return []
    start_id = bindparam("start_id", type_=Member.id.type)
    if not place.is_keyed:
        return [Member.id < start_id if place.falls else Member.id > start_id]
    row, start = tuple_(order.column, Member.id), tuple_(bindparam("start_key", type_=order.column.type), start_id)
    return [row < start if place.falls else row > start]


def _sorted(key: Any, row_id: Any, falls: bool) -> tuple[Any, Any]:
    return (key.desc(), row_id.desc()) if falls else (key, row_id)


def _one_after_the_other(walks: list[Conditions], order: _Order, falls: bool) -> Select[Any]:
    parts = [
        select(Member.id, order.column.label("key"), literal(turn).label("turn"))
        .where(*narrowed)
        .order_by(*_sorted(order.column, Member.id, falls))
        .limit(PAGE + 1)
        .subquery(f"walk_{turn}")
        for turn, narrowed in enumerate(walks)
    ]
    rows = union_all(*(select(part) for part in parts)).subquery("rows")
    statement = _shown(order).join(rows, Member.id == rows.c.id)
    return statement.order_by(rows.c.turn, *_sorted(rows.c.key, rows.c.id, falls))


def _shown(order: _Order) -> Select[Any]:
    """The columns of ListedMember."""
    merged = select(MemberMerge.id).where(MemberMerge.merged_id == Member.id, MemberMerge.undone_at.is_(None)).exists()
    columns = [getattr(Member, name) for name in ListedMember._fields[:-3]]
    is_merged = and_(Member.deactivated_at.is_not(None), merged)
    statement = select(*columns, Unit.name, is_merged, order.column.label("key")).select_from(Member)
    return statement.outerjoin(Unit, Member.unit_id == Unit.id).limit(PAGE + 1)


def _word(member: ListedMember) -> str:
    return Cursor(member.key, member.id).word()
