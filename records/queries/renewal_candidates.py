"""Whom a batch of renewals may be for: a page of members with what they hold of the type, and all of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import aliased

from records import clock
from records.database import db, this_organization
from records.models import Actor, Certification, Member, MemberPosition, Position
from records.queries.member_filters import Wanted, conditions
from records.queries.members import MemberList, member_list
from records.queries.renewal_plans import MOST_MEMBERS, held_of_type


class Holding(StrEnum):
    ANYBODY = ""
    HAS = "has"
    LACKS = "lacks"


@dataclass(frozen=True)
class Sought:
    """`wanted`: search, unit and page. `expiring_by`: whose latest certification of the type, not renewed yet, expires
    on that day or before."""

    type_id: int
    wanted: Wanted
    position_id: int | None = None
    holding: Holding = Holding.ANYBODY
    expiring_by: date | None = None

    @property
    def is_narrowed(self) -> bool:
        return bool(self.wanted.is_narrowed or self.position_id or self.holding or self.expiring_by)


@dataclass(frozen=True)
class Candidates:
    """`latest`: by member's id, their certification of the type that expires last."""

    listed: MemberList
    latest: dict[int, Certification]


def candidates(sought: Sought, *, by: Actor) -> Candidates:
    """One page. Raises NotAllowed."""
    listed = member_list(sought.wanted, by=by, besides=_besides(sought, by=by))
    held = held_of_type(sought.type_id, [member.id for member in listed.members])
    return Candidates(listed, {member_id: all_held[0] for member_id, all_held in held.items()})


def all_sought(sought: Sought, *, by: Actor) -> Sequence[int]:
    """The ids of all whom the search finds, by name, but no more than MOST_MEMBERS + 1. Raises NotAllowed."""
    by.require_staff()
    organization, wanted = this_organization(), replace(sought.wanted, after="", before="")
    today = clock.today(organization)
    narrowed = conditions(wanted, by=by, today=today, tracks=organization.tracks_certifications)
    statement = select(Member.id).where(*narrowed, *_besides(sought, by=by)).order_by(Member.sort_name, Member.id)
    return db.session.scalars(statement.limit(MOST_MEMBERS + 1)).all()


def positions_to_choose() -> Sequence[Position]:
    """Those that somebody serves in, by name."""
    served = select(MemberPosition.member_id).where(MemberPosition.position_id == Position.id).exists()
    return db.session.scalars(select(Position).where(served).order_by(Position.folded_name)).all()


def _besides(sought: Sought, *, by: Actor) -> list[ColumnElement[bool]]:
    """Coordinators are never asked about themselves."""
    found: list[ColumnElement[bool]] = [] if by.administers else [Member.id != by.member_id]
    if sought.position_id is not None:
        served = select(MemberPosition.member_id).where(MemberPosition.position_id == sought.position_id)
        found.append(Member.id.in_(served))
    has = _of_type(sought.type_id).exists()
    if sought.holding:
        found.append(has if sought.holding is Holding.HAS else ~has)
    if sought.expiring_by is not None:
        renewal = aliased(Certification)
        renewed = select(renewal.id).where(renewal.supersedes_id == Certification.id, renewal.deleted_at.is_(None))
        due = _of_type(sought.type_id).where(Certification.expires_on <= sought.expiring_by, ~renewed.exists())
        later = _of_type(sought.type_id).where(Certification.expires_on > sought.expiring_by)
        found += [due.exists(), ~later.exists()]
    return found


def _of_type(type_id: int) -> Select[int]:
    """Of the member that the statement around it is about."""
    return (
        select(Certification.id)
        .where(Certification.organization_id == Member.organization_id, Certification.member_id == Member.id)
        .where(Certification.type_id == type_id, Certification.deleted_at.is_(None))
        .correlate(Member)
    )
