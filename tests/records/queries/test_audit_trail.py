"""Every question that the trail's pages ask is answered by an index, with no look at every event; sorted is nothing but
what an index alone gives, or the rows of one page."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from records.database import db
from records.models import AuditEvent
from records.queries.audit_filters import TrailWanted
from records.queries.audit_trail import audit_trail
from records.queries.viewers import looks_at
from records.services.sealing import seal
from tests.trails import many

MANY = 3_000


def plans(act) -> list[str]:
    """How the database reads events, for each statement that `act` makes on them."""
    asked = []

    def note(_connection, _cursor, statement, parameters, *_others):
        if "FROM audit_event" in statement:
            asked.append((statement, parameters))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    found = []
    with db.engine.connect() as connection:
        for statement, parameters in asked:
            found.append("\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters)))
    assert found
    return found


def is_indexed(plan: str) -> bool:
    if "QUERY" in plan or "SEARCH" in plan or "SCAN" in plan:  # SQLite
        cheap = "COVERING INDEX ix_audit_event_at" in plan or "audit_event USING INTEGER PRIMARY KEY (rowid=?)" in plan
        return "SCAN audit_event" not in plan and ("USE TEMP B-TREE" not in plan or cheap)
    return "Seq Scan on audit_event" not in plan


@pytest.fixture
def long_trail(cast):
    many(cast, MANY)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE audit_event" if connection.dialect.name == "postgresql" else "SELECT 1")


# Days with another filter besides look at the events of these days, one by one.
@pytest.mark.parametrize(
    "wanted",
    [
        TrailWanted(),
        TrailWanted(before=str(100_000 + MANY // 2)),
        TrailWanted(kind="unit.merged"),
        TrailWanted(record="unit"),
        TrailWanted(search="miller"),
        TrailWanted(who="okafor"),
        TrailWanted(who="lindgren", kind="member.changed"),
        TrailWanted(member="1"),
        TrailWanted(last=date(2001, 1, 1)),
        TrailWanted(first=date(2199, 1, 1)),
    ],
    ids=str,
)
def test_the_trails_page(cast, long_trail, wanted):
    for plan in plans(lambda: audit_trail(wanted, by=cast.actor(cast.ada))):
        assert is_indexed(plan), plan


def test_who_looked(cast, long_trail):
    for plan in plans(lambda: looks_at(by=cast.actor(cast.max))):
        assert is_indexed(plan), plan


def test_what_waits_to_be_sealed(cast, long_trail):
    for plan in plans(seal):
        assert "ix_audit_event_waiting" in plan or "sequence" in plan, plan
    assert db.session.scalar(sa.select(sa.func.count()).where(AuditEvent.sequence.is_(None))) == 0
