"""The session, its transactions, and the one place where the organization scope is kept.

Every statement on a table of an organization gets the session's organization as a condition; with no
organization chosen it is refused. So it is with models, wherever they stand in the statement. A statement
that names the bare tables behind the models is refused, because no condition could be added to it.
Raw SQL (`text()`) and `insert().values()` are not covered: there the foreign keys, which include
`organization_id`, make the database refuse a row that crosses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, TypeGuard, TypeVar
from weakref import WeakKeyDictionary

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Select, Table, TextClause, bindparam, event, inspect, select, text
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import visitors

from records import connections
from records.connections import PATIENCE
from records.errors import NotFound, ScopeMissing
from records.models import Base, Organization, OrganizationOwned


class OrganizationSession(FlaskSession):
    """A session that keeps a record of another organization to itself, even one that it has loaded before."""

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        record = super().get(entity, ident, **options)
        return record if record is None or _is_in_scope(self, record) else None


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": OrganizationSession})
migrate = Migrate()

_ORGANIZATION = "organization_id"
_EVERYWHERE = "every_organization"
_AFTER_COMMIT = "after_commit"
_LARGEST_ID = 2**63 - 1  # what an id column holds
_MOST_HELD = 200  # organizations
# Statements with the condition of an organization, as long as the statement itself lives: nothing that can go stale.
_held: WeakKeyDictionary[Any, dict[int, Any]] = WeakKeyDictionary()

Record = TypeVar("Record", bound=Base)


def init_app(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=app.config["MIGRATIONS"], render_as_batch=True, compare_type=True)
    with app.app_context():
        connections.prepare(db.engine)


# The organization scope


def choose_organization(organization_id: int | None) -> None:
    """From here on this session sees one organization (None: none at all)."""
    db.session.info[_ORGANIZATION] = organization_id


def chosen_organization_id() -> int:
    """Raises ScopeMissing where no organization is chosen."""
    organization_id = db.session.info.get(_ORGANIZATION)
    if organization_id is None:
        raise ScopeMissing("no organization is chosen")
    return int(organization_id)


def is_organization_chosen() -> bool:
    return db.session.info.get(_ORGANIZATION) is not None


def what_is_seen() -> tuple[Any, Any]:
    """The organization that the session sees, and whether it sees all of them: what was read under one says nothing
    under another."""
    return db.session.info.get(_ORGANIZATION), db.session.info.get(_EVERYWHERE)


def this_organization() -> Organization:
    organization = db.session.get(Organization, chosen_organization_id())
    if organization is None:
        raise NotFound()
    return organization


@contextmanager
def organization_scope(organization_id: int) -> Iterator[None]:
    """See only this organization for a while."""
    with _info(_ORGANIZATION, organization_id), _info(_EVERYWHERE, False):
        yield


@contextmanager
def every_organization() -> Iterator[None]:
    """See all organizations for a while: for sign-in, jobs and commands, never for a page's lists."""
    with _info(_EVERYWHERE, True):
        yield


@contextmanager
def _info(key: str, value: Any) -> Iterator[None]:
    info = db.session.info
    before, info[key] = info.get(key), value
    try:
        yield
    finally:
        info[key] = before


@event.listens_for(Session, "do_orm_execute")
def _scope_statements(state: ORMExecuteState) -> None:
    info = state.session.info
    if info.get(_EVERYWHERE) or state.is_column_load:
        return
    organization_id = info.get(_ORGANIZATION)
    if not state.is_orm_statement:
        _refuse_bare_tables(state.statement)
    if organization_id is None:
        if _may_touch_organizations(state.statement):
            raise ScopeMissing(f"no organization is chosen for: {state.statement}")
        return
    if state.is_insert:
        _require_inserted_here(state, organization_id)
    state.statement = _scoped(state.statement, organization_id)


def _scoped(statement: Any, organization_id: int) -> Any:
    """`statement` with the condition. One that lives on, such as a constant of a module, gets it once an organization,
    and is not looked through anew each time that it runs."""
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


def records_of(statement: Any, *, at_once: int) -> Iterator[Any]:
    """The records that a statement selects, read so many at a time, while this transaction lasts."""
    with db.session.scalars(statement, execution_options={"yield_per": at_once}) as rows:
        yield from rows


def flat_rows(statement: Any, *, at_once: int) -> Iterator[Any]:
    """Likewise the rows of one that selects columns only, in this organization: as the session gives them, in less
    time."""
    scoped = _scoped(statement, chosen_organization_id())
    with db.session.connection().execute(scoped, execution_options={"yield_per": at_once}) as rows:
        yield from rows


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


def _refuse_bare_tables(statement: Any) -> None:
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


def _is_in_scope(session: Session, record: object) -> bool:
    if not isinstance(record, OrganizationOwned) or session.info.get(_EVERYWHERE):
        return True
    organization_id = session.info.get(_ORGANIZATION)
    return organization_id is not None and record.organization_id == organization_id


@event.listens_for(Session, "before_flush")
def _rows_belong_here(session: Session, _context: Any, _instances: Any) -> None:
    for row in session.new:
        if isinstance(row, OrganizationOwned) and row.organization_id is None:
            row.organization_id = session.info.get(_ORGANIZATION)
    for row in (*session.new, *session.dirty, *session.deleted):
        if not _is_in_scope(session, row):
            raise ScopeMissing(f"this {type(row).__name__} is not of the chosen organization")
        if isinstance(row, OrganizationOwned) and inspect(row).attrs.organization_id.history.deleted:
            raise ScopeMissing(f"a {type(row).__name__} never moves to another organization")


# Transactions


@contextmanager
def transaction(*, patience: int = PATIENCE) -> Iterator[Session]:
    """One change: everything in it happens, or nothing. Writers on SQLite queue at BEGIN IMMEDIATE.

    What was read before is read again inside, so that a guard decides on what stands now. A verb never
    calls a verb: transactions do not nest. `patience` is how many milliseconds to wait for other writers
    before OperationalError.
    """
    session = db.session()
    if session.info.get("in_transaction"):
        raise RuntimeError("a verb called a verb: transactions do not nest")
    session.rollback()
    with connections.turn_to_write(db.engine, patience) as left:
        session.info["in_transaction"] = True
        try:
            session.connection(execution_options={"writes": True, "patience": left})
            if patience != PATIENCE and not is_sqlite():
                session.connection().execute(text(f"SET LOCAL lock_timeout = {int(patience)}"))
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            session.info.pop(_AFTER_COMMIT, None)
            raise
        finally:
            session.info["in_transaction"] = False
    for act in session.info.pop(_AFTER_COMMIT, []):
        act()


def read_as_of_one_instant() -> None:
    """All that this transaction reads, nothing of it yet, is as of one instant; SQLite does so by itself."""
    if not is_sqlite():
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def let_go() -> None:
    """Give the connection back before something that takes long and needs none. What was read is read again.

    Raises RuntimeError inside a transaction, for others would wait that long.
    """
    session = db.session()
    if session.info.get("in_transaction"):
        raise RuntimeError("inside a transaction nobody does what takes long")
    session.rollback()


def after_commit(act: Any) -> None:
    """Call `act` once the running transaction has committed; never if it fails."""
    db.session.info.setdefault(_AFTER_COMMIT, []).append(act)


def is_id(number: int | None) -> TypeGuard[int]:
    """Whether a record could have this id: larger numbers are more than a database takes."""
    return number is not None and 0 < number <= _LARGEST_ID


def lock(record: Record) -> Record:
    """`record` as it stands now, held against other writers until the transaction ends. Raises NotFound."""
    identity = inspect(record).identity
    if identity is None:
        raise NotFound()
    return locked(type(record), *identity)


def locked(model: type[Record], record_id: int) -> Record:
    """The record with this id, in this organization, held until the transaction ends. Raises NotFound."""
    if not is_id(record_id):
        raise NotFound()
    found: Record | None = db.session.scalars(_holding(model), {"record_id": record_id}).one_or_none()
    if found is None:
        raise NotFound()
    return found


@cache
def _holding(model: Any) -> Select[Any]:
    """One record, read anew and held; made once a model."""
    statement = select(model).where(model.id == bindparam("record_id"))
    return statement.with_for_update(of=model).execution_options(populate_existing=True)


def found(model: type[Record], record_id: int) -> Record:
    """The record with this id in this organization. Raises NotFound."""
    if not is_id(record_id):
        raise NotFound()
    record = db.session.get(model, record_id)
    if record is None:
        raise NotFound()
    return record


def is_sqlite() -> bool:
    return bool(db.engine.dialect.name == "sqlite")
