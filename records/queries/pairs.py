"""Pairs of values from several tables in one statement: a statement costs more than the few rows that it brings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import CompoundSelect, literal, select, union_all

from records.reading.ahead import Question, rows_of
from records.reading.unpacking import Row

# Kind -> first value -> second values.
Pairs = dict[str, dict[int, set[Any]]]


def pairs_of(question: Question) -> Pairs:
    """Rows of a kind and two values, by kind and by the first of them."""
    return paired(rows_of(*question))


def paired(rows: Iterable[Row]) -> Pairs:
    """The same of rows that are there."""
    found: Pairs = defaultdict(lambda: defaultdict(set))
    for kind, one, other in rows:
        found[kind][one].add(other)
    return found


def union_of(*, ones: Any = None, **pairs: tuple[Any, Any]) -> CompoundSelect[Any]:
    """A statement for `pairs_of`: by its kind, each pair of columns. `ones`: a parameter with all first values that are
    wanted, where not all are."""
    kinds = (
        (select(literal(kind).label("kind"), one.label("one"), other.label("other")), one)
        for kind, (one, other) in pairs.items()
    )
    return union_all(*(each if ones is None else each.where(one.in_(ones)) for each, one in kinds))
