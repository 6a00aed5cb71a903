"""Rows that came as lists of JSON, made what the statement would have given by itself: values, and records."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, Select, String, TypeDecorator, inspect
from sqlalchemy.orm import Mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, set_committed_value

from records.database import db

# Values by the names that the statement gives them.
Row = Any
_unpackers: WeakKeyDictionary[Any, Unpacker] = WeakKeyDictionary()


def columns_of(statement: Any) -> Any:
    """The statement with every column of its entities by itself."""
    if not isinstance(statement, Select):
        return statement
    columns = [column for each in statement.column_descriptions for column in _part(each).columns]
    named = (column.label(f"column_{number}") for number, column in enumerate(columns))
    return statement.with_only_columns(*named, maintain_column_froms=True)


def unpacker_of(statement: Any) -> Unpacker:
    """What makes rows of the statement of such lists; as long as the statement lives."""
    found = _unpackers.get(statement)
    if found is None:
        found = _unpackers[statement] = Unpacker.of(statement)
    return found


@dataclass(frozen=True)
class Unpacker:
    make: Callable[[Iterable[Any]], Row]
    parts: Sequence[_Value | _Record]

    @classmethod
    def of(cls, statement: Any) -> Unpacker:
        if isinstance(statement, Select):
            described = statement.column_descriptions
            names, parts = [each["name"] for each in described], [_part(each) for each in described]
        else:
            names, parts = statement.selected_columns.keys(), [_Value(each) for each in statement.selected_columns]
        return cls(_row_of(names), parts)

    def rows(self, lists: Iterable[list[Any]]) -> list[Row]:
        """Records that the session has already are those that it has, as with any statement."""
        return [self.make(self._parts(iter(each))) for each in lists]

    def _parts(self, values: Iterator[Any]) -> Iterator[Any]:
        return (part.taken_from(values) for part in self.parts)


def _row_of(names: Iterable[str]) -> Callable[[Iterable[Any]], Row]:
    named: Any = namedtuple  # only the statement knows the names
    make: Callable[[Iterable[Any]], Row] = named("Row", [*names], rename=True)._make
    return make


class _Value:
    """One column of its own."""

    def __init__(self, column: Any) -> None:
        self.columns = [column]
        self._read = _reader(column.type)

    def taken_from(self, values: Iterator[Any]) -> Any:
        value = next(values)
        return value if self._read is None or value is None else self._read(value)


class _Record:
    """All columns of an entity; None where there is no such row."""

    def __init__(self, entity: Any) -> None:
        self.mapper: Mapper[Any] = inspect(entity).mapper
        names = [each.key for each in self.mapper.column_attrs if not each.deferred]
        self.columns = [getattr(entity, name) for name in names]
        self._readers = [(name, _reader(column.type)) for name, column in zip(names, self.columns, strict=True)]
        (key,) = self.mapper.primary_key
        self._key = self.mapper.get_property_by_column(key).key

    def taken_from(self, values: Iterator[Any]) -> Any:
        facts = {
            name: value if read is None or value is None else read(value)
            for (name, read), value in zip(self._readers, values, strict=False)
        }
        if facts[self._key] is None:
            return None
        session = db.session()
        known = session.identity_map.get(self.mapper.identity_key_from_primary_key((facts[self._key],)))
        if known is not None:
            _complete(known, facts)
            return known
        record = self.mapper.class_manager.new_instance()
        instance_dict(record).update(facts)
        make_transient_to_detached(record)
        session.add(record)
        return record


def _complete(record: Any, facts: dict[str, Any]) -> None:
    """What the session has forgotten of a record since it read it, as after a transaction."""
    for name in inspect(record).unloaded & facts.keys():
        set_committed_value(record, name, facts[name])


def _part(described: Any) -> _Value | _Record:
    expression = described["expr"]
    return (
        _Record(expression)
        if hasattr(inspect(expression, raiseerr=False), "mapper") and described["entity"] is expression
        else _Value(expression)
    )


def _reader(type_: Any) -> Callable[[Any], Any] | None:
    """What makes the value of a column of what JSON says of it; None where it says the value. Raises TypeError for
    kinds that JSON cannot say."""
    if isinstance(type_, TypeDecorator):
        below, finish, dialect = _reader(type_.impl_instance), type_.process_result_value, db.engine.dialect
        return lambda value: finish(below(value) if below else value, dialect)
    if isinstance(type_, Boolean):
        return bool
    if isinstance(type_, DateTime):
        return datetime.fromisoformat
    if isinstance(type_, Date):
        return date.fromisoformat
    if isinstance(type_, JSON):
        return _from_text
    if isinstance(type_, Integer | String):
        return None
    raise TypeError(f"{type_!r} cannot be read ahead")


def _from_text(value: Any) -> Any:
    """Lists and objects: SQLite keeps them as text, PostgreSQL hands them out as they are."""
    return json.loads(value) if isinstance(value, str) else value
