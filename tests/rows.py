"""A valid row in any table, made by looking at the table: for tests of what the database itself refuses."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from records.models import Base
from records.models.amounts import Credits
from records.models.base import Instant

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ON = date(2026, 3, 1)
TABLES = Base.metadata.tables


class Rows:
    """Writes rows through `connection`, each with values of its own (counted from `first`) and, where they are asked
    for, its parents."""

    def __init__(self, connection: sa.Connection, first: int = 1) -> None:
        self.connection = connection
        self._numbers = count(first)
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
        """The values of a valid row whose parents exist. A given FILLED is a value of the row's own making."""
        table, row = TABLES[table_name], _companions(table_name, given) | given
        if table_name == "organization":
            full = False
        parent_id = None
        for column in table.columns:
            if row.get(column.name) is SAME:
                row[column.name] = parent_id
            wanted = row.get(column.name) is FILLED or column.name in _NEVER_EMPTY.get(table_name, ())
            if row.get(column.name, FILLED) is not FILLED or (column.primary_key and column.autoincrement is True):
                continue
            parent = parent_of(column)
            if parent == "organization":
                row[column.name] = self.organization(organization)
            elif not wanted and (
                parent == table_name or (column.nullable and not full) or column.name in _EMPTY.get(table_name, ())
            ):
                row[column.name] = None
            elif parent:
                row[column.name] = parent_id = self.add(parent, organization, full=full)["id"]
            else:
                row[column.name] = self._value(column)
        return row

    def _value(self, column: sa.Column[Any]) -> Any:
        number = next(self._numbers)
        words = closed_words(column)
        if words:
            return words[0]
        if column.name in _KNOWN:
            return _KNOWN[column.name]
        if isinstance(column.type, Credits):
            return Decimal(number).scaleb(-2)
        kind = datetime if isinstance(column.type, Instant) else column.type.python_type
        made: dict[type, Any] = {bool: False, int: number, datetime: AT, date: ON, time: time(7)}
        if kind is str:
            length = getattr(column.type, "length", None) or 255
            return f"{number:064x}" if length == 64 else f"v{number}"
        return made.get(kind, {})


# Stands for a value that the row is to have, whichever; or for the parent that the row has in a column before.
FILLED: Any = ...
SAME: Any = object()

# Values that a check asks for, by column, where the first value that comes to mind would not do.
_KNOWN: dict[str, Any] = {
    "time_zone": "UTC",
    "rotation": 0,
    "run": "",
    "held_until": None,
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
    "undone_by_id": None,
    "digest_weekday": 0,
    "language": "es",
    "virus": "",
}

# Columns that a check wants filled in the plainest row, too.
_NEVER_EMPTY: dict[str, set[str]] = {
    "scan": {"certification_id"},
    "proof": {"certification_id"},
    "message": {"to_address"},
}

# Columns that stay empty in a row that is otherwise full: a pending certificate, a scan of a certification, an upload
# of the wizard.
_EMPTY: dict[str, set[str]] = {
    "credit_type": {"starts_on", "ends_on"},
    "credit_entry": {"reverses_id"},
    "external_certificate": {
        "decided_at", "decided_by_id", "awarded_credits", "revoked_at", "revoked_by_id", "certification_id",
    },
    "list_export": {"stored_file_id", "finished_at"},
    "member_merge": {"undone_by_id"},
    "proof": {"external_certificate_id", "transcript_id"},
    "renewal_batch": {"undone_by_id"},
    "renewal_proposal": {"decided_at", "decided_by_id", "renewal_id"},
    "snooze": {"ended_at"},
    "requirement": {"at_least", "credit_type_id", "credits"},
    "scan": {"external_certificate_id", "renewal_proposal_id"},
    "sign_in": {"administrator_id", "returns_until"},
    "stored_file": {"virus_scan_due_at"},
    "upload": {"submission_key"},
}  # fmt: skip

DECLINED = {"state": "declined", "decided_at": AT, "decided_by_id": FILLED, "reason": "No."}
APPROVED = {"state": "approved", "decided_at": AT, "decided_by_id": FILLED, "reason": "As shown.",
            "awarded_credits": Decimal(1)}  # fmt: skip
REVOKED = APPROVED | {"state": "revoked", "revoked_at": AT, "revoked_by_id": FILLED, "revoked_reason": "Forged."}
# What a check wants beside a column that is given.
_WITH: dict[tuple[str, str], dict[str, Any]] = {
    ("external_certificate", "decided_by_id"): DECLINED,
    ("external_certificate", "revoked_by_id"): REVOKED,
    ("external_certificate", "certification_id"): APPROVED,
    ("credit_entry", "reverses_id"): {"kind": "reversal", "amount": Decimal(-1)},
    ("scan", "external_certificate_id"): {"certification_id": None},
    ("scan", "renewal_proposal_id"): {"certification_id": None},
    ("proof", "external_certificate_id"): {"certification_id": None},
    ("proof", "transcript_id"): {"certification_id": None},
    ("renewal_batch", "undone_by_id"): {"undone_at": AT},
    ("list_export", "stored_file_id"): {"state": "done", "finished_at": AT},
    ("member_merge", "undone_by_id"): {"undone_at": AT},
    ("requirement", "credit_type_id"): {"kind": "credits", "credits": Decimal(1)},
    ("renewal_proposal", "decided_by_id"): {"state": "withdrawn", "decided_at": AT},
    ("renewal_proposal", "renewal_id"): {"state": "accepted", "decided_at": AT, "decided_by_id": FILLED},
    ("sign_in", "administrator_id"): {"returns_until": AT},
}


def _companions(table_name: str, given: dict[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if "state" not in given:
        for column, value in given.items():
            if value is not None:
                wanted |= _WITH.get((table_name, column), {})
    return wanted


def parent_of(column: sa.Column[Any]) -> str | None:
    """The table that this column points to, the organization last: it is part of most keys."""
    parents = {key.column.table.name for key in column.foreign_keys if key.column.name == "id"}
    if column.name == "organization_id":
        return "organization" if column.foreign_keys else None
    return next(iter(sorted(parents - {"organization"})), "organization" if parents else None)


def closed_words(column: sa.Column[Any]) -> list[str]:
    """The words of a check `column IN ('…', '…')`."""
    for constraint in column.table.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            found = re.fullmatch(rf"{column.name} IN \((.*)\)", str(constraint.sqltext))
            if found and "'" in found[1]:
                return re.findall(r"'([^']*)'", found[1])
    return []


def leading_to_a_member() -> set[str]:
    """Tables with a way to a member or an account, along foreign keys."""
    found = {"member", "account"}
    while True:
        more = {
            table.name
            for table in Base.metadata.sorted_tables
            if any(key.referred_table.name in found for key in table.foreign_key_constraints)
        }
        if more <= found:
            return found
        found |= more


def composite_keys() -> list[sa.ForeignKeyConstraint]:
    """Every foreign key that carries the organization along."""
    return [
        constraint
        for table in Base.metadata.sorted_tables
        for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name))
        if len(constraint.columns) > 1
    ]


def refused_by_trigger(rows: Rows, statement: Any) -> str:
    """What the database says to a statement that a trigger must refuse."""
    with pytest.raises(sa.exc.DBAPIError) as refused, rows.connection.begin_nested():
        rows.connection.execute(statement)
    return str(refused.value.orig)
