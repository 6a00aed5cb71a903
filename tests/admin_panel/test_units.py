"""Units, through the browser's eyes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records.database import db, every_organization
from records.models import AuditEvent, AuditKind, Member, Unit
from tests.forms import filled, read
from tests.requirements import require

UNITS = "/admin/units/"


def _named(name):
    return db.session.scalars(select(Unit).where(Unit.name == name)).one_or_none()


def test_the_tree_says_how_many_members_each_has(cast, browse):
    html = read(browse(cast.ada).get(UNITS).text)
    rows = [[cell.text for cell in row.children] for row in html.one("table").one("tbody").all("tr")]
    assert rows == [
        ["Station North", "1", ""],
        ["in Station North: Engine 1", "1", ""],
        ["Station South", "1", ""],
    ]


def test_an_organization_without_units_is_told_what_they_are_for(cast, browse):
    assert "No units yet" in browse(cast.ken).get(UNITS).text


def test_a_unit_is_created_below_another(cast, browse):
    client = browse(cast.ada)
    form = filled(read(client.get(f"{UNITS}?under={cast.engine.id}").text), action=UNITS, method="post")
    assert form["parent_id"] == [str(cast.engine.id)]
    answer = client.post(UNITS, data=form | {"name": "Crew <A>"})
    assert answer.headers["Location"] == UNITS
    assert _named("Crew <A>").parent_id == cast.engine.id
    page = client.get(UNITS).text
    assert "Crew &lt;A&gt;" in page
    assert "was added" in page


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "station  NORTH"}, ["name"]),
        ({"name": "x" * 256}, ["name"]),
        ({"name": "Crew", "parent_id": "99999999999999999999"}, ["parent_id"]),
        ({"name": "Crew", "parent_id": "x"}, ["parent_id"]),
    ],
)
def test_what_is_wrong_stands_beside_its_field(cast, browse, fields, wrong):
    page = browse(cast.ada).post(UNITS, data=fields)
    assert page.status_code == 422
    invalid = [each.attrs["name"] for each in read(page.text).all(aria_invalid="true")]
    assert invalid == wrong


def test_a_unit_is_renamed_and_moved(cast, browse):
    client, address = browse(cast.ada), f"{UNITS}{cast.engine.id}"
    form = filled(read(client.get(address).text), action=address)
    assert (form["name"], form["parent_id"]) == (["Engine 1"], [str(cast.north.id)])
    client.post(address, data=form | {"name": "Engine One", "parent_id": str(cast.south.id)})
    assert _named("Engine One").parent_id == cast.south.id


def test_a_unit_is_not_offered_and_not_taken_as_its_own_parent(cast, browse):
    client, address = browse(cast.ada), f"{UNITS}{cast.north.id}"
    options = read(client.get(address).text).one("select", name="parent_id").all("option")
    assert [option.attrs["value"] for option in options] == ["", str(cast.south.id)]
    for parent in (cast.north.id, cast.engine.id):
        page = client.post(address, data={"name": "Station North", "parent_id": str(parent)})
        assert page.status_code == 422
        assert "cannot be moved into itself" in page.text


def test_a_unit_is_merged_into_another(cast, browse):
    client = browse(cast.ada)
    answer = client.post(f"{UNITS}{cast.north.id}/merge", data={"into": str(cast.south.id)})
    assert answer.status_code == 302
    assert "“Station North” is now part of “Station South”." in client.get(UNITS).text
    assert db.session.get(Member, cast.nora.id).unit_id == cast.south.id


def test_a_merge_that_cannot_be_is_refused_in_words(cast, browse):
    client = browse(cast.ada)
    client.post(UNITS, data={"name": "Engine 1", "parent_id": str(cast.south.id)})
    for into, said in ((str(cast.south.id), "Both units contain a unit named “Engine 1”"), ("", "Choose a unit"),
                       (str(cast.engine.id), "cannot be merged into itself")):  # fmt: skip
        page = client.post(f"{UNITS}{cast.north.id}/merge", data={"into": into})
        assert page.status_code == 422
        assert said in page.text


def test_only_an_empty_unit_can_be_deleted(cast, browse):
    client, address = browse(cast.ada), f"{UNITS}{cast.south.id}"
    assert "Delete unit" not in client.get(address).text
    page = client.post(f"{address}/delete")
    assert page.status_code == 409
    assert "still has members or units in it" in page.text
    client.post(UNITS, data={"name": "Medic 7"})
    medic = _named("Medic 7").id
    assert "Delete unit" in client.get(f"{UNITS}{medic}").text
    assert client.post(f"{UNITS}{medic}/delete").status_code == 302
    assert _named("Medic 7") is None
    assert client.get(f"{UNITS}{medic}").status_code == 404


@pytest.mark.parametrize("asker", ["carl", "nora", "max"])
def test_only_administrators_come_in(cast, browse, asker):
    client = browse(getattr(cast, asker))
    one = f"{UNITS}{cast.south.id}"
    assert client.get(UNITS).status_code == client.get(one).status_code == 403
    for address in (UNITS, one, f"{one}/merge", f"{one}/delete"):
        assert client.post(address, data={"name": "X", "into": str(cast.north.id)}).status_code == 403
    assert db.session.scalar(select(AuditEvent.id).where(AuditEvent.kind != AuditKind.REFUSED)) is None


def test_units_of_another_organization_do_not_exist(cast, browse):
    client, one = browse(cast.ken), f"{UNITS}{cast.south.id}"
    assert client.get(one).status_code == 404
    for address in (one, f"{one}/merge", f"{one}/delete"):
        assert client.post(address, data={"name": "X", "into": str(cast.north.id)}).status_code == 404
    with every_organization():
        assert _named("Station South") is not None


def test_a_unit_that_a_requirement_names_is_kept_and_merging_is_offered(cast, browse):
    client = browse(cast.ada)
    client.post(UNITS, data={"name": "Medic 7"})
    medic = _named("Medic 7").id
    require(cast, unit_ids=frozenset({medic}))
    page = client.post(f"{UNITS}{medic}/delete")
    assert page.status_code == 409
    assert "A requirement names “Medic 7”." in page.text
    assert read(page.text).one("select", name="into")
