"""Who the kept member is after a merge, and how they sign in: steps inside the verbs' transactions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from records.database import db
from records.errors import N_, Invalid, InvalidInput, Refusal
from records.models import Member, MemberPosition, Position, Unit
from records.models.text import folded
from records.services import member_steps


class Whose(StrEnum):
    KEPT = "kept"
    MERGED = "merged"
    BOTH = "both"  # positions only


@dataclass(frozen=True)
class Choices:
    """Whose value the kept member has afterwards, by field. Positions may be both's."""

    name: str = Whose.KEPT
    number: str = Whose.KEPT
    email: str = Whose.KEPT
    joined_on: str = Whose.KEPT
    unit_id: str = Whose.KEPT
    positions: str = Whose.KEPT

    @classmethod
    def filling(cls, kept: Member, merged: Member, *, positions: bool) -> Choices:
        """The kept member's own values, and the other's where there is none. `positions`: the kept one has some."""
        lacks = {name: not getattr(kept, name) for name in ("number", "email", "joined_on", "unit_id")}
        taken = {name: Whose.MERGED for name, lacking in lacks.items() if lacking and getattr(merged, name)}
        return cls(**taken, positions=Whose.KEPT if positions else Whose.MERGED)

    def require_known(self) -> None:
        """Raises InvalidInput."""
        wrong: dict[str, Refusal] = {}
        for each in fields(self):
            known = set(Whose) if each.name == "positions" else {Whose.KEPT, Whose.MERGED}
            if getattr(self, each.name) not in known:
                wrong[each.name] = Invalid(N_("Choose which of the two to keep."), field=each.name)
        if wrong:
            raise InvalidInput(wrong)


_NAME = ("given_name", "family_name", "suffix")
_UNIQUE = ("number", "email")


def join(kept: Member, merged: Member, choices: Choices) -> dict[str, Any]:
    """Give the kept member what was chosen; what a `MemberMerge` keeps of it.

    What is unique in the organization, the merged member gives up where the kept one takes it.
    """
    before, gave, taken = member_steps.facts(kept), {}, {}
    if choices.name == Whose.MERGED:
        taken = {name: getattr(merged, name) for name in _NAME}
    for name in ("number", "email", "joined_on", "unit_id"):
        if getattr(choices, name) == Whose.MERGED:
            taken[name] = getattr(merged, name)
    for name in _UNIQUE:
        if taken.get(name):
            gave[name] = taken[name]
            setattr(merged, name, None)
    db.session.flush()
    for name, value in taken.items():
        setattr(kept, name, value)
    db.session.flush()
    after = member_steps.facts(kept)
    if before["email"] != after["email"]:
        member_steps.spend_invitations(kept)
    changed = [name for name in before if before[name] != after[name]]
    return {
        "before": {name: before[name] for name in changed},
        "after": {name: after[name] for name in changed},
        "gave": gave,
        "positions": _join_positions(kept, merged, choices.positions),
    }


def part(kept: Member, merged: Member, kept_facts: dict[str, Any]) -> list[str]:
    """Give back what `join` took, where it still stands as it was left; the names of the fields that were changed
    or taken since and stay."""
    now, stay, back = member_steps.facts(kept), [], {}
    for name, value in kept_facts["before"].items():
        if now[name] != kept_facts["after"][name] or not _may_be(name, value, besides={kept.id, merged.id}):
            stay.append(name)
        else:
            back[name] = date.fromisoformat(value) if name == "joined_on" and value else value
    for name, value in back.items():
        setattr(kept, name, value)
    db.session.flush()
    for name, value in kept_facts["gave"].items():
        if _may_be(name, value, besides={merged.id}):
            setattr(merged, name, value)
        elif name not in stay:
            stay.append(name)
    db.session.flush()
    if "email" in back:
        member_steps.spend_invitations(kept)
    if not _part_positions(kept, kept_facts["positions"]):
        stay.append("positions")
    return stay


def hand_account_over(kept: Member, merged: Member) -> int | None:
    """Sessions of the merged member end; the account goes over to a kept member without one. Its id."""
    member_steps.end_open_sessions(merged)
    member_steps.spend_invitations(merged)
    if kept.account_id is not None or merged.account_id is None:
        return None
    account_id, merged.account_id = merged.account_id, None
    db.session.flush()
    member_steps.spend_invitations(kept)
    kept.account_id = account_id
    kept.last_seen_at = _later(kept.last_seen_at, merged.last_seen_at)
    kept.invited_at = kept.invited_at or merged.invited_at
    db.session.flush()
    return account_id


def give_account_back(kept: Member, merged: Member, account_id: int | None) -> bool:
    """Whether the account is the merged member's again, or never went over."""
    if account_id is None:
        return True
    if kept.account_id != account_id or merged.account_id is not None:
        return False
    member_steps.end_open_sessions(kept)
    kept.account_id = None
    db.session.flush()
    merged.account_id = account_id
    db.session.flush()
    return True


def positions_of(member: Member) -> list[int]:
    """The ids of the positions that a member serves in."""
    theirs = select(MemberPosition.position_id).where(MemberPosition.member_id == member.id)
    return sorted(db.session.scalars(theirs))


def _join_positions(kept: Member, merged: Member, whose: str) -> dict[str, Any]:
    own, other = set(positions_of(kept)), set(positions_of(merged))
    wanted = {Whose.KEPT: own, Whose.MERGED: other, Whose.BOTH: own | other}[Whose(whose)]
    _serve(kept, wanted)
    return {"before": sorted(own), "after": sorted(wanted)}


def _part_positions(kept: Member, facts: dict[str, Any]) -> bool:
    if facts["before"] == facts["after"]:
        return True
    if positions_of(kept) != facts["after"]:
        return False
    known = set(db.session.scalars(select(Position.id).where(Position.id.in_(facts["before"]))))
    _serve(kept, known)
    return True


def _serve(member: Member, wanted: Iterable[int]) -> None:
    wanted = set(wanted)
    for row in db.session.scalars(select(MemberPosition).where(MemberPosition.member_id == member.id)).all():
        if row.position_id not in wanted:
            db.session.delete(row)
        wanted.discard(row.position_id)
    db.session.add_all(
        MemberPosition(organization_id=member.organization_id, member_id=member.id, position_id=position_id)
        for position_id in sorted(wanted)
    )
    db.session.flush()


def _may_be(name: str, value: Any, *, besides: set[int]) -> bool:
    """Whether nobody else has the number or address by now, and the unit is still there."""
    if value is None:
        return True
    if name == "unit_id":
        return db.session.get(Unit, value) is not None
    if name not in _UNIQUE:
        return True
    column, key = getattr(Member, f"folded_{name}"), folded(value)[:64] if name == "number" else folded(value)
    return db.session.scalar(select(Member.id).where(column == key, Member.id.not_in(besides))) is None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each), default=None)
