"""What all reports have in common: filters from an address, who may ask, pages, one organization only."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from records import clock
from records.database import transaction
from records.errors import ModuleOff, NotAllowed, NotFound
from records.models import Member
from records.queries.reports import REPORTS, offered, report_named
from records.queries.reports.frame import MOST_AT_HAND, Listed
from tests.clearances import require
from tests.holdings import give, today
from tests.notices import remind
from tests.records.queries.reports.asking import ask

NONSENSE = ["", "0", "-1", "x", "9" * 40, "' OR 1=1 --", "\x00", "١٢", "none", "2027-02-30", "own_dates", "ever"]
EVERY = sorted(REPORTS)
FIELDS = ("period", "first", "last", "unit", "type", "credit_type", "requirement", "renewed", "standing", "group",
          "people", "stage", "told", "answered", "after")  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_anything_may_stand_in_an_address(cast, name):
    report = REPORTS[name]
    actor = cast.actor(cast.ada)
    for nonsense in NONSENSE:
        asked = report.read(MultiDict(dict.fromkeys(FIELDS, nonsense)))
        rows = report.rows(asked, actor)
        assert rows.count() == len(list(rows))
        rows.page(nonsense)
        assert report.read(asked.fields()) == asked


@pytest.mark.parametrize("name", EVERY)
def test_what_goes_without_saying_stands_in_no_address(cast, name):
    report = REPORTS[name]
    assert report.read({}).fields() == {}
    assert not report.read({"after": "x", "unknown": "1"}).is_narrowed


def test_own_dates_stand_in_the_address_only_where_they_are_meant(cast):
    report = REPORTS["expiring"]
    dates = {"first": "2027-01-01", "last": "2027-02-01"}
    assert report.read({"period": "own_dates", **dates}).fields() == {"period": "own_dates", **dates}
    assert report.read({"period": "next_30", **dates}).fields() == {"period": "next_30"}


def test_a_report_has_only_filters_of_its_own(cast):
    assert REPORTS["turnaround"].read({"unit": "1", "group": "type", "period": "ever"}).fields() == {"period": "ever"}


def test_there_is_no_report_of_another_name(cast):
    with pytest.raises(NotFound):
        report_named("views", by=cast.actor(cast.ada))


@pytest.mark.parametrize("name", EVERY)
def test_members_open_none(cast, name):
    with pytest.raises(NotAllowed):
        report_named(name, by=cast.actor(cast.max))
    with pytest.raises(NotAllowed):
        offered(by=cast.actor(cast.max))


@pytest.mark.parametrize("name", ["activity", "turnaround"])
def test_some_are_for_administrators_and_reviewers(cast, name):
    assert report_named(name, by=cast.actor(cast.ada)).name == name
    for coordinator in (cast.carl, cast.nora):
        with pytest.raises(NotAllowed):
            report_named(name, by=cast.actor(coordinator))


def test_a_coordinator_who_was_granted_reviewing_sees_turnaround(cast):
    with transaction():
        cast.nora.reviews = True
    names = [report.name for report in offered(by=cast.actor(cast.nora))]
    assert "turnaround" in names
    assert "activity" not in names


def test_with_a_module_off_its_reports_are_gone(cast):
    actor = cast.actor(cast.ada)
    with transaction():
        cast.fire.tracks_certifications = False
    assert [report.name for report in offered(by=actor)] == ["turnaround", "credits", "activity"]
    for name in ("expiring", "expired", "missing", "standing", "standing-by-member", "notices"):
        with pytest.raises(ModuleOff):
            report_named(name, by=actor)
    with transaction():
        cast.fire.tracks_certifications, cast.fire.takes_external_certificates = True, False
    assert {"turnaround", "credits"}.isdisjoint(report.name for report in offered(by=actor))
    for name in ("turnaround", "credits"):
        with pytest.raises(ModuleOff):
            report_named(name, by=actor)


def test_sums_have_pages_too():
    listed = Listed(range(MOST_AT_HAND + 5))
    first = listed.page("")
    assert len(first.rows) == MOST_AT_HAND
    second = listed.page(first.following)
    assert (len(second.rows), second.following) == (5, "")
    assert listed.page("99999").rows == range(0)


@pytest.mark.parametrize("name", EVERY)
def test_a_new_organization_has_empty_reports(cast, name):
    rows = ask(cast, name)
    assert [row for row in rows if name not in ("turnaround", "activity")] == []


@pytest.mark.parametrize("name", ["expiring", "expired", "notices", "missing", "standing-by-member"])
def test_a_count_is_that_of_the_rows_whoever_asks_and_whatever_narrows_them(cast, name):
    """A count has a statement of its own, which reads no more than what narrows the rows."""
    require("Medical", cast.emt, cast.forklift)
    for days, member in enumerate((cast.max, cast.mia, cast.una, cast.nora)):
        for type_ in (cast.emt, cast.forklift):
            give(member, type_, 10 * days - 20, number=str(days), issued_in=None)
    remind(today())
    with transaction() as session:
        session.get_one(Member, cast.mia.id).deactivated_at = clock.now()
    counts = set()
    for by in (cast.ada, cast.nora):
        for narrowed in ({}, {"unit": cast.engine.id}, {"unit": "none"}, {"type": cast.emt.id}):
            rows = ask(cast, name, by, period="own_dates", **narrowed)
            assert rows.count() == len(list(rows)), (by.given_name, narrowed)
            counts.add(rows.count())
    assert len(counts) > 1
