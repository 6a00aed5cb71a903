"""Who lacks what a requirement asks for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from records import clock
from records.database import organization_scope, transaction
from records.models import Member, Rule, TypeEquivalence
from records.models.clearance import Outcome
from records.queries import matrix
from records.queries.matrix import every_row
from records.queries.reports.gaps import missing
from tests import certificates
from tests.clearances import exempt, position, require
from tests.holdings import give
from tests.records.queries.reports.asking import ask, statements


def _found(rows):
    return [(gap.member.given_name, gap.finding.demand.name) for gap in rows]


@pytest.fixture
def required(cast):
    """Everyone needs EMT, South a forklift licence too, drivers (Max) any of both, all but Nora credits."""
    give(cast.max, cast.emt, 100)
    give(cast.mia, cast.emt, -100)
    emt = require("Medical", cast.emt, position=1)
    require("Warehouse", cast.forklift, units=[cast.south], position=2)
    require("Driving", cast.emt, cast.forklift, positions=[position("Driver", cast.max)], rule=Rule.ANY, position=3)
    require("Learning", credit_type=certificates.credit_type(), credits=Decimal(5), position=4, members=[cast.una])
    exempt(cast.carl, emt, cast.ada)
    return emt


@pytest.mark.usefixtures("required")
def test_a_line_stands_for_each_member_and_requirement(cast):
    rows = ask(cast, "missing")
    assert _found(rows) == [
        ("Ada", "Medical"), ("Nora", "Medical"), ("Mia", "Medical"), ("Mia", "Warehouse"), ("Una", "Medical"),
        ("Una", "Learning"),
    ]  # fmt: skip
    assert rows.count() == 6
    assert list(rows.page("").rows) == list(rows)


@pytest.mark.usefixtures("required")
def test_the_matrix_says_the_same(cast):
    every = every_row(matrix.Asked(), by=cast.actor(cast.ada)).rows
    there = {
        (member.given_name, finding.demand.name)
        for member, _, findings in every
        for finding in findings
        if finding.outcome == Outcome.MISSING
    }
    assert set(_found(ask(cast, "missing"))) == there


def test_figures_of_requirements_are_the_lengths_of_their_lists(cast, required):
    rows = ask(cast, "missing")
    for demand, number in rows.by_requirement:
        narrowed = ask(cast, "missing", requirement=demand.id)
        assert narrowed.count() == len(list(narrowed)) == number
    assert _found(ask(cast, "missing", requirement=required.id, unit=cast.south.id)) == [("Mia", "Medical")]


@pytest.mark.usefixtures("required")
def test_scope_organization_and_activity_hold(cast):
    assert _found(ask(cast, "missing", cast.nora)) == [("Nora", "Medical")]
    with transaction() as session:
        session.get_one(Member, cast.mia.id).deactivated_at = clock.now()
    rows = ask(cast, "missing")
    assert "Mia" not in {name for name, _ in _found(rows)}
    assert rows.count() == len(list(rows)) == 4
    with organization_scope(cast.clinic.id):
        assert list(ask(cast, "missing", cast.ken)) == []


def test_a_requirement_that_no_longer_stands_finds_nobody(cast, required):
    with transaction():
        required.retired_at = clock.now()
    assert list(ask(cast, "missing", requirement=required.id)) == []
    assert ask(cast, "missing", requirement=required.id).count() == 0


@pytest.mark.usefixtures("required")
def test_pages_end_with_a_member_and_lead_through_all(cast, monkeypatch):
    monkeypatch.setattr("records.queries.reports.gaps.PAGE", 1)
    monkeypatch.setattr("records.queries.reports.gaps._AT_ONCE", 2)
    rows = ask(cast, "missing")
    found, after = [], ""
    while True:
        page = rows.page(after)
        assert len({gap.member.id for gap in page.rows}) == 1
        found += _found(page.rows)
        after = page.following
        if not after:
            break
    assert found == _found(rows)
    assert len(found) == 6


def test_statements_do_not_grow_with_members(cast, required):
    def counted():
        rows = missing(_asked(), cast.actor(cast.ada))
        with statements() as seen:
            assert [gap.member.unit for gap in rows.page("").rows]
        return len(seen)

    def _asked():
        from records.queries.reports import REPORTS

        return REPORTS["missing"].read({})

    counted()
    before = counted()
    with transaction() as session:
        for number in range(20):
            session.add(Member(given_name="A", family_name=str(number), created_at=clock.now(), unit_id=cast.engine.id))
    assert counted() == before


def test_whom_a_requirement_names_besides_its_units_is_counted_once(cast):
    """Nora is in the unit, Max below it and named, Una in none and named; Mia is in another."""
    require("Warehouse", cast.forklift, units=[cast.north], members=[cast.max, cast.una])
    for by, names in ((cast.ada, ["Max", "Nora", "Una"]), (cast.nora, ["Max", "Nora"])):
        rows = ask(cast, "missing", by)
        assert sorted({gap.member.given_name for gap in rows}) == names
        assert rows.count() == rows.count(None) == len(list(rows)) == len(names)
    give(cast.max, cast.forklift, 100)
    assert ask(cast, "missing").count() == 2


def test_statements_that_are_kept_are_those_of_the_same_requirements(cast):
    """With the name of one, or what counts as its type, changed, others are asked."""
    rule = require("Warehouse", cast.forklift)
    assert {gap.finding.demand.name for gap in ask(cast, "missing")} == {"Warehouse"}
    give(cast.max, cast.emt, 100)
    assert "Max" in {gap.member.given_name for gap in ask(cast, "missing")}
    with transaction() as session:
        session.add(TypeEquivalence(organization_id=cast.fire.id, type_id=cast.emt.id, counts_as_id=cast.forklift.id))
    assert "Max" not in {gap.member.given_name for gap in ask(cast, "missing")}
    assert ask(cast, "missing", requirement=rule.id).count() == len(list(ask(cast, "missing")))
