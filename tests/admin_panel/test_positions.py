"""Positions, through the browser's eyes: their page, the profile, the filter of User Management."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records.database import db
from records.models import Position
from records.queries.positions import positions_of
from tests.forms import filled, read
from tests.requirements import position, require

POSITIONS = "/admin/positions/"


def _named(name):
    return db.session.scalars(select(Position).where(Position.name == name)).one_or_none()


def test_the_page_says_what_each_is_used_for(cast, browse):
    driver = position(cast, "Driver", cast.max, cast.mia)
    require(cast, position_ids=frozenset({driver.id}))
    html = read(browse(cast.ada).get(POSITIONS).text)
    rows = [[cell.text for cell in row.children] for row in html.one("table").one("tbody").all("tr")]
    assert rows == [["Driver", "2", "", "1"]]
    assert html.one("a", href=f"/admin/members/?position={driver.id}").text == "2"


def test_an_organization_without_any_is_told_what_they_are_for(cast, browse):
    assert "No positions yet" in browse(cast.ken).get(POSITIONS).text


def test_one_is_created_renamed_merged_and_deleted(cast, browse):
    client = browse(cast.ada)
    for name in ("Driver <A>", "Medic", "Cook"):
        client.post(POSITIONS, data={"name": name})
    assert "Driver &lt;A&gt;" in client.get(POSITIONS).text
    driver, medic, cook = (_named(name).id for name in ("Driver <A>", "Medic", "Cook"))
    shown = filled(read(client.get(f"{POSITIONS}{driver}").text), action=f"{POSITIONS}{driver}")
    client.post(f"{POSITIONS}{driver}", data=shown | {"name": "Driver"})
    answer = client.post(f"{POSITIONS}{medic}/merge", data={"into": str(driver)}, follow_redirects=True)
    assert "“Medic” is now part of “Driver”." in answer.text
    assert "“Cook” was deleted." in client.post(f"{POSITIONS}{cook}/delete", follow_redirects=True).text
    assert list(db.session.scalars(select(Position.name))) == ["Driver"]


@pytest.mark.parametrize("name", ["", "DRIVER", "x" * 256])
def test_what_is_wrong_stands_beside_its_field(cast, browse, name):
    client, other = browse(cast.ada), position(cast, "Medic")
    position(cast, "Driver")
    for address in (POSITIONS, f"{POSITIONS}{other.id}"):
        page = client.post(address, data={"name": name})
        assert page.status_code == 422
        assert [each.attrs["name"] for each in read(page.text).all(aria_invalid="true")] == ["name"]


def test_one_in_use_is_kept_and_merging_is_offered(cast, browse):
    client, driver = browse(cast.ada), position(cast, "Driver", cast.max)
    position(cast, "Medic")
    page = client.post(f"{POSITIONS}{driver.id}/delete")
    assert page.status_code == 409
    assert "Merge it instead" in page.text
    assert read(page.text).one("select", name="into")
    wrong = client.post(f"{POSITIONS}{driver.id}/merge", data={"into": str(driver.id)})
    assert (wrong.status_code, "cannot be merged into itself" in wrong.text) == (422, True)


# The profile


def _profile(client, member):
    address = f"/admin/members/{member.id}"
    page = read(client.get(address).text)
    return address, page, filled(page, data_profile=None) if page.all("form", data_profile=None) else {}


def test_an_administrator_ticks_a_members_positions(cast, browse):
    client, driver, medic = browse(cast.ada), position(cast, "Driver", cast.max), position(cast, "Medic")
    address, page, form = _profile(client, cast.max)
    assert form["positions"] == [str(driver.id)]
    assert "Driver" in page.one(class_="about").text
    page = client.post(address, data=form | {"positions": [str(medic.id)], "update": "1"}, follow_redirects=True)
    assert "The member's details were saved." in page.text or "details were saved" in page.text
    assert [each.name for each in positions_of(cast.max)] == ["Medic"]
    form = _profile(client, cast.max)[2]
    del form["positions"]
    client.post(address, data=form | {"update": "1"})
    assert not positions_of(cast.max)


def test_a_coordinator_reads_them(cast, browse):
    driver = position(cast, "Driver", cast.max)
    client = browse(cast.nora)
    address, page, form = _profile(client, cast.max)
    assert "positions" not in form
    assert "Driver" in page.one(class_="facts").text
    assert client.post(address, data=form | {"positions": [str(driver.id)], "update": "1"}).status_code == 403


def test_what_another_chose_meanwhile_is_said_and_what_was_ticked_stays(cast, browse):
    driver, medic, cook = (position(cast, name) for name in ("Driver", "Medic", "Cook"))
    mine, theirs = browse(cast.ada), browse(cast.ada)
    address, _page, form = _profile(mine, cast.max)
    their_form = _profile(theirs, cast.max)[2]
    theirs.post(address, data=their_form | {"positions": [str(driver.id), str(medic.id)], "update": "1"})
    page = mine.post(address, data=form | {"positions": [str(cook.id)], "update": "1"})
    assert page.status_code == 409
    html = read(page.text)
    assert "Positions: nothing → Driver, Medic by Ada Lindgren" in html.one(class_="error-summary conflict").text
    assert filled(html, data_profile=None)["positions"] == [str(cook.id)]
    untouched = mine.post(address, data=form | {"suffix": "Jr.", "update": "1"})
    assert filled(read(untouched.text), data_profile=None)["positions"] == [str(driver.id), str(medic.id)]


# User Management


def test_the_filter_stays_in_the_address(cast, browse):
    client, driver = browse(cast.ada), position(cast, "Driver", cast.max)
    page = read(client.get(f"/admin/members/?position={driver.id}&sort=number").text)
    assert [row.one("th").all("a")[0].text for row in page.one("table").one("tbody").all("tr")] == ["Miller, Max"]
    assert page.one("select", id="position").one("option", selected="").text == "Driver"
    assert all(f"position={driver.id}" in each.one("a").attrs["href"] for each in page.one("thead").all("th")
               if each.all("a"))  # fmt: skip


@pytest.mark.parametrize("asked", ["x", "-1", "99999999999999999999", "1,2"])
def test_a_position_that_is_none_is_as_if_not_asked(cast, browse, asked):
    position(cast, "Driver")
    assert "6 members" in browse(cast.ada).get(f"/admin/members/?position={asked}").text


def test_the_learner_sees_their_positions(cast, browse):
    position(cast, "Driver", cast.max)
    assert "Driver" in read(browse(cast.max).get("/portfolio/").text).one(class_="about").text
