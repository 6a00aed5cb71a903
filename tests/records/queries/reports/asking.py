"""Asking a report in tests, as an address would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from records.database import db
from records.models import Member
from records.queries.reports import Rows, report_named
from tests.cast import Cast


def ask(cast: Cast, name: str, by: Member | None = None, **fields: Any) -> Rows:
    """The rows of a report under these filters, for Ada or another."""
    actor = cast.actor(by or cast.ada)
    report = report_named(name, by=actor)
    return report.rows(report.read({field: str(value) for field, value in fields.items()}), actor)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    seen: list[str] = []

    def note(*facts: Any) -> None:
        seen.append(facts[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
