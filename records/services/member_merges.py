"""What administrators do with two members who are one person: merge them, and take that back for 30 days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from records import clock
from records.database import db, lock, transaction
from records.errors import NotFound, Stale
from records.errors.merging import (
    ComparisonStale,
    KeptIsDeactivated,
    LaterMergeStands,
    MergedWithThemselves,
    MergeTooOld,
    MergeUndone,
    OwnMerge,
)
from records.models import Actor, AuditEvent, AuditKind, Member, MemberMerge, Role
from records.queries.merging import counted, duplicates_of
from records.services import member_steps, merge_identity
from records.services.merge_identity import Choices, Whose
from records.services.merge_steps import move_all
from records.services.merge_undoing import bring_back

__all__ = ["Choices", "Undone", "Whose", "is_undoable", "merge", "require_mergeable", "seen_of", "undo"]

DAYS = 30


@dataclass(frozen=True)
class Undone:
    """`stays`: how many rows stay with the kept member because they were changed since, by table; `fields` of the
    two that were changed or taken since; whether the account, where it had gone over, is back."""

    stays: Mapping[str, int]
    fields: tuple[str, ...]
    account_is_back: bool


def merge(kept: Member, merged: Member, choices: Choices, *, seen: str, by: Actor) -> MemberMerge:
    """All records of `merged` go over to `kept`; `seen` is what `seen_of` said when the two were compared.

    Raises NotAllowed, PasswordFirst, NotFound, MergedWithThemselves, MergedAway, KeptIsDeactivated, OwnMerge,
    LastAdministrator, ComparisonStale, InvalidInput (fields as in `Choices`), Stale.
    """
    by.require_administrator()
    by.require_fresh_password()
    choices.require_known()
    try:
        with transaction() as session:
            kept, merged = _both(kept.id, merged.id)
            require_mergeable(kept, merged, by=by)
            if seen != seen_of(kept, merged):
                raise ComparisonStale()
            if merged.role == Role.ADMINISTRATOR and kept.role != Role.ADMINISTRATOR:
                member_steps.require_another_administrator(merged)
            done = MemberMerge(organization_id=kept.organization_id, kept_id=kept.id, merged_id=merged.id,
                               merged_at=clock.now(), merged_by_id=_member_id(by, kept), moved={})  # fmt: skip
            session.add(done)
            session.flush()  # what is decided goes over only where the merge stands
            done.moved = _carry_out(kept, merged, choices, at=done.merged_at)
            session.flush()
            _note_merged(done, kept, merged, choices, by=by)
        return done
    except IntegrityError:
        raise Stale() from None


def undo(merge: MemberMerge, *, by: Actor) -> Undone:
    """What still stands as it was left goes back; what is new or was changed since stays with the kept member.

    Raises NotAllowed, PasswordFirst, NotFound, MergeUndone, MergeTooOld, MergedAway (the kept one, into a third),
    LaterMergeStands (of somebody else into the kept one), Stale.
    """
    by.require_administrator()
    by.require_fresh_password()
    try:
        with transaction() as session:
            kept, merged = _both(merge.kept_id, merge.merged_id)
            merge = lock(merge)
            _require_undoable(merge, kept)
            stays = bring_back(merge)
            fields = merge_identity.part(kept, merged, merge.moved["identity"])
            is_back = merge_identity.give_account_back(kept, merged, merge.moved["account_id"])
            if merge.moved["was_active"]:
                merged.deactivated_at = None
            merge.undone_at, merge.undone_by_id = clock.now(), _member_id(by, kept)
            session.flush()
            session.expire_all()
            done = Undone(dict(stays), tuple(fields), is_back)
            _note_undone(merge, kept, merged, done, by=by)
        return done
    except IntegrityError:
        raise Stale() from None


def require_mergeable(kept: Member, merged: Member, *, by: Actor) -> None:
    """The guard of merging, asked by the pages before it, too. Raises as `merge` does, less what is told by field."""
    by.require_administrator()
    for member in (kept, merged):
        member.require_seen_by(by)
    if kept.id == merged.id:
        raise MergedWithThemselves()
    for member in (kept, merged):
        member.require_standing()
    if not kept.is_active:
        raise KeptIsDeactivated(name=kept.name)
    if by.member_id == merged.id:
        raise OwnMerge()


def seen_of(kept: Member, merged: Member) -> str:
    """What a comparison of the two showed, for `merge` to tell whether it still holds."""
    return f"{kept.id}.{kept.version}-{merged.id}.{merged.version}"


def is_undoable(merge: MemberMerge) -> bool:
    """Whether it stands, and is not too old."""
    return merge.undone_at is None and clock.now() <= merge.merged_at + timedelta(days=DAYS)


def _both(kept_id: int, merged_id: int) -> tuple[Member, Member]:
    """Locked in one order, so that of two merges of the same members at once one waits for the other."""
    ids = {kept_id, merged_id}
    statement = select(Member).where(Member.id.in_(ids)).order_by(Member.id).with_for_update(of=Member)
    found = {each.id: each for each in db.session.scalars(statement.execution_options(populate_existing=True))}
    if found.keys() != ids:
        raise NotFound()
    return found[kept_id], found[merged_id]


def _carry_out(kept: Member, merged: Member, choices: Choices, *, at: datetime) -> dict[str, Any]:
    was_active = merged.is_active
    moved = move_all(merged, kept, twins=duplicates_of(merged, kept), at=at)
    moved["identity"] = merge_identity.join(kept, merged, choices)
    moved["account_id"] = merge_identity.hand_account_over(kept, merged)
    moved["was_active"] = was_active
    merged.deactivated_at = merged.deactivated_at or at
    db.session.flush()
    return moved


def _require_undoable(merge: MemberMerge, kept: Member) -> None:
    if merge.undone_at is not None:
        raise MergeUndone()
    if not is_undoable(merge):
        raise MergeTooOld(days=DAYS)
    kept.require_standing()
    later = select(MemberMerge).where(
        MemberMerge.kept_id == kept.id, MemberMerge.id > merge.id, MemberMerge.undone_at.is_(None)
    )
    last = db.session.scalars(later.order_by(MemberMerge.id.desc()).limit(1)).one_or_none()
    if last is not None:
        raise LaterMergeStands(name=last.merged.name)


def _member_id(by: Actor, kept: Member) -> int:
    """Merges name a member as who made them; a command, which is none, is named by the audit trail alone."""
    return by.member_id or kept.id


def _note_merged(done: MemberMerge, kept: Member, merged: Member, choices: Choices, *, by: Actor) -> None:
    facts = {
        "kept_id": kept.id,
        "merged_id": merged.id,
        "choices": {name: str(whose) for name, whose in vars(choices).items()},
        "went_over": counted(done.moved),
        "duplicates": {str(each["id"]): each["twin_id"] for each in done.moved["duplicates"]},
        "account_went_over": done.moved["account_id"] is not None,
    } | done.moved["identity"]["after"]
    before = done.moved["identity"]["before"]
    event = AuditEvent.of(AuditKind.MEMBERS_MERGED, kept, by=by, at=clock.now(), before=before, after=facts)
    left = AuditEvent.of(
        AuditKind.MEMBER_DEACTIVATED, merged, by=by, at=clock.now(),
        before=done.moved["identity"]["gave"], after={"merged_into_id": kept.id},
    )  # fmt: skip
    db.session.add_all([event, left])


def _note_undone(merge: MemberMerge, kept: Member, merged: Member, done: Undone, *, by: Actor) -> None:
    facts = {"kept_id": kept.id, "merged_id": merged.id, "stays": dict(done.stays), "fields_stay": list(done.fields)}
    events = [AuditEvent.of(AuditKind.MERGE_UNDONE, kept, by=by, at=clock.now(), after=facts)]
    if merge.moved["was_active"]:
        parted = {"parted_from_id": kept.id}
        events.append(AuditEvent.of(AuditKind.MEMBER_REACTIVATED, merged, by=by, at=clock.now(), after=parted))
    db.session.add_all(events)
