"""How SQLite finds the rows of the pages that everybody opens: along an index, as far as the page goes.

SQLite plans by the numbers that a sweep takes: here by none, and by those of 100,000 members with a million
certifications, which need not be there for that. PostgreSQL would look at the rows themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from records.database import db, transaction
from records.models import Actor, ExternalCertificate, Member
from records.queries.among import among
from records.queries.approval_filters import QueueWanted
from records.queries.approvals import backlog, certificates_of, next_to_decide, queue
from records.queries.attention import attention
from records.queries.certificate_list import Wanted as ListWanted
from records.queries.certificate_list import certificates, standings
from records.queries.credits import Filter, entries_of, totals_of
from records.queries.due_notices import candidates
from records.queries.findings import badge_of, own_clearance
from records.queries.holdings import of_members, of_types
from records.queries.matrix import Asked, matrix
from records.queries.member_filters import Wanted
from records.queries.member_merges import standing_merges_of
from records.queries.members import member_list
from records.queries.messages import unread_count
from records.queries.notices import notices_of_member
from records.queries.profiles import profile_of
from records.queries.reports import report_named
from records.queries.review_pages import review_page
from records.services import sweeps
from tests.cast import actor_of
from tests.holdings import give, today
from tests.requirements import require

GROWING_TABLES = (
    "member", "certification", "external_certificate", "credit_entry", "reminder", "renewal", "revision", "scan",
    "audit_event", "audit_detail", "message", "reminder_message", "exemption", "member_position",
)  # fmt: skip
GROWING = rf"({'|'.join(GROWING_TABLES)})(_[0-9]+)?"
_REFUSED = re.compile(rf"^(SCAN {GROWING}\b|BLOOM FILTER ON {GROWING} )")
_SORTED, _OF_GROWING = "USE TEMP B-TREE FOR ORDER BY", re.compile(rf"^(SCAN|SEARCH) {GROWING}\b")
# What belongs to one record is looked up by that, or is a record itself: few to sort.
_FEW = re.compile(
    r"\b(rowid|id|member_id|external_certificate_id|certification_id|supersedes_id|subject_id|reminder_id|event_id)=\?"
)
_OF_ROWS = re.compile(rf"(FROM|JOIN) {GROWING}\b")
# What sorts only the rows of one page says which those are: the first of several walks.
_OF_A_PAGE = re.compile(r"\bwalk_0\b|\bunit_0\b")

NUMBERS = {
    ("certification", "uq_certification_held_once"): "1000000 1000000 10 1 1 1",
    ("certification", "ix_certification_type_id"): "1000000 1000000 20000 19",
    ("certification", "ix_certification_revoked_on"): "9973 9973 10",
    ("certification", "ix_certification_supersedes_id"): "1000000 1000000 1000000",
    ("certification", "ix_certification_member_id"): "1000000 1000000 10",
    ("certification", "ix_certification_import_id"): "1000000 1000000 1000000",
    ("certification", "ix_certification_folded_number"): "1000000 1000000 1",
    ("certification", "ix_certification_expires_on"): "1000000 1000000 551 1 1 1 1",
    ("certification", "sqlite_autoindex_certification_1"): "1000000 1000000 1",
    ("certification_type", "ix_certification_type_position"): "50 50 1 1",
    ("certification_type", "sqlite_autoindex_certification_type_2"): "50 50 1",
    ("external_certificate", "ix_external_certificate_state"): "200000 200000 66667 104 1",
    ("external_certificate", "ix_external_certificate_state_member"): "200000 200000 66667 1",
    ("external_certificate", "ix_external_certificate_pending"): "10105 10105 1 1",
    ("external_certificate", "ix_external_certificate_member_id"): "200000 200000 2 1 1",
    ("external_certificate", "ix_external_certificate_folded_number"): "200000 200000 200000",
    ("external_certificate", "ix_external_certificate_credit_type_id"): "200000 200000 25000",
    ("external_certificate", "sqlite_autoindex_external_certificate_2"): "200000 200000 2 1",
    ("external_certificate", "sqlite_autoindex_external_certificate_1"): "200000 200000 1",
    ("unit", "sqlite_autoindex_unit_1"): "40 40 1",
    ("member", "ix_member_deactivated"): "8075 8075 1",
    ("member", "ix_member_unit_id_sort_name"): "100001 100001 2501 1 1",
    ("member", "ix_member_unit_id_folded_number"): "100001 100001 2501 1 1",
    ("member", "ix_member_unit_id_joined_on"): "100001 100001 2501 1 1",
    ("member", "ix_member_unit_id_last_seen_at"): "100001 100001 2501 2501 1",
    ("member", "ix_member_sort_name_active"): "91926 91926 1 1",
    ("member", "ix_member_sort_name"): "100001 100001 1 1",
    ("member", "ix_member_role_sort_name"): "100001 100001 50001 1 1",
    ("member", "ix_member_last_seen_at"): "100001 100001 100001 1",
    ("member", "ix_member_joined_on"): "100001 100001 28 1",
    ("member", "ix_member_folded_number_sort"): "100001 100001 1 1",
    ("member", "sqlite_autoindex_member_4"): "100001 100001 1",
    ("member", "sqlite_autoindex_member_3"): "100001 100001 1",
    ("member", "sqlite_autoindex_member_2"): "100001 100001 1",
    ("member", "sqlite_autoindex_member_1"): "100001 100001 33334",
    ("reminder", "ix_reminder_member_id"): "231587 231587 3 1",
    ("reminder", "ix_reminder_created_at"): "231587 231587 2293 1",
    ("reminder", "sqlite_autoindex_reminder_2"): "231587 231587 1",
}


def _report(name: str, **fields: str) -> Callable[[Actor], Any]:
    def asked(by: Actor) -> None:
        report = report_named(name, by=by)
        rows = report.rows(report.read(fields), by)
        rows.page("")
        rows.count()

    return asked


def _of_max(by: Actor) -> tuple[Member, Actor]:
    """A learner, and they themselves."""
    member = db.session.scalars(sa.select(Member).where(Member.folded_number == "1004")).one()
    return member, actor_of(member)


def _profile(by: Actor) -> None:
    member, _ = _of_max(by)
    profile_of(member.id, by=by)
    certificates_of(member, by=by)
    notices_of_member(member)
    standing_merges_of(member, by=by)
    badge_of(member)


def _review(by: Actor) -> None:
    for certificate in db.session.scalars(sa.select(ExternalCertificate).limit(1)):
        review_page(certificate.id, by=by)
        next_to_decide(QueueWanted(), after=certificate, by=by)


def _portfolio(by: Actor) -> None:
    _, own = _of_max(by)
    certificates(ListWanted(), by=own)
    standings(by=own)
    own_clearance(by=own)
    unread_count(by=own)


def _credits(by: Actor) -> None:
    member, _ = _of_max(by)
    totals_of(member, on=today())
    entries_of(member, Filter(), on=today())


PAGES: dict[str, Callable[[Actor], Any]] = {
    "members": lambda by: member_list(Wanted(), by=by),
    "queue": lambda by: (queue(QueueWanted(), by=by), backlog(by=by)),
    "declined": lambda by: queue(QueueWanted(state="declined"), by=by),
    "expiring": _report("expiring", period="next_30"),
    "expiring, renewed ones too": _report("expiring", renewed="all"),
    "expired": _report("expired"),
    "standing by member": _report("standing-by-member"),
    "missing": _report("missing"),
    "notices": _report("notices"),
    "home": lambda by: attention(by=by),
    "profile": _profile,
    "review": _review,
    "portfolio": _portfolio,
    "credits": _credits,
    "matrix": lambda by: matrix(Asked(), by=by),
}


@pytest.fixture
def said() -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(*facts: Any) -> None:
        seen.append((facts[2], facts[3]))

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def _take_numbers(*, large: bool) -> None:
    """As a sweep does; of what is here, or those of a large organization."""
    with transaction() as session:
        session.execute(sa.text("ANALYZE"))
        session.execute(sa.text("DELETE FROM sqlite_stat1"))
        for (table, index), numbers in NUMBERS.items() if large else ():
            session.execute(
                sa.text("INSERT INTO sqlite_stat1 VALUES (:table, :index, :numbers)"),
                {"table": table, "index": index, "numbers": numbers},
            )
    db.session.rollback()
    db.engine.dispose()


def _plan(statement: str, parameters: Any) -> list[tuple[int, str]]:
    """Each line with the number of the part of the statement that it belongs to."""
    with db.engine.connect() as connection:
        return [(row[1], row[3]) for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)]


def _bad(plan: list[tuple[int, str]]) -> Iterator[str]:
    for part, line in plan:
        beside = [other for its_part, other in plan if its_part == part and _OF_GROWING.search(other)]
        if _REFUSED.search(line) or (line == _SORTED and not all(map(_FEW.search, beside))):
            yield line


@pytest.mark.parametrize("large", [False, True], ids=["not counted", "counted"])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_reads_or_sorts_a_whole_table(cast, said, on, name, large, monkeypatch):
    if on != "sqlite":
        return
    monkeypatch.setattr("records.queries.matrix.MOST_COUNTED", 0)  # as if there were more than are counted at once
    _take_numbers(large=large)
    require(cast)
    said.clear()
    PAGES[name](cast.actor(cast.ada))
    asked = [each for each in said if each[0].startswith(("SELECT", "WITH")) and _OF_ROWS.search(each[0])]
    assert asked
    for statement, parameters in asked:
        plan = _plan(statement, parameters)
        bad = [*_bad(plan)]
        if _OF_A_PAGE.search(statement):
            bad = [line for line in bad if "ORDER BY" not in line]
        assert not bad, "\n".join([statement, *(line for _, line in plan)])


@pytest.mark.parametrize("name", ["queue", "declined", "expiring", "expired", "home"])
def test_counts_read_of_members_those_alone_who_are_not_active(cast, said, on, name):
    if on != "sqlite":
        return
    _take_numbers(large=True)
    said.clear()
    PAGES[name](cast.actor(cast.ada))
    asked = [each for each in said if " AS gone" in each[0]]
    looked_up = [line for each in asked for _, line in _plan(*each) if line.startswith("SEARCH gone ")]
    assert looked_up
    assert all("INDEX ix_member_deactivated" in line for line in looked_up), looked_up


@pytest.mark.parametrize("sort", ["name", "-number", "joined", "-seen"])
def test_the_members_of_a_unit_stand_in_an_index_in_each_order(cast, said, on, sort):
    """What is sorted besides is one page, put together of those with a key and those without."""
    if on != "sqlite":
        return
    _take_numbers(large=True)
    said.clear()
    member_list(Wanted.read({"unit": str(cast.max.unit_id), "sort": sort}), by=cast.actor(cast.ada))
    (asked,) = [each for each in said if "ORDER BY" in each[0]]
    plan = [line for _, line in _plan(*asked)]
    order = {"name": "sort_name", "-number": "folded_number", "joined": "joined_on", "-seen": "last_seen_at"}[sort]
    assert any(f"INDEX ix_member_unit_id_{order}" in line for line in plan), "\n".join(plan)
    assert plan.count(_SORTED) <= (0 if sort == "name" else 1), "\n".join(plan)


BULK: dict[str, Callable[[], Any]] = {
    "due notices": lambda: candidates(date(2027, 1, 1)),
    "held of types": lambda: db.session.execute(of_types([(1, 1), (2, 1)])),
    "held by members": lambda: db.session.execute(of_members([1, 2, 3])),
    "members by number": lambda: db.session.execute(
        sa.select(Member.id).where(among(Member.folded_number, ["a", "b"]))
    ),
    "members by address": lambda: db.session.execute(sa.select(Member.id).where(among(Member.folded_email, ["a"]))),
    "members by id": lambda: db.session.execute(sa.select(Member.id).where(among(Member.id, [1, 2]))),
}


@pytest.mark.parametrize("large", [False, True], ids=["not counted", "counted"])
@pytest.mark.parametrize("name", BULK)
def test_bulk_work_looks_rows_up(cast, said, on, name, large):
    """And never walks members or certifications; what was sent is told by an index alone."""
    if on != "sqlite":
        return
    _take_numbers(large=large)
    said.clear()
    BULK[name]()
    asked = [each for each in said if each[0].startswith(("SELECT", "WITH")) and _OF_ROWS.search(each[0])]
    assert asked
    for statement, parameters in asked:
        plan = [line for _, line in _plan(statement, parameters)]
        assert not [line for line in plan if _REFUSED.search(line)], "\n".join([statement, *plan])
        if "EXISTS (SELECT reminder" in statement and "snooze.until_on" not in statement:
            assert any("reminder USING COVERING INDEX" in line for line in plan), "\n".join([statement, *plan])
            assert plan[0].startswith("SEARCH certification USING INDEX ix_certification_expires_on"), plan


@pytest.mark.parametrize("name", PAGES)
def test_statements_do_not_grow_with_rows(cast, said, name):
    require(cast)
    by = cast.actor(cast.ada)
    counts = []
    for more in (0, 5):
        for number in range(more):
            give(cast.max, cast.emt, 10 * number - 20, number=f"{name} {number}", issued_in=None)
        PAGES[name](by)
        said.clear()
        PAGES[name](by)
        counts.append(sum(each[0].startswith(("SELECT", "WITH")) for each in said))
    assert counts[0] == counts[1] <= 11


def test_a_sweep_counts_for_the_planner_and_open_connections_hear_of_it(cast, on, said):
    sweeps.sweep()
    counted = any(statement == "ANALYZE" for statement, _ in said)
    assert counted == (on == "sqlite")
    if counted:
        tables = set(db.session.scalars(sa.text("SELECT tbl FROM sqlite_stat1")))
        assert {"member", "unit"} <= tables
