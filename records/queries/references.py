"""References that lead astray: to no row, or to one of another organization.

The foreign keys of the database refuse both. Nothing here trusts them: it reads what stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Table, select
from sqlalchemy.orm import aliased

from records.database import chosen_organization_id, db, every_organization
from records.models import Base, OrganizationOwned


def astray() -> Iterator[tuple[str, int, str]]:
    """Of the chosen organization's rows: table, id, and the columns of each such reference."""
    organization_id = chosen_organization_id()
    models = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    for table, model in sorted(models.items(), key=lambda each: str(each[0])):
        if isinstance(table, Table) and issubclass(model, OrganizationOwned) and hasattr(model, "id"):
            for reference in sorted(table.foreign_key_constraints, key=lambda each: str(each.column_keys)):
                missing = _leading_nowhere(model, reference, models[reference.referred_table])
                with every_organization():  # whatever stands there is looked at, lest it is taken for nothing
                    ids = db.session.scalars(missing.where(model.organization_id == organization_id)).all()
                yield from ((table.name, row_id, ", ".join(reference.column_keys)) for row_id in ids)


def _leading_nowhere(model: Any, reference: ForeignKeyConstraint, referred: Any) -> Any:
    """The ids of rows of `model` that say where they point, and point to nothing."""
    target = aliased(referred)
    pairs = [(getattr(model, each.parent.name), getattr(target, each.column.name)) for each in reference.elements]
    there = select(target).where(*(own == its for own, its in pairs)).exists()
    return select(model.id).where(*(own.is_not(None) for own, _its in pairs), ~there).order_by(model.id)
