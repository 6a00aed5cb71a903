"""Who is, will be and was exempt from what: the latest of them, and by a part of the member's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from records import clock
from records.database import db, is_id, this_organization
from records.errors import NotFound
from records.models import Actor, Exemption, Member, Requirement
from records.queries.member_filters import in_scope
from records.queries.member_search import matches, words_of

MOST_SHOWN = 50


class Phase(StrEnum):
    """Where an exemption stands on a day."""

    CURRENT = "current"
    COMING = "coming"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class ListedExemption:
    exemption: Exemption
    member: Member
    requirement: Requirement
    approved_by: str
    phase: Phase


@dataclass(frozen=True)
class Exemptions:
    """`standing` are the current and coming ones, those that end soonest first; `past` the others, the latest first.

    At most MOST_SHOWN of each; `is_more` says that there are more.
    """

    standing: Sequence[ListedExemption]
    past: Sequence[ListedExemption]
    is_more: bool


def exemptions(
    *, by: Actor, requirement_id: int | None = None, member_id: int | None = None, search: str = ""
) -> Exemptions:
    """Of members in the asker's scope, narrowed as asked. Raises NotAllowed."""
    by.require_staff()
    today = clock.today(this_organization())
    narrowed: list[ColumnElement[bool]] = [in_scope(by)]
    if requirement_id is not None:
        narrowed.append(Exemption.requirement_id == requirement_id)
    if member_id is not None:
        narrowed.append(Exemption.member_id == member_id)
    if words := words_of(search):
        narrowed.append(matches(words))
    stands = and_(Exemption.withdrawn_at.is_(None), Exemption.ends_on >= today)
    over = or_(Exemption.withdrawn_at.is_not(None), Exemption.ends_on < today)
    standing = _listed([*narrowed, stands], (Exemption.ends_on, Exemption.id), today)
    past = _listed([*narrowed, over], (Exemption.ends_on.desc(), Exemption.id.desc()), today)
    is_more = len(standing) > MOST_SHOWN or len(past) > MOST_SHOWN
    return Exemptions(standing[:MOST_SHOWN], past[:MOST_SHOWN], is_more)


def exemption_for(exemption_id: int, *, by: Actor) -> ListedExemption:
    """Raises NotAllowed, NotFound."""
    by.require_staff()
    narrowed = [in_scope(by), Exemption.id == (exemption_id if is_id(exemption_id) else 0)]
    rows = _listed(narrowed, (Exemption.id,), clock.today(this_organization()))
    if not rows:
        raise NotFound()
    return rows[0]


def _listed(narrowed: Sequence[ColumnElement[bool]], order: Sequence[Any], today: date) -> list[ListedExemption]:
    approver = aliased(Member)
    statement = (
        select(Exemption, Member, Requirement, approver)
        .join(Member, Exemption.member_id == Member.id)
        .join(Requirement, Exemption.requirement_id == Requirement.id)
        .join(approver, Exemption.approved_by_id == approver.id)
        .where(*narrowed)
    )
    rows = db.session.execute(statement.order_by(*order).limit(MOST_SHOWN + 1))
    return [
        ListedExemption(exemption, member, requirement, approved_by.name, _phase(exemption, today))
        for exemption, member, requirement, approved_by in rows
    ]


def _phase(exemption: Exemption, today: date) -> Phase:
    if exemption.withdrawn_at is not None:
        return Phase.WITHDRAWN
    if exemption.ends_on < today:
        return Phase.ENDED
    return Phase.COMING if exemption.starts_on > today else Phase.CURRENT
