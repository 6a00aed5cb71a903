"""A member's requirements as staff see them: the page, the badge on the profile, the filter of the list."""

from __future__ import annotations

from datetime import timedelta

from records.database import locked, transaction
from records.models import Organization
from records.queries.checks import check_organization
from tests.clearances import counts_as, exempt, require
from tests.forms import read
from tests.holdings import give, today


def _page(client, member, **asked):
    answer = client.get(f"/admin/members/{member.id}/requirements", query_string=asked)
    assert answer.status_code == 200
    return read(answer.text)


def test_it_says_what_is_required_what_holds_and_what_is_missing(cast, browse):
    require("Ambulance", cast.emt, cast.forklift, description="Nobody rides without.")
    held = give(cast.max, cast.emt, 100)
    page = _page(browse(cast.ada), cast.max)
    assert page.one("h2", id="verdict-head").text == "Not cleared"
    card = page.one("article", id="requirement-1").text
    assert "hold all of: EMT-Basic, Forklift licence" in card
    assert "Nobody rides without." in card
    assert "MissingForklift licence." in card
    assert page.all("a", href=f"/admin/certifications/{held}")


def test_it_says_what_lapses_next(cast, browse):
    require("Ambulance", cast.emt)
    give(cast.max, cast.emt, 89)
    text = _page(browse(cast.ada), cast.max).text
    assert "Lapses next: Ambulance" in text
    assert "(in 3 months)" in text


def test_as_of_another_day_it_says_how_that_is_answered(cast, browse):
    require("Ambulance", cast.emt)
    give(cast.max, cast.emt, 10)
    page = _page(browse(cast.ada), cast.max, on=(today() + timedelta(days=11)).isoformat())
    assert page.one("h2", id="verdict-head").text == "Not cleared"
    assert "with what is recorded now" in page.text


def test_an_exemption_names_its_reason_its_end_and_its_approver(cast, browse):
    exempt(cast.max, require("Ambulance", cast.emt), cast.ada)
    page = _page(browse(cast.ada), cast.max)
    assert page.one("h2", id="verdict-head").text == "Cleared"
    text = page.one("article", id="requirement-1").text
    assert "Broken leg" in text
    assert "Approved by Ada Lindgren" in text


def test_what_counts_as_another_type_says_so(cast, browse):
    require("Ambulance", cast.emt)
    counts_as(cast.forklift, cast.emt)
    give(cast.max, cast.forklift, 100)
    assert "Forklift licence counts as EMT-Basic" in _page(browse(cast.ada), cast.max).text


def test_out_of_scope_it_does_not_exist(cast, browse):
    assert browse(cast.nora).get(f"/admin/members/{cast.mia.id}/requirements").status_code == 404
    assert browse(cast.ken).get(f"/admin/members/{cast.max.id}/requirements").status_code == 404
    assert browse(cast.max).get(f"/admin/members/{cast.max.id}/requirements").status_code == 403


# The badge, and the filter


def test_the_profile_carries_the_badge_where_anything_is_required(cast, browse):
    client, address = browse(cast.ada), f"/admin/members/{cast.max.id}"
    assert "leared" not in client.get(address).text
    require("Ambulance", cast.emt)
    assert "Not cleared" in client.get(address).text
    give(cast.max, cast.emt, 10)
    assert "Not cleared" not in client.get(address).text
    assert "Cleared" in client.get(address).text
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    assert "leared" not in client.get(address).text


def test_user_management_filters_by_clearance_where_anything_is_required(cast, browse):
    client = browse(cast.ada)
    assert "Clearance" not in client.get("/admin/members/").text
    require("Ambulance", cast.emt)
    give(cast.max, cast.emt, 10)
    cleared = client.get("/admin/members/?clearance=cleared").text
    assert "Miller, Max" in cleared
    assert "Söderström" not in cleared
    missing = client.get("/admin/members/?clearance=not_cleared").text
    assert "Miller, Max" not in missing
    assert "Söderström" in missing


def test_the_check_counts_the_cleared_both_ways(cast):
    require("Ambulance", cast.emt)
    give(cast.max, cast.emt, 10)
    report = check_organization()
    assert report.looked_at["clearances"] == 6
    assert report.problems == []
