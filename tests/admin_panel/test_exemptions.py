"""Exemptions, through the browser's eyes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from records.database import db, transaction
from records.models import Exemption, Organization
from tests.forms import filled, read
from tests.holdings import today
from tests.requirements import exempt, require

EXEMPTIONS = "/admin/requirements/exemptions/"


def _open(client, query=""):
    return filled(read(client.get(f"{EXEMPTIONS}new{query}").text), action=f"{EXEMPTIONS}new")


def _all():
    return db.session.scalars(select(Exemption)).all()


def test_it_is_granted_from_the_requirement_by_searching_the_member(cast, browse):
    made, client = require(cast), browse(cast.ada)
    form = _open(client, f"?requirement={made.id}")
    assert (form["requirement_id"], form["starts_on"]) == ([str(made.id)], [today().isoformat()])
    last = today() + timedelta(days=30)
    form |= {"reason": "On leave.", "ends_on": last.isoformat()}
    page = client.post(f"{EXEMPTIONS}new", data=form | {"find": "max", "search": "1"})
    assert page.status_code == 200
    assert [each.attrs["value"] for each in read(page.text).all("input", name="member_id")] == [str(cast.max.id)]
    form = filled(read(page.text), action=f"{EXEMPTIONS}new")
    assert (form["reason"], form["ends_on"]) == (["On leave."], [last.isoformat()])
    page = client.post(f"{EXEMPTIONS}new", data=form | {"member_id": str(cast.max.id), "save": "1"},
                       follow_redirects=True)  # fmt: skip
    assert "Max Miller is exempt from “Life support”." in page.text
    cells = [cell.text for cell in read(page.text).one("table").one("tbody").one("tr").children]
    assert cells[:2] == ["Miller, Max", "Exempt now"]
    assert cells[4] == "On leave. approved by Ada Lindgren"


def test_it_is_granted_from_the_member(cast, browse):
    require(cast)
    client = browse(cast.ada)
    assert read(client.get(f"/admin/members/{cast.max.id}").text).one("a", href=f"{EXEMPTIONS}?member={cast.max.id}")
    page = read(client.get(f"{EXEMPTIONS}?member={cast.max.id}").text)
    assert "Exemptions of Max Miller" in page.one("h1").text
    assert page.one("a", href=f"{EXEMPTIONS}new?member={cast.max.id}")
    assert _open(client, f"?member={cast.max.id}")["member_id"] == [str(cast.max.id)]


def test_each_wrong_field_has_its_own_error_and_keeps_what_was_typed(cast, browse):
    client = browse(cast.ada)
    page = client.post(f"{EXEMPTIONS}new", data=_open(client) | {"reason": "", "ends_on": "2026-02-30", "save": "1"})
    assert page.status_code == 422
    said = read(page.text).one(class_="error-summary").text
    for sentence in ("Choose a requirement", "Choose the member", "Give a reason.", "Enter a date that exists"):
        assert sentence in said
    assert filled(read(page.text), action=f"{EXEMPTIONS}new")["ends_on"] == ["2026-02-30"]


def test_an_overlap_is_said_with_its_dates(cast, browse):
    made, client = require(cast), browse(cast.ada)
    exempt(cast, cast.max, made, 0, 0)
    form = _open(client, f"?requirement={made.id}&member={cast.max.id}")
    page = client.post(f"{EXEMPTIONS}new", data=form | {"reason": "x", "ends_on": today().isoformat(), "save": "1"})
    assert page.status_code == 422
    assert "This member is already exempt from it from" in page.text
    assert len(_all()) == 1


def test_it_is_withdrawn(cast, browse):
    made, client = require(cast), browse(cast.ada)
    granted = exempt(cast, cast.max, made)
    page = client.post(f"{EXEMPTIONS}{granted.id}/withdraw", follow_redirects=True)
    assert "The exemption of Max Miller is withdrawn." in page.text
    assert "Withdrawn" in read(page.text).one("table", aria_label="Past exemptions").text
    ended = exempt(cast, cast.mia, made, -9, -2)
    page = client.post(f"{EXEMPTIONS}{ended.id}/withdraw")
    assert (page.status_code, "has ended already" in page.text) == (409, True)


def test_a_coordinator_reads_those_in_scope(cast, browse):
    made = require(cast)
    for member in (cast.max, cast.mia):
        exempt(cast, member, made)
    client = browse(cast.nora)
    page = client.get(EXEMPTIONS).text
    assert "Miller, Max" in page
    assert "Mia" not in page
    assert "New exemption" not in page
    assert client.get(f"{EXEMPTIONS}?member={cast.max.id}").status_code == 200
    assert client.get(f"{EXEMPTIONS}?member={cast.mia.id}").status_code == 404


@pytest.mark.parametrize("asked", ["x", "-1", "99999999999999999999", "1,2"])
def test_no_member_and_no_requirement_are_taken_as_such(cast, browse, asked):
    client = browse(cast.ada)
    assert client.get(f"{EXEMPTIONS}?member={asked}").status_code == 404
    assert client.get(f"{EXEMPTIONS}new?member={asked}&requirement={asked}").status_code == 200


def test_it_is_switched_off_with_certifications(cast, browse):
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).tracks_certifications = False
    client = browse(cast.ada)
    for path in ("", "new"):
        assert client.get(EXEMPTIONS + path).status_code == 404
    assert "exemptions" not in client.get(f"/admin/members/{cast.max.id}").text
