"""User Management, through the browser's eyes."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from records import clock
from records.database import db, every_organization, locked, organization_scope, transaction
from records.models import Account, AuditEvent, AuditKind, Member, Message, Role, SingleUseLink
from records.queries.members import PAGE
from tests.cast import LONG_AGO
from tests.forms import read

LIST = "/admin/members/"
ACTIONS = ("invite", "reset", "deactivate", "reactivate", "end-sessions")


def _rows(page):
    return [row.one("th").all("a")[0].text for row in read(page.text).one("table").one("tbody").all("tr")]


def _member(member):
    with every_organization():
        return db.session.get(Member, member.id, populate_existing=True)


# The list


def test_the_list_links_to_profiles_and_says_what_counts(cast, browse):
    page = browse(cast.ada).get(LIST)
    assert _rows(page) == [
        "Lindgren, Ada", "Miller, Max", "Núñez, Nora", "Okafor, Carl", "Söderström, Mia", "Unassigned, Una",
    ]  # fmt: skip
    html = read(page.text)
    assert "6 members" in page.text
    assert html.one("tbody").all("a", href=f"/admin/members/{cast.max.id}")[0].text == "Miller, Max"
    assert cast.max.email in html.one("tbody").text
    assert html.one("h1").text == "User Management"
    heads = [head.text for head in html.one("thead").all("th")]
    assert heads == ["Tick", "Name", "Number", "Unit", "Role", "Last seen", "Actions"]
    assert html.one("th", aria_sort="ascending").text == "Name"
    assert {select.attrs["name"] for select in html.all("select")} == {"unit", "role", "activity", "standing", "sort"}
    assert "New member" in page.text


def test_coordinators_read_their_scope_and_change_nothing(cast, browse):
    page = browse(cast.nora).get(LIST)
    assert _rows(page) == ["Miller, Max", "Núñez, Nora"]
    assert "2 members" in page.text
    for hidden in ("Station South", "Söderström", "New member", "Without a unit"):
        assert hidden not in page.text
    assert "Engine 1" in page.text


def test_members_and_visitors_do_not_come_in(cast, browse):
    assert browse(cast.max).get(LIST).status_code == 403
    assert "/login" in browse().get(LIST).headers["Location"]


def test_the_question_stays_in_the_form_and_in_every_link(cast, browse):
    with transaction() as session:
        session.add_all(
            Member(given_name=f"G{number}", family_name="Crowd", unit_id=cast.engine.id, created_at=LONG_AGO)
            for number in range(PAGE + 1)
        )
    asked = f"?search=CROWD&unit={cast.north.id}&role=member&sort=-seen"
    page = browse(cast.ada).get(LIST + asked)
    html = read(page.text)
    assert html.one("input", type="search").attrs["value"] == "CROWD"
    chosen = {option.attrs["value"] for option in html.all("option", selected=None)}
    assert chosen == {str(cast.north.id), "member", "active", "", "-seen"}
    following = html.one("a", rel="next").attrs["href"]
    for part in ("search=CROWD", f"unit={cast.north.id}", "role=member", "sort=-seen", "after="):
        assert part in following
    second = browse(cast.ada).get(following)
    assert len(_rows(second)) == 1
    assert len(_rows(browse(cast.ada).get(read(second.text).one("a", rel="prev").attrs["href"]))) == PAGE


def test_sort_links_turn_round(cast, browse):
    html = read(browse(cast.ada).get(LIST).text)
    links = {link.text: link.attrs["href"] for link in html.one("thead").all("a")}
    assert links == {"Name": f"{LIST}?sort=-name", "Number": f"{LIST}?sort=number", "Last seen": f"{LIST}?sort=seen"}
    assert _rows(browse(cast.ada).get(LIST + "?sort=-name"))[0] == "Unassigned, Una"
    assert "Joined" in browse(cast.ada).get(LIST + "?sort=joined").text


def test_what_is_typed_is_shown_and_never_run(cast, browse):
    page = browse(cast.ada).get(LIST, query_string={"search": '"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text
    assert "Nobody found" in page.text


@pytest.mark.parametrize("field", ["search", "unit", "role", "activity", "standing", "sort", "after", "before", "page"])
@pytest.mark.parametrize(
    "value", ["%00", "%FF", "-1", "99999999999999999999", "1,2", "W10", "http://[", "%F0%9F%98%80"]
)
def test_nonsense_in_the_address_is_no_failure(cast, browse, field, value):
    assert browse(cast.ada).get(f"{LIST}?{field}={value}").status_code == 200


def test_with_tracking_off_nobody_asks_for_standing(cast, browse):
    with transaction():
        locked(type(cast.fire), cast.fire.id).tracks_certifications = False
    page = browse(cast.ada).get(LIST + "?standing=expired")
    assert read(page.text).all("select", name="standing") == []
    assert len(_rows(page)) == 6


def test_a_deactivated_member_is_shown_only_when_asked_for(cast, browse):
    with transaction():
        locked(Member, cast.max.id).deactivated_at = clock.now()
    client = browse(cast.ada)
    assert "Miller, Max" not in client.get(LIST).text
    assert _rows(client.get(LIST + "?activity=deactivated")) == ["Miller, Max"]


# A new member


NEW = {"given_name": "Jane", "family_name": "Doe", "number": "J-1", "email": "jane@lakeside.example", "role": "member"}


def test_a_member_is_created_and_their_profile_opens(cast, browse):
    client = browse(cast.ada)
    assert client.get("/admin/members/new").status_code == 200
    data = NEW | {"unit_id": str(cast.engine.id), "joined_on": "2026-03-01"}
    answer = client.post("/admin/members/new", data=data)
    member = db.session.scalars(select(Member).where(Member.family_name == "Doe")).one()
    assert answer.headers["Location"] == f"/admin/members/{member.id}"
    assert (member.unit_id, str(member.joined_on), member.number) == (cast.engine.id, "2026-03-01", "J-1")
    assert "Jane Doe was added." in client.get(answer.headers["Location"]).text


def test_a_coordinator_is_created_with_a_scope(cast, browse):
    data = NEW | {"role": "training_coordinator", "scope_units": [str(cast.north.id), str(cast.south.id)]}
    assert browse(cast.ada).post("/admin/members/new", data=data).status_code == 302
    member = db.session.scalars(select(Member).where(Member.family_name == "Doe")).one()
    assert {scope.unit_id for scope in member.scope_units} == {cast.north.id, cast.south.id}


def test_every_error_stands_beside_its_field_and_what_was_typed_stays(cast, browse):
    data = NEW | {
        "given_name": "Zoë", "number": "1004", "email": "MAX.miller@lakeside.example", "joined_on": "2026-02-30",
        "unit_id": "99999999999999999999", "role": "training_coordinator", "scope_units": ["x"], "invite": "y",
    }  # fmt: skip
    client = browse(cast.ada)
    page = client.post("/admin/members/new", data=data)
    assert page.status_code == 422
    html = read(page.text)
    assert html.one("input", name="given_name").attrs["value"] == "Zoë"
    assert html.one("input", name="number").attrs["value"] == "1004"
    assert "checked" in html.one("input", name="invite").attrs
    assert html.one("input", name="joined_on").attrs["aria-invalid"] == "true"
    del data["joined_on"]
    page = client.post("/admin/members/new", data=data)
    html = read(page.text)
    assert page.status_code == 422
    for field in ("number", "email"):
        assert html.one("input", name=field).attrs["aria-invalid"] == "true"
    assert html.one("select", name="unit_id").attrs["aria-invalid"] == "true"
    assert "Choose the units that the coordinator looks after" in page.text
    assert db.session.scalar(select(Member.id).where(Member.given_name == "Zoë")) is None


def test_the_link_of_an_invitation_is_shown_once_and_kept_nowhere(cast, browse):
    client = browse(cast.ada)
    page = client.post("/admin/members/new", data=NEW | {"invite": "y"})
    assert page.status_code == 200
    link = read(page.text).one("input", id="link")
    assert re.fullmatch(r"http://.+/invitation/[\w-]{43}", link.attrs["value"])
    assert "readonly" in link.attrs
    assert page.headers["Cache-Control"] == "no-store"
    secret = link.attrs["value"].rsplit("/", 1)[1]
    assert secret not in str(page.headers)
    with client.session_transaction() as cookie:
        assert secret not in str(dict(cookie))
    assert client.get(link.attrs["value"].split("8000")[1]).status_code == 200
    assert secret not in client.get(LIST).text


def test_an_invitation_needs_an_address(cast, browse):
    page = browse(cast.ada).post("/admin/members/new", data=NEW | {"email": "", "invite": "y"})
    assert page.status_code == 422
    assert read(page.text).one("input", name="email").attrs["aria-invalid"] == "true"


def test_inviting_a_known_address_reads_exactly_like_a_new_one(cast, browse):
    def answer(email):
        page = browse(cast.ada).post("/admin/members/new", data=NEW | {"email": email, "invite": "y", "number": email})
        assert page.status_code == 200
        said = re.sub(r'(csrf_token" value|invitation/|nonce|members/\d+|id=)[^<>]*', "", page.text).replace(email, "")
        return re.sub(r"\.[0-9a-f]{12}\.", "", said)

    assert answer(cast.ken.email) == answer("nobody.knows@example.org")


# Who may sign in


def test_inviting_shows_the_link_and_mails_it(cast, browse):
    with transaction():
        locked(Member, cast.max.id).account_id = None
    page = browse(cast.ada).post(f"/admin/members/{cast.max.id}/invite")
    link = read(page.text).one("input", id="link").attrs["value"]
    with every_organization():
        message = db.session.scalars(select(Message)).one()
    assert link.endswith(message.facts["path"])
    assert "max.miller@lakeside.example" in page.text


def test_a_reset_link_is_shown_where_the_account_is_of_this_organization_alone(cast, browse):
    client = browse(cast.ada)
    assert (
        "/reset/"
        in read(client.post(f"/admin/members/{cast.max.id}/reset").text).one("input", id="link").attrs["value"]
    )
    with every_organization(), transaction() as session:
        session.get(Member, cast.other_max.id).account_id = session.get(Member, cast.max.id).account_id
    page = client.post(f"/admin/members/{cast.max.id}/reset")
    assert page.status_code == 200
    assert "/reset/" not in page.text
    with every_organization():
        assert len(db.session.scalars(select(SingleUseLink)).all()) == 2


def test_deactivating_can_be_undone_from_the_message(cast, browse):
    client = browse(cast.ada)
    answer = client.post(f"/admin/members/{cast.max.id}/deactivate")
    assert answer.status_code == 302
    page = read(client.get(answer.headers["Location"]).text)
    assert not _member(cast.max).is_active
    undo = next(form for form in page.all("form", method="post") if "Undo" in form.text)
    client.post(undo.attrs["action"])
    assert _member(cast.max).is_active


def test_ending_sessions(cast, browse):
    victim = browse(cast.max)
    assert browse(cast.ada).post(f"/admin/members/{cast.max.id}/end-sessions").status_code == 302
    assert victim.get("/account").status_code == 302


@pytest.mark.parametrize(
    ("who", "action", "said"),
    [
        ("ada", "deactivate", "You cannot deactivate yourself"),
        ("una", "invite", "Enter an e-mail address first"),
        ("una", "reset", "cannot sign in yet"),
        ("mia", "invite", "This member is deactivated"),
        ("mia", "reset", "This member is deactivated"),
    ],
)
def test_a_refusal_is_said_on_the_profile(cast, browse, who, action, said):
    with transaction():
        una, mia = locked(Member, cast.una.id), locked(Member, cast.mia.id)
        una.account_id = una.email = None
        mia.deactivated_at = clock.now()
    client = browse(cast.ada)
    answer = client.post(f"/admin/members/{getattr(cast, who).id}/{action}")
    assert answer.status_code == 302
    assert said in client.get(answer.headers["Location"]).text


@pytest.mark.parametrize("action", ACTIONS)
def test_coordinators_and_members_change_nobody(cast, browse, action):
    for asker in (cast.carl, cast.nora, cast.max):
        for member_id in (cast.max.id, cast.mia.id, 999_999):
            assert browse(asker).post(f"/admin/members/{member_id}/{action}").status_code == 403
    assert db.session.scalar(select(AuditEvent.id).where(AuditEvent.kind != AuditKind.REFUSED)) is None
    assert browse(cast.carl).get("/admin/members/new").status_code == 403
    assert browse(cast.carl).post("/admin/members/new", data={**NEW}).status_code == 403


@pytest.mark.parametrize("action", ACTIONS)
def test_members_of_another_organization_do_not_exist(cast, browse, action):
    client = browse(cast.ken)
    for member_id in (cast.max.id, 999_999, "99999999999999999999"):
        assert client.post(f"/admin/members/{member_id}/{action}").status_code == 404
    assert _member(cast.max).is_active
    with organization_scope(cast.fire.id):
        assert db.session.scalar(select(Account.id).where(Account.email == NEW["email"])) is None


@pytest.mark.parametrize("action", ACTIONS)
def test_nothing_happens_by_get_or_without_the_token(cast, browse, action):
    client = browse(cast.ada)
    assert client.get(f"/admin/members/{cast.max.id}/{action}").status_code == 405
    assert client.post(f"/admin/members/{cast.max.id}/{action}", csrf=False).status_code == 400
    assert _member(cast.max).role == Role.MEMBER


def test_the_profile_offers_what_fits(cast, browse):
    client = browse(cast.ada)

    def offered(member):
        forms = read(client.get(f"/admin/members/{member.id}").text).all("form", method="post")
        found = {form.attrs.get("action", "").rpartition("/")[2] for form in forms}
        return found & set(ACTIONS)

    with transaction():
        locked(Member, cast.una.id).account_id = None
        locked(Member, cast.mia.id).deactivated_at = clock.now()
    assert offered(cast.max) == {"reset", "end-sessions", "deactivate"}
    assert offered(cast.una) == {"invite", "deactivate"}
    assert offered(cast.mia) == {"reactivate"}
    assert offered(cast.ada) == {"reset", "end-sessions"}
