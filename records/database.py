"""The session, its transactions, and the one place where the organization scope is kept.

Every statement on a table of an organization gets the session's organization as a condition; with no
organization chosen it is refused. Inserts and raw SQL are not covered by that: there the foreign keys,
which include `organization_id`, make the database refuse a row that crosses.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from flask import Flask, current_app
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, event, inspect, select
from sqlalchemy.orm import Mapper, ORMExecuteState, Session, with_loader_criteria

from records.errors import NotFound, ScopeMissing
from records.models import Base, Organization, OrganizationOwned

db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate()

_ORGANIZATION = "organization_id"
_EVERYWHERE = "every_organization"
_AFTER_COMMIT = "after_commit"

Record = TypeVar("Record", bound=Base)


def init_app(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=app.config["MIGRATIONS"], render_as_batch=True, compare_type=True)
    with app.app_context():
        _prepare(db.engine)


def _prepare(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's "begin" event below says BEGIN itself
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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
    if info.get(_EVERYWHERE) or state.is_column_load or not _touches_organizations(state):
        return
    organization_id = info.get(_ORGANIZATION)
    if organization_id is None:
        raise ScopeMissing(f"no organization is chosen for: {state.statement}")
    state.statement = state.statement.options(
        with_loader_criteria(
            OrganizationOwned,
            lambda owner: owner.organization_id == organization_id,
            include_aliases=True,
        )
    )


def _touches_organizations(state: ORMExecuteState) -> bool:
    mappers: list[Mapper[Any]] = list(state.all_mappers)
    return not mappers or any(issubclass(mapper.class_, OrganizationOwned) for mapper in mappers)


@event.listens_for(Session, "before_flush")
def _new_rows_belong_here(session: Session, _context: Any, _instances: Any) -> None:
    organization_id = session.info.get(_ORGANIZATION)
    for row in session.new:
        if not isinstance(row, OrganizationOwned):
            continue
        if row.organization_id is None:
            row.organization_id = organization_id
        if not session.info.get(_EVERYWHERE) and row.organization_id != organization_id:
            raise ScopeMissing(f"a new {type(row).__name__} is not of the chosen organization")


# Transactions


@contextmanager
def transaction() -> Iterator[Session]:
    """One change: everything in it happens, or nothing. Writers on SQLite queue at BEGIN IMMEDIATE.

    What was read before is read again inside, so that a guard decides on what stands now. A verb never
    calls a verb: transactions do not nest.
    """
    session = db.session()
    if session.info.get("in_transaction"):
        raise RuntimeError("a verb called a verb: transactions do not nest")
    session.rollback()
    session.connection(execution_options={"writes": True})
    session.info["in_transaction"] = True
    try:
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


def after_commit(act: Any) -> None:
    """Call `act` once the running transaction has committed; never if it fails."""
    db.session.info.setdefault(_AFTER_COMMIT, []).append(act)


def lock(record: Record) -> Record:
    """`record` as it stands now, held against other writers until the transaction ends. Raises NotFound."""
    state = inspect(record)
    key = state.identity if state.identity is not None else ()
    return locked(type(record), *key)


def locked(model: type[Record], record_id: int) -> Record:
    """The record with this id, in this organization, held until the transaction ends. Raises NotFound."""
    statement = select(model).where(model.id == record_id)  # type: ignore[attr-defined]  # because: every model here has an id
    found = db.session.scalars(
        statement.with_for_update(of=model).execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound()
    return found


def found(model: type[Record], record_id: int) -> Record:
    """The record with this id in this organization. Raises NotFound."""
    if not 0 < record_id < 2**63:
        raise NotFound()
    record = db.session.get(model, record_id)
    if record is None:
        raise NotFound()
    return record


def is_sqlite() -> bool:
    return bool(db.engine.dialect.name == "sqlite")


def database_is_current() -> bool:
    """Whether the database answers and stands at the newest migration."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    head = ScriptDirectory(current_app.config["MIGRATIONS"]).get_current_head()
    with db.engine.connect() as connection:
        return bool(MigrationContext.configure(connection).get_current_revision() == head)
