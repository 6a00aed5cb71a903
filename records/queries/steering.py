"""Which table SQLite goes through first, where it would guess wrong.

Its planner knows neither how rare a value is nor that a limit ends a page after its rows: it likes to begin with a
small table, and then has to sort what it found. PostgreSQL reckons with both, and is left alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from records.models import Certification, CertificationType, Member


class _AsFound(FunctionElement[Any]):
    inherit_cache = True
    name = "as_found"


@compiles(_AsFound)
def _plain(element: Any, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    return str(compiler.process(column, **options))


@compiles(_AsFound, "sqlite")
def _without_index(element: Any, compiler: Any, **options: Any) -> str:
    """A unary plus: no index serves to find such a value."""
    return f"+{_plain(element, compiler, **options)}"


def its_member(key: Any, *, few: bool) -> ColumnElement[bool]:
    """Joins Member to what has the `key` of one. Where members are narrowed to a `few`, SQLite may begin with them;
    else it walks what has the key in its own order."""
    return (key if few else as_found(key)) == Member.id


def its_holder(*, few: bool) -> ColumnElement[bool]:
    """The same for Certification. Of those, too, that all lie on one side of a day, a page takes the first only: were
    they not said to be rare, SQLite would read every member before the first row, for a Bloom filter of their ids."""
    key = Certification.member_id
    return its_member(key, few=True) if few else and_(its_member(key, few=False), _Rare(key > 0))


def its_type() -> ColumnElement[bool]:
    """Joins CertificationType to Certification, which is never walked type by type."""
    return as_found(Certification.type_id) == CertificationType.id


def as_found(column: Any) -> ColumnElement[Any]:
    """The same value, by which no row is looked up: its table comes before what it is compared with."""
    found = _AsFound(column)
    found.type = column.type
    return found


class _Rare(FunctionElement[Any]):
    """Of no type: of a boolean one SQLAlchemy would compare it with 1, and SQLite not see it."""

    inherit_cache = True
    name = "rare"


@compiles(_Rare)
def _as_it_is(element: Any, compiler: Any, **options: Any) -> str:
    return _plain(element, compiler, **options)


@compiles(_Rare, "sqlite")
def _unlikely(element: Any, compiler: Any, **options: Any) -> str:
    return f"unlikely({_plain(element, compiler, **options)})"
