"""Merges of members: two to compare before one, and those that were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import BindParameter, Select, bindparam, or_, select
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from records.database import db, found
from records.models import Actor, Certification, Member, MemberMerge, MemberPosition, Position, Scan
from records.queries.merging import duplicates_of, tally
from records.reading.ahead import Question, rows_of

MOST = 100


@dataclass(frozen=True)
class Duplicate:
    """A certification that both have; `files` of it go over to the kept member's own."""

    certification: Certification
    files: int


@dataclass(frozen=True)
class Comparison:
    """Two members side by side. `counts` by table of what goes over; positions by id and name."""

    kept: Member
    merged: Member
    counts: Mapping[str, int]
    duplicates: Sequence[Duplicate]
    kept_positions: Mapping[int, str]
    merged_positions: Mapping[int, str]

    @property
    def account_goes_over(self) -> bool:
        return self.merged.account_id is not None and self.kept.account_id is None

    @property
    def account_is_shut_out(self) -> bool:
        return self.merged.account_id is not None and self.kept.account_id is not None


def comparison_of(kept_id: int, merged_id: int, *, by: Actor) -> Comparison:
    """Raises NotAllowed, NotFound."""
    by.require_administrator()
    kept, merged = found(Member, kept_id), found(Member, merged_id)
    return Comparison(
        kept=kept,
        merged=merged,
        counts=tally(merged, kept),
        duplicates=_duplicates(merged, kept),
        kept_positions=_positions(kept),
        merged_positions=_positions(merged),
    )


def merge_list(*, by: Actor) -> Sequence[MemberMerge]:
    """The latest merges, undone ones too, newest first. Raises NotAllowed."""
    by.require_administrator()
    statement = select(MemberMerge).order_by(MemberMerge.id.desc()).limit(MOST)
    return db.session.scalars(statement.options(joinedload(MemberMerge.kept), joinedload(MemberMerge.merged))).all()


def standing_merges_of(member: Member, *, by: Actor) -> Sequence[MemberMerge]:
    """The merges that stand into this member, or of it into another, newest first. Raises NotAllowed, NotFound."""
    member.require_seen_by(by)
    found = rows_of(*asked_for_standing_merges_of(member.id))
    for merge, kept, merged in found:
        set_committed_value(merge, "kept", kept)
        set_committed_value(merge, "merged", merged)
    return [merge for merge, _, _ in found]


def asked_for_standing_merges_of(member_id: int) -> Question:
    """What `standing_merges_of` is going to ask."""
    return Question(_standing(), {"member_id": member_id})


@cache
def _standing() -> Select[MemberMerge, Member, Member]:
    kept, merged = aliased(Member), aliased(Member)
    member_id: BindParameter[int] = bindparam("member_id")
    return (
        select(MemberMerge, kept, merged)
        .join(kept, MemberMerge.kept_id == kept.id)
        .join(merged, MemberMerge.merged_id == merged.id)
        .where(or_(MemberMerge.kept_id == member_id, MemberMerge.merged_id == member_id))
        .where(MemberMerge.undone_at.is_(None))
        .order_by(MemberMerge.id.desc())
    )


def _duplicates(merged: Member, kept: Member) -> list[Duplicate]:
    ids = list(duplicates_of(merged, kept))
    statement = (
        select(Certification)
        .where(Certification.id.in_(ids))
        .options(joinedload(Certification.type), joinedload(Certification.scans).load_only(Scan.id))
        .order_by(Certification.type_id, Certification.expires_on)
    )
    return [Duplicate(each, len(each.scans)) for each in db.session.scalars(statement).unique()]


def _positions(member: Member) -> dict[int, str]:
    statement = (
        select(Position.id, Position.name)
        .join(MemberPosition, MemberPosition.position_id == Position.id)
        .where(MemberPosition.member_id == member.id)
        .order_by(Position.folded_name)
    )
    return {row.id: row.name for row in db.session.execute(statement)}
