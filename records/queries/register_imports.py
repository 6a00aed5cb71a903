"""Registers that were brought in, and their rows, for those who may see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from records.database import db, found, is_id, this_organization
from records.errors import ModuleOff
from records.models import Actor, ImportRow, Member, RegisterImport
from records.models.register_import import TO_MEND

PAGE = 50
_READ_AHEAD = 500
# Not an outcome of its own: rows of which something stays although the import was undone.
KEPT = "kept"


@dataclass(frozen=True)
class Imports:
    """`older` is where the next page begins (an import's id), None on the last."""

    items: Sequence[RegisterImport]
    older: int | None


@dataclass(frozen=True)
class Rows:
    """`after` is the line after which the next page begins, None on the last.

    `people` are those that rows speak of or may mean, by id; `lines` the other rows that they may mean.
    """

    items: Sequence[ImportRow]
    after: int | None
    people: dict[int, Person]
    lines: dict[int, ImportRow]


@dataclass(frozen=True)
class Person:
    """Somebody whom a row may mean. `about` tells them apart: number and unit."""

    id: int
    name: str
    about: str


def imports_for(*, by: Actor, before_id: int | None = None) -> Imports:
    """Newest first; a coordinator's own, all for administrators. Raises NotAllowed."""
    by.require_staff()
    statement = select(RegisterImport)
    if not by.administers:
        statement = statement.where(RegisterImport.started_by_id == by.member_id)
    if is_id(before_id):
        statement = statement.where(RegisterImport.id < before_id)
    items = db.session.scalars(statement.order_by(RegisterImport.id.desc()).limit(PAGE + 1)).all()
    return Imports(items[:PAGE], items[PAGE - 1].id if len(items) > PAGE else None)


def import_for(import_id: int, *, by: Actor) -> RegisterImport:
    """Raises NotFound (also for those of others, to a coordinator), NotAllowed, ModuleOff."""
    register_import = found(RegisterImport, import_id)
    register_import.require_handled_by(by)
    if not this_organization().tracks_certifications:
        raise ModuleOff()
    return register_import


def rows_of(register_import: RegisterImport, *, outcome: str = "", after: int | None = None, by: Actor) -> Rows:
    """A page of rows in the file's order: all, those of one outcome, or those `KEPT` by undoing."""
    statement = select(ImportRow).where(ImportRow.import_id == register_import.id)
    if outcome == KEPT:
        statement = statement.where(ImportRow.kept != "")
    elif outcome:
        statement = statement.where(ImportRow.outcome == outcome)
    if after is not None and 0 < after < 2**31:
        statement = statement.where(ImportRow.line > after)
    items = db.session.scalars(statement.order_by(ImportRow.line).limit(PAGE + 1)).all()
    ids = {row.member_id for row in items} | {id_ for row in items for id_ in _meant(row, "member")}
    meant = {line for row in items for line in _meant(row, "line")}
    others = select(ImportRow).where(ImportRow.import_id == register_import.id, ImportRow.line.in_(meant))
    return Rows(
        items[:PAGE],
        after=items[PAGE - 1].line if len(items) > PAGE else None,
        people=_people(ids, by=by),
        lines={row.line: row for row in db.session.scalars(others)} if meant else {},
    )


def rows_to_mend(register_import: RegisterImport) -> Iterator[ImportRow]:
    """Every row that did not come in though it was wanted: errors, and open questions."""
    line = 0
    while True:
        some = db.session.scalars(_to_mend(register_import).where(ImportRow.line > line).limit(_READ_AHEAD)).all()
        yield from some
        if len(some) < _READ_AHEAD:
            return
        line = some[-1].line
        db.session.expunge_all()


def _to_mend(register_import: RegisterImport) -> Select[Any]:
    return (
        select(ImportRow)
        .where(ImportRow.import_id == register_import.id, ImportRow.outcome.in_(TO_MEND))
        .order_by(ImportRow.line)
    )


def _meant(row: ImportRow, kind: str) -> Iterator[int]:
    """The ids of members, or the lines, that a row which asks may mean."""
    for candidate in row.candidates:
        what, _, which = candidate.partition(":")
        if what == kind:
            yield int(which)


def _people(ids: set[int | None], *, by: Actor) -> dict[int, Person]:
    """Those whom the asker may see."""
    members = db.session.scalars(select(Member).where(Member.id.in_(ids - {None}))).all()
    return {
        member.id: Person(member.id, member.name, " · ".join(_facts(member)))
        for member in members
        if member.may_be_seen_by(by)
    }


def _facts(member: Member) -> Iterator[str]:
    if member.number:
        yield member.number
    if member.unit is not None:
        yield member.unit.name
    if member.email:
        yield member.email
