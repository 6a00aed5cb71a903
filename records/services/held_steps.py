"""Steps of verbs that change one of a few records of a kind, such as units, and look at all of them to decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError

from records.database import db
from records.errors import NotFound, Stale
from records.models import Position, Unit

Kind = TypeVar("Kind", Unit, Position)


def hold_all(kind: type[Kind]) -> dict[int, Kind]:
    """All of the organization by id, held against other changes: two changes at once see each other."""
    statement = select(kind).order_by(kind.id).with_for_update(key_share=True)
    return {each.id: each for each in db.session.scalars(statement.execution_options(populate_existing=True))}


def among(record: Kind, held: Mapping[int, Kind]) -> Kind:
    """`record` as it is held. Raises NotFound where it is gone."""
    identity = inspect(record).identity
    found = held.get(identity[0]) if identity else None
    if found is None:
        raise NotFound()
    return found


def flush_or_stale() -> None:
    """What somebody else did meanwhile to a record that this change needs: the change is refused as Stale."""
    try:
        db.session.flush()
    except IntegrityError:
        raise Stale() from None
