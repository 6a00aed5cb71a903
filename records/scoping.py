"""What a session sees: the one place where statements get their organization.

Every statement on a table of an organization gets the session's organization as a condition; with no
organization chosen it is refused. So it is with models, wherever they stand in the statement. A statement
that names the bare tables behind the models is refused, because no condition could be added to it.
Raw SQL (`text()`) and `insert().values()` are not covered: there the foreign keys, which include
`organization_id`, make the database refuse a row that crosses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import BindParameter, Table, TextClause, bindparam, event, inspect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import FunctionElement

from records.errors import ScopeMissing
from records.models import Base, OrganizationOwned
from records.models.base import Id

# What a session's `info` says of it: the id of the organization that it sees, and whether it sees all of them.
ORGANIZATION = "organization_id"
EVERYWHERE = "every_organization"
_MOST_HELD = 200  # organizations
# Statements with the condition of an organization, as long as the statement itself lives: nothing that can go stale.
_held: WeakKeyDictionary[Any, dict[int, Any]] = WeakKeyDictionary()


class OrganizationSession(FlaskSession):
    """A session that keeps a record of another organization to itself, even one that it has loaded before."""

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        record = super().get(entity, ident, **options)
        return record if record is None or is_in_scope(self, record) else None


@event.listens_for(Session, "do_orm_execute")
def _scope_statements(state: ORMExecuteState) -> None:
    info = state.session.info
    if info.get(EVERYWHERE) or state.is_column_load:
        return
    organization_id = info.get(ORGANIZATION)
    if not state.is_orm_statement:
        refuse_bare_tables(state.statement)
    if organization_id is None:
        if _may_touch_organizations(state.statement):
            raise ScopeMissing(f"no organization is chosen for: {state.statement}")
        return
    if state.is_insert:
        _require_inserted_here(state, organization_id)
    state.statement = within(state.statement, organization_id)


def within(statement: Any, organization_id: int) -> Any:
    """`statement`, of models, with the condition. One that lives on, such as a constant of a module, gets it once an
    organization, and is not looked through anew each time that it runs."""
    held = _held.setdefault(statement, {})
    scoped = held.get(organization_id)
    if scoped is None:
        if len(held) >= _MOST_HELD:
            held.clear()
        scoped = held[organization_id] = statement.options(_owned_by(organization_id))
    return scoped


@lru_cache(_MOST_HELD)
def _owned_by(organization_id: int) -> Any:
    return with_loader_criteria(
        OrganizationOwned, lambda owner: owner.organization_id == organization_id, include_aliases=True
    )


class _organization_here(FunctionElement[int]):
    """The organization as a parameter that statements are given when they run."""

    inherit_cache = True
    type = Id


_HERE: BindParameter[Any] = bindparam(ORGANIZATION + "_here", type_=Id)


@compiles(_organization_here)
def _as_parameter(_element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(_HERE, **options))


def within_given(statement: Any) -> Any:
    """`statement`, of models, with the condition, whatever the organization: for one that lives on, has many tables and
    runs without the session. Run it with `given_organization`. A value of the statement itself, as `within` has it, is
    compared with itself once a table, each time that it runs."""
    refuse_bare_tables(statement)
    return statement.options(
        with_loader_criteria(
            OrganizationOwned, lambda owner: owner.organization_id == _organization_here(), include_aliases=True
        )
    )


def given_organization(organization_id: int) -> dict[str, int]:
    """The parameter of `within_given`."""
    return {_HERE.key: organization_id}


def _tables(statement: Any) -> Iterator[tuple[Table, bool]]:
    """The tables of organizations anywhere in `statement`, each with whether a model stands for it there."""
    for part in visitors.iterate(statement):
        table = getattr(part, "table", part)
        while not isinstance(table, Table) and hasattr(table, "element"):
            table = table.element
        if isinstance(table, Table) and table.name in _owned_tables():
            yield table, any("parententity" in each._annotations for each in (part, table))


@cache
def _owned_tables() -> frozenset[str]:
    mappers = Base.registry.mappers
    return frozenset(str(mapper.local_table) for mapper in mappers if issubclass(mapper.class_, OrganizationOwned))


def _may_touch_organizations(statement: Any) -> bool:
    """What raw SQL touches cannot be known."""
    raw = any(isinstance(part, TextClause) for part in visitors.iterate(statement))
    return raw or any(True for _ in _tables(statement))


def refuse_bare_tables(statement: Any) -> None:
    """Conditions reach models only. Raises ScopeMissing."""
    seen = list(_tables(statement))
    bare = {table.name for table, _ in seen} - {table.name for table, by_model in seen if by_model}
    if bare:
        raise ScopeMissing(f"use the models, not the tables behind them: {', '.join(sorted(bare))}")


def _require_inserted_here(state: ORMExecuteState, organization_id: int) -> None:
    given = state.parameters or {}
    for row in [given] if isinstance(given, Mapping) else given:
        if row.get("organization_id", organization_id) != organization_id:
            raise ScopeMissing("a new row is not of the chosen organization")


def is_in_scope(session: Session, record: object) -> bool:
    if not isinstance(record, OrganizationOwned) or session.info.get(EVERYWHERE):
        return True
    organization_id = session.info.get(ORGANIZATION)
    return organization_id is not None and record.organization_id == organization_id


@event.listens_for(Session, "before_flush")
def _rows_belong_here(session: Session, _context: Any, _instances: Any) -> None:
    for row in session.new:
        if isinstance(row, OrganizationOwned) and row.organization_id is None:
            row.organization_id = session.info.get(ORGANIZATION)
    for row in (*session.new, *session.dirty, *session.deleted):
        if not is_in_scope(session, row):
            raise ScopeMissing(f"this {type(row).__name__} is not of the chosen organization")
        if isinstance(row, OrganizationOwned) and inspect(row).attrs.organization_id.history.deleted:
            raise ScopeMissing(f"a {type(row).__name__} never moves to another organization")
