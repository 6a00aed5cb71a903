"""Rows, from one database into another, value for value: instants with their zone, dates, amounts, JSON to the letter.

A few hundred rows are in memory at a time, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    cast,
    func,
    insert,
    inspect,
    select,
    text,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from records.models.base import Id, Instant

_AT_ONCE = 500
_VERSION_TABLE = "alembic_version"
_NOT_OURS = ("sqlite_", "huey_")  # what SQLite keeps for itself; the queue that wakes workers


class _JsonAsText(TypeDecorator[str]):
    """PostgreSQL's JSON as the text that it was written in."""

    impl = Text
    cache_ok = True

    def bind_expression(self, bindvalue: Any) -> Any:
        return cast(type_coerce(bindvalue, Text()), JSON())

    def column_expression(self, column: Any) -> Any:
        return cast(column, Text())


# What a column is, and as what it travels. The first that fits counts.
_TRAVELS_AS: tuple[tuple[type[TypeEngine[Any]], Any], ...] = (
    (Boolean, Boolean()),
    (DateTime, Instant()),
    (Date, Date()),
    (Time, Time()),
    (JSON, Text().with_variant(_JsonAsText(), "postgresql")),
    (Integer, Id),
    (String, Text()),
    (LargeBinary, LargeBinary()),
)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that reads everything as it stood at one moment, while others go on writing."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # where SQLite's reading transactions see one moment anyway
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            connection = connection.execution_options(**options)
        with connection.begin():
            yield connection


def tables(connection: Connection) -> dict[str, Table]:
    """The tables that stand there, by name: search indexes, which follow from them, and what is not ours left out."""
    inspector, names, found = inspect(connection), table_names(connection), MetaData()
    keys = inspector.get_multi_pk_constraint(filter_names=names)
    columns = inspector.get_multi_columns(filter_names=names)
    for name in names:
        key = keys[None, name]["constrained_columns"]
        Table(name, found, *(_column(facts, is_key=facts["name"] in key) for facts in columns[None, name]))
    return dict(found.tables)


def table_names(connection: Connection) -> list[str]:
    if connection.dialect.name == "postgresql":
        names = inspect(connection).get_table_names()
    else:
        ordinary = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name"
        names = list(connection.exec_driver_sql(ordinary).scalars())
    return sorted(name for name in names if name != _VERSION_TABLE and not name.startswith(_NOT_OURS))


def _column(facts: Any, *, is_key: bool) -> Column[Any]:
    for kind, travelling in _TRAVELS_AS:
        if isinstance(facts["type"], kind):
            return Column(facts["name"], travelling, primary_key=is_key)
    raise NotImplementedError(f"columns of the type {facts['type']!r} are not carried yet")


def make_plain(source: Connection, target: Connection) -> None:
    """Make the tables of `source` in the empty database `target`, without the rules that guard them."""
    for table in tables(source).values():
        table.create(target)


def filled(connection: Connection, *, without: Collection[str] = ()) -> str | None:
    """A table that has rows; None where none has any but those `without`."""
    for name, table in tables(connection).items():
        if name not in without and connection.execute(select(table).limit(1)).first() is not None:
            return name
    return None


def copy_rows(
    source: Connection,
    target: Connection,
    *,
    without: Collection[str] = (),
    tell: Callable[[str, int], None] = lambda _table, _rows: None,
) -> dict[str, int]:
    """Copy every row of every table but those `without`; `target` has the same tables, empty. Returns the number of
    rows by table; `tell` hears of them meanwhile. Raises ValueError where the tables are not the same."""
    here, there, copied = tables(source), tables(target), {}
    if _columns(here) != _columns(there):
        raise ValueError("the two databases do not have the same tables and columns")
    for name in sorted(here.keys() - set(without)):
        columns = sorted(here[name].c.keys())
        asked = select(*(here[name].c[column] for column in columns))
        copied[name] = 0
        for batch in source.execute(asked, execution_options={"yield_per": _AT_ONCE}).partitions():
            _write(target, there[name], columns, batch)
            copied[name] += len(batch)
            tell(name, copied[name])
    return copied


def _write(target: Connection, table: Table, columns: list[str], rows: Sequence[Row[Any]]) -> None:
    """PostgreSQL has a way of its own for many rows, some times faster."""
    if target.dialect.name != "postgresql":
        target.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
        return
    copy_in(target, table.name, columns, rows)


def copy_in(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """PostgreSQL's COPY, of values that its driver takes as they are. Raises IntegrityError and its kin."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    driver: Any = connection.connection.dbapi_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(
            f"COPY {table}", None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        ) from error


def _columns(of: dict[str, Table]) -> dict[str, set[str]]:
    return {name: set(table.c.keys()) for name, table in of.items()}


# Numbers. The id of a row that is gone is never given out again: the audit trail still names it.

_NUMBERED = """
SELECT owner.relname, pg_sequence_last_value(number.oid) FROM pg_class AS number
  JOIN pg_depend AS belongs ON belongs.objid = number.oid AND belongs.classid = 'pg_class'::regclass
    AND belongs.refclassid = 'pg_class'::regclass AND belongs.deptype IN ('a', 'i')
  JOIN pg_class AS owner ON owner.oid = belongs.refobjid
 WHERE number.relkind = 'S' AND number.relnamespace = current_schema()::regnamespace"""


def numbers_given_out(connection: Connection) -> dict[str, int]:
    """The largest id ever given out, by table, where the database knows that better than the rows that are left."""
    if connection.dialect.name == "postgresql":
        asked = _NUMBERED
    elif connection.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")):
        asked = "SELECT name, seq FROM sqlite_sequence"
    else:
        return {}
    return {name: number for name, number in connection.execute(text(asked)) if number}


def count_on(connection: Connection, given_out: Mapping[str, int]) -> None:
    """Make new ids begin after those that are there and those that were `given_out` before."""
    if connection.dialect.name == "postgresql":
        known = tables(connection)
        for name, _number in connection.execute(text(_NUMBERED)).all():
            largest = connection.scalar(select(func.max(known[name].c.id))) or 0
            if number := max(largest, given_out.get(name, 0)):
                setting = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number)")
                connection.execute(setting, {"name": name, "number": number})
        return
    here = numbers_given_out(connection)
    for name, number in given_out.items():
        if name not in here:
            connection.execute(text(_FIRST_NUMBER), {"name": name, "number": number})
        elif number > here[name]:
            connection.execute(text("UPDATE sqlite_sequence SET seq = :number WHERE name = :name"),
                               {"name": name, "number": number})  # fmt: skip


# Only of tables that say AUTOINCREMENT; the others' largest id is that of their last row.
_FIRST_NUMBER = """
INSERT INTO sqlite_sequence (name, seq) SELECT name, :number FROM sqlite_master
 WHERE type = 'table' AND name = :name AND sql LIKE '%AUTOINCREMENT%'"""
