"""Log in as, from a member's profile: who is offered it, and the page that asks for the password."""

from __future__ import annotations

import pytest

from records.database import db, locked, transaction
from records.models import Account, Member, Role
from tests.cast import PASSWORD
from tests.forms import filled, read


def _address(member):
    return f"/admin/members/{member.id}/log-in-as"


def _offered(client, member):
    return bool(read(client.get(f"/admin/members/{member.id}").text).all("form", action=_address(member)))


def test_administrators_are_offered_it_on_members_and_coordinators(cast, browse):
    ada = browse(cast.ada)
    assert _offered(ada, cast.max)
    assert _offered(ada, cast.carl)
    form = read(ada.get(f"/admin/members/{cast.max.id}").text).one("form", action=_address(cast.max))
    assert form.attrs["method"] == "post"
    assert form.one("button").text == "Log in as"


def test_it_is_not_offered_on_oneself_on_administrators_and_on_the_deactivated(cast, browse):
    with transaction():
        locked(Member, cast.una.id).role = Role.ADMINISTRATOR
        locked(Member, cast.mia.id).deactivated_at = cast.fire.created_at
    ada = browse(cast.ada)
    for member in (cast.ada, cast.una, cast.mia):
        assert not _offered(ada, member)


def test_coordinators_are_not_offered_it(cast, browse):
    assert not _offered(browse(cast.carl), cast.max)


def test_the_button_leads_to_a_page_that_asks_for_the_password_and_changes_nothing(cast, browse):
    client = browse(cast.ada)
    page = client.post(_address(cast.max))
    assert page.status_code == 200
    assert read(page.text).one("h1").text == "Log in as Max Miller"
    form = read(page.text).one("form", action=_address(cast.max))
    assert form.one("input", name="password").attrs["autocomplete"] == "current-password"
    assert client.get("/admin/").status_code == 200
    assert filled(read(page.text), action=_address(cast.max)).keys() == {"csrf_token", "password"}


@pytest.mark.parametrize(("typed", "said"), [("", "Enter your password."), ("wrong", "not your current password")])
def test_a_wrong_password_is_said_beside_its_field(cast, browse, typed, said):
    client = browse(cast.ada)
    page = client.post(_address(cast.max), data={"password": typed})
    assert page.status_code == 422
    field = read(page.text).one("input", name="password")
    assert field.attrs["aria-invalid"] == "true"
    assert said in read(page.text).one(id=field.attrs["aria-describedby"].split()[-1]).text
    assert client.get("/admin/").status_code == 200


def test_too_many_guesses_wait(cast, browse):
    client = browse(cast.ada)
    for _ in range(10):
        assert client.post(_address(cast.max), data={"password": "a guess"}).status_code == 422
    page = client.post(_address(cast.max), data={"password": PASSWORD})
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) > 0


def test_the_right_password_leads_into_the_portal(cast, browse):
    client = browse(cast.ada)
    page = client.log_in_as(cast.max)
    assert page.status_code == 302
    assert page.headers["Location"] == "/portfolio/"
    assert "Max Miller" in read(client.get("/portfolio/").text).one("h1").text


def test_reading_the_address_is_no_way_in(cast, browse):
    client = browse(cast.ada)
    page = client.get(_address(cast.max))
    assert page.status_code == 405
    assert "POST" in page.headers["Allow"]


@pytest.mark.parametrize(("person", "status"), [("ada", 409), ("una", 403), ("mia", 409), ("other_max", 404)])
def test_nobody_may_be_entered_who_must_not_be(cast, browse, person, status):
    with transaction():
        locked(Member, cast.una.id).role = Role.ADMINISTRATOR
        locked(Member, cast.mia.id).deactivated_at = cast.fire.created_at
    client = browse(cast.ada)
    for data in ({}, {"password": PASSWORD}):
        assert client.post(_address(getattr(cast, person)), data=data).status_code == status
    assert client.get("/admin/").status_code == 200


def test_without_its_token_nothing_happens(cast, browse):
    client = browse(cast.ada)
    assert client.post(_address(cast.max), data={"password": PASSWORD}, csrf=False).status_code == 400
    assert client.get("/admin/").status_code == 200


def test_an_account_without_a_password_confirms_nothing(cast, browse):
    client = browse(cast.ada)
    with transaction():
        locked(Account, cast.ada.account_id).password_hash = None
    assert client.post(_address(cast.max), data={"password": PASSWORD}).status_code == 422
    db.session.rollback()


def test_the_audit_trail_names_both(cast, browse):
    client = browse(cast.ada)
    client.log_in_as(cast.max)
    client.post("/return")
    trail = read(client.get("/admin/audit-trail/").text)
    rows = [row.text for row in trail.all("tr")]
    assert any("Ada Lindgren" in row and "Logged in as the member" in row and "Max Miller" in row for row in rows)
    assert any(
        "Max Miller (Ada Lindgren, logged in as them)" in row and "Administrator returned" in row for row in rows
    )
