"""Which certification types count as which others: "Paramedic" as "EMT-Basic", and as all that this counts as."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from records.database import db
from records.models import CertificationType, TypeEquivalence

# Type id -> ids of the types that it counts as at once, as TypeEquivalence records it.
Direct = Mapping[int, frozenset[int]]


def counting_as() -> dict[int, frozenset[int]]:
    """For each type's id, the ids of the types whose holders count as holding it, itself included.

    Every type of the organization is a key, retired ones too. One statement.
    """
    statement = select(CertificationType.id, TypeEquivalence.type_id).outerjoin(
        TypeEquivalence, TypeEquivalence.counts_as_id == CertificationType.id
    )
    below: dict[int, set[int]] = {}
    for type_id, counting in db.session.execute(statement):
        below.setdefault(type_id, set()).update([] if counting is None else [counting])
    return {type_id: reached([type_id], below) for type_id in below}


def counts_as() -> Direct:
    """For each type that counts as others, the ids of those, as somebody chose them. One statement."""
    direct: dict[int, set[int]] = {}
    for type_id, counts_as_id in db.session.execute(select(TypeEquivalence.type_id, TypeEquivalence.counts_as_id)):
        direct.setdefault(type_id, set()).add(counts_as_id)
    return {type_id: frozenset(others) for type_id, others in direct.items()}


def reached(starts: Iterable[int], steps: Mapping[int, Iterable[int]]) -> frozenset[int]:
    """The starts and all that is reached from them."""
    inside = new = set(starts)
    while new:
        new = {each for one in new for each in steps.get(one, ())} - inside
        inside = inside | new
    return frozenset(inside)
