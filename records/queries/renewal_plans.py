"""What recording one certification for many members would do to each: renew, stand anew, or nothing."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from records.database import db
from records.models import Actor, Certification, Member
from records.models.text import folded, tidy
from records.queries.member_filters import in_scope

MOST_MEMBERS = 500


class Outcome(StrEnum):
    RENEWAL = "renewal"
    NEW = "new"
    HELD = "held"  # with the same facts: nothing happens
    OWN = "own"  # a coordinator's own: nothing happens


@dataclass(frozen=True)
class Given:
    """One certification for all of `member_ids`. `numbers` by member's id; who has none gets none."""

    type_id: int | None
    member_ids: Sequence[int]
    issued_on: date | None = None
    expires_on: date | None = None
    numbers: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """`other`: what is renewed, what is held already, or, for a new one, a certification that lasts longer."""

    member: Member
    outcome: Outcome
    other: Certification | None = None

    @property
    def renews_id(self) -> int | None:
        return self.other.id if self.other is not None and self.outcome is Outcome.RENEWAL else None

    @property
    def is_recorded(self) -> bool:
        return self.outcome in (Outcome.RENEWAL, Outcome.NEW)


@dataclass(frozen=True)
class Plan:
    """By name. `missing`: how many were chosen whom the asker may not know of, or who are deactivated."""

    rows: tuple[Planned, ...]
    missing: int = 0

    @property
    def recorded(self) -> int:
        return sum(row.is_recorded for row in self.rows)

    def counts(self) -> dict[str, int]:
        return {each.value: sum(row.outcome is each for row in self.rows) for each in Outcome}

    def digest(self) -> str:
        """SHA-256 over what happens to whom, so that a submit can tell whether that still stands."""
        facts = [[row.member.id, row.outcome, row.other.id if row.other else None] for row in self.rows]
        return hashlib.sha256(json.dumps([facts, self.missing]).encode()).hexdigest()


def plan(given: Given, *, by: Actor) -> Plan:
    """Two statements, however many members. Raises NotAllowed."""
    by.require_staff()
    members = chosen_members(given.member_ids, by=by)
    held = held_of_type(given.type_id, [member.id for member in members])
    rows = tuple(_planned(member, held[member.id], given, by=by) for member in members)
    return Plan(rows, len(set(given.member_ids)) - len(rows))


def chosen_members(member_ids: Collection[int], *, by: Actor) -> Sequence[Member]:
    """The active ones of these in the asker's scope, by name."""
    statement = select(Member).where(Member.id.in_(set(member_ids)), Member.deactivated_at.is_(None), in_scope(by))
    return db.session.scalars(statement.options(joinedload(Member.unit)).order_by(Member.sort_name, Member.id)).all()


def held_of_type(type_id: int | None, member_ids: Collection[int]) -> defaultdict[int, list[Certification]]:
    """By member, their live certifications of a type, the latest expiring first; one statement."""
    statement = (
        select(Certification)
        .where(Certification.type_id == type_id, Certification.member_id.in_(member_ids))
        .where(Certification.deleted_at.is_(None))
        .options(joinedload(Certification.renewal), joinedload(Certification.type))
        .order_by(Certification.expires_on.desc(), Certification.id.desc())
    )
    held: defaultdict[int, list[Certification]] = defaultdict(list)
    if type_id is not None and member_ids:
        for certification in db.session.scalars(statement).unique():
            held[certification.member_id].append(certification)
    return held


def _planned(member: Member, held: list[Certification], given: Given, *, by: Actor) -> Planned:
    if not member.certifications_may_be_changed_by(by):
        return Planned(member, Outcome.OWN)
    if given.expires_on is None:
        return Planned(member, Outcome.NEW)
    number = folded(tidy(given.numbers.get(member.id, "")))
    same = [each for each in held if each.expires_on == given.expires_on and number in ("", each.folded_number)]
    if same:
        return Planned(member, Outcome.HELD, same[0])
    earlier = [each for each in held if each.renewal is None and each.expires_on < given.expires_on]
    if earlier:
        return Planned(member, Outcome.RENEWAL, _renewed(earlier, number))
    longer = [each for each in held if each.expires_on >= given.expires_on]
    return Planned(member, Outcome.NEW, longer[0] if longer else None)


def _renewed(earlier: Iterable[Certification], number: str) -> Certification:
    """The one with the same number, else the latest expiring."""
    return max(earlier, key=lambda each: (each.folded_number == number, each.expires_on, each.id))
