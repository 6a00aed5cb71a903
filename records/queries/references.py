"""References that lead astray: to no row, or to one of another organization.

The foreign keys of the database refuse both. Nothing here trusts them: it reads what stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Select, Table, bindparam, select

from records.database import chosen_organization_id, db, every_organization
from records.models import Base


def astray() -> Iterator[tuple[str, int, str]]:
    """Of the chosen organization's rows: table, id, and the columns of each such reference."""
    chosen = {"organization_id": chosen_organization_id()}
    for table, columns, leading_nowhere in _references():
        with every_organization():  # whatever stands there is looked at, lest it is taken for nothing
            ids = db.session.scalars(leading_nowhere, chosen).all()
        yield from ((table, row_id, columns) for row_id in ids)


@cache
def _references() -> list[tuple[str, str, Select[Any]]]:
    """Each foreign key of each table of organizations: table, columns, and the ids of rows that it leads nowhere."""
    return [
        (table.name, ", ".join(reference.column_keys), _leading_nowhere(table, reference))
        for table in Base.metadata.sorted_tables
        if {"id", "organization_id"} <= set(table.columns.keys())
        for reference in sorted(table.foreign_key_constraints, key=lambda each: str(each.column_keys))
    ]


def _leading_nowhere(table: Table, reference: ForeignKeyConstraint) -> Select[Any]:
    target = reference.referred_table.alias("target")
    pairs = [(element.parent, target.columns[element.column.name]) for element in reference.elements]
    there = select(1).select_from(target).where(*(own == its for own, its in pairs)).exists()
    said = [own.is_not(None) for own, _its in pairs]
    here = table.columns["organization_id"] == bindparam("organization_id")
    return select(table.columns["id"]).where(here, *said, ~there).order_by(table.columns["id"])
