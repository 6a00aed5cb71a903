"""How many examples a property is tried with: a third of them in the short run."""

from __future__ import annotations

_of = {"parts": 1}


def shorten() -> None:
    """This is the short run. Called before any test module is imported."""
    _of["parts"] = 3


def examples(most: int) -> int:
    return most // _of["parts"]
