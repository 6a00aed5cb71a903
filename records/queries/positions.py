"""Positions: for the page of all of them, for pull-downs, and of one member."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Select, and_, bindparam, func, select

from records.database import db
from records.errors import NotFound
from records.models import Actor, Member, MemberPosition, Position, RequirementPosition
from records.reading.ahead import Question, rows_of, scalars_of


@dataclass(frozen=True)
class ListedPosition:
    """`members` are the active ones who serve in it, `deactivated` the others; `requirements` name it."""

    id: int
    name: str
    members: int
    deactivated: int
    requirements: int

    @property
    def is_free(self) -> bool:
        """Whether it may be deleted."""
        return not (self.members or self.deactivated or self.requirements)


def positions() -> Sequence[Position]:
    """All of them, by name."""
    return scalars_of(_every_position())


def asked_for_positions() -> Question:
    """What `positions` is going to ask."""
    return Question(_every_position())


@cache
def _every_position() -> Select[Position]:
    return select(Position).order_by(Position.folded_name)


def positions_of(member: Member) -> Sequence[Position]:
    """Those in which the member serves, by name."""
    return scalars_of(*asked_for_positions_of(member.id))


def asked_for_positions_of(member_id: int) -> Question:
    """What `positions_of` is going to ask."""
    return Question(_serving(), {"member_id": member_id})


@cache
def _serving() -> Select[Position]:
    its_own = MemberPosition.member_id == bindparam("member_id")
    serving = select(Position).join(MemberPosition, MemberPosition.position_id == Position.id)
    return serving.where(its_own).order_by(Position.folded_name)


def positions_for(member: Member) -> list[tuple[Position, bool]]:
    """All of them, by name, each with whether the member serves in it."""
    return [(each, bool(serves)) for each, serves in rows_of(*asked_for_positions_for(member.id))]


def asked_for_positions_for(member_id: int) -> Question:
    """What `positions_for` is going to ask."""
    return Question(_whether_serving(), {"member_id": member_id})


@cache
def _whether_serving() -> Select[Position, bool]:
    serving = and_(MemberPosition.position_id == Position.id, MemberPosition.member_id == bindparam("member_id"))
    statement = select(Position, MemberPosition.member_id.is_not(None)).outerjoin(MemberPosition, serving)
    return statement.order_by(Position.folded_name)


def listed_positions(*, by: Actor) -> list[ListedPosition]:
    """All of them with what they are used for: three statements. Raises NotAllowed."""
    by.require_administrator()
    is_active = Member.deactivated_at.is_(None)
    serving = (
        select(MemberPosition.position_id, is_active, func.count())
        .join(Member, MemberPosition.member_id == Member.id)
        .group_by(MemberPosition.position_id, is_active)
    )
    serve = {(position_id, bool(active)): count for position_id, active, count in db.session.execute(serving)}
    naming = select(RequirementPosition.position_id, func.count()).group_by(RequirementPosition.position_id)
    named = dict(db.session.execute(naming).all())
    return [
        ListedPosition(each.id, each.name, serve.get((each.id, True), 0), serve.get((each.id, False), 0),
                       named.get(each.id, 0))
        for each in positions()
    ]  # fmt: skip


def listed(position_id: int, among: Iterable[ListedPosition]) -> ListedPosition:
    """Raises NotFound."""
    for position in among:
        if position.id == position_id:
            return position
    raise NotFound()
