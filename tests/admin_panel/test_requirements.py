"""Requirements, through the browser's eyes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from records.database import db, transaction
from records.models import CertificationType, Organization, Requirement
from records.services import certification_types
from tests.certificates import credit_type
from tests.forms import filled, read
from tests.requirements import exempt, position, require

RULES = "/admin/requirements/rules/"


def _named(name):
    found = select(Requirement).where(Requirement.name == name).execution_options(populate_existing=True)
    return db.session.scalars(found).one_or_none()


def _open(client, path="new"):
    return filled(read(client.get(RULES + path).text), action=RULES + path)


def _wrong(page):
    return [each.text for each in read(page.text).all("p", class_="error")]


def test_an_organization_without_any_is_told_what_they_are_for(cast, browse):
    assert "No requirements yet" in browse(cast.ken).get(RULES).text


def test_one_is_made_and_reads_as_a_sentence(cast, browse):
    client, driver = browse(cast.ada), position(cast, "Driver")
    form = _open(client) | {
        "name": "Driving <x>", "units": [str(cast.north.id)], "positions": [str(driver.id)],
        "types": [str(cast.emt.id), str(cast.forklift.id)], "from_on": "2026-01-01", "newcomer_days": "30", "save": "1",
    }  # fmt: skip
    page = client.post(f"{RULES}new", data=form, follow_redirects=True)
    assert "“Driving &lt;x&gt;” was added." in page.text
    said = "Driver in Station North and below must hold all of: EMT-Basic, Forklift licence, from 1 Jan 2026, with 30"
    assert said in page.text


def test_each_wrong_field_has_its_own_error_and_keeps_what_was_typed(cast, browse):
    client = browse(cast.ada)
    form = _open(client) | {
        "name": "", "description": "Kept <b>", "rule": "at_least", "at_least": "two", "types": [str(cast.emt.id)],
        "from_on": "2026-02-30", "newcomer_days": "soon", "save": "1",
    }  # fmt: skip
    page = client.post(f"{RULES}new", data=form)
    assert page.status_code == 422
    assert _wrong(page) == [
        "Enter a name.",
        "Choose everyone, or at least one unit, position or member.",
        "Enter a whole number.",
        "Enter a date that exists, such as 2027-03-21.",
        "Enter a whole number.",
    ]
    kept = filled(read(page.text), action=f"{RULES}new")
    assert (kept["description"], kept["at_least"], kept["from_on"], kept["newcomer_days"]) == (
        ["Kept <b>"], ["two"], ["2026-02-30"], ["soon"],
    )  # fmt: skip
    assert kept["types"] == [str(cast.emt.id)]


def test_members_are_found_ticked_and_unticked_and_nothing_typed_is_lost(cast, browse):
    client = browse(cast.ada)
    form = _open(client) | {"name": "Named", "types": [str(cast.emt.id)], "from_on": "2026-01-01"}
    assert "members" not in form
    page = client.post(f"{RULES}new", data=form | {"find": "mi", "search": "1"})
    assert page.status_code == 200
    offered = [each.attrs["value"] for each in read(page.text).all("input", name="members")]
    assert offered == [str(cast.max.id), str(cast.mia.id)]
    form = filled(read(page.text), action=f"{RULES}new")
    assert (form["name"], form["types"], form["from_on"]) == (["Named"], [str(cast.emt.id)], ["2026-01-01"])
    # Enter in the search box sends no button: that looks for members, too.
    page = client.post(f"{RULES}new", data=form | {"members": [str(cast.max.id)], "find": "una"})
    form = filled(read(page.text), action=f"{RULES}new")
    assert form["members"] == [str(cast.max.id)]
    assert "Unassigned, Una" in page.text
    client.post(f"{RULES}new", data=form | {"save": "1"})
    assert [each.member_id for each in _named("Named").members] == [cast.max.id]
    address = str(_named("Named").id)
    form = _open(client, address)
    assert form["members"] == [str(cast.max.id)]
    del form["members"]
    client.post(RULES + address, data=form | {"units": [str(cast.north.id)], "save": "1"})
    assert not _named("Named").members


def test_nobody_found_is_said(cast, browse):
    page = browse(cast.ada).post(f"{RULES}new", data={"find": "zzz", "search": "1"})
    assert "Nobody found for “zzz”." in page.text


def test_credits_are_offered_where_the_organization_takes_certificates(cast, browse):
    client, type_ = browse(cast.ada), credit_type()
    form = _open(client) | {
        "name": "Hours", "who": "everyone", "kind": "credits", "credit_type_id": str(type_.id), "credits": "2.5",
        "from_on": "2026-01-01", "at_least": "nonsense", "save": "1",
    }  # fmt: skip
    page = client.post(f"{RULES}new", data=form, follow_redirects=True)
    assert "Everyone must earn 2.5 hours of CEU in each period, from 1 Jan 2026." in page.text
    assert _named("Hours").credits == Decimal("2.5")
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).takes_external_certificates = False
    options = read(client.get(f"{RULES}new").text).one("select", name="kind").all("option")
    assert [option.attrs["value"] for option in options] == ["types"]
    assert client.get(f"{RULES}{_named('Hours').id}").status_code == 200


def test_what_another_saved_meanwhile_is_shown_with_what_was_typed(cast, browse):
    made = require(cast)
    client, address = browse(cast.ada), f"{RULES}{made.id}"
    mine, theirs = _open(client, str(made.id)), _open(client, str(made.id))
    client.post(address, data=theirs | {"name": "Theirs", "who": "some", "units": [str(cast.north.id)], "save": "1"})
    page = client.post(address, data=mine | {"name": "Mine", "save": "1"})
    assert page.status_code == 409
    box = read(page.text).one(class_="error-summary conflict").text
    assert "Theirs" in box
    assert "Station North" in box
    form = filled(read(page.text), action=address)
    assert form["name"] == ["Mine"]
    client.post(address, data=form | {"save": "1"})
    assert _named("Mine").binds_everyone


def test_a_retired_type_is_shown_as_such_and_not_offered_anew(cast, browse):
    made = require(cast)
    certification_types.retire(db.session.get_one(CertificationType, cast.emt.id), by=cast.actor(cast.ada))
    client = browse(cast.ada)
    assert "EMT-Basic (retired)" in client.get(RULES).text
    assert "EMT-Basic (retired)" in read(client.get(f"{RULES}{made.id}").text).one("ul", id="types").text
    assert "EMT-Basic" not in read(client.get(f"{RULES}new").text).one("ul", id="types").text


def test_it_is_retired_with_undo_reinstated_and_deleted(cast, browse):
    made, client = require(cast), browse(cast.ada)
    page = client.post(f"{RULES}{made.id}/retire", follow_redirects=True)
    assert read(page.text).one("form", action=f"{RULES}{made.id}/reinstate")
    assert "They bind nobody any more." in page.text
    assert "stands again" in client.post(f"{RULES}{made.id}/reinstate", follow_redirects=True).text
    assert "was deleted" in client.post(f"{RULES}{made.id}/delete", follow_redirects=True).text
    used = require(cast)
    exempt(cast, cast.max, used)
    page = client.post(f"{RULES}{used.id}/delete")
    assert (page.status_code, "Retire it instead" in page.text) == (409, True)


def test_coordinators_read_and_change_nothing(cast, browse):
    made = require(cast, member_ids=frozenset({cast.mia.id}))
    exempt(cast, cast.mia, made)
    exempt(cast, cast.max, made)
    client = browse(cast.nora)
    page = client.get(f"{RULES}{made.id}")
    assert not read(page.text).all("form", action=f"{RULES}{made.id}")
    assert "Miller, Max" in page.text
    assert "Mia" not in page.text
    assert not read(page.text).all("button", text="Withdraw")
    assert "New requirement" not in client.get(RULES).text


def test_exemptions_are_searched_by_name(cast, browse):
    made = require(cast)
    for member in (cast.max, cast.mia):
        exempt(cast, member, made)
    page = browse(cast.ada).get(f"{RULES}{made.id}?search=mil").text
    assert "Miller, Max" in page
    assert "Söderström, Mia" not in page


@pytest.mark.parametrize("path", ["", "new", "1"])
def test_it_is_switched_off_with_certifications(cast, browse, path):
    require(cast)
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).tracks_certifications = False
    client = browse(cast.ada)
    assert client.get(RULES + path).status_code == 404
    assert "Requirements" not in client.get("/admin/positions/").text.split("<main")[0]


def test_the_menu_leads_there(cast, browse):
    for asker in (cast.ada, cast.nora):
        assert (
            read(browse(asker).get("/admin/").text).one("a", href="/admin/requirements/", class_="item").text
            == "Requirements"
        )
