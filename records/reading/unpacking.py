"""Rows that came as lists of JSON, made what the statement would have given by itself: values, and records."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from itertools import accumulate
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import JSON, Boolean, Date, DateTime, Integer, Select, String, Time, TypeDecorator, inspect
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value

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


class Unpacker:
    """Makes rows of lists: in each, the values that JSON cannot say are read in their places, and where there are
    records, they are put in place of their values."""

    def __init__(self, names: Iterable[str], parts: Sequence[_Value | _Record]) -> None:
        named: Any = namedtuple  # only the statement knows the names
        self._make: Callable[[Iterable[Any]], Row] = named("Row", [*names], rename=True)._make
        readers = enumerate(_reader(column.type) for part in parts for column in part.columns)
        self._readers = [(place, read) for place, read in readers if read is not None]
        ends = [*accumulate(len(part.columns) for part in parts)]
        self._parts = [(part, end - len(part.columns), end) for part, end in zip(parts, ends, strict=True)]
        self.has_records = any(isinstance(part, _Record) for part in parts)

    @classmethod
    def of(cls, statement: Any) -> Unpacker:
        if isinstance(statement, Select):
            described = statement.column_descriptions
            return cls([each["name"] for each in described], [_part(each) for each in described])
        return cls(statement.selected_columns.keys(), [_Value(each) for each in statement.selected_columns])

    def rows(self, lists: Iterable[list[Any]]) -> list[Row]:
        """Records that the session has already are those that it has, as with any statement. The lists are used up."""
        lists = list(lists)
        for values in lists:
            for place, read in self._readers:
                if values[place] is not None:
                    values[place] = read(values[place])
        if self.has_records:
            session, parts = db.session(), self._parts
            lists = [[part.taken(values[start:end], session) for part, start, end in parts] for values in lists]
        return [self._make(values) for values in lists]


class _Value:
    """One column of its own."""

    def __init__(self, column: Any) -> None:
        self.columns = [column]

    def taken(self, values: list[Any], _session: Session) -> Any:
        return values[0]


class _Record:
    """All columns of an entity; None where there is no such row."""

    def __init__(self, entity: Any) -> None:
        self._mapper: Mapper[Any] = inspect(entity).mapper
        self._names = [each.key for each in self._mapper.column_attrs if not each.deferred]
        self.columns = [getattr(entity, name) for name in self._names]
        keys = (self._mapper.get_property_by_column(each).key for each in self._mapper.primary_key)
        self._key_at = [self._names.index(each) for each in keys]
        self._new = self._mapper.class_manager.new_instance

    def taken(self, values: list[Any], session: Session) -> Any:
        key = tuple([values[place] for place in self._key_at])
        if key[0] is None:
            return None
        identity = self._mapper.identity_key_from_primary_key(key)
        record = session.identity_map.get(identity)
        if record is not None:
            _complete(record, dict(zip(self._names, values, strict=True)))
            return record
        record = self._new()
        instance_dict(record).update(zip(self._names, values, strict=True))
        # As the session does with what it loads: it has nothing to ask of such a record, or to write of it.
        state = instance_state(record)
        state.key, state.session_id = identity, session.hash_key
        session.identity_map.add(state)
        return record


def relate(record: Any, **related: Any) -> None:
    """Say what a record is related to, as if the session had read it along with the record."""
    for name, value in related.items():
        if isinstance(value, list):
            set_committed_value(record, name, value)
        else:
            instance_dict(record)[name] = value


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
    if isinstance(type_, Time):
        return time.fromisoformat
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
