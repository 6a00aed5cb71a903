"""A valid row in any table, made by looking at the table: for tests of what the database itself refuses."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import sqlalchemy as sa

from records.models import Base
from records.models.base import Instant

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ON = date(2026, 3, 1)
TABLES = Base.metadata.tables


class Rows:
    """Writes rows through `connection`, each with values of its own and, where they are asked for, its parents."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self._numbers = count(1)
        self._organizations: dict[str, int] = {}

    def organization(self, name: str) -> int:
        """The id of the organization that goes by this name here."""
        if name not in self._organizations:
            self._organizations[name] = self.add("organization", name)["id"]
        return self._organizations[name]

    def add(self, table_name: str, organization: str = "fire", *, full: bool = False, **given: Any) -> dict[str, Any]:
        """Insert a valid row and return it; `full` fills what may be empty, too."""
        row = self.values(table_name, organization, full=full, **given)
        table = TABLES[table_name]
        key = self.connection.execute(table.insert().values(**row)).inserted_primary_key
        return row | dict(zip((column.name for column in table.primary_key), key, strict=True))

    def values(
        self, table_name: str, organization: str = "fire", *, full: bool = False, **given: Any
    ) -> dict[str, Any]:
        """The values of a valid row whose parents exist."""
        table, row = TABLES[table_name], dict(given)
        if table_name == "organization":
            full = False
        for column in table.columns:
            if column.name in row or (column.primary_key and column.autoincrement is True):
                continue
            parent = parent_of(column)
            if parent == "organization":
                row[column.name] = self.organization(organization)
            elif parent == table_name or (column.nullable and not full):
                row[column.name] = None
            elif parent:
                row[column.name] = self.add(parent, organization, full=full)["id"]
            else:
                row[column.name] = self._value(column)
        return row

    def _value(self, column: sa.Column[Any]) -> Any:
        number = next(self._numbers)
        words = _allowed(column)
        if words:
            return words[0]
        if column.name in _KNOWN:
            return _KNOWN[column.name]
        kind = datetime if isinstance(column.type, Instant) else column.type.python_type
        made: dict[type, Any] = {bool: False, int: number, datetime: AT, date: ON}
        if kind is str:
            length = getattr(column.type, "length", None) or 255
            return f"{number:064x}" if length == 64 else f"v{number}"
        return made.get(kind, {})


# Values that a check asks for, by column, where the first value that comes to mind would not do.
_KNOWN: dict[str, Any] = {
    "time_zone": "UTC",
    "rotation": 0,
    "version": 1,
    "suspended_reason": "",
    "revoked_reason": "",
    "suspended_on": None,
    "revoked_on": None,
    "deleted_at": None,
    "usual_term": 24,
    "grace_days": 0,
    "notice_days": 90,
    "applied_at": None,
    "undone_at": None,
}


def parent_of(column: sa.Column[Any]) -> str | None:
    """The table that this column points to, the organization last: it is part of most keys."""
    parents = {key.column.table.name for key in column.foreign_keys if key.column.name == "id"}
    if column.name == "organization_id":
        return "organization" if column.foreign_keys else None
    return next(iter(parents - {"organization"}), None)


def _allowed(column: sa.Column[Any]) -> list[str]:
    """The words of a check `column IN ('…', '…')`."""
    for constraint in column.table.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            found = re.fullmatch(rf"{column.name} IN \((.*)\)", str(constraint.sqltext))
            if found and "'" in found[1]:
                return re.findall(r"'([^']*)'", found[1])
    return []


def composite_keys() -> list[sa.ForeignKeyConstraint]:
    """Every foreign key that carries the organization along."""
    return [
        constraint
        for table in Base.metadata.sorted_tables
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name))
        if len(constraint.columns) > 1
    ]
