"""Standing by member, by unit and by type, and what has expired: figures and the lists behind them agree."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records import clock
from records.database import db, organization_scope, transaction
from records.models import Certification, Member, Standing
from records.models.standing import BEST_FIRST
from records.queries.member_filters import Wanted
from records.queries.members import member_list
from tests.examples import examples
from tests.holdings import give, today
from tests.records.queries.reports.asking import ask, statements


def _suspended(certification):
    certification.suspend(on=today(), reason="Refresher missing.")


def _deleted(certification):
    certification.delete(at=clock.now())


def _revoked(certification):
    certification.revoke(on=today(), reason="Forged.")


def _names(rows):
    return [(row.family_name, row.type) for row in rows]


@pytest.fixture
def held(cast):
    """Max (Engine 1, in North): EMT valid beside an expired one, forklift expired. Mia (South): EMT expiring soon.
    Nora (North): EMT suspended. Una (no unit): forklift revoked, and one of next year."""
    give(cast.max, cast.emt, -50, number="1")
    give(cast.max, cast.emt, 400, number="2")
    give(cast.max, cast.forklift, -20)
    give(cast.mia, cast.emt, 20)
    give(cast.nora, cast.emt, 200, change=_suspended)
    give(cast.una, cast.forklift, 300, change=_revoked)
    give(cast.una, cast.emt, 700, issued_in=5)


@pytest.mark.usefixtures("held")
def test_a_member_stands_by_the_best_certification_of_each_type(cast):
    rows = {(row.family_name, row.type): BEST_FIRST[row.rank] for row in ask(cast, "standing-by-member")}
    assert rows == {
        ("Miller", "EMT-Basic"): Standing.VALID,
        ("Miller", "Forklift licence"): Standing.EXPIRED,
        ("Söderström", "EMT-Basic"): Standing.EXPIRING_SOON,
        ("Núñez", "EMT-Basic"): Standing.SUSPENDED,
        ("Unassigned", "Forklift licence"): Standing.REVOKED,
        ("Unassigned", "EMT-Basic"): Standing.NOT_YET_VALID,
    }
    assert _names(ask(cast, "standing-by-member", standing="valid")) == [("Miller", "EMT-Basic")]


@pytest.mark.usefixtures("held")
def test_a_unit_counts_the_units_in_it_and_the_total_counts_each_once(cast):
    rows = ask(cast, "standing", group="unit")
    found = {row.unit.name if row.unit else "none": (row.total, row.of(Standing.VALID)) for row in rows}
    assert found == {"Station North": (3, 1), "Engine 1": (2, 1), "Station South": (1, 0), "none": (2, 0)}
    assert rows.totals[0].total == 6


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("group", ["type", "unit", "unit_and_type"])
@pytest.mark.parametrize("who", ["ada", "carl", "nora"])
def test_every_figure_is_the_length_of_the_list_behind_it(cast, group, who):
    by = getattr(cast, who)
    rows = ask(cast, "standing", by, group=group)
    assert rows.rows
    for row, standing in product([*rows, *rows.totals], BEST_FIRST):
        fields = {"standing": standing, "type": row.type.id if row.type else ""}
        fields["unit"] = row.unit.id if row.unit else "none" if row.without_unit else ""
        behind = ask(cast, "standing-by-member", by, **fields)
        assert row.of(standing) == behind.count() == len(list(behind)) == len(behind.page("").rows)


@pytest.mark.usefixtures("held")
def test_expired_figures_are_those_of_the_report_on_what_expired(cast):
    total = ask(cast, "standing").totals[0]
    expired = ask(cast, "expired")
    assert total.of(Standing.EXPIRED) == expired.count() == 1
    assert _names(expired) == [("Miller", "Forklift licence")]


@pytest.mark.usefixtures("held")
def test_whoever_stands_so_is_in_the_list_of_members_of_that_standing(cast):
    by = cast.actor(cast.ada)
    for standing in BEST_FIRST:
        best = {row.member_id for row in ask(cast, "standing-by-member", standing=standing)}
        listed = {member.id for member in member_list(Wanted(standing=standing), by=by).members}
        assert best <= listed


@pytest.mark.usefixtures("held")
def test_a_coordinator_sees_the_units_in_scope_only(cast):
    rows = ask(cast, "standing", cast.nora, group="unit")
    assert [row.unit.name for row in rows] == ["Station North", "Engine 1"]
    assert {row.family_name for row in ask(cast, "standing-by-member", cast.nora)} == {"Miller", "Núñez"}
    assert list(ask(cast, "standing-by-member", cast.nora, unit=cast.south.id)) == []
    assert list(ask(cast, "standing-by-member", cast.nora, unit="none")) == []


@pytest.mark.usefixtures("held")
def test_narrowed_to_a_unit_the_units_above_it_are_left_out(cast):
    rows = ask(cast, "standing", group="unit", unit=cast.engine.id)
    assert [(row.unit.name, row.total) for row in rows] == [("Engine 1", 2)]


@pytest.mark.usefixtures("held")
def test_deactivated_members_are_left_out(cast):
    with transaction() as session:
        session.get_one(Member, cast.max.id).deactivated_at = clock.now()
    assert ask(cast, "standing").totals[0].total == 4
    assert list(ask(cast, "expired")) == []


@pytest.mark.usefixtures("held")
def test_another_organization_counts_nothing_of_it(cast):
    with organization_scope(cast.clinic.id):
        give(cast.other_max, cast.clinic_emt, 400)
        assert ask(cast, "standing", cast.ken).totals[0].total == 1
        assert _names(ask(cast, "standing-by-member", cast.ken)) == [("Miller", "EMT-Basic")]
    assert ask(cast, "standing").totals[0].total == 6


@pytest.mark.parametrize("group", ["type", "unit", "unit_and_type"])
def test_statements_do_not_grow_with_units_and_types(cast, held, group):
    ask(cast, "standing", group=group)
    with statements() as seen:
        rows = ask(cast, "standing", group=group)
        assert all(row.unit.name for row in rows if row.unit)
    assert len([each for each in seen if "certification" in each or "FROM unit" in each]) <= 3


def test_expired_means_past_the_days_of_grace(cast):
    with transaction():
        cast.emt.grace_days = 30
    give(cast.max, cast.emt, -30)
    give(cast.mia, cast.emt, -31)
    assert _names(ask(cast, "expired")) == [("Söderström", "EMT-Basic")]


def test_what_was_renewed_or_is_followed_by_a_later_one_has_not_expired(cast):
    earlier = give(cast.max, cast.emt, -100)
    give(cast.max, cast.emt, 300, renews=earlier)
    give(cast.mia, cast.emt, -100, number="old")
    give(cast.mia, cast.emt, 300, number="new")
    give(cast.una, cast.emt, -100, number="older")
    give(cast.una, cast.emt, -50, number="latest")
    rows = list(ask(cast, "expired"))
    assert [(row.family_name, row.number) for row in rows] == [("Unassigned", "latest")]


def test_expired_is_narrowed_to_a_time_and_comes_latest_first(cast):
    for member, days in ((cast.max, 10), (cast.mia, 40), (cast.una, 400)):
        give(member, cast.emt, -days, issued_in=-800)
    assert [row.family_name for row in ask(cast, "expired")] == ["Miller", "Söderström", "Unassigned"]
    assert [row.family_name for row in ask(cast, "expired", period="last_30")] == ["Miller"]
    first = (today() - timedelta(days=400)).isoformat()
    last = (today() - timedelta(days=40)).isoformat()
    rows = ask(cast, "expired", period="own_dates", first=first, last=last)
    assert [row.family_name for row in rows] == ["Söderström", "Unassigned"]


def test_pages_lead_through_all_rows_once(cast, monkeypatch):
    monkeypatch.setattr("records.queries.reports.frame.PAGE", 3)
    for number in range(7):
        give(cast.max, cast.emt, -20 - number // 3, number=str(number))
        give((cast.mia, cast.una, cast.nora)[number % 3], cast.forklift, -20 - number // 3, number=str(number))
    for name in ("expired", "standing-by-member", "expiring"):
        rows = ask(cast, name, period="this_year" if name == "expiring" else "")
        found, after = [], ""
        while True:
            page = rows.page(after)
            found += [row.row_id for row in page.rows]
            after = page.following
            if not after:
                break
        assert found == [row.row_id for row in rows]


STATES = st.tuples(
    st.integers(-400, 400), st.sampled_from(["", "suspended", "revoked", "deleted", "future"]), st.integers(0, 1)
)


@given(states=st.lists(STATES, max_size=8))
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_best_is_what_python_says_it_is(cast, states):
    with transaction() as session:
        for each in session.query(Certification).all():
            session.delete(each)
    for number, (days, state, which) in enumerate(states):
        change = {"suspended": _suspended, "revoked": _revoked, "deleted": _deleted}.get(state)
        issued = min(3, days) if state == "future" else -500
        give(cast.max, (cast.emt, cast.forklift)[which], days, issued_in=issued, number=str(number), change=change)
    best = {}
    for certification in db.session.query(Certification).filter(Certification.deleted_at.is_(None)):
        place = BEST_FIRST.index(certification.standing_on(today()))
        best[certification.type.name] = min(place, best.get(certification.type.name, 99))
    assert {row.type: row.rank for row in ask(cast, "standing-by-member")} == best
