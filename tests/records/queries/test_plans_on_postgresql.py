"""How PostgreSQL finds the rows of the pages that everybody opens: it reads and sorts a page's worth, not a table.

It plans by the rows that are there, so there are some thousand. What a plan reads is counted while it runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from records.database import db, transaction
from records.models import Certification, CertificationType, ExternalCertificate, Member, Revision, State, Unit
from tests.cast import LONG_AGO, Cast
from tests.certificates import credit_type, in_state
from tests.clearances import require
from tests.holdings import give, today
from tests.records.queries.test_plans import GROWING_TABLES, PAGES

# Of some thousand rows all are soon read; of a hundred times as many PostgreSQL would not think of it.
_WAYS_OF_SMALL_TABLES = ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "material")
MEMBERS, EACH = 6000, 4
# What counts end at is 1,000; a page that is counted on its way reads that many members with what they have.
MOST_READ, MOST_SORTED = 4500, 1100


@pytest.fixture
def explained(on: str) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed, with what their plans did."""
    seen: list[tuple[str, Any]] = []
    busy: list[bool] = []

    def note(connection: Any, cursor: Any, statement: str, given: Any, *_others: Any) -> None:
        if busy or not statement.startswith(("SELECT", "WITH")):
            return
        busy.append(True)
        for way in _WAYS_OF_SMALL_TABLES:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute("SET LOCAL random_page_cost = 1.1")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given)
        (plan,) = cursor.fetchone()
        seen.append((statement, (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
        busy.clear()

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(db.engine, "before_cursor_execute", note)


def _many(model: Any, source: str, **changed: str) -> None:
    """Rows as `source` (FROM and on) finds them in the table itself, named `it`, but for what is changed."""
    columns = [column.name for column in model.__table__.columns if column.name != "id"]
    values = ", ".join(changed.get(name, f"it.{name}") for name in columns)
    with transaction() as session:
        session.execute(sa.text(f"INSERT INTO {model.__tablename__} ({', '.join(columns)}) SELECT {values} {source}"))


def _a_large_organization(cast: Cast) -> None:
    with transaction() as session:
        session.add_all(Unit(name=f"Station {number}", organization_id=cast.fire.id) for number in range(20))
        made = {"organization_id": cast.fire.id, "created_at": LONG_AGO}
        session.add_all(CertificationType(name=f"Type {number}", **made) for number in range(6))
    ceu = credit_type("CEU")
    for state in (State.PENDING, State.DECLINED, State.APPROVED):
        in_state(cast, ceu, state, title=state)
    give(cast.max, cast.emt, 100)
    require("Life support", cast.emt)
    _many(
        Member, f"FROM member it, generate_series(1, {MEMBERS}) AS n WHERE it.id = {cast.max.id}",
        number="'N' || n", folded_number="'n' || n", sort_name="md5(n::text)", account_id="NULL", email="NULL",
        folded_email="NULL", family_name="md5(n::text)", deactivated_at="CASE WHEN n % 12 = 0 THEN it.created_at END",
        joined_on="date '2000-01-01' + n % 9000",
        unit_id=f"(SELECT min(id) FROM unit WHERE organization_id = {cast.fire.id}) + n % 20",
    )  # fmt: skip
    types = f"(SELECT array_agg(id) FROM certification_type WHERE organization_id = {cast.fire.id})"
    _many(
        Certification, f"FROM certification it, member m, generate_series(1, {EACH}) AS n WHERE it.member_id = "
        f"{cast.max.id} AND m.organization_id = {cast.fire.id} AND m.id <> {cast.max.id}",
        member_id="m.id", type_id=f"({types})[1 + (m.id + n) % 8]", number="n::text", folded_number="n::text",
        expires_on=f"date '{today() - timedelta(days=300)}' + (m.id * 37 + n * 211)::int % 1500", issued_on="NULL",
    )  # fmt: skip
    _many(
        ExternalCertificate, f"FROM external_certificate it, member m WHERE m.organization_id = {cast.fire.id} AND "
        f"m.id <> {cast.max.id}",
        submission_key="md5(it.id::text || m.id)", member_id="m.id",
    )  # fmt: skip
    _many(
        Revision, "FROM revision it JOIN external_certificate first ON first.id = it.external_certificate_id JOIN "
        "external_certificate e ON e.state = first.state AND e.id <> first.id",
        external_certificate_id="e.id",
    )  # fmt: skip
    with transaction() as session:
        session.execute(sa.text("ANALYZE"))


def _nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)


def _bad(plan: Any) -> Iterator[str]:
    for node in _nodes(plan):
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        rows = (node["Actual Rows"] + removed) * node["Actual Loops"]
        kind, table = node["Node Type"], node.get("Relation Name", "")
        if table in GROWING_TABLES and (rows > MOST_READ or kind == "Seq Scan"):
            yield f"{kind} of {table}: {rows} rows"
        if kind in ("Sort", "Incremental Sort", "Hash") and node["Plans"][0]["Actual Rows"] > MOST_SORTED:
            yield f"{kind} of {node['Plans'][0]['Actual Rows']} rows"


def test_no_page_reads_or_sorts_a_whole_table(cast, on, explained, monkeypatch):
    if on != "postgresql":
        return
    monkeypatch.setattr("records.queries.matrix.MOST_COUNTED", 0)  # as if there were more than are counted at once
    _a_large_organization(cast)
    by, found = cast.actor(cast.ada), {}
    for name, page in PAGES.items():
        explained.clear()
        page(by)
        assert explained
        bad = [(statement, lines) for statement, plan in explained if (lines := list(_bad(plan)))]
        if bad:
            found[name] = bad
    assert not found
