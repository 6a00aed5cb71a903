"""Which certifications may have a notice due, and the facts that decide it.

Finding is SQL that walks the index of expiry dates between the days that each stage leaves it; it finds all that are
due and few others. Deciding is `records.models.notice`, on what is loaded for those few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased, joinedload

from records.database import db, this_organization
from records.models import (
    Certification,
    CertificationType,
    Member,
    ProposalState,
    Reminder,
    RenewalProposal,
    Snooze,
)
from records.models.following import follows, is_followed, is_renewed, renews, stands
from records.models.notice import NEWS_FOR, Due, NoticeFacts, Why, due_on
from records.models.standing import days_before
from records.queries.steering import as_found


@dataclass(frozen=True)
class Candidate:
    member_id: int
    certification_id: int


@dataclass(frozen=True)
class Decided:
    """One certification with what is due, or why nothing is. `barred`: where a proposed renewal of it waits, who may
    not decide that (ids of members); None where none waits."""

    certification: Certification
    outcome: Due | Why
    barred: frozenset[int] | None


def candidates(day: date, *, all_of_them: bool = False) -> list[Candidate]:
    """Those that may have a notice due on `day`, by member; `all_of_them`: also those whose notice is kept back by
    what is recorded, so that it can be said why."""
    found: set[tuple[int, int]] = set()
    for statement in (*_by_stage(day, all_of_them), _by_snooze(day, all_of_them)):
        found |= {(member_id, certification_id) for member_id, certification_id in db.session.execute(statement)}
    return [Candidate(*each) for each in sorted(found)]


def _by_stage(day: date, all_of_them: bool) -> Iterator[Select[int, int]]:
    """One statement for each stage of each schedule, over the expiry dates for which it is the one that stands."""
    schedules: defaultdict[tuple[tuple[int, ...], date], list[int]] = defaultdict(list)
    types = select(CertificationType.id, CertificationType.reminder_stages, CertificationType.stages_set_on)
    for type_id, stages, set_on in db.session.execute(types.where(CertificationType.retired_at.is_(None))):
        schedules[tuple(stages), max(day - NEWS_FOR, set_on or date.min)].append(type_id)
    for (stages, begins), type_ids in schedules.items():
        for stage, following in zip_longest(stages, stages[1:]):
            first = max(begins, day - _between(stage, following))
            found = _expiring(_plus(first, stage), _plus(day, stage), type_ids)
            if all_of_them:
                yield _live(found)
            else:
                its_day = days_before(Certification.expires_on, stage)
                yield _live(found.where(~_told(its_day)), Certification.recorded_on <= its_day, *_open(day))


def _expiring(first: date, last: date, type_ids: list[int]) -> Select[int]:
    """Those of these types that expire then. One index has all that this asks for, and what a reminder was sent for
    stands in another: a row is read where no reminder was, and most have one."""
    return select(Certification.id).where(
        Certification.deleted_at.is_(None),
        Certification.expires_on.between(first, last),
        as_found(Certification.type_id).in_(type_ids),
    )


def _between(stage: int, following: int | None) -> timedelta:
    """How many days after its own a stage still stands."""
    return NEWS_FOR if following is None else timedelta(days=stage - following - 1)


def _plus(day: date, stage: int) -> date:
    try:
        return day + timedelta(days=stage)
    except OverflowError:
        return date.max if stage > 0 else date.min


def _by_snooze(day: date, all_of_them: bool) -> Select[int, int]:
    """Those whose snooze has come to its end."""
    found = select(Snooze.certification_id.label("id"))
    found = found.where(Snooze.ended_at.is_(None), Snooze.until_on.between(day - NEWS_FOR, day))
    return _live(found) if all_of_them else _live(found.where(~_told_since_snooze()), *_open(day))


def _live(found: Select[int], *conditions: ColumnElement[bool]) -> Select[int, int]:
    """What is `found`, as far as it is live and the `conditions` hold. They cost more than finding: PostgreSQL, which
    reckons with more rows than are left by then, would ask them of all."""
    few = found.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
    return (
        select(Certification.member_id, Certification.id)
        .join(few, few.c.id == Certification.id)
        .join(Member, Certification.member_id == Member.id)
        .where(Certification.deleted_at.is_(None), Member.deactivated_at.is_(None), *conditions)
    )


def _open(day: date) -> tuple[ColumnElement[bool], ...]:
    """Conditions without which nothing is due."""
    running = aliased(Snooze)
    snoozed = select(running.id).where(
        running.certification_id == Certification.id, running.ended_at.is_(None), running.until_on > day
    )
    return (
        stands(Certification.revoked_on, day),
        stands(Certification.suspended_on, day),
        ~is_renewed(day),
        ~is_followed(day),
        ~snoozed.exists(),
    )


def _told(its_day: ColumnElement[date]) -> ColumnElement[bool]:
    """Whether the notice of that day, or one for a later day, was sent."""
    told = select(Reminder.id).where(
        Reminder.certification_id == Certification.id,
        Reminder.expires_on == Certification.expires_on,
        Reminder.due_on >= its_day,
    )
    return told.exists()


# Deciding


def decide(batch: Sequence[Candidate], day: date) -> list[Decided]:
    """What is due on `day` of these, as it is recorded now: by member, then by expiry. A handful of statements."""
    organization = this_organization()
    held = _held(batch)
    ids = {each.certification_id for each in batch}
    reminded, snoozed = _reminded_for(ids), _snoozed_until(ids)
    waiting = _under_review(ids)
    return [
        Decided(
            each,
            due_on(
                day,
                NoticeFacts(
                    expires_on=each.expires_on,
                    recorded_on=each.recorded_on,
                    stages=each.type.reminder_stages,
                    stages_set_on=each.type.stages_set_on,
                    snoozed_until=snoozed.get(each.id),
                    reminded_for=reminded.get((each.id, each.expires_on)),
                    suspended_on=each.suspended_on,
                    revoked_on=each.revoked_on,
                    renewed=each.renewal is not None and renews(each.renewal, on=day),
                    followed=any(follows(other, each, on=day) for other in held[each.member_id, each.type_id]),
                    deactivated=not each.member.is_active,
                    retired=each.type.is_retired,
                    off=not organization.tracks_certifications,
                ),
            ),
            waiting.get(each.id),
        )
        for each in _in_order(held)
        if each.id in ids
    ]


Held = dict[tuple[int, int], list[Certification]]


def _held(batch: Iterable[Candidate]) -> Held:
    """Everything live that these members have of these types, by member and type: what follows is among it."""
    asked = aliased(Certification)
    types = select(asked.type_id).where(asked.id.in_([each.certification_id for each in batch]))
    statement = (
        select(Certification)
        .where(Certification.member_id.in_({each.member_id for each in batch}), Certification.deleted_at.is_(None))
        .where(Certification.type_id.in_(types))
        .options(joinedload(Certification.member), joinedload(Certification.type), joinedload(Certification.renewal))
        .execution_options(populate_existing=True)
    )
    held: defaultdict[tuple[int, int], list[Certification]] = defaultdict(list)
    for each in db.session.scalars(statement):
        held[each.member_id, each.type_id].append(each)
    return held


def _in_order(held: Held) -> list[Certification]:
    everything = [each for group in held.values() for each in group]
    return sorted(everything, key=lambda each: (each.member_id, each.expires_on, each.id))


def _reminded_for(ids: Iterable[int]) -> dict[tuple[int, date], date]:
    latest = select(Reminder.certification_id, Reminder.expires_on, func.max(Reminder.due_on))
    latest = latest.where(Reminder.certification_id.in_(ids))
    rows = db.session.execute(latest.group_by(Reminder.certification_id, Reminder.expires_on))
    return {(certification_id, expires_on): due for certification_id, expires_on, due in rows}


def _told_since_snooze() -> ColumnElement[bool]:
    """Whether a notice of the certification went for the day on which its snooze ends, or for a later one."""
    told = select(Reminder.id).where(
        Reminder.certification_id == Snooze.certification_id, Reminder.due_on >= Snooze.until_on
    )
    return told.exists()


def _snoozed_until(ids: Iterable[int]) -> dict[int, date]:
    """Of snoozes whose end was not told of yet: it is told once, whatever becomes of the expiry date."""
    running = select(Snooze.certification_id, Snooze.until_on).where(~_told_since_snooze())
    rows = db.session.execute(running.where(Snooze.certification_id.in_(ids), Snooze.ended_at.is_(None)))
    return {row.certification_id: row.until_on for row in rows}


def _under_review(ids: Iterable[int]) -> dict[int, frozenset[int]]:
    """By certification, who has proposed the renewal that waits, an administrator logged in as them included."""
    waiting = select(RenewalProposal.certification_id, RenewalProposal.member_id, RenewalProposal.administrator_id)
    waiting = waiting.where(RenewalProposal.certification_id.in_(ids), RenewalProposal.state == ProposalState.PROPOSED)
    return {
        certification_id: frozenset(person for person in people if person)
        for certification_id, *people in db.session.execute(waiting)
    }
