"""What people ask of a short list, such as that of all positions: a part of the name, and one state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from records.models.text import folded, tidy
from records.queries.member_search import words_of


class Kept(StrEnum):
    """Of types, which are retired and never deleted."""

    CURRENT = "current"
    RETIRED = "retired"


class Use(StrEnum):
    """Of units and positions."""

    USED = "used"
    EMPTY = "empty"


@dataclass(frozen=True)
class ShortWanted:
    """The question as far as it makes sense; `state` is one of the list's own words or ''."""

    search: str = ""
    state: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str], states: type[StrEnum]) -> ShortWanted:
        """From the fields of an address; anything may stand in them."""
        state = asked.get("state", "")
        return cls(tidy(asked.get("search", "")[:200]), state if state in set(states) else "")

    def asked(self) -> dict[str, Any]:
        """The fields of an address that asks the same."""
        return {name: value for name, value in vars(self).items() if value}

    def fits(self, state: str, *texts: str) -> bool:
        """Whether a row of that state, with those texts, is wanted: every word must stand in one of them."""
        if self.state not in ("", state):
            return False
        together = folded(" ".join(texts))
        return all(word in together for word in words_of(self.search))
