"""What the ledger adds up to by unit, type, month and year: always the ledger itself."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from records import clock
from records.database import db, organization_scope, transaction
from records.models import CreditEntry, Member
from records.queries.checks import check_organization
from records.queries.credits import totals_of
from records.services import reviews, revocations
from tests import certificates
from tests.certificates import Approval, approved, submitted
from tests.records.queries.reports.asking import ask

TODAY = date(2025, 8, 20)


@pytest.fixture(autouse=True)
def _today():
    with clock.standing_at(datetime(2025, 8, 20, 17, 0, tzinfo=UTC)):
        yield


def _earned(cast, type_, member, on, credits):
    certificate = submitted(
        cast, type_, by=cast.actor(member), earned_on=date.fromisoformat(on), credits=Decimal(credits)
    )
    approval = Approval(certificate.claimed_credits)
    reviews.approve(certificate, approval, seen=certificate.digest(), by=cast.actor(cast.ada))
    return certificate


@pytest.fixture
def ledger(cast):
    """CEU: Max 2.5 and 4 (one of last year), Mia 8, of which 8 reversed, Una 1. CPD: Nora 0.01."""
    ceu = certificates.credit_type("CEU", position=2)
    cpd = certificates.credit_type("CPD", unit="points", position=1)
    _earned(cast, ceu, cast.max, "2025-03-31", "2.5")
    _earned(cast, ceu, cast.max, "2024-12-31", "4")
    gone = _earned(cast, ceu, cast.mia, "2025-03-01", "8")
    _earned(cast, ceu, cast.una, "2025-04-01", "1")
    _earned(cast, cpd, cast.nora, "2025-01-01", "0.01")
    revocations.revoke(db.session.get(type(gone), gone.id), reason="Forged.", by=cast.actor(cast.ada))
    return ceu, cpd


def _credits(rows):
    return [(row.type.name, row.credits) for row in rows]


@pytest.mark.usefixtures("ledger")
def test_units_count_the_units_in_them_and_types_are_never_added(cast):
    rows = ask(cast, "credits")
    found = {(row.unit.name if row.unit else "none", row.type.name): (row.awards, row.reversals, row.credits)
             for row in rows}  # fmt: skip
    assert found == {
        ("Station North", "CPD"): (1, 0, Decimal("0.01")),
        ("Station North", "CEU"): (1, 0, Decimal("2.50")),
        ("Engine 1", "CEU"): (1, 0, Decimal("2.50")),
        ("Station South", "CEU"): (1, 1, Decimal("0.00")),
        ("none", "CEU"): (1, 0, Decimal("1.00")),
    }
    assert _credits(rows.totals) == [("CPD", Decimal("0.01")), ("CEU", Decimal("3.50"))]


@pytest.mark.usefixtures("ledger")
def test_months_and_years_follow_each_other(cast):
    rows = ask(cast, "credits", group="month", period="ever")
    assert [(row.since, row.type.name, row.credits) for row in rows] == [
        (date(2024, 12, 1), "CEU", Decimal(4)),
        (date(2025, 1, 1), "CPD", Decimal("0.01")),
        (date(2025, 3, 1), "CEU", Decimal("2.5")),
        (date(2025, 4, 1), "CEU", Decimal(1)),
    ]
    rows = ask(cast, "credits", group="year", period="ever")
    assert [(row.since, row.type.name, row.credits) for row in rows] == [
        (date(2024, 1, 1), "CEU", Decimal(4)),
        (date(2025, 1, 1), "CPD", Decimal("0.01")),
        (date(2025, 1, 1), "CEU", Decimal("3.5")),
    ]


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("group", ["unit", "type", "month", "year"])
def test_the_totals_are_the_sum_of_the_ledger_and_of_the_members_balances(cast, group):
    with transaction() as session:
        session.get_one(Member, cast.una.id).deactivated_at = clock.now()
    rows = ask(cast, "credits", group=group, period="ever", people="everyone")
    everyone = {row.type.id: row.credits for row in rows.totals or rows}
    by_type = select(CreditEntry.credit_type_id, func.sum(CreditEntry.amount)).group_by(CreditEntry.credit_type_id)
    assert everyone == dict(tuple(row) for row in db.session.execute(by_type))
    balances: dict[int, Decimal] = {}
    for member in db.session.query(Member).filter(Member.deactivated_at.is_(None)):
        for total in totals_of(member, on=TODAY):
            balances[total.type.id] = balances.get(total.type.id, Decimal(0)) + total.all_time
    rows = ask(cast, "credits", group=group, period="ever")
    assert {row.type.id: row.credits for row in rows.totals or rows} == balances
    assert check_organization().problems == []


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("group", ["type", "month", "year"])
def test_the_lines_add_up_to_the_totals(cast, group):
    rows = ask(cast, "credits", group=group, period="ever")
    sums: dict[int, Decimal] = {}
    for row in rows:
        sums[row.type.id] = sums.get(row.type.id, Decimal(0)) + row.credits
    assert sums == {row.type.id: row.credits for row in (rows.totals or rows)}


def test_filters_and_scope_hold(cast, ledger):
    _ceu, cpd = ledger
    assert _credits(ask(cast, "credits", group="type", credit_type=cpd.id)) == [("CPD", Decimal("0.01"))]
    assert _credits(ask(cast, "credits", group="type", unit=cast.engine.id)) == [("CEU", Decimal("2.5"))]
    assert _credits(ask(cast, "credits", group="type", unit="none")) == [("CEU", Decimal(1))]
    nora = ask(cast, "credits", cast.nora)
    assert [row.unit.name for row in nora] == ["Station North", "Station North", "Engine 1"]
    assert list(ask(cast, "credits", cast.nora, unit=cast.south.id)) == []
    with organization_scope(cast.clinic.id):
        assert list(ask(cast, "credits", cast.ken, period="ever", people="everyone")) == []


def test_the_awards_of_a_time_are_those_that_count_in_it(cast):
    ceu = certificates.credit_type("CEU")
    approved(cast, ceu, earned_on=date(2025, 3, 31))
    for first, last, number in (("2025-03-31", "2025-03-31", 1), ("2025-04-01", "2025-12-31", 0)):
        rows = ask(cast, "credits", group="type", period="own_dates", first=first, last=last)
        assert sum(row.awards for row in rows) == number
