"""The session, its transactions, and the organization that it sees: see `scoping.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeGuard, TypeVar

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Select, bindparam, inspect, select, text
from sqlalchemy.orm import Session

from records import connections
from records.connections import PATIENCE
from records.errors import NotFound, ScopeMissing
from records.models import Base, Organization
from records.scoping import EVERYWHERE, ORGANIZATION, OrganizationSession, refuse_bare_tables, within

db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": OrganizationSession})
migrate = Migrate()

_AFTER_COMMIT = "after_commit"
_LARGEST_ID = 2**63 - 1  # what an id column holds

Record = TypeVar("Record", bound=Base)


def init_app(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=app.config["MIGRATIONS"], render_as_batch=True, compare_type=True)
    with app.app_context():
        connections.prepare(db.engine)


# The organization scope


def choose_organization(organization_id: int | None) -> None:
    """From here on this session sees one organization (None: none at all)."""
    db.session.info[ORGANIZATION] = organization_id


def chosen_organization_id() -> int:
    """Raises ScopeMissing where no organization is chosen."""
    organization_id = db.session.info.get(ORGANIZATION)
    if organization_id is None:
        raise ScopeMissing("no organization is chosen")
    return int(organization_id)


def is_organization_chosen() -> bool:
    return db.session.info.get(ORGANIZATION) is not None


def what_is_seen() -> tuple[Any, Any]:
    """The organization that the session sees, and whether it sees all of them: what was read under one says nothing
    under another."""
    return db.session.info.get(ORGANIZATION), db.session.info.get(EVERYWHERE)


def this_organization() -> Organization:
    organization = db.session.get(Organization, chosen_organization_id())
    if organization is None:
        raise NotFound()
    return organization


@contextmanager
def organization_scope(organization_id: int) -> Iterator[None]:
    """See only this organization for a while."""
    with _info(ORGANIZATION, organization_id), _info(EVERYWHERE, False):
        yield


@contextmanager
def every_organization() -> Iterator[None]:
    """See all organizations for a while: for sign-in, jobs and commands, never for a page's lists."""
    with _info(EVERYWHERE, True):
        yield


@contextmanager
def _info(key: str, value: Any) -> Iterator[None]:
    info = db.session.info
    before, info[key] = info.get(key), value
    try:
        yield
    finally:
        info[key] = before


def records_of(statement: Any, *, at_once: int) -> Iterator[Any]:
    """The records that a statement selects, read so many at a time, while this transaction lasts."""
    with db.session.scalars(statement, execution_options={"yield_per": at_once}) as rows:
        yield from rows


def flat_rows(statement: Any, *, at_once: int) -> Iterator[Any]:
    """Likewise the rows of one that selects columns only, in this organization: as the session gives them, in less
    time."""
    refuse_bare_tables(statement)
    here = within(statement, chosen_organization_id())
    with db.session.connection().execute(here, execution_options={"yield_per": at_once}) as rows:
        yield from rows


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
