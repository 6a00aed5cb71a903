"""What administrators do with positions: create, rename, merge, delete. Choosing a member's: `profiles`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete as deleting
from sqlalchemy import exists, select, update

from records import clock
from records.database import db, transaction
from records.errors import N_, Invalid, NameTaken
from records.errors.requirements import PositionInUse, PositionMergeSelf
from records.models import Actor, AuditEvent, AuditKind, Member, MemberPosition, Position, RequirementPosition
from records.queries.positions import ListedPosition
from records.services.held_steps import among, flush_or_stale, hold_all
from records.services.once_steps import mark, require_shown
from records.services.rule_steps import is_named, name_instead

Positions = dict[int, Position]


def create(name: str, *, by: Actor) -> Position:
    """Raises NotAllowed, Invalid and NameTaken (field `name`)."""
    by.require_administrator()
    with transaction() as session:
        position = Position(name=name)
        _require_free_name(position, hold_all(Position))
        session.add(position)
        flush_or_stale()
        session.add(_event(AuditKind.POSITION_CREATED, position, by=by, after=_facts(position)))
    return position


def rename(position: Position, name: str, *, seen: str, by: Actor) -> bool:
    """True where something changed. `seen` is the `mark_of` what the form showed.

    Raises NotAllowed, NotFound, Stale, Invalid and NameTaken (field `name`).
    """
    by.require_administrator()
    with transaction() as session:
        positions = hold_all(Position)
        position = among(position, positions)
        before = _facts(position)
        position.name = name
        _require_free_name(position, positions)
        after = _facts(position)
        if before == after:
            return False
        require_shown(before, seen)
        flush_or_stale()
        session.add(_event(AuditKind.POSITION_CHANGED, position, by=by, before=before, after=after))
    return True


def merge(position: Position, *, into: int | None, by: Actor) -> Position:
    """Who serves in `position`, and what requirements ask of it, goes over to the position with the id `into`.

    Returns that position. Raises NotAllowed, NotFound, Invalid and PositionMergeSelf (field `into`).
    """
    by.require_administrator()
    with transaction() as session:
        positions = hold_all(Position)
        position = among(position, positions)
        if into is None or into not in positions:
            raise Invalid(N_("Choose a position from the list."), field="into")
        if into == position.id:
            raise PositionMergeSelf(field="into")
        target = positions[into]
        moved = _move_members(position, target)
        named = name_instead(RequirementPosition, position.id, into)
        flush_or_stale()
        before = _facts(position) | {"member_ids": moved, "requirement_ids": list(named)}
        after = {"into_id": into, "into": target.name}
        session.add(_event(AuditKind.POSITION_MERGED, position, by=by, before=before, after=after))
        session.delete(position)
        flush_or_stale()
    return target


def delete(position: Position, *, by: Actor) -> None:
    """Delete one in which nobody serves, deactivated members included, and that no requirement names.

    Raises NotAllowed, NotFound, PositionInUse.
    """
    by.require_administrator()
    with transaction() as session:
        position = among(position, hold_all(Position))
        serves = session.scalar(select(exists().where(MemberPosition.position_id == position.id)))
        if serves or is_named(RequirementPosition, position.id):
            raise PositionInUse(name=position.name)
        session.add(_event(AuditKind.POSITION_DELETED, position, by=by, before=_facts(position)))
        session.delete(position)
        flush_or_stale()


def _require_free_name(position: Position, positions: Positions) -> None:
    if any(each is not position and each.folded_name == position.folded_name for each in positions.values()):
        raise NameTaken(field="name", name=position.name)


def _move_members(position: Position, target: Position) -> list[int]:
    """Their ids. Each becomes a new version of its member, so that an open profile notices."""
    serving = select(MemberPosition.member_id)
    moved = list(db.session.scalars(serving.where(MemberPosition.position_id == position.id).order_by(
        MemberPosition.member_id
    )))  # fmt: skip
    members = update(Member).where(Member.id.in_(serving.where(MemberPosition.position_id == position.id)))
    db.session.execute(members.values(version=Member.version + 1), execution_options={"synchronize_session": False})
    already = set(db.session.scalars(serving.where(MemberPosition.position_id == target.id)))
    db.session.execute(deleting(MemberPosition).where(MemberPosition.position_id == position.id))
    new = [each for each in moved if each not in already]
    db.session.add_all([MemberPosition(member_id=each, position_id=target.id) for each in new])
    return moved


def mark_of(position: Position | ListedPosition) -> str:
    """What tells whether it was renamed meanwhile."""
    return mark(_facts(position))


def _facts(position: Position | ListedPosition) -> dict[str, Any]:
    return {"name": position.name}


def _event(kind: AuditKind, position: Position, *, by: Actor, **facts: Any) -> AuditEvent:
    return AuditEvent.of(kind, position, by=by, at=clock.now(), **facts)
