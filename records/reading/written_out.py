"""Statements that live on, written out: their SQL, and where the values of their parameters go.

To find what it has compiled of a statement the library goes through all of it, each time that it runs: for the many
questions that a page asks at once, that takes longer than the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Dialect

from records.connections import PREPARED
from records.database import db


class WrittenOut:
    """A statement for one kind of database. `given` are values of its parameters, to be written out with: with it run
    others of the same names, and lists of as many values."""

    def __init__(self, statement: Any, given: Mapping[str, Any], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        written = compiled.construct_expanded_state(given)
        self._sql: str = written.statement
        self._order = written.positiontup
        self._values = dict(written.parameters)
        self._lists = {name: parts for name, parts in written.parameter_expansion.items() if name in given}
        self._readers: dict[str, Callable[[Any], Any]] = {
            name: read for name, read in written.processors.items() if name in self._values and callable(read)
        }
        for name, bound in compiled.binds.items():
            read = bound.type.dialect_impl(dialect).bind_processor(dialect)
            if name in self._values and read is not None:
                self._readers[name] = read

    def run(self, given: Mapping[str, Any], *, planned_once: bool = False) -> Any:
        """The one row of the answer, its values as the driver says them."""
        values = {**self._values, **given}
        for name, parts in self._lists.items():
            values.update(zip(parts, given[name], strict=True))
        for name, read in self._readers.items():
            values[name] = read(values[name])
        put = values if self._order is None else tuple([values[name] for name in self._order])
        options = {PREPARED: planned_once}
        return db.session.connection().exec_driver_sql(self._sql, put, execution_options=options).one()
