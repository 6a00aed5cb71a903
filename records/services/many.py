"""Doing one thing to several records, each decided on its own: one that is refused holds none of the others up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from records.errors import PasswordFirst, Refusal, StorageOutOfReach


def each(ids: Iterable[int], act: Callable[[int], object]) -> dict[int, Refusal | None]:
    """What became of each, None for done. `act` finds the record in the asker's reach and calls one verb. Once the
    storage is out of reach it is not asked again for the others.

    Raises PasswordFirst.
    """
    outcome: dict[int, Refusal | None] = {}
    away: StorageOutOfReach | None = None
    for record_id in dict.fromkeys(ids):
        if away is not None:
            outcome[record_id] = away
            continue
        try:
            act(record_id)
            outcome[record_id] = None
        except PasswordFirst:  # once for all of them: the first asks, before any is done
            raise
        except StorageOutOfReach as refusal:
            outcome[record_id] = away = refusal
        except Refusal as refusal:
            outcome[record_id] = refusal
    return outcome
