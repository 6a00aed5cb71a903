"""The states of an external certificate, and what a reviewer says yes to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class State(StrEnum):
    PENDING = "pending"
    CHANGES_REQUESTED = "changes_requested"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    APPROVED = "approved"
    REVOKED = "revoked"

    @property
    def is_open(self) -> bool:
        """Whether the learner may still change it."""
        return self in (State.PENDING, State.CHANGES_REQUESTED)

    @property
    def is_over(self) -> bool:
        """Whether nothing came of it: the learner may submit a copy."""
        return self in (State.DECLINED, State.WITHDRAWN)


OPEN = (State.PENDING, State.CHANGES_REQUESTED)
FROZEN = tuple(state for state in State if state not in OPEN)
# What a revocation may write on a frozen certificate; a trigger holds the same line.
REVOCATION = frozenset({"state", "revoked_at", "revoked_by_id", "revoked_reason", "version"})


@dataclass(frozen=True)
class Approval:
    """What a reviewer says yes to. `answers` by question; `comment` where the award differs from the claim."""

    credits: Decimal | None
    comment: str = ""
    answers: tuple[tuple[str, bool], ...] = ()
