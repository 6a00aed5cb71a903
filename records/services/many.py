"""Doing one thing to several records, each decided on its own: one that is refused holds none of the others up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from records.errors import PasswordFirst, Refusal


def each(ids: Iterable[int], act: Callable[[int], object]) -> dict[int, Refusal | None]:
    """What became of each, None for done. `act` finds the record in the asker's reach and calls one verb.

    Raises PasswordFirst.
    """
    outcome: dict[int, Refusal | None] = {}
    for record_id in dict.fromkeys(ids):
        try:
            act(record_id)
            outcome[record_id] = None
        except PasswordFirst:  # once for all of them: the first asks, before any is done
            raise
        except Refusal as refusal:
            outcome[record_id] = refusal
    return outcome
