"""How many examples a property is tried with, and which files: a third of them in the short run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_of = {"parts": 1}


def shorten() -> None:
    """This is the short run. Called before any test module is imported."""
    _of["parts"] = 3


def is_short() -> bool:
    return _of["parts"] > 1


def examples(most: int) -> int:
    return most // _of["parts"]


def some(of: Sequence[T]) -> Sequence[T]:
    """All of them in the long run; in the short one every third, from all along the row."""
    return of[:: _of["parts"]]
