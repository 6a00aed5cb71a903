"""External certificates that wait for a reviewer, or did: the queue, its counts, and which one comes next.

A page costs the same however long the queue is and however deep the page lies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, select, tuple_, union_all
from sqlalchemy.orm import contains_eager, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from records.database import db, records_of
from records.errors import NotAllowed, Refusal
from records.models import Actor, CreditType, ExternalCertificate, Member, State
from records.queries.ahead import Question, read_ahead, rows_of
from records.queries.approval_filters import ALL_STATES, QueueWanted, certificate_conditions, decidable
from records.queries.capped import MOST_COUNTED, count_of, counting
from records.queries.keyset import Cursor
from records.queries.openings import Opening, asked_for_openings, openings_by_others, own_openings
from records.queries.revisions import asked_for_revisions, revised
from records.queries.steering import its_member

PAGE = 50
MOST_OF_A_MEMBER = 10


@dataclass(frozen=True)
class Waiting:
    """A row of the list. `opened_by` is another reviewer who has it open. `seen`: what the asker knows of it."""

    certificate: ExternalCertificate
    may_be_reviewed: bool
    opened_by: Opening | None = None
    seen: str = ""

    @property
    def revision(self) -> int:
        return self.certificate.revisions[-1].number


# What a reviewer knows of a certificate: `Waiting.seen`.
NEVER, SINCE_CHANGED, AS_IT_STANDS = "never", "changed", "seen"


@dataclass(frozen=True)
class Queue:
    """`counts` by state stop at MOST_COUNTED + 1, which means "more". The words lead to the pages around."""

    rows: list[Waiting]
    counts: dict[str, int]
    following: str
    preceding: str


@dataclass(frozen=True)
class Refused:
    """Why one of several was not approved; `certificate` is None where the asker may not know of it."""

    certificate: ExternalCertificate | None
    refusal: Refusal


@dataclass(frozen=True)
class Backlog:
    """How many wait (MOST_COUNTED + 1 means "more"), and since when the oldest does."""

    count: int
    oldest: datetime | None

    @property
    def is_more(self) -> bool:
        return self.count > MOST_COUNTED


def queue(wanted: QueueWanted, *, by: Actor) -> Queue:
    """One page of the certificates in the asker's scope. Raises NotAllowed."""
    require_reviewer(by)
    before = _cursor(wanted.before, wanted.state)
    after = None if before else _cursor(wanted.after, wanted.state)
    found = list(db.session.scalars(page(wanted, by=by, after=after, before=before)))
    has_more, found = len(found) > PAGE, found[:PAGE]
    if before:
        found.reverse()
    return Queue(
        rows=_rows(found, by=by),
        counts=_counts(wanted, by=by),
        following=_word(found[-1], wanted.state) if found and (has_more or before) else "",
        preceding=_word(found[0], wanted.state) if found and (after or (before and has_more)) else "",
    )


def every_certificate(wanted: QueueWanted, *, by: Actor) -> Iterator[ExternalCertificate]:
    """All that are found, in the order of the list, read as they are taken. Raises NotAllowed."""
    require_reviewer(by)
    found = records_of(page(wanted, by=by).limit(None), at_once=MOST_COUNTED)
    parts = iter(lambda: [*islice(found, MOST_COUNTED)], [])
    return (certificate for part in parts for certificate in revised(part))


def how_many_certificates(wanted: QueueWanted, *, by: Actor, most: int | None) -> int:
    """How many are found, counted no further than `most`. Raises NotAllowed."""
    require_reviewer(by)
    return count_of(page(wanted, by=by).limit(None).with_only_columns(ExternalCertificate.id), most)


def backlog(*, by: Actor) -> Backlog:
    """Of the certificates that wait in the asker's scope. Raises NotAllowed."""
    require_reviewer(by)
    some = (
        select(ExternalCertificate.submitted_at)
        .join(Member, _its_member(QueueWanted(), by))
        .where(ExternalCertificate.state == State.PENDING, *certificate_conditions(QueueWanted(), by=by))
        .order_by(ExternalCertificate.submitted_at, ExternalCertificate.id)
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    count, oldest = db.session.execute(select(func.count(), func.min(some.c.submitted_at))).one()
    return Backlog(count, oldest)


def next_to_decide(wanted: QueueWanted, *, after: ExternalCertificate, by: Actor) -> int | None:
    """The id of the next pending certificate that fits the filters and that the asker may decide.

    The oldest submitted later than `after`, else the oldest of all; never `after` itself.
    """
    place = tuple_(ExternalCertificate.submitted_at, ExternalCertificate.id)
    here = tuple_(literal(after.submitted_at, ExternalCertificate.submitted_at.type), literal(after.id))
    waiting = (
        select(ExternalCertificate.id)
        .join(Member, ExternalCertificate.member_id == Member.id)
        .where(ExternalCertificate.state == State.PENDING, ExternalCertificate.id != after.id)
        .where(*certificate_conditions(wanted, by=by), *decidable(by))
        .order_by(ExternalCertificate.submitted_at, ExternalCertificate.id)
        .limit(1)
    )
    # Those later than here first, then the oldest of all: each by its walk, whichever finds one.
    walks = enumerate((waiting.where(place > here), waiting))
    found = union_all(*(select(each.subquery(), literal(turn).label("turn")) for turn, each in walks)).subquery()
    return db.session.scalar(select(found.c.id).order_by(found.c.turn).limit(1))


def certificates_of(member: Member, *, by: Actor) -> tuple[Sequence[ExternalCertificate], bool]:
    """The latest of a member's, newest first, and whether there are more. Raises NotAllowed, NotFound."""
    require_reviewer(by)
    member.require_seen_by(by)
    found = rows_of(*asked_for_certificates_of(member.id))
    for certificate, credit_type in found:
        set_committed_value(certificate, "credit_type", credit_type)
    return [each for each, _ in found[:MOST_OF_A_MEMBER]], len(found) > MOST_OF_A_MEMBER


def asked_for_certificates_of(member_id: int) -> Question:
    """What `certificates_of` is going to ask."""
    return Question(_latest_of(), {"member_id": member_id})


@cache
def _latest_of() -> Select[ExternalCertificate, CreditType]:
    return (
        select(ExternalCertificate, CreditType)
        .join(CreditType, ExternalCertificate.credit_type_id == CreditType.id)
        .where(ExternalCertificate.member_id == bindparam("member_id"))
        .order_by(ExternalCertificate.id.desc())
        .limit(MOST_OF_A_MEMBER + 1)
    )


def member_asked_for(wanted: QueueWanted, *, by: Actor) -> Member | None:
    """Whose certificates the filters narrow the list to; None where there is no such member in scope."""
    member = db.session.get(Member, int(wanted.member)) if wanted.member else None
    return member if member is not None and member.may_be_seen_by(by) else None


def named(refused: Mapping[int, Refusal], *, by: Actor) -> list[Refused]:
    """Refusals with their certificates, in the given order, all in one statement. Raises NotAllowed."""
    require_reviewer(by)
    if not refused:
        return []
    statement = select(ExternalCertificate).where(ExternalCertificate.id.in_(refused))
    found = db.session.scalars(statement.options(joinedload(ExternalCertificate.member)))
    known = {each.id: each for each in found if each.member.may_be_seen_by(by)}
    return [Refused(known.get(each), refusal) for each, refusal in refused.items()]


def require_reviewer(by: Actor) -> None:
    """Raises NotAllowed."""
    if not by.reviews:
        raise NotAllowed()


# How a page is found


def page(
    wanted: QueueWanted, *, by: Actor, after: Cursor | None = None, before: Cursor | None = None
) -> Select[ExternalCertificate]:
    """PAGE + 1 certificates after or before a cursor; before one, nearest first.

    What waits comes oldest first, what was decided latest first, everything newest first.
    """
    falls = (wanted.state != State.PENDING) != bool(before)
    key = _key(wanted.state)
    statement = (
        select(ExternalCertificate)
        .join(Member, _its_member(wanted, by))
        .where(*_of(wanted.state), *certificate_conditions(wanted, by=by))
        .options(
            contains_eager(ExternalCertificate.member).joinedload(Member.unit),
            joinedload(ExternalCertificate.credit_type),
            joinedload(ExternalCertificate.decided_by),
        )
        .limit(PAGE + 1)
    )
    cursor = before or after
    if cursor is not None and key is None:
        statement = statement.where(ExternalCertificate.id < cursor.id if falls else ExternalCertificate.id > cursor.id)
    elif cursor is not None:
        row, place = tuple_(key, ExternalCertificate.id), tuple_(literal(cursor.key, key.type), literal(cursor.id))
        statement = statement.where(row < place if falls else row > place)
    order = [ExternalCertificate.id] if key is None else [key, ExternalCertificate.id]
    return statement.order_by(*(column.desc() if falls else column for column in order))


def _its_member(wanted: QueueWanted, by: Actor) -> ColumnElement[bool]:
    few = bool(wanted.search or wanted.member or wanted.unit) or not by.covers_everyone
    return its_member(ExternalCertificate.member_id, few=few)


def _of(state: str) -> list[Any]:
    return [] if state == ALL_STATES else [ExternalCertificate.state == state]


def _key(state: str) -> Any:
    """What sorts before the id: the instant since which it waits, or at which it was decided."""
    if state == ALL_STATES:
        return None
    return ExternalCertificate.submitted_at if state == State.PENDING else ExternalCertificate.decided_at


def _cursor(word: str, state: str) -> Cursor | None:
    cursor = Cursor.read(word, datetime)
    return cursor if cursor and (cursor.key is None) == (state == ALL_STATES) else None


def _word(certificate: ExternalCertificate, state: str) -> str:
    key = _key(state)
    return Cursor(None if key is None else getattr(certificate, key.key), certificate.id).word()


def _counts(wanted: QueueWanted, *, by: Actor) -> dict[str, int]:
    """Every state's number under the other filters, in one statement."""
    narrowed = certificate_conditions(wanted, by=by)

    def counted(state: str) -> Any:
        some = (
            select(ExternalCertificate.id)
            .join(Member, _its_member(wanted, by))
            .where(ExternalCertificate.state == state, *narrowed)
        )
        return counting(some).scalar_subquery().label(state)

    counts = dict(db.session.execute(select(*(counted(state) for state in State))).one()._mapping)
    return counts | {ALL_STATES: min(sum(counts.values()), MOST_COUNTED + 1)}


def _rows(certificates: list[ExternalCertificate], *, by: Actor) -> list[Waiting]:
    pending = [each.id for each in certificates if each.state == State.PENDING]
    with read_ahead(asked_for_revisions(each.id for each in certificates), asked_for_openings(pending, by=by)):
        revised(certificates)
        others, own = openings_by_others(pending, by=by), own_openings(pending, by=by)
    return [
        Waiting(
            each,
            each.state == State.PENDING and each.may_be_reviewed_by(by),
            others.get(each.id),
            _seen(each, own.get(each.id, [])),
        )
        for each in certificates
    ]


def _seen(certificate: ExternalCertificate, openings: Sequence[Opening]) -> str:
    digest = certificate.revisions[-1].digest
    if any(opening.digest == digest for opening in openings):
        return AS_IT_STANDS
    return SINCE_CHANGED if openings else NEVER
