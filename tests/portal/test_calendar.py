"""The learner's page of calendar addresses."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from records.database import db, locked, transaction
from records.models import CalendarFeed, Member
from tests.forms import read

URL = "/portfolio/calendar"


@pytest.fixture
def client(cast, browse):
    return browse(cast.max)


def _address(page, kind="own"):
    return read(page.text).one("input", id=f"{kind}-address").attrs["value"]


def _path(address):
    return address.removeprefix("http://127.0.0.1:8000")


def test_an_address_is_made_shown_and_read(browse, client):
    assert "Make an address" in client.get(URL).text
    page = client.post(f"{URL}/own/make", follow_redirects=True)
    address = _address(page)
    assert address.startswith("http://127.0.0.1:8000/calendar/")
    assert address.endswith(".ics")
    assert address.replace("http://", "webcal://") in page.text
    assert "Not yet" in page.text
    assert browse().get(_path(address)).status_code == 200
    again = client.get(URL)
    assert _address(again) == address, "it can be shown again"
    assert "Not yet" not in again.text


def test_a_new_one_ends_the_old_one_and_ending_it_ends_it(browse, client):
    first = _address(client.post(f"{URL}/own/make", follow_redirects=True))
    second = _address(client.post(f"{URL}/own/make", follow_redirects=True))
    assert browse().get(_path(first)).status_code == 404
    assert browse().get(_path(second)).status_code == 200
    page = client.post(f"{URL}/own/end", follow_redirects=True)
    assert "The address has ended." in page.text
    assert browse().get(_path(second)).status_code == 404
    assert client.post(f"{URL}/own/end").status_code == 404


@pytest.mark.parametrize(("whose", "has_scope"), [("max", False), ("nora", True), ("carl", True), ("ada", True)])
def test_staff_have_the_feed_of_their_scope_besides(cast, browse, whose, has_scope):
    client = browse(getattr(cast, whose))
    assert ("Members in my scope" in client.get(URL).text) == has_scope
    answer = client.post(f"{URL}/scope/make")
    assert answer.status_code == (302 if has_scope else 403)
    assert (db.session.scalar(sa.select(sa.func.count(CalendarFeed.id))) == 1) == has_scope


def test_the_back_office_leads_there(cast, browse):
    page = read(browse(cast.carl).get("/admin/").text)
    assert page.one("a", href=f"{URL}#scope").text == "In my calendar"


def test_whoever_lost_the_role_sees_only_their_own(cast, browse):
    client = browse(cast.carl)
    client.post(f"{URL}/scope/make")
    with transaction():
        carl = locked(Member, cast.carl.id)
        carl.role, carl.covers_organization = "member", False
    assert "Members in my scope" not in client.get(URL).text


@pytest.mark.parametrize("kind", ["other", "", "own/x"])
def test_there_are_no_other_kinds(client, kind):
    assert client.post(f"{URL}/{kind}/make").status_code == 404


def test_nothing_is_made_or_ended_without_a_press_and_a_token(client):
    for verb in ("make", "end"):
        assert client.get(f"{URL}/own/{verb}").status_code == 405
        assert client.post(f"{URL}/own/{verb}", csrf=False).status_code == 400
    assert db.session.scalars(sa.select(CalendarFeed)).all() == []


def test_an_administrator_logged_in_as_the_member_sees_no_address(cast, browse, client):
    address = _address(client.post(f"{URL}/own/make", follow_redirects=True))
    admin = browse(cast.ada)
    admin.log_in_as(cast.max)
    page = admin.get(URL)
    assert page.status_code == 200
    assert "Max Miller alone makes calendar addresses" in page.text
    assert address not in page.text
    for verb in ("make", "end"):
        assert admin.post(f"{URL}/own/{verb}").status_code == 403
    assert browse().get(_path(address)).status_code == 200


def test_with_the_module_off_the_page_is_gone(client, browse, switch_off):
    address = _address(client.post(f"{URL}/own/make", follow_redirects=True))
    switch_off("tracks_certifications")
    assert client.get(URL).status_code == 404
    assert client.post(f"{URL}/own/make").status_code == 404
    assert browse().get(_path(address)).status_code == 404
    assert "Calendar" not in read(client.get("/portfolio/proofs").text).one("nav", aria_label="Main").text


def test_under_another_key_the_page_says_that_it_cannot_be_shown(client):
    client.post(f"{URL}/own/make")
    with transaction():
        locked(CalendarFeed, db.session.scalars(sa.select(CalendarFeed.id)).one()).salt = "under another key"
    assert "This address cannot be shown any more" in client.get(URL).text


def test_addresses_begin_with_the_public_one_whatever_the_host_says(client):
    client.post(f"{URL}/own/make")
    page = client.get(URL, headers={"Host": "evil.example"})
    assert "evil.example" not in page.text
