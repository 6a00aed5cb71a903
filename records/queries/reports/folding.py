"""Sums of units with the units in them: what a figure of a station counts, its teams count, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from records.queries.units import Choice

Numbers = tuple[Any, ...]
# By unit (None: members without one), then by type.
ByUnit = dict[int | None, dict[int, Numbers]]


def added(rows: Iterable[Numbers]) -> Numbers:
    """Place by place; rows are of one length, and at least one."""
    return tuple(sum(column[1:], column[0]) for column in zip(*rows, strict=True))


def with_below(found: Mapping[tuple[int | None, int], Numbers], units: Sequence[Choice]) -> ByUnit:
    """Numbers by unit and type, those of the units below added to each. `units` as `unit_choices` gives them."""
    sums: ByUnit = defaultdict(dict)
    for (unit_id, type_id), numbers in found.items():
        sums[unit_id][type_id] = numbers
    known = {unit.id for unit in units}
    for unit in reversed(units):  # each stands after the one that it lies in
        if unit.parent_id in known:
            above = sums[unit.parent_id]
            for type_id, numbers in sums.get(unit.id, {}).items():
                above[type_id] = added([above[type_id], numbers]) if type_id in above else numbers
    return sums
