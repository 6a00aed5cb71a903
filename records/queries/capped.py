"""Counting no further than a page says: what there is more of costs no more to count."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Select, func, select

from records.database import db

MOST_COUNTED = 1000


def counting(statement: Select[Any], most: int | BindParameter[int] | None = MOST_COUNTED + 1) -> Select[int]:
    """How many rows the statement has, which selects at least one column; MOST_COUNTED + 1 means "more". Counted no
    further than `most`, None for to the end."""
    return select(func.count()).select_from(statement.limit(most).subquery())


def count_of(statement: Select[Any], most: int | None) -> int:
    """How many rows the statement has, likewise."""
    return db.session.scalar(counting(statement, most)) or 0
