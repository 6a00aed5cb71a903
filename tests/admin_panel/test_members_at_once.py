"""User Management, many at once: what is done with ticked members, and the list as a file."""

from __future__ import annotations

import csv
import random
from io import BytesIO, StringIO

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from records import clock
from records.database import db, locked, transaction
from records.models import AuditEvent, Member, MemberPosition, Message, MessageKind, Role
from records.queries.members import PAGE
from tests.cast import LONG_AGO
from tests.forms import read
from tests.requirements import position

LIST = "/admin/members/"
SEVERAL = "/admin/members/several"


@pytest.fixture
def client(cast, browse):
    return browse(cast.ada)


def _do(client, what, *members, status=302, **more):
    answer = client.post(SEVERAL, data={"do": what, "chosen": [str(each.id) for each in members], **more})
    assert answer.status_code == status
    return answer


def _said(client, answer):
    return read(client.get(answer.headers["Location"]).text).one(class_="notes toasts").text


def _member(member):
    return db.session.get(Member, member.id, populate_existing=True)


def _rows(answer):
    assert answer.status_code == 200
    return list(csv.reader(StringIO(answer.data.decode("utf-8-sig"), newline="")))


# What is done


def test_many_are_invited_and_who_has_no_address_is_named(cast, client):
    with transaction():
        locked(Member, cast.mia.id).email = None
    answer = _do(client, "invite", cast.una, cast.mia)
    said = _said(client, answer)
    assert "1 member was invited." in said
    assert "1 row was left as it is." in said
    assert "Mia Söderström: " in said
    letters = db.session.scalars(select(Message).where(Message.kind == MessageKind.INVITATION)).all()
    assert [each.to_address for each in letters] == [cast.una.email]


def test_long_names_leave_room_for_the_message_that_names_them(cast, client):
    drawn = random.Random(4)  # letters in no order, which nothing makes shorter

    def name():
        return "".join(chr(drawn.randrange(0x4E00, 0x9FFF)) for _ in range(100))

    with transaction() as session:
        people = [
            Member(organization_id=cast.fire.id, given_name=name(), family_name=name(), created_at=LONG_AGO)
            for _ in range(6)
        ]
        session.add_all(people)
    answer = _do(client, "invite", *people)
    assert len(answer.headers["Set-Cookie"]) < 4093  # what browsers keep
    assert "6 rows were left as they are." in _said(client, answer)


def test_links_of_invitations_are_mailed_and_never_shown(cast, client):
    answer = _do(client, "invite", cast.una)
    assert "/invitation/" not in client.get(answer.headers["Location"]).text


def test_a_unit_is_assigned_and_taken_away_on_record(cast, client):
    assert "The unit of 2 members is set." in _said(
        client, _do(client, "unit", cast.una, cast.mia, unit=cast.engine.id)
    )
    assert {_member(each).unit_id for each in (cast.una, cast.mia)} == {cast.engine.id}
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.member_id == cast.mia.id)).one()
    assert (event.detail.before, event.detail.after) == ({"unit_id": cast.south.id}, {"unit_id": cast.engine.id})
    _do(client, "unit", cast.una, unit="")
    assert _member(cast.una).unit_id is None


@pytest.mark.parametrize("unit", ["999999", "99999999999999999999"])
def test_no_unit_of_the_organization_is_no_unit(cast, client, unit):
    said = _said(client, _do(client, "unit", cast.max, unit=unit))
    if unit == "999999":
        assert "Choose a unit from the list." in said
        assert _member(cast.max).unit_id == cast.engine.id


def test_a_position_is_assigned_and_removed(cast, client):
    driver = position(cast, "Driver", cast.max)
    _do(client, "give-position", cast.max, cast.mia, position=driver.id)
    serving = select(MemberPosition.member_id).where(MemberPosition.position_id == driver.id)
    assert set(db.session.scalars(serving)) == {cast.max.id, cast.mia.id}
    assert "no longer serve" in _said(client, _do(client, "take-position", cast.max, cast.mia, position=driver.id))
    assert db.session.scalars(serving).all() == []
    assert "Choose positions from the list." in _said(client, _do(client, "give-position", cast.max, position="999999"))


def test_many_are_deactivated_but_neither_oneself_nor_the_last_administrator(cast, client):
    said = _said(client, _do(client, "deactivate", cast.max, cast.mia, cast.ada))
    assert "2 members are deactivated and signed out everywhere." in said
    assert "Ada Lindgren: " in said
    assert [_member(each).is_active for each in (cast.max, cast.mia, cast.ada)] == [False, False, True]


def test_undo_brings_back_those_who_were_deactivated_and_nobody_else(cast, client):
    with transaction():
        locked(Member, cast.una.id).deactivated_at = clock.now()
    page = read(client.get(_do(client, "deactivate", cast.max, cast.mia, cast.ada).headers["Location"]).text)
    undo = next(form for form in page.one(class_="notes toasts").all("form") if form.text == "Undo")
    assert "2 members are active again." in _said(client, client.post(undo.attrs["action"]))
    assert [_member(each).is_active for each in (cast.max, cast.mia, cast.una)] == [True, True, False]


def test_the_list_stays_where_it_was(cast, client):
    answer = client.post(f"{SEVERAL}?unit={cast.north.id}&sort=-name", data={"do": "invite", "chosen": [cast.max.id]})
    assert answer.headers["Location"] == f"{LIST}?unit={cast.north.id}&sort=-name"


@pytest.mark.parametrize("what", ["invite", "", "promote"])
def test_nothing_ticked_and_nothing_known_changes_nothing(cast, client, what):
    members = [] if what == "invite" else [cast.max]
    assert "Tick at least one row first. Nothing was changed." in _said(client, _do(client, what, *members))
    assert db.session.query(AuditEvent).count() == 0


def test_no_more_than_a_page_at_a_time(cast, client):
    with transaction() as session:
        crowd = [
            Member(given_name=f"G{number}", family_name="Crowd", created_at=LONG_AGO) for number in range(PAGE + 1)
        ]
        session.add_all(crowd)
    _do(client, "unit", *crowd, unit=cast.south.id)
    assert db.session.query(Member).filter_by(unit_id=cast.south.id, family_name="Crowd").count() == PAGE


# Who may not


@pytest.mark.parametrize("what", ["invite", "unit", "give-position", "take-position", "deactivate", "reactivate"])
@pytest.mark.parametrize("who", ["carl", "nora"])
def test_coordinators_change_nobody(cast, browse, who, what):
    _do(browse(getattr(cast, who)), what, cast.max, status=403)
    assert _member(cast.max).is_active


@pytest.mark.parametrize("what", ["invite", "unit", "deactivate"])
def test_members_of_another_organization_do_not_exist(cast, client, what):
    _do(client, what, cast.other_max, status=404)
    said = _said(client, _do(client, what, cast.other_max, cast.una, unit=cast.south.id))
    assert "1 more" in said
    assert "Miller" not in said


def test_coordinators_are_offered_what_they_may(cast, browse):
    page = read(browse(cast.nora).get(LIST).text)
    words = {button.text for button in page.one("form", id="several").all("button")}
    assert {"Renew…", "CSV of those that are ticked", "XLSX of those that are ticked"} <= words
    assert not {"Invite", "Deactivate", "Assign this unit"} & words


def test_ticked_members_go_over_to_a_renewal(cast, client):
    page = read(client.post("/admin/renewals/new", data={"do": "type", "chosen": [cast.max.id, cast.mia.id]}).text)
    assert {each.attrs["value"] for each in page.all("input", name="chosen")} == {str(cast.max.id), str(cast.mia.id)}


# Files


def test_a_file_holds_exactly_what_is_found(cast, client):
    with client.get(f"{LIST}export?unit={cast.north.id}&sort=-name") as answer:
        rows = _rows(answer)
        assert "Members" in answer.headers["Content-Disposition"]
    assert rows[0][:6] == ["Name", "Number", "Unit", "Role", "E-mail", "Joined"]
    assert [row[0] for row in rows[1:]] == ["Núñez, Nora", "Miller, Max"]
    assert rows[1][2:4] == ["Station North", "Training Coordinator"]


def test_a_file_of_all_pages_and_no_formulas(cast, client):
    with transaction() as session:
        session.add_all(Member(given_name="=1+1", family_name=f"@X{n}", created_at=LONG_AGO) for n in range(PAGE + 5))
    with client.get(f"{LIST}export?search=@x") as answer:
        rows = _rows(answer)[1:]
    assert len(rows) == PAGE + 5
    assert all(row[0].startswith("'@X") for row in rows)


def test_coordinators_take_their_scope(cast, browse):
    with browse(cast.nora).get(f"{LIST}export") as answer:
        assert [row[0] for row in _rows(answer)[1:]] == ["Miller, Max", "Núñez, Nora"]
    with _do(browse(cast.nora), "export", cast.max, cast.mia, cast.other_max, status=200) as answer:
        assert [row[0] for row in _rows(answer)[1:]] == ["Miller, Max"]


@pytest.mark.parametrize("sort", ["name", "-number", "joined", "-seen"])
def test_a_file_comes_in_the_order_of_the_list(cast, client, sort):
    with transaction():
        locked(Member, cast.mia.id).joined_on = clock.today(cast.fire)
        locked(Member, cast.una.id).last_seen_at = clock.now()
    rows = read(client.get(f"{LIST}?sort={sort}").text).one("tbody").all("tr")
    listed = [row.one("th").all("a")[0].text for row in rows]
    with client.get(f"{LIST}export?sort={sort}") as answer:
        assert [row[0] for row in _rows(answer)[1:]] == listed


def test_ticked_members_as_a_workbook(cast, client):
    with transaction():
        locked(Member, cast.una.id).deactivated_at = clock.now()
    data = {"do": "export", "chosen": [cast.una.id, cast.max.id]}
    with client.post(f"{SEVERAL}?format=xlsx&activity=deactivated", data=data) as answer:
        rows = CalamineWorkbook.from_filelike(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ["Miller, Max", "Unassigned, Una"]


# The line of tools


def test_each_filter_in_force_can_be_taken_away_alone(cast, client):
    page = read(client.get(f"{LIST}?unit={cast.engine.id}&role=member&search=max&sort=-name").text)
    chips = {each.text: each.attrs["href"] for each in page.all("a", class_="chip")}
    assert chips == {
        "Search: max Take this filter away": f"{LIST}?unit={cast.engine.id}&role=member&sort=-name",
        "Unit: Engine 1 Take this filter away": f"{LIST}?search=max&role=member&sort=-name",
        "Role: Member Take this filter away": f"{LIST}?search=max&unit={cast.engine.id}&sort=-name",
    }
    assert {each.attrs["href"] for each in page.all("a") if each.text == "Clear all"} == {f"{LIST}?sort=-name"}
    assert "1 member" in page.text


def test_a_unit_that_is_out_of_scope_names_nothing(cast, browse):
    page = read(browse(cast.nora).get(f"{LIST}?unit={cast.south.id}").text)
    assert "Station South" not in page.text


def test_a_view_of_the_list_is_kept_opened_and_changed(cast, client):
    page = read(client.get(f"{LIST}?role={Role.MEMBER}").text)
    form = next(each for each in page.all("form") if each.attrs.get("action") == "/admin/views/of/members")
    sent = {each.attrs["name"]: each.attrs["value"] for each in form.all("input", type="hidden")}
    answer = client.post("/admin/views/of/members", data=sent | {"name": "Members only", "share": "y"})
    assert answer.headers["Location"] == f"{LIST}?role=member"
    page = read(client.get(answer.headers["Location"]).text)
    assert page.one("summary", id="views-button").text == "Members only"
    row = read(client.get("/admin/views/").text).one("tbody").one("tr")
    assert row.one("th").one("a").attrs["href"] == f"{LIST}?role=member"
    assert "User Management" in row.text


def test_what_is_wrong_with_a_views_name_is_said_and_the_filters_stay(cast, client):
    answer = client.post("/admin/views/of/members", data={"role": "member", "name": " "})
    assert answer.status_code == 422
    page = read(answer.text)
    assert page.one(id="name-error").text == "Enter a name."
    assert page.one("input", type="hidden", name="role").attrs["value"] == "member"
