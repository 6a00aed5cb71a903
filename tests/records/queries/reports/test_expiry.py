"""What expires in a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records import clock
from records.database import locked, organization_scope, transaction
from records.models import Member, Unit
from records.queries.attention import attention
from tests.holdings import give, today
from tests.records.queries.reports.asking import ask, statements


def _found(rows):
    return [(row.family_name, (row.expires_on - today()).days) for row in rows]


def test_the_next_90_days_go_without_saying_both_ends_included(cast):
    for member, days in ((cast.max, 0), (cast.mia, 90), (cast.una, 91), (cast.nora, -1)):
        give(member, cast.emt, days)
    assert _found(ask(cast, "expiring")) == [("Miller", 0), ("Söderström", 90)]
    assert ask(cast, "expiring", period="next_30").count() == 1


def test_own_dates_reach_anywhere(cast):
    give(cast.max, cast.emt, -20)
    give(cast.mia, cast.emt, 500)
    first, last = (today() + timedelta(days=days) for days in (-30, 600))
    assert ask(cast, "expiring", period="own_dates", first=first, last=last).count() == 2
    assert _found(ask(cast, "expiring", period="own_dates", last=last)) == [("Miller", -20), ("Söderström", 500)]
    assert _found(ask(cast, "expiring", period="own_dates", first=today())) == [("Söderström", 500)]


def test_renewed_or_followed_ones_are_shown_only_if_asked_for(cast):
    earlier = give(cast.max, cast.emt, 20, number="1")
    give(cast.max, cast.emt, 700, number="2", renews=earlier, issued_in=0)
    give(cast.mia, cast.emt, 20, number="1")
    give(cast.mia, cast.emt, 700, number="2")
    give(cast.una, cast.emt, 20, number="1")
    give(cast.una, cast.emt, 700, number="2", change=lambda each: each.revoke(on=today(), reason="Forged."))
    give(cast.nora, cast.emt, 20, number="1")
    give(cast.nora, cast.forklift, 700)
    assert _found(ask(cast, "expiring")) == [("Unassigned", 20), ("Núñez", 20)]
    rows = list(ask(cast, "expiring", renewed="all"))
    assert {row.family_name: bool(row.is_followed) for row in rows} == {
        "Miller": True, "Söderström": True, "Unassigned": False, "Núñez": False,
    }  # fmt: skip
    assert next(row for row in rows if row.family_name == "Miller").standing == "superseded"


def test_the_first_page_of_the_back_office_agrees(cast):
    for number, days in enumerate((0, 5, 30, 31, -2)):
        give((cast.max, cast.mia, cast.una)[number % 3], cast.emt, days, number=str(number))
    give(cast.nora, cast.forklift, 10)
    listed = [row.row_id for row in ask(cast, "expiring", period="next_90")]
    found = attention(by=cast.actor(cast.ada))
    assert [each.id for each in found.next_ones] == listed
    assert found.ahead["next_30"] == ask(cast, "expiring", period="next_30").count() == len(listed) - 1


def test_deleted_revoked_and_of_deactivated_members_are_left_out(cast):
    give(cast.max, cast.emt, 20, change=lambda each: each.delete(at=clock.now()))
    give(cast.mia, cast.emt, 20, change=lambda each: each.revoke(on=today(), reason="Forged."))
    give(cast.una, cast.emt, 20)
    with transaction() as session:
        session.get_one(Member, cast.una.id).deactivated_at = clock.now()
    assert list(ask(cast, "expiring", renewed="all")) == []


@pytest.fixture
def expiring(cast):
    for member in (cast.max, cast.mia, cast.una):
        give(member, cast.emt, 20)
        give(member, cast.forklift, 40)


@pytest.mark.usefixtures("expiring")
def test_filters_narrow_by_unit_and_type(cast):
    assert ask(cast, "expiring", type=cast.emt.id).count() == 3
    assert _found(ask(cast, "expiring", unit=cast.north.id)) == [("Miller", 20), ("Miller", 40)]
    assert _found(ask(cast, "expiring", unit="none", type=cast.forklift.id)) == [("Unassigned", 40)]
    assert list(ask(cast, "expiring", type=cast.clinic_emt.id)) == []


@pytest.mark.usefixtures("expiring")
def test_scope_and_organization_hold(cast):
    assert {row.family_name for row in ask(cast, "expiring", cast.nora)} == {"Miller"}
    assert ask(cast, "expiring", cast.carl).count() == 6
    with organization_scope(cast.clinic.id):
        assert ask(cast, "expiring", cast.ken).count() == 0


@pytest.mark.usefixtures("expiring")
def test_a_page_is_one_statement(cast):
    rows = ask(cast, "expiring")
    with statements() as seen:
        page = rows.page("")
        assert {row.unit for row in page.rows} == {"Engine 1", "Station South", None}
    assert len(seen) == 1


def test_a_unit_that_moves_takes_its_members_along(cast):
    """The statements are kept, and ask of the units as they are now."""
    give(cast.max, cast.emt, -5)
    give(cast.max, cast.forklift, 5)

    def numbers():
        reports = ("expiring", "expired", "standing-by-member")
        return [[ask(cast, name, unit=unit.id).count() for name in reports] for unit in (cast.north, cast.south)]

    assert numbers() == [[1, 1, 2], [0, 0, 0]]
    with transaction():
        locked(Unit, cast.engine.id).parent_id = cast.south.id
    assert numbers() == [[0, 0, 0], [1, 1, 2]]


def test_a_file_reads_the_columns_that_it_shows_of_the_same_rows(cast):
    for member, days in ((cast.max, 30), (cast.mia, 10), (cast.nora, 20)):
        give(member, cast.emt, days)
    rows = ask(cast, "expiring")
    few = list(rows.holding({"family_name", "expires_on"}))
    assert [row._fields for row in few] == [("family_name", "expires_on")] * 3
    assert _found(few) == _found(rows)
