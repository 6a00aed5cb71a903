"""Search or jump to: each finds what their role and scope show them, and nothing else."""

from __future__ import annotations

import pytest

from records.database import db, transaction
from records.models import CertificationType, Organization


def found(client, text, address="/admin/find"):
    """The labels of what was found, by kind."""
    answer = client.get(address, query_string={"q": text}, headers={"Accept": "application/json"}).json
    return {kind["name"]: [place["label"] for place in kind["places"]] for kind in answer["kinds"]}


@pytest.mark.parametrize("text", ["mill", "1004", "max.miller@lakeside", "MAX miller"])
def test_a_member_is_found_by_name_number_or_address(cast, browse, text):
    assert found(browse(cast.ada), text)["Members"] == ["Miller, Max"]


def test_members_out_of_scope_and_of_other_organizations_are_not_found(cast, browse):
    assert found(browse(cast.nora), "m") == {**found(browse(cast.nora), "m"), "Members": ["Miller, Max"]}
    assert "Members" not in found(browse(cast.nora), "mia")
    assert "Members" not in found(browse(cast.ada), "adams")


def test_a_type_leads_to_its_page_or_to_who_holds_it(cast, browse):
    for person, address in (
        (cast.ada, f"/admin/certification-types/{cast.emt.id}"),
        (cast.nora, f"/admin/requirements/coverage/?count=type-{cast.emt.id}"),
    ):
        client = browse(person)
        answer = client.get("/admin/find?q=emt", headers={"Accept": "application/json"}).json
        places = next(kind["places"] for kind in answer["kinds"] if kind["name"] == "Certification Types")
        assert [place["address"] for place in places] == [address]
        assert client.get(address).status_code == 200


def test_retired_types_are_left_out(cast, browse):
    with transaction() as session:
        session.get_one(CertificationType, cast.emt.id).retired_at = cast.emt.created_at
    assert "Certification Types" not in found(browse(cast.ada), "emt")


def test_pages_and_actions_are_those_of_the_role(cast, browse):
    administrator, coordinator = found(browse(cast.ada), ""), found(browse(cast.nora), "")
    assert "Settings" in administrator["Pages"]
    assert "Settings" not in coordinator["Pages"]
    assert "New member" in administrator["Actions"]
    assert "New member" not in coordinator["Actions"]
    assert "Renew for many members" in coordinator["Actions"]


def test_everything_that_is_offered_opens(cast, browse):
    for person in (cast.ada, cast.carl, cast.nora):
        client = browse(person)
        for text in ("", "e"):
            answer = client.get("/admin/find", query_string={"q": text}, headers={"Accept": "application/json"}).json
            for kind in answer["kinds"]:
                for place in kind["places"]:
                    assert client.get(place["address"]).status_code in (200, 302), place


def test_of_a_module_that_is_off_nothing_is_found(cast, browse):
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).tracks_certifications = False
    db.session.expire_all()
    assert "Certification Types" not in found(browse(cast.ada), "emt")
    assert "Renew for many members" not in found(browse(cast.ada), "")["Actions"]


def test_the_page_shows_the_same_without_a_script(cast, browse):
    page = browse(cast.ada).get("/admin/find?q=miller")
    assert page.mimetype == "text/html"
    assert f'href="/admin/members/{cast.max.id}"' in page.text
    assert "1 result" in page.text
    assert "Nothing found. Try fewer letters." in browse(cast.ada).get("/admin/find?q=qqqq").text
