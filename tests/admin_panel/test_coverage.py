"""Coverage: how many are cleared in the days to come, and what renewals change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.clearances import counts_as, exempt, position, require
from tests.forms import read
from tests.holdings import give, today

HOME = "/admin/requirements/coverage/"


@pytest.fixture
def rules(cast):
    """Everyone needs EMT-Basic: Max for 40 days more, Mia for 100, Una for 1,000; nobody else has it."""
    require("Life support", cast.emt)
    for member, days in ((cast.max, 40), (cast.mia, 100), (cast.una, 1000)):
        give(member, cast.emt, days)


def _page(client, **asked):
    answer = client.get(HOME, query_string=asked)
    assert answer.status_code == 200
    return read(answer.text)


def _ahead(page):
    """By days from today, the figures."""
    table = page.one("table", aria_label="In the days to come")
    return [[cell.text for cell in row.all("td")[1:]] for row in table.all("tr")[1:]]


def _flat(figures):
    return [int(each[0]) for each in figures]


def test_it_counts_the_cleared_of_today_and_of_the_days_to_come(cast, rules, browse):
    page = _page(browse(cast.ada))
    assert _flat(_ahead(page)) == [3, 3, 2, 2, 1, 1]
    assert "of 6 members" in page.text
    assert len(page.all("polyline")) == 1
    assert len(page.one("table", aria_label="Week by week").all("tr")) == 55


def test_it_counts_those_who_meet_one_requirement_or_hold_a_type(cast, rules, browse):
    counts_as(cast.emt, cast.forklift)
    give(cast.nora, cast.forklift, 10)
    assert _flat(_ahead(_page(browse(cast.ada), count="requirement-1"))) == [3, 3, 2, 2, 1, 1]
    assert _flat(_ahead(_page(browse(cast.ada), count=f"type-{cast.forklift.id}"))) == [4, 3, 2, 2, 1, 1]


def test_it_narrows_to_a_unit_with_its_sub_units_and_to_a_position(cast, rules, browse):
    driver = position("Driver", cast.mia)
    assert _flat(_ahead(_page(browse(cast.ada), unit=cast.north.id))) == [1, 1, 0, 0, 0, 0]
    assert _flat(_ahead(_page(browse(cast.ada), position=driver.id))) == [1, 1, 1, 1, 0, 0]
    assert "Nobody found" in _page(browse(cast.ada), position=driver.id, unit=cast.north.id).text


def test_renewals_of_those_who_lapse_raise_the_line(cast, rules, browse):
    page = _page(browse(cast.ada), within=365)
    offered = [box.attrs["value"] for box in page.all("input", name="renew")]
    assert offered == [str(cast.max.id), str(cast.mia.id)]
    renewed = _page(browse(cast.ada), within=365, renew=cast.max.id)
    assert _ahead(renewed) == [["3", "3"], ["3", "3"], ["2", "3"], ["2", "3"], ["1", "2"], ["1", "2"]]
    assert len(renewed.all("polyline")) == 2
    assert "checked" in renewed.one("input", id=f"renew-{cast.max.id}").attrs


def test_only_what_lapses_within_the_window_is_offered(cast, rules, browse):
    page = _page(browse(cast.ada), within=90)
    assert [box.attrs["value"] for box in page.all("input", name="renew")] == [str(cast.max.id)]


def _offered(page):
    return [box.attrs["value"] for box in page.all("input", name="renew")]


def test_a_renewal_does_not_meet_what_begins_later_and_was_never_met(cast, browse):
    require("Life support", cast.emt, members=[cast.max])
    require("Yard", cast.forklift, members=[cast.max], from_on=today() + timedelta(days=40))
    give(cast.max, cast.emt, 20)
    page = _page(browse(cast.ada), within=90, renew=cast.max.id)
    assert _offered(page) == [str(cast.max.id)]
    assert _ahead(page) == [["6", "6"], ["5", "6"], ["5", "5"], ["5", "5"], ["5", "5"], ["5", "5"]]


def test_who_lapses_because_an_exemption_ends_has_nothing_to_renew(cast, browse):
    exempt(cast.mia, require("Life support", cast.emt, members=[cast.mia]), cast.ada, days=40)
    page = _page(browse(cast.ada), renew=cast.mia.id)
    assert _offered(page) == []
    assert "Nobody who counts today would count for longer" in page.text
    assert _ahead(page) == [["6", "6"], ["6", "6"], ["5", "5"], ["5", "5"], ["5", "5"], ["5", "5"]]


def test_a_renewal_carries_over_the_end_of_an_exemption_what_is_held_today(cast, browse):
    exempt(cast.mia, require("Life support", cast.emt, members=[cast.mia]), cast.ada, days=40)
    give(cast.mia, cast.emt, 20)
    page = _page(browse(cast.ada), renew=cast.mia.id)
    assert _offered(page) == [str(cast.mia.id)]
    assert _ahead(page) == [["6", "6"], ["6", "6"], ["5", "6"], ["5", "6"], ["5", "6"], ["5", "6"]]


def test_what_counts_as_the_type_is_renewed_too(cast, browse):
    counts_as(cast.forklift, cast.emt)
    require("Life support", cast.emt, members=[cast.max])
    give(cast.max, cast.forklift, 20)
    page = _page(browse(cast.ada), renew=cast.max.id)
    assert _ahead(page)[1:] == [["5", "6"]] * 5


def test_two_years_go_by_months(cast, rules, browse):
    assert len(_page(browse(cast.ada), within=730).one("table", aria_label="Month by month").all("tr")) == 27


def test_a_coordinator_counts_their_scope_only(cast, rules, browse):
    page = _page(browse(cast.nora))
    assert _flat(_ahead(page)) == [1, 1, 0, 0, 0, 0]
    assert "Söderström" not in page.text


def test_odd_addresses_are_answered(cast, rules, browse):
    for asked in ({"count": "type-999"}, {"count": "x"}, {"renew": "x"}, {"within": "-3"}, {"unit": "99999"}):
        _page(browse(cast.ada), **asked)
