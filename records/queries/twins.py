"""Members who may be one person twice: likely twins of a member, and finding another one by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased, joinedload

from records.database import db
from records.models import Actor, Certification, Member, MemberMerge
from records.queries.member_search import matches, words_of

MOST = 20
_MOST_TWINS = 8
_MOST_ZEROS = 12


class Likeness(StrEnum):
    NAME = "name"
    EMAIL = "email"
    NUMBER = "number"
    CERTIFICATION = "certification"


@dataclass(frozen=True)
class Twin:
    """Somebody who may be the same person, and in what the two are alike."""

    member: Member
    alike: tuple[Likeness, ...]


@dataclass(frozen=True)
class Found:
    """`is_more`: there are more than MOST."""

    members: Sequence[Member]
    is_more: bool


def likely_twins(member: Member, *, by: Actor) -> list[Twin]:
    """Those who are most alike first, at most eight. Raises NotAllowed."""
    by.require_administrator()
    alike: dict[Likeness, ColumnElement[bool]] = {Likeness.NAME: Member.sort_name == member.sort_name}
    local_part = (member.folded_email or "").partition("@")[0]
    if len(local_part) > 1:
        alike[Likeness.EMAIL] = matches([f"{local_part}@"])
    if core := (member.folded_number or "").lstrip("0"):
        alike[Likeness.NUMBER] = Member.folded_number.in_(["0" * zeros + core for zeros in range(_MOST_ZEROS)])
    alike[Likeness.CERTIFICATION] = _holds_the_same(member)
    found: dict[int, list[Likeness]] = defaultdict(list)
    members: dict[int, Member] = {}
    for likeness, condition in alike.items():
        for other in db.session.scalars(_others(member).where(condition).limit(MOST)):
            if likeness is not Likeness.EMAIL or (other.folded_email or "").startswith(f"{local_part}@"):
                found[other.id].append(likeness)
                members[other.id] = other
    twins = [Twin(members[id_], tuple(likenesses)) for id_, likenesses in found.items()]
    return sorted(twins, key=lambda twin: (-len(twin.alike), twin.member.sort_name, twin.member.id))[:_MOST_TWINS]


def found_besides(member: Member, text: str, *, by: Actor) -> Found:
    """Other members by any part of name, e-mail address or number. Raises NotAllowed."""
    by.require_administrator()
    words = words_of(text)
    if not words:
        return Found([], is_more=False)
    statement = _others(member).where(matches(words)).order_by(Member.sort_name, Member.id).limit(MOST + 1)
    rows = db.session.scalars(statement).all()
    return Found(rows[:MOST], is_more=len(rows) > MOST)


def _others(member: Member):  # type: ignore[no-untyped-def]  # because: what SQLAlchemy infers
    """All others but those who were merged into somebody or erased; deactivated ones count."""
    gone = exists().where(MemberMerge.merged_id == Member.id, MemberMerge.undone_at.is_(None))
    return (
        select(Member).where(Member.id != member.id, Member.erased_at.is_(None), ~gone).options(joinedload(Member.unit))
    )


def _holds_the_same(member: Member) -> ColumnElement[bool]:
    """A certification of the same type under the same number; a number without digits says nothing."""
    own = aliased(Certification)
    theirs = (
        select(own.folded_number, own.type_id)
        .where(own.member_id == member.id, own.deleted_at.is_(None), own.folded_number != "")
        .limit(200)
    )
    same = [
        (Certification.folded_number == number) & (Certification.type_id == type_id)
        for number, type_id in db.session.execute(theirs)
        if any(letter.isdigit() for letter in number)
    ]
    holders = select(Certification.member_id).where(Certification.deleted_at.is_(None))
    if not same:
        return Member.id.in_([])
    either = same[0]
    for condition in same[1:]:
        either = either | condition
    return Member.id.in_(holders.where(either))
