"""External certificates that wait for a reviewer, or did: the queue, its counts, and which one comes next.

A page costs the same however long the queue is and however deep the page lies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from records.database import db, records_of
from records.errors import NotAllowed, Refusal
from records.models import Actor, CreditType, ExternalCertificate, Member, State
from records.models.external_certificate import is_expired
from records.models.member import full_name, listed_name
from records.queries import approval_statements as statements
from records.queries.approval_filters import ALL_STATES, QueueWanted, Sought
from records.queries.approval_statements import PAGE
from records.queries.capped import MOST_COUNTED, count_of
from records.queries.credit_types import listed_kinds
from records.queries.keyset import Cursor
from records.queries.openings import Opening, known_of, latest_by_others, openings_in, own_by_certificate
from records.reading.ahead import Question, read_ahead, rows_of, scalars_of
from records.reading.unpacking import Row

MOST_OF_A_MEMBER = 10


class Waiting(NamedTuple):
    """A row of the list: of a `certificate` and of its credit type what the list shows. `opened_by` is another reviewer
    who has it open. `seen`: what the asker knows of it."""

    certificate: Row
    credit_type: Row
    opened_by: Opening | None = None
    seen: str = ""

    @property
    def state(self) -> str:
        return str(self.certificate.state)

    def is_expired(self, on: date) -> bool:
        return is_expired(self.certificate.state, self.certificate.expires_on, on=on)

    @property
    def name(self) -> str:
        """Of the learner."""
        return full_name(self.certificate.given_name, self.certificate.family_name, self.certificate.suffix)

    @property
    def listed_name(self) -> str:
        return listed_name(self.certificate.family_name, self.certificate.given_name, self.certificate.suffix)

    @property
    def decided_by(self) -> str:
        """A name, or ''."""
        each = self.certificate
        return full_name(each.decider_given_name, each.decider_family_name, each.decider_suffix)


# What a reviewer knows of a certificate: `Waiting.seen`.
NEVER, SINCE_CHANGED, AS_IT_STANDS = "never", "changed", "seen"


@dataclass(frozen=True)
class Queue:
    """`counts` by state stop at MOST_COUNTED + 1, which means "more". The words lead to the pages around."""

    rows: list[Waiting]
    counts: dict[str, int]
    following: str
    preceding: str

    @property
    def open_to_asker(self) -> int:
        """How many on this page the asker may decide."""
        return sum(row.certificate.may_be_reviewed for row in self.rows)


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
    before, after = _edges(wanted)
    page, counts, openings = asked_for_queue(wanted, by=by)
    with read_ahead(page, counts, openings):
        found, (numbers,), opened = rows_of(*page), rows_of(*counts), openings_in(openings)
    has_more, found = len(found) > PAGE, found[:PAGE]
    if before:
        found = found[::-1]
    by_state = dict(zip(State, numbers, strict=True))
    return Queue(
        rows=_rows(found, opened, by=by),
        counts=by_state | {ALL_STATES: min(sum(by_state.values()), MOST_COUNTED + 1)},
        following=_word(found[-1], wanted.state) if found and (has_more or before) else "",
        preceding=_word(found[0], wanted.state) if found and (after or (before and has_more)) else "",
    )


def asked_for_queue(wanted: QueueWanted, *, by: Actor) -> tuple[Question, Question, Question]:
    """What `queue` asks: its page, its counts, and who opened what is on the page."""
    before, after = _edges(wanted)
    beside = statements.BEFORE if before else statements.AFTER if after else ""
    sought, given = Sought.of(wanted, by=by), {"asker_id": by.member_id} | _place(before or after)
    return (
        Question(statements.page(sought, beside), given),
        Question(statements.counts(sought)),
        Question(statements.openings(sought, beside), _place(before or after) | known_of(by)),
    )


def every_certificate(wanted: QueueWanted, *, by: Actor) -> Iterator[ExternalCertificate]:
    """All that are found, in the order of the list, read as they are taken. Raises NotAllowed."""
    require_reviewer(by)
    return records_of(statements.every(Sought.of(wanted, by=by)), at_once=MOST_COUNTED)


def how_many_certificates(wanted: QueueWanted, *, by: Actor, most: int | None) -> int:
    """How many are found, counted no further than `most`. Raises NotAllowed."""
    require_reviewer(by)
    return count_of(statements.ids(Sought.of(wanted, by=by)), most)


def backlog(*, by: Actor) -> Backlog:
    """Of the certificates that wait in the asker's scope. Raises NotAllowed."""
    require_reviewer(by)
    ((count, oldest),) = rows_of(*asked_for_backlog(by=by))
    return Backlog(count, oldest)


def asked_for_backlog(*, by: Actor) -> Question:
    """What `backlog` is going to ask."""
    return Question(statements.waiting(Sought.of(QueueWanted(), by=by), MOST_COUNTED + 1))


def next_to_decide(wanted: QueueWanted, *, after: ExternalCertificate, by: Actor) -> int | None:
    """The id of the next pending certificate that fits the filters and that the asker may decide.

    The oldest submitted later than `after`, else the oldest of all; never `after` itself.
    """
    return next(iter(scalars_of(*asked_for_next(wanted, after=after, by=by))), None)


def asked_for_next(wanted: QueueWanted, *, after: ExternalCertificate, by: Actor) -> Question:
    """What `next_to_decide` is going to ask."""
    given = {"asker_id": by.member_id, "place": after.submitted_at, "place_id": after.id}
    return Question(statements.next_one(Sought.of(wanted, by=by)), given)


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


def _edges(wanted: QueueWanted) -> tuple[Cursor | None, Cursor | None]:
    """Before or after which row the page lies."""
    before = _cursor(wanted.before, wanted.state)
    return before, None if before else _cursor(wanted.after, wanted.state)


def _cursor(word: str, state: str) -> Cursor | None:
    cursor = Cursor.read(word, datetime)
    return cursor if cursor and (cursor.key is None) == (state == ALL_STATES) else None


def _word(certificate: Row, state: str) -> str:
    key = statements.key_of(state)
    return Cursor(None if key is None else getattr(certificate, key.key), certificate.id).word()


def _place(cursor: Cursor | None) -> dict[str, Any]:
    if cursor is None:
        return {}
    return {"place_id": cursor.id} if cursor.key is None else {"place_id": cursor.id, "place": cursor.key}


def _rows(certificates: Sequence[Row], openings: Sequence[Opening], *, by: Actor) -> list[Waiting]:
    others, own = latest_by_others(openings, by=by), own_by_certificate(openings, by=by)
    types = {each.id: each for each in listed_kinds()}
    return [
        Waiting(each, types[each.credit_type_id], others.get(each.id), _seen(own.get(each.id, [])))
        for each in certificates
    ]


def _seen(openings: Sequence[Opening]) -> str:
    if any(opening.digest == opening.present for opening in openings):
        return AS_IT_STANDS
    return SINCE_CHANGED if openings else NEVER
