"""Many rows at once, inside the transaction of a verb: past the session, which would turn each over several times.

Every row is of the chosen organization, and values go through the types of their columns, as always. What the session
knows must be flushed before; it does not learn of these rows. Guards, keys and triggers of the database count.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Column, Connection, Table, func, select, text

from records.carrying.rows import copy_in
from records.database import chosen_organization_id, db, is_sqlite
from records.models.base import Base

_SCOPE = "organization_id"
_REMEMBERED = 1024  # days and instants as the driver takes them: they come again and again
Converter = Callable[[Any], Any] | None


def new_ids(model: type[Base], number: int) -> Sequence[int]:
    """Ids for so many new rows, in ascending order: nobody else gets them. On SQLite they are there for writing, whose
    turn this is, until the rows are inserted: insert them before asking again."""
    table, connection = _table(model), db.session.connection()
    if not number:
        return []
    if not is_sqlite():
        sequence = func.pg_get_serial_sequence(table.name, "id")
        rows = func.generate_series(1, number).table_valued("number")
        return sorted(connection.scalars(select(func.nextval(sequence)).select_from(rows)))
    # The largest that was ever given out: ids of deleted rows are not given out again.
    given_out = connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name})
    largest = max(given_out or 0, connection.scalar(select(func.max(table.c.id))) or 0)
    return range(largest + 1, largest + 1 + number)


def insert_rows(model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """New rows of the chosen organization: values of `columns`; the others have their defaults.

    Raises IntegrityError.
    """
    table, connection = _table(model), db.session.connection()
    others, defaults = _defaults(table, tuple(columns))
    names, rest = (*columns, _SCOPE, *others), [(chosen_organization_id(), *defaults)]
    alike = next(_converted(rest, _converters(table, (_SCOPE, *others), connection)))
    ready = [(*row, *alike) for row in _converted(rows, _converters(table, columns, connection))]
    if not ready:
        return
    if is_sqlite():
        marks = ", ".join("?" * len(names))
        listed = ", ".join(map(_quoted, names))
        statement = f"INSERT INTO {_quoted(table.name)} ({listed}) VALUES ({marks})"  # noqa: S608  # because: names of columns, no input
        connection.exec_driver_sql(statement, ready)
    else:
        copy_in(connection, table.name, names, ready)


def update_rows(model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Set `columns` of rows of the chosen organization: of each its id, then the values. Raises IntegrityError."""
    table, connection = _table(model), db.session.connection()
    names, ready = ("id", *columns), list(rows)
    if not ready:
        return
    name, here = _quoted(table.name), chosen_organization_id()
    if is_sqlite():
        convert = _converters(table, names, connection)
        changes = ", ".join(f"{_quoted(column)} = ?" for column in columns)
        statement = f"UPDATE {name} SET {changes} WHERE organization_id = ? AND id = ?"  # noqa: S608  # because: names of columns, no input
        connection.exec_driver_sql(statement, [(*values, here, id_) for id_, *values in _converted(ready, convert)])
        return
    # One value tells of all rows: it is read some times faster than a list for each column.
    given = ", ".join(f"{_quoted(each)} {table.c[each].type.compile(connection.dialect)}" for each in names)
    changes = ", ".join(f"{_quoted(column)} = given.{_quoted(column)}" for column in columns)
    statement = (
        f"UPDATE {name} SET {changes} FROM json_to_recordset(CAST(%s AS JSON)) AS given ({given})"  # noqa: S608  # because: names of columns, no input
        f" WHERE {name}.organization_id = %s AND {name}.id = given.id"
    )
    told = json.dumps([dict(zip(names, row, strict=True)) for row in ready], default=str)
    connection.exec_driver_sql(statement, (told, here))


def _table(model: type[Base]) -> Table:
    table = model.__table__
    if not isinstance(table, Table) or _SCOPE not in table.c:
        raise TypeError("rows in bulk are rows of an organization")
    return table


@lru_cache(64)
def _defaults(table: Table, given: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The columns that are not given and have a default of ours, with it."""
    left = {column.name: column.default for column in table.c if column.name not in given and column.default}
    values = {name: default.arg(None) if default.is_callable else default.arg for name, default in left.items()}  # type: ignore[attr-defined]  # because: every default here is a value or a callable
    return tuple(values), tuple(values.values())


@lru_cache(64)
def _converters_for(table: Table, names: tuple[str, ...], dialect: Any) -> tuple[tuple[int, Any], ...]:
    converters = ((at, _converter(table.c[name], dialect)) for at, name in enumerate(names))
    return tuple((at, convert) for at, convert in converters if convert is not None)


def _converters(table: Table, names: Sequence[str], connection: Connection) -> tuple[tuple[int, Any], ...]:
    """By place: what makes a value one that the driver takes, where that is needed."""
    return _converters_for(table, tuple(names), connection.dialect)


def _converter(column: Column[Any], dialect: Any) -> Converter:
    if isinstance(column.type, JSON):
        return _in_json
    convert = column.type.dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(_REMEMBERED)(convert) if convert and issubclass(column.type.python_type, date) else convert


def _in_json(value: Any) -> str:
    """As the session writes it; what is empty is so often."""
    return (not value and _EMPTY.get(type(value))) or json.dumps(value)


_EMPTY: dict[type, str] = {dict: "{}", list: "[]"}


def _converted(rows: Iterable[Sequence[Any]], convert: Sequence[tuple[int, Any]]) -> Iterator[tuple[Any, ...]]:
    """Rows as the driver takes them, worked out column by column."""
    columns: list[Iterable[Any]] = [*zip(*rows, strict=True)]
    for at, converter in convert if columns else ():
        columns[at] = map(converter, columns[at])
    return zip(*columns, strict=True)


def _quoted(name: str) -> str:
    return str(db.engine.dialect.identifier_preparer.quote(name))
