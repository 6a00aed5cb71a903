"""Clearance as a pure rule: whom a requirement binds, what suffices, and when it no longer does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.models import CreditType
from records.models.clearance import (
    Demand,
    Excuse,
    Holding,
    Outcome,
    Person,
    finding_on,
    is_cleared,
    lapse_after,
    outcome_on,
    outcomes_between,
)
from records.models.standing import Validity, held_between, standing_on

DAY = date(2027, 3, 1)
EMT, CPR, PARAMEDIC = 1, 2, 3
LONG_AGO = date(2020, 1, 1)


def ago(days: int) -> date:
    return DAY - timedelta(days=days)


def ahead(days: int) -> date:
    return DAY + timedelta(days=days)


def holding(type_id: int, last: date, *, first: date = LONG_AGO, number: int = 0) -> Holding:
    return Holding(number or type_id, type_id, first, last)


def person(*holdings: Holding, **facts: object) -> Person:
    by_type: dict[int, list[Holding]] = {}
    for each in holdings:
        by_type.setdefault(each.type_id, []).append(each)
    return Person(**{"id": 1, "since": LONG_AGO, "joined_on": LONG_AGO, "holdings": by_type} | facts)


def demand(*types: int, **fields: object) -> Demand:
    return Demand(**{"id": 7, "name": "x", "from_on": LONG_AGO, "binds_everyone": True, "types": types} | fields)


near = st.integers(-40, 40).map(lambda days: DAY + timedelta(days=days))
maybe = st.one_of(st.none(), near)


@given(
    facts=st.builds(
        Validity, expires_on=st.one_of(near, st.just(date.max)), issued_on=maybe, grace_days=st.integers(0, 30),
        notice_days=st.integers(0, 90), suspended_on=maybe, revoked_on=maybe, renewed_on=maybe,
    ),
    day=near,
)  # fmt: skip
def test_the_days_between_which_it_is_held_are_those_of_its_standing(facts, day):
    first, last = held_between(facts)
    assert (first <= day <= last) == standing_on(day, facts).holds


# Whom it binds


@pytest.mark.parametrize(
    ("fields", "facts", "binds"),
    [
        ({"binds_everyone": True}, {}, True),
        ({}, {}, False),
        ({}, {"named_by": frozenset({7})}, True),
        ({"units": frozenset({4, 5})}, {"unit_id": 5}, True),
        ({"units": frozenset({4, 5})}, {"unit_id": 6}, False),
        ({"units": frozenset({4})}, {}, False),
        ({"positions": frozenset({8})}, {"positions": frozenset({8, 9})}, True),
        ({"positions": frozenset({8})}, {"positions": frozenset({9})}, False),
        ({"units": frozenset({4}), "positions": frozenset({8})}, {"unit_id": 4}, False),
        ({"units": frozenset({4}), "positions": frozenset({8})}, {"unit_id": 4, "positions": frozenset({8})}, True),
        ({"units": frozenset({4}), "positions": frozenset({8})}, {"named_by": frozenset({7})}, True),
    ],
)
def test_units_and_positions_are_both_needed_where_both_are_named_and_names_count_besides(fields, facts, binds):
    asked = demand(EMT, **({"binds_everyone": False} | fields))
    assert outcome_on(DAY, asked, person(**facts)) == (Outcome.MISSING if binds else Outcome.NOT_BOUND)


def test_it_stands_from_its_first_day_on():
    asked = demand(EMT, from_on=DAY)
    assert outcome_on(ago(1), asked, person()) == Outcome.NOT_BOUND
    assert outcome_on(DAY, asked, person()) == Outcome.MISSING


def test_newcomers_have_their_days():
    asked, newcomer = demand(EMT, newcomer_days=10), person(since=ago(9))
    finding = finding_on(DAY, asked, newcomer)
    assert (finding.outcome, finding.until) == (Outcome.NEWCOMER, DAY)
    assert outcome_on(ahead(1), asked, newcomer) == Outcome.MISSING


def test_an_exemption_counts_through_its_last_day():
    excuse = Excuse(ago(5), DAY, "Broken leg", "Ada Lindgren")
    exempt = person(excuses={7: [excuse]})
    finding = finding_on(DAY, demand(EMT), exempt)
    assert (finding.outcome, finding.until, finding.excuse) == (Outcome.EXEMPT, DAY, excuse)
    assert outcome_on(ahead(1), demand(EMT), exempt) == Outcome.MISSING
    assert outcome_on(ago(6), demand(EMT), exempt) == Outcome.MISSING
    assert is_cleared(DAY, [demand(EMT)], exempt)


# Types


def test_all_any_and_at_least():
    both = person(holding(EMT, ahead(1)), holding(CPR, ahead(1)))
    one = person(holding(CPR, ahead(1)))
    for rule, at_least, of_both, of_one in [
        ("all", None, Outcome.MET, Outcome.MISSING),
        ("any", None, Outcome.MET, Outcome.MET),
        ("at_least", 2, Outcome.MET, Outcome.MISSING),
    ]:
        asked = demand(EMT, CPR, PARAMEDIC, rule=rule, at_least=at_least)
        asked = replace(asked, types=(EMT, CPR)) if rule == "all" else asked
        assert (outcome_on(DAY, asked, both), outcome_on(DAY, asked, one)) == (of_both, of_one)
    assert finding_on(DAY, demand(EMT, CPR), one).missing == (EMT,)


def test_a_type_that_counts_as_another_suffices():
    asked = demand(EMT, counting_as={EMT: frozenset({EMT, PARAMEDIC})})
    finding = finding_on(DAY, asked, person(holding(PARAMEDIC, ahead(3))))
    assert (finding.outcome, finding.held[EMT].type_id) == (Outcome.MET, PARAMEDIC)


def test_of_several_the_one_that_is_held_longest_stands_for_the_type():
    several = person(holding(EMT, ahead(3), number=1), holding(EMT, ahead(9), number=2))
    assert finding_on(DAY, demand(EMT), several).held[EMT].id == 2


def test_it_lapses_on_the_day_after_the_last_that_suffices():
    asked = demand(EMT, CPR)
    finding = finding_on(DAY, asked, person(holding(EMT, ahead(30)), holding(CPR, ahead(10))))
    assert (finding.lapses_on, finding.lapsing) == (ahead(11), (CPR,))


def test_a_renewal_without_a_gap_puts_the_lapse_off_and_one_with_a_gap_does_not():
    now = holding(EMT, ahead(10), number=1)
    assert lapse_after(DAY, demand(EMT), person(now, holding(EMT, ahead(90), first=ahead(11), number=2))) == ahead(91)
    assert lapse_after(DAY, demand(EMT), person(now, holding(EMT, ahead(90), first=ahead(12), number=2))) == ahead(11)


def test_what_never_ends_never_lapses():
    assert lapse_after(DAY, demand(EMT), person(holding(EMT, date.max))) is None


# Credits


def credits(amount: int, period: str = "calendar_year", **fields: object) -> Demand:
    type_ = CreditType(id=5, name="CEU", unit="hours", period=period)
    return demand(credit_type=type_, credits=Decimal(amount), **fields)


def earned(*entries: tuple[date, int], **facts: object) -> Person:
    return person(credits={5: [(on, Decimal(amount)) for on, amount in entries]}, **facts)


def test_enough_in_the_running_period_or_in_the_one_before_it_suffices():
    asked = credits(3)
    assert outcome_on(DAY, asked, earned((date(2027, 1, 1), 3))) == Outcome.MET
    assert outcome_on(DAY, asked, earned((date(2026, 12, 31), 3))) == Outcome.MET
    assert outcome_on(DAY, asked, earned((date(2026, 12, 31), 2), (date(2027, 1, 1), 2))) == Outcome.MISSING
    assert outcome_on(DAY, asked, earned((date(2025, 12, 31), 3))) == Outcome.MISSING
    assert outcome_on(DAY, asked, earned((ahead(1), 3))) == Outcome.MISSING


def test_nobody_is_short_of_credits_before_a_whole_period_is_over():
    assert outcome_on(DAY, credits(3, from_on=date(2026, 1, 2)), earned()) == Outcome.MET
    assert outcome_on(DAY, credits(3, from_on=date(2026, 1, 1)), earned()) == Outcome.MISSING
    assert outcome_on(DAY, credits(3), earned(since=date(2026, 1, 2))) == Outcome.MET
    assert outcome_on(DAY, credits(3, newcomer_days=2), earned(since=date(2025, 12, 31))) == Outcome.MET


def test_a_lifetime_has_no_period_before_it():
    asked = credits(3, "lifetime")
    assert outcome_on(DAY, asked, earned((date(2021, 1, 1), 2))) == Outcome.MISSING
    assert outcome_on(DAY, asked, earned((date(2021, 1, 1), 2), (DAY, 1))) == Outcome.MET


def test_credits_lapse_when_the_period_after_the_one_that_had_enough_is_over():
    assert lapse_after(DAY, credits(3), earned((date(2027, 1, 1), 3))) == date(2029, 1, 1)
    assert lapse_after(DAY, credits(3), earned((date(2026, 5, 1), 3))) == date(2028, 1, 1)


# Over time


def test_outcomes_over_time_are_those_of_each_day():
    asked = demand(EMT, newcomer_days=5)
    changing = person(
        holding(EMT, ahead(20), first=ahead(10)), since=DAY, excuses={7: [Excuse(ahead(25), ahead(30), "x", "y")]}
    )
    turns = outcomes_between(DAY, ahead(60), asked, changing)
    for days in range(61):
        latest = [outcome for on, outcome in turns if on <= ahead(days)][-1]
        assert latest == outcome_on(ahead(days), asked, changing)
    assert {outcome for _, outcome in turns} == {Outcome.NEWCOMER, Outcome.MISSING, Outcome.MET, Outcome.EXEMPT}
