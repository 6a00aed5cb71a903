"""Which positions a member serves in: a step inside the transaction that saves the profile."""

from __future__ import annotations

from sqlalchemy import delete, select

from records import clock
from records.database import db, is_id
from records.errors import N_, Invalid
from records.models import Actor, AuditEvent, AuditKind, Member, MemberPosition, Position
from records.queries.positions import positions_of


def choose(member: Member, position_ids: frozenset[int], *, by: Actor) -> bool:
    """A locked member serves in those positions and no others; True where that is news.

    Raises NotAllowed, NotFound and Invalid (field `positions`).
    """
    by.require_administrator()
    member.require_seen_by(by)
    before = frozenset(position.id for position in positions_of(member))
    if before == position_ids:
        return False
    if len(_held(position_ids)) != len(position_ids):
        raise Invalid(N_("Choose positions from the list."), field="positions")
    gone = delete(MemberPosition).where(MemberPosition.member_id == member.id)
    db.session.execute(gone.where(MemberPosition.position_id.in_(before - position_ids)))
    new = sorted(position_ids - before)
    db.session.add_all([MemberPosition(member_id=member.id, position_id=each) for each in new])
    db.session.flush()
    db.session.add(AuditEvent.of(AuditKind.POSITIONS_CHOSEN, member, by=by, at=clock.now(),
                                 before={"position_ids": sorted(before)},
                                 after={"position_ids": sorted(position_ids)}))  # fmt: skip
    return True


def _held(ids: frozenset[int]) -> set[int]:
    """Those of the ids that are positions of this organization, held against deletion."""
    known = select(Position.id).where(Position.id.in_([each for each in ids if is_id(each)]))
    return set(db.session.scalars(known.with_for_update(read=True, key_share=True)))
