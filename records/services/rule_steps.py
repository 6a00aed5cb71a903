"""Steps that verbs share where requirements name units and positions. Each runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, exists, select, update

from records.database import db
from records.models import Requirement, RequirementPosition, RequirementUnit

# The table of what a requirement names, and its column.
_Naming = type[RequirementUnit] | type[RequirementPosition]
_COLUMNS = {RequirementUnit: RequirementUnit.unit_id, RequirementPosition: RequirementPosition.position_id}


def is_named(naming: _Naming, named_id: int) -> bool:
    """Whether any requirement, a retired one included, names the unit or position with this id."""
    return bool(db.session.scalar(select(exists().where(_COLUMNS[naming] == named_id))))


def name_instead(naming: _Naming, named_id: int, into_id: int) -> Sequence[int]:
    """What requirements named with the first id, they name with the second; their ids.

    Each becomes a new version of its requirement, so that an open page notices.
    """
    column = _COLUMNS[naming]
    concerned = list(db.session.scalars(
        select(naming.requirement_id).where(column == named_id).order_by(naming.requirement_id)
    ))  # fmt: skip
    already = set(db.session.scalars(select(naming.requirement_id).where(column == into_id)))
    db.session.execute(delete(naming).where(column == named_id))
    new = [each for each in concerned if each not in already]
    db.session.add_all([naming(requirement_id=each, **{column.key: into_id}) for each in new])
    later = update(Requirement).where(Requirement.id.in_(concerned)).values(version=Requirement.version + 1)
    db.session.execute(later)
    return concerned
