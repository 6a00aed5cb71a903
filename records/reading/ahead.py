"""Reading ahead: what a page is going to ask anyway, in one statement.

Each statement costs the processor half a millisecond before the database does anything, and on PostgreSQL a way there
and back. Queries ask one at a time, where they are needed; a page that knows which will be asked has them answered
together first. Within the block `rows_of` and `scalars_of` then answer from what was read, and whatever was not read
ahead, or with other values, is asked as ever: nothing but the number of statements depends on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Text, cast, select

from records.database import db, what_is_seen
from records.reading.gathering import all_of
from records.reading.unpacking import Row, Unpacker, columns_of, unpacker_of
from records.reading.written_out import WrittenOut
from records.scoping import given_organization, within_given

_AHEAD = "read_ahead"
_MOST_HELD = 200  # sets of statements, and answers that are kept
_LONGEST_KEPT = 50_000  # characters of an answer
_LISTS = (list, tuple, set, frozenset)
NOTHING_GIVEN: Mapping[str, Any] = MappingProxyType({})


class Question(NamedTuple):
    """A statement that lives on, such as one behind `@cache`, and the values of its parameters. It loads rows and
    entities, and nothing beside them: no options."""

    statement: Any
    given: Mapping[str, Any] = NOTHING_GIVEN

    def is_as(self, other: Question) -> bool:
        return self.statement is other.statement and self.given == other.given


# By statement: under which organization it was asked, with which values, and the answer.
_Known = dict[Any, tuple[Any, Any, Sequence[Row]]]
_UNKNOWN: tuple[Any, Any, Sequence[Row]] = (None, None, ())
# By the statements, whether they see every organization, and the kind of database.
_written: dict[Any, WrittenOut] = {}


@contextmanager
def read_ahead(*questions: Question, planned_once: bool = False) -> Iterator[None]:
    """Answer these in one statement, for as long as the block lasts: nothing in it may change what they ask about.
    `planned_once`: PostgreSQL is to keep its plan, where everything is looked up by whose it is; of what is searched
    for or counted it has to see the values to find a good way. Raises ValueError where two give a parameter different
    values."""
    info, seen = db.session.info, what_is_seen()
    before: _Known = info.get(_AHEAD, {})
    asked: list[Question] = []
    for each in questions:  # some ask the same
        if before.get(each.statement, _UNKNOWN)[:2] != (seen, each.given) and not any(map(each.is_as, asked)):
            asked.append(each)
    answers = zip(asked, _answers(asked, planned_once), strict=True)
    info[_AHEAD] = before | {each.statement: (seen, each.given, rows) for each, rows in answers}
    try:
        yield
    finally:
        info[_AHEAD] = before


def rows_of(statement: Any, given: Mapping[str, Any] = NOTHING_GIVEN) -> Sequence[Row]:
    """The answer to a question: as read ahead, where it was."""
    known: _Known = db.session.info.get(_AHEAD, {})
    seen, asked, rows = known.get(statement, _UNKNOWN)
    if asked == given and seen == what_is_seen():
        return rows
    return db.session.execute(statement, given).all()


def scalars_of(statement: Any, given: Mapping[str, Any] = NOTHING_GIVEN) -> list[Any]:
    """The first value of each row of the answer."""
    return [row[0] for row in rows_of(statement, given)]


def _answers(questions: Sequence[Question], planned_once: bool) -> list[Sequence[Row]]:
    if not questions:
        return []
    given: dict[str, Any] = {}
    for each in questions:
        for name, value in each.given.items():
            if given.setdefault(name, value) != value:
                raise ValueError(f"two questions ask with different values of {name}")
    answers = _answered(tuple(each.statement for each in questions), given, planned_once)
    return [_rows(question, answer or "[]") for question, answer in zip(questions, answers, strict=True)]


def _rows(question: Question, answer: str) -> Sequence[Row]:
    """An answer to a question about the organization alone mostly says what it said the last time."""
    unpacker = unpacker_of(question.statement)
    if question.given or unpacker.has_records or len(answer) > _LONGEST_KEPT:
        return unpacker.rows(json.loads(answer))
    return _kept_rows(unpacker, answer)


@lru_cache(_MOST_HELD)
def _kept_rows(unpacker: Unpacker, answer: str) -> Sequence[Row]:
    return tuple(unpacker.rows(json.loads(answer)))


def _answered(statements: tuple[Any, ...], given: dict[str, Any], planned_once: bool) -> Any:
    organization_id, everywhere = what_is_seen()
    if organization_id is None and not everywhere:
        return db.session.execute(_together(statements), given).one()  # which refuses what touches organizations
    together = _together if everywhere else _together_within
    here = given if everywhere else given | given_organization(organization_id)
    if any(isinstance(value, _LISTS) and len(value) != 1 for value in given.values()):  # each length is other SQL
        return db.session.connection().execute(together(statements), here).one()
    key = statements, everywhere, db.engine.dialect.name
    written = _written.get(key)
    if written is None:
        if len(_written) >= _MOST_HELD:
            _written.clear()
        written = _written[key] = WrittenOut(together(statements), here, db.engine.dialect)
    return written.run(here, planned_once=planned_once)


@lru_cache(_MOST_HELD)
def _together_within(statements: tuple[Any, ...]) -> Any:
    return within_given(_together(statements))


@lru_cache(_MOST_HELD)
def _together(statements: tuple[Any, ...]) -> Any:
    """One row with a list of rows for each of the statements, as the text of JSON."""
    lists = (
        cast(select(all_of(*columns_of(each).subquery(f"asked_{number}").c)).scalar_subquery(), Text).label(
            f"answer_{number}"
        )
        for number, each in enumerate(statements)
    )
    return select(*lists)
