"""Counting no further than a page says: what there is more of costs no more to count."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

MOST_COUNTED = 1000


def counting(statement: Select[Any]) -> Select[int]:
    """How many rows the statement has, which selects at least one column; MOST_COUNTED + 1 means "more"."""
    return select(func.count()).select_from(statement.limit(MOST_COUNTED + 1).subquery())
