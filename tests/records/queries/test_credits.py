"""What the ledger adds up to, by credit type and span, in a constant number of statements."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, update

from records import clock
from records.database import db, transaction
from records.models import CreditType, Period
from records.models.credit_type import Span
from records.queries.credit_months import Month, months_of
from records.queries.credits import (
    Filter,
    SpanChoice,
    asked_for_entries,
    asked_for_totals,
    entries_of,
    totals_of,
)
from records.reading.ahead import read_ahead
from records.services import revocations
from tests import certificates
from tests.certificates import approved

TODAY = date(2025, 8, 20)
NOON = datetime(2025, 8, 20, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with clock.standing_at(NOON):
        yield


@contextmanager
def _statements():
    seen = []

    def note(*facts):
        seen.append(facts[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def _earned(cast, type_, earned_on, credits, **fields):
    return approved(cast, type_, earned_on=date.fromisoformat(earned_on), credits=Decimal(credits), **fields)


def _figures(cast):
    return {
        each.type.name: (each.this_year, each.twelve_months, each.all_time) for each in totals_of(cast.max, on=TODAY)
    }


def test_each_span_adds_up_what_counts_in_it(cast):
    ceu = certificates.credit_type()
    for earned_on, credits in (
        ("2024-08-20", "100"), ("2024-08-21", "10"), ("2024-12-31", "1"), ("2025-01-01", "0.25"),
        ("2025-08-20", "0.01"),
    ):  # fmt: skip
        _earned(cast, ceu, earned_on, credits)
    assert _figures(cast) == {"CEU": (Decimal("0.26"), Decimal("11.26"), Decimal("111.26"))}


def test_the_last_twelve_months_of_a_leap_day(cast):
    ceu = certificates.credit_type()
    with clock.standing_at(datetime(2024, 2, 29, 18, tzinfo=UTC)):
        _earned(cast, ceu, "2023-02-28", "5")
        _earned(cast, ceu, "2023-03-01", "1")
        assert totals_of(cast.max, on=date(2024, 2, 29))[0].twelve_months == 1


def test_a_reversal_counts_on_its_awards_day(cast):
    ceu = certificates.credit_type()
    _earned(cast, ceu, "2025-02-01", "2")
    revocations.revoke(_earned(cast, ceu, "2024-02-01", "3"), reason="Not genuine.", by=cast.actor(cast.ada))
    assert _figures(cast) == {"CEU": (Decimal(2), Decimal(2), Decimal(2))}
    this_year = entries_of(cast.max, Filter(span=SpanChoice.THIS_YEAR), on=TODAY)
    everything = entries_of(cast.max, Filter(), on=TODAY)
    assert [entry.amount for entry in this_year.rows] == [2]
    assert [(entry.kind, entry.amount) for entry in everything.rows] == [("award", 2), ("reversal", -3), ("award", 3)]
    assert (everything.count, everything.total) == (3, 2)


def test_others_credits_and_another_organizations_count_for_nothing(cast):
    ceu = certificates.credit_type()
    _earned(cast, ceu, "2025-02-01", "2", by=cast.actor(cast.mia))
    assert totals_of(cast.max, on=TODAY) == []
    assert entries_of(cast.max, Filter(), on=TODAY).count == 0
    assert totals_of(cast.mia, on=TODAY)[0].all_time == 2


def test_the_goal_is_that_of_the_present_period(cast):
    own = certificates.credit_type(
        "Own", goal=Decimal(10), period=Period.OWN_DATES, starts_on=date(2023, 7, 1), ends_on=date(2024, 6, 30)
    )
    joining = certificates.credit_type("Joining", goal=Decimal(4), period=Period.FROM_JOINING)
    lifetime = certificates.credit_type("Lifetime", goal=Decimal(3), period=Period.LIFETIME)
    for type_ in (own, joining, lifetime):
        for earned_on in ("2024-06-30", "2025-01-14", "2025-01-15", "2025-06-30", "2025-07-01"):
            _earned(cast, type_, earned_on, "1")
    totals = {each.type.name: each for each in totals_of(cast.max, on=TODAY)}
    assert (totals["Own"].in_period, totals["Own"].period) == (1, Span(date(2025, 7, 1), date(2026, 6, 30)))
    assert (totals["Own"].share, totals["Own"].missing, totals["Own"].is_reached) == (10, 9, False)
    assert totals["Joining"].period == Span(date(2025, 1, 15), date(2026, 1, 14))
    assert (totals["Joining"].in_period, totals["Joining"].share) == (3, 75)
    assert (totals["Lifetime"].in_period, totals["Lifetime"].share, totals["Lifetime"].missing) == (5, 100, 0)
    in_period = entries_of(cast.max, Filter(joining.id, SpanChoice.PERIOD), on=TODAY)
    assert (in_period.count, in_period.total) == (3, 3)
    assert entries_of(cast.max, Filter(span=SpanChoice.PERIOD), on=TODAY).count == 1 + 3 + 5


def test_goals_and_entries_are_asked_for_at_once_whichever_types_have_a_goal(cast):
    without, goal = certificates.credit_type("A"), certificates.credit_type("B", goal=Decimal(4))
    for type_ in (without, goal):
        _earned(cast, type_, "2025-06-30", "1")
    with read_ahead(*asked_for_totals(cast.max, on=TODAY),
                    *asked_for_entries(cast.max, Filter(span=SpanChoice.PERIOD), on=TODAY)):  # fmt: skip
        assert [each.in_period for each in totals_of(cast.max, on=TODAY)] == [None, 1]
        assert entries_of(cast.max, Filter(span=SpanChoice.PERIOD), on=TODAY).count == 2


def test_a_goal_that_another_process_has_set_counts_at_once(cast):
    ceu = certificates.credit_type()
    _earned(cast, ceu, "2025-06-30", "1")
    for goal in (None, Decimal(4), Decimal(2), None):
        with transaction() as session:
            session.execute(update(CreditType).where(CreditType.id == ceu.id).values(goal=goal))
        (total,) = totals_of(cast.max, on=TODAY)
        assert (total.type.goal, total.in_period) == (goal, None if goal is None else 1)


def test_a_bar_is_full_only_where_the_goal_is_reached(cast):
    ceu = certificates.credit_type(goal=Decimal(1000))
    _earned(cast, ceu, "2025-02-01", "999.99")
    total = totals_of(cast.max, on=TODAY)[0]
    assert (total.share, total.missing, total.is_reached) == (99, Decimal("0.01"), False)
    _earned(cast, ceu, "2025-02-02", "0.01")
    total = totals_of(cast.max, on=TODAY)[0]
    assert (total.share, total.missing, total.is_reached) == (100, 0, True)


def test_types_stand_in_order_where_there_is_something_to_see(cast):
    _earned(cast, certificates.credit_type("Held", position=2), "2025-02-01", "1")
    certificates.credit_type("Goal", goal=Decimal(5), position=1)
    certificates.credit_type("Neither")
    certificates.credit_type("Gone", goal=Decimal(5), retired_at=NOON)
    assert [each.type.name for each in totals_of(cast.max, on=TODAY)] == ["Goal", "Held"]
    assert _figures(cast)["Goal"] == (0, 0, 0)


def test_months_of_the_chart(cast):
    ceu = certificates.credit_type()
    for earned_on, credits in (("2024-08-31", "9"), ("2024-09-01", "1"), ("2025-08-01", "2"), ("2025-08-20", "0.5")):
        _earned(cast, ceu, earned_on, credits)
    months = months_of(cast.max, on=TODAY)[ceu.id]
    assert len(months) == 12
    assert (months[0], months[-1]) == (Month(date(2024, 9, 1), Decimal(1)), Month(date(2025, 8, 1), Decimal("2.5")))
    assert sum(month.credits for month in months) == Decimal("3.5")


def test_entries_come_in_pages_without_a_gap_or_a_repetition(cast):
    ceu = certificates.credit_type()
    for number in range(7):
        _earned(cast, ceu, (TODAY - timedelta(days=number // 3)).isoformat(), "1")
    seen, after = [], None
    for _page in range(3):
        page = entries_of(cast.max, Filter(), on=TODAY, after=after, most=3)
        seen += [(entry.counts_on, entry.id) for entry in page.rows]
        after = page.more
        assert (page.count, page.total) == (7, 7)
    assert after is None
    assert len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


def test_a_sum_over_several_units_is_none(cast):
    for name in ("CEU", "CPD"):
        _earned(cast, certificates.credit_type(name), "2025-02-01", "1")
    assert entries_of(cast.max, Filter(), on=TODAY).total is None


def test_the_number_of_statements_is_constant(cast):
    types = [certificates.credit_type(f"Type {number}", goal=Decimal(5)) for number in range(4)]
    _earned(cast, types[0], "2025-02-01", "1")

    def look():
        db.session.expire_all()
        member = db.session.merge(cast.max)
        assert member.id
        with _statements() as seen:
            totals_of(member, on=TODAY)
            for entry in entries_of(member, Filter(), on=TODAY).rows:
                assert entry.title
                assert entry.credit_type.name
        return len([each for each in seen if each.startswith("SELECT")])

    look()  # from then on this process knows what credit types there are
    few = look()
    for type_ in types:
        for day in range(1, 4):
            _earned(cast, type_, f"2025-03-0{day}", "1")
    assert look() == few <= 6
