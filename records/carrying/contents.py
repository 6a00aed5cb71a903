"""What a database holds, in so little that two can be compared, however many rows they have."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, Table, and_, column, func, select, table

from records.carrying.rows import tables

_AT_ONCE = 500
_ALL_SUMS = 2**256

_event = table("audit_event", column("organization_id"), column("sequence"), column("hash"))
_organization = table("organization", column("id"), column("name"))
_entry = table("credit_entry", column("organization_id"), column("amount"))
_stored_file = table("stored_file", column("organization_id"), column("size"))


@dataclass(frozen=True)
class Contents:
    """`tables`: by name, how many rows and a sum over the SHA-256 of each. The others are by organization:
    `organizations` their names, `ledger` entries and their sum in hundredths, `files` how many and their bytes,
    `chains` number and hash of the last sealed audit event (None: events without an organization)."""

    tables: dict[str, tuple[int, str]]
    organizations: dict[int, str]
    ledger: dict[int, tuple[int, int]]
    files: dict[int, tuple[int, int]]
    chains: dict[int | None, tuple[int, str]]

    @classmethod
    def of(cls, connection: Connection) -> Contents:
        """Reads every row once, some hundred at a time."""
        asked = select(_organization.c.id, _organization.c.name)
        return cls(
            tables={name: _sum_of(connection, each) for name, each in tables(connection).items()},
            organizations={row.id: row.name for row in connection.execute(asked)},
            ledger=_by_organization(connection, _entry.c.organization_id, _entry.c.amount),
            files=_by_organization(connection, _stored_file.c.organization_id, _stored_file.c.size),
            chains={chain: (sequence, hash_) for chain, sequence, hash_ in ends_of_chains(connection)},
        )

    @property
    def rows(self) -> int:
        return sum(number for number, _sum in self.tables.values())

    def differences(self, other: Contents) -> list[str]:
        """What is not the same, each with what stands here and there, in English."""
        found = []
        for part in fields(self):
            here, there = getattr(self, part.name), getattr(other, part.name)
            for name in sorted(here.keys() | there.keys(), key=str):
                if here.get(name) != there.get(name):
                    found.append(f"{part.name}, {name}: {here.get(name)} here, {there.get(name)} there")
        return found


def ends_of_chains(connection: Connection) -> list[list[Any]]:
    """Of each organization's sealed audit events the last: organization, sequence, hash."""
    last = select(_event.c.organization_id, func.max(_event.c.sequence).label("sequence"))
    last_ones = last.where(_event.c.sequence.is_not(None)).group_by(_event.c.organization_id).subquery()
    of_the_same = _event.c.organization_id.is_not_distinct_from(last_ones.c.organization_id)
    is_last = and_(of_the_same, _event.c.sequence == last_ones.c.sequence)
    ends = select(_event.c.organization_id, _event.c.sequence, _event.c.hash).join(last_ones, is_last)
    return sorted((list(end) for end in connection.execute(ends)), key=lambda end: (end[0] is not None, end))


def _sum_of(connection: Connection, which: Table) -> tuple[int, str]:
    """In whatever order the rows come."""
    number = total = 0
    columns = [which.c[name] for name in sorted(which.c.keys())]
    for row in connection.execute(select(*columns), execution_options={"yield_per": _AT_ONCE}):
        number += 1
        total += int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest())
    return number, f"{total % _ALL_SUMS:064x}"


def _by_organization(connection: Connection, organization: Any, amount: Any) -> dict[int, tuple[int, int]]:
    asked = select(organization, func.count(), func.sum(amount)).group_by(organization)
    return {id_: (number, int(total)) for id_, number, total in connection.execute(asked)}
