"""What the queue of external certificates asks: a statement for each question and each scope, made once."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal, select, tuple_, union_all
from sqlalchemy.orm import aliased, contains_eager, joinedload

from records.models import ExternalCertificate, Member, State, Unit
from records.queries.approval_filters import ALL_STATES, Sought, certificate_conditions, decidable, of_credit_type
from records.queries.capped import counting
from records.queries.member_filters import of_active
from records.queries.openings import openings_of
from records.queries.steering import its_member

PAGE = 50
AFTER, BEFORE = "after", "before"
_MOST_HELD = 50  # questions
_decider = aliased(Member)


def _is(column: Any, state: str) -> ColumnElement[bool]:
    """The state is written into the statement: given to it as a value, SQLite would plan each time anew, for whether
    the index of those that wait will do."""
    return cast(ColumnElement[bool], column == literal(State(state), literal_execute=True))


# What a row of the list shows, in columns of its own: a record of each would take far more.
_COLUMNS = (
    ExternalCertificate.id,
    ExternalCertificate.title,
    ExternalCertificate.state,
    ExternalCertificate.credit_type_id,
    ExternalCertificate.claimed_credits,
    ExternalCertificate.awarded_credits,
    ExternalCertificate.earned_on,
    ExternalCertificate.expires_on,
    ExternalCertificate.submitted_at,
    ExternalCertificate.decided_at,
    Member.family_name,
    Member.given_name,
    Member.suffix,
    Unit.name.label("unit"),
    _decider.family_name.label("decider_family_name"),
    _decider.given_name.label("decider_given_name"),
    _decider.suffix.label("decider_suffix"),
    and_(_is(ExternalCertificate.state, State.PENDING), *decidable(bindparam("asker_id"))).label("may_be_reviewed"),
)


@lru_cache(_MOST_HELD)
def page(sought: Sought, beside: str = "") -> Select[Any]:
    """PAGE + 1 rows; where `beside` is AFTER or BEFORE, those after or before `place` and `place_id`: before it,
    nearest first. `asker_id` is who reads it.

    What waits comes oldest first, what was decided latest first, everything newest first.
    """
    found = _found(sought, *_COLUMNS).outerjoin(Unit, Member.unit_id == Unit.id)
    found = found.outerjoin(_decider, ExternalCertificate.decided_by_id == _decider.id)
    key, falls = key_of(sought.wanted.state), (sought.wanted.state != State.PENDING) != (beside == BEFORE)
    row, place = _place(key)
    if beside:
        found = found.where(row < place if falls else row > place)
    return _in_order(found, key, falls=falls).limit(PAGE + 1)


@lru_cache(_MOST_HELD)
def openings(sought: Sought, beside: str = "") -> Select[Any]:
    """By whom those on this page that wait were opened."""
    shown = page(sought, beside).with_only_columns(ExternalCertificate.id, ExternalCertificate.state).subquery("shown")
    return openings_of(select(shown.c.id).where(_is(shown.c.state, State.PENDING)))


@lru_cache(_MOST_HELD)
def every(sought: Sought) -> Select[ExternalCertificate]:
    """All records that are found, in the order of the list."""
    found = _found(sought, ExternalCertificate).options(
        contains_eager(ExternalCertificate.member).joinedload(Member.unit),
        joinedload(ExternalCertificate.credit_type),
        joinedload(ExternalCertificate.decided_by),
    )
    return _in_order(found, key_of(sought.wanted.state), falls=sought.wanted.state != State.PENDING)


def ids(sought: Sought) -> Select[int]:
    """The ids of all that are found."""
    return _counted(sought)


@lru_cache(_MOST_HELD)
def counts(sought: Sought) -> Select[Any]:
    """Every state's number under the other filters, in one row."""
    states = (_counted(sought, state=state) for state in State)
    return select(*(counting(each).scalar_subquery().label(state) for each, state in zip(states, State, strict=True)))


@lru_cache(_MOST_HELD)
def waiting(sought: Sought, most: int) -> Select[int, datetime]:
    """How many wait, no more than `most`, and since when the oldest does."""
    oldest = _counted(sought, ExternalCertificate.submitted_at)
    oldest = _in_order(oldest, ExternalCertificate.submitted_at, falls=False).limit(1)
    return select(counting(_counted(sought), most).scalar_subquery(), oldest.scalar_subquery())


@lru_cache(_MOST_HELD)
def next_one(sought: Sought) -> Select[int]:
    """The pending one after `place` and `place_id` that `asker_id` may decide, else the oldest; never that one."""
    waiting = _found(sought, ExternalCertificate.id, state=State.PENDING)
    waiting = waiting.where(ExternalCertificate.id != bindparam("place_id"), *decidable(bindparam("asker_id")))
    waiting = _in_order(waiting, ExternalCertificate.submitted_at, falls=False).limit(1)
    row, place = _place(ExternalCertificate.submitted_at)
    # Those later than here first, then the oldest of all: each by its walk, whichever finds one.
    walks = enumerate((waiting.where(row > place), waiting))
    found = union_all(*(select(each.subquery(), literal(turn).label("turn")) for turn, each in walks)).subquery()
    return select(found.c.id).order_by(found.c.turn).limit(1)


def key_of(state: str) -> Any:
    """What sorts before the id: the instant since which it waits, or at which it was decided."""
    if state == ALL_STATES:
        return None
    return ExternalCertificate.submitted_at if state == State.PENDING else ExternalCertificate.decided_at


def _found(sought: Sought, *what: Any, state: str = "") -> Select[Any]:
    """Of the state that is wanted, or of another one."""
    learner = its_member(ExternalCertificate.member_id, few=sought.is_of_few)
    found = select(*what).select_from(ExternalCertificate).join(Member, learner)
    return _of_state(found, state or sought.wanted.state).where(*certificate_conditions(sought))


def _counted(sought: Sought, what: Any = ExternalCertificate.id, state: str = "") -> Select[Any]:
    """The same for counting, which reads no learner whom nothing is asked about."""
    if sought.is_of_few:
        return _found(sought, what, state=state)
    found = _of_state(select(what), state or sought.wanted.state)
    return of_active(found, ExternalCertificate.member_id).where(*of_credit_type(sought.wanted))


def _of_state(statement: Select[Any], state: str) -> Select[Any]:
    return statement if state == ALL_STATES else statement.where(_is(ExternalCertificate.state, state))


def _place(key: Any) -> tuple[Any, Any]:
    """The place of a row, and the one that is given."""
    given = bindparam("place_id", type_=ExternalCertificate.id.type)
    if key is None:
        return ExternalCertificate.id, given
    return tuple_(key, ExternalCertificate.id), tuple_(bindparam("place", type_=key.type), given)


def _in_order(statement: Select[Any], key: Any, *, falls: bool) -> Select[Any]:
    order = [ExternalCertificate.id] if key is None else [key, ExternalCertificate.id]
    return statement.order_by(*(column.desc() if falls else column for column in order))
