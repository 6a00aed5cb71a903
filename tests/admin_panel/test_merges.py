"""Merging two members, through the browser's eyes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from records import clock
from records.database import db, organization_scope, transaction
from records.models import Certification, Member, MemberMerge
from records.services import member_merges
from records.services.member_merges import Choices
from tests.forms import filled, read
from tests.holdings import give, picture
from tests.merging import merged


@pytest.fixture
def twin(cast):
    """Max once more, without number and unit, with an address that Max has not."""
    with transaction() as session:
        made = Member(given_name="Max", family_name="MILLER", email="max@home.example", created_at=clock.now())
        session.add(made)
    return made


def _member(member):
    db.session.rollback()
    return db.session.get_one(Member, member.id, populate_existing=True)


def _compare(cast, other):
    return f"/admin/members/{cast.max.id}/merge/{other.id}"


def _main(html):
    return read(html).one("main").text


def test_the_profile_leads_to_likely_twins_and_a_search(cast, browse, twin):
    client = browse(cast.ada)
    choose = f"/admin/members/{cast.max.id}/merge"
    assert "Merge with another member…" in read(client.get(f"/admin/members/{cast.max.id}").text).one(href=choose).text
    page = read(client.get(choose).text)
    assert page.one(href=_compare(cast, twin)).text == "MILLER, Max"
    assert "Same name" in page.one("main").text
    page = read(client.get(f"{choose}?search=söder").text)
    assert page.one(href=_compare(cast, cast.mia)).text == "Söderström, Mia"
    assert "Nobody found" in client.get(f"{choose}?search=zzz").text


def test_without_a_twin_the_page_says_what_to_do(cast, browse):
    assert "Nobody looks alike" in browse(cast.ada).get(f"/admin/members/{cast.max.id}/merge").text
    assert "Nothing was merged yet" in browse(cast.ada).get("/admin/merges/").text


def test_the_two_stand_side_by_side(cast, browse, twin):
    give(cast.max, cast.emt, 300, number="E-1")
    give(twin, cast.emt, 300, number="E-1", files={"back.png": picture()})
    give(twin, cast.forklift, 300)
    html = browse(cast.ada).get(_compare(cast, twin)).text
    form = filled(read(html), action=_compare(cast, twin))
    assert (form["name"], form["email"]) == (["kept"], ["kept"])
    assert "number" not in form, "where the other has none there is nothing to choose"
    text = _main(html)
    for said in (
        "These go over: 1 certification, 1 file.",
        "Both have these",
        "EMT-Basic E-1",
        "You can undo it for 30 days.",
        "Signs in as max.miller@lakeside.example.",
        "Keep Max MILLER instead",
    ):
        assert said in text


def test_gaps_of_the_one_who_stays_are_filled(cast, browse, twin):
    url = f"/admin/members/{twin.id}/merge/{cast.max.id}"
    html = browse(cast.ada).get(url).text
    form = filled(read(html), action=url)
    assert (form["number"], form["unit_id"], form["email"]) == (["merged"], ["merged"], ["kept"])
    assert "The account goes over: whoever signs in as max.miller@lakeside.example" in _main(html)


def test_merged_and_undone_from_the_message(cast, browse, twin):
    held = give(twin, cast.forklift, 300)
    client, url = browse(cast.ada), _compare(cast, twin)
    form = filled(read(client.get(url).text), action=url)
    answer = client.post(url, data=form | {"email": "merged"})
    assert answer.headers["Location"] == f"/admin/members/{cast.max.id}"
    assert (_member(cast.max).email, _member(twin).is_merged) == ("max@home.example", True)
    page = client.get(answer.headers["Location"]).text
    assert "Max MILLER was merged into this member." in page
    assert "What went over: 1 certification." in page
    merge_id = db.session.scalars(select(MemberMerge.id)).one()
    undo = f"/admin/merges/{merge_id}/undo"
    assert len(read(page).all("form", action=undo)) == 2, "in the message, and on the profile for 30 days"
    answer = client.post(undo)
    assert "Max Miller and Max MILLER are two members again." in client.get(answer.headers["Location"]).text
    assert (_member(cast.max).email, _member(twin).is_active) == ("max.miller@lakeside.example", True)
    assert db.session.get_one(Certification, held).member_id == twin.id
    assert "This merge was undone already." in client.post(undo, follow_redirects=True).text
    assert "Undone" in _main(client.get("/admin/merges/").text)


def test_undoing_tells_what_stays(cast, browse, twin):
    held = give(twin, cast.forklift, 300)
    done = merged(cast.max, twin, by=cast.actor(cast.ada), choices=Choices(email="merged"))
    with transaction() as session:
        session.get_one(Certification, held).number = "F-2"
        session.get_one(Member, cast.max.id).email = "new@home.example"
    page = browse(cast.ada).post(f"/admin/merges/{done.id}/undo", follow_redirects=True).text
    assert "Changed since, so it stays with Max Miller: 1 certification." in page
    assert "Changed or taken since, so it stays as it is: E-mail." in page


def test_undoing_an_earlier_one_of_two_names_the_later_one(cast, browse, twin):
    ada = cast.actor(cast.ada)
    first = merged(cast.max, twin, by=ada).id
    merged(cast.max, cast.mia, by=ada)
    page = browse(cast.ada).post(f"/admin/merges/{first}/undo", follow_redirects=True).text
    assert "Mia Söderström was merged into the same member later. Undo that merge first." in read(page).text
    assert _member(twin).is_merged


def test_a_page_that_went_stale_shows_the_two_again(cast, browse, twin):
    client, url = browse(cast.ada), _compare(cast, twin)
    form = filled(read(client.get(url).text), action=url)
    with transaction() as session:
        session.get_one(Member, twin.id).number = "77"
    answer = client.post(url, data=form)
    assert answer.status_code == 409
    assert "changed while you compared them" in answer.text
    assert "77" in _main(answer.text)
    assert _member(twin).is_active


def test_a_choice_of_neither_is_told_beside_its_field(cast, browse, twin):
    client, url = browse(cast.ada), _compare(cast, twin)
    form = filled(read(client.get(url).text), action=url)
    answer = client.post(url, data=form | {"name": "nobody"})
    assert answer.status_code == 422
    assert "Choose which of the two to keep." in answer.text


@pytest.mark.parametrize(
    ("kept", "other", "said"),
    [
        ("max", "max", "A member cannot be merged with themselves"),
        ("max", "ada", "You cannot merge yourself into somebody else"),
    ],
)
def test_what_cannot_be_is_said_instead_of_the_button(cast, browse, kept, other, said):
    url = f"/admin/members/{getattr(cast, kept).id}/merge/{getattr(cast, other).id}"
    html = browse(cast.ada).get(url).text
    assert said in html
    assert [each.text for each in read(html).one("main").all("button")] == []
    assert browse(cast.ada).post(url, data={"seen": ""}).status_code in (403, 409, 422)


def test_whoever_was_merged_leads_to_who_stays(cast, browse, twin):
    give(twin, cast.forklift, 300)
    done = merged(cast.max, twin, by=cast.actor(cast.ada))
    client = browse(cast.ada)
    page = read(client.get(f"/admin/members/{twin.id}").text).one("main")
    assert "Merged into Max Miller on" in page.text
    assert page.all(href=f"/admin/members/{cast.max.id}")
    for gone in (
        "Reactivate",
        "Send invitation",
        "Log in as",
        "Merge with another member…",
        "Update",
        "New Certification",
    ):
        assert gone not in [each.text for each in (*page.all("button"), *page.all("a"), *page.all("h2"))]
    answer = client.post(f"/admin/members/{twin.id}/reactivate", follow_redirects=True)
    assert "was merged into another member. Undo that merge first." in answer.text
    assert client.get(f"/admin/members/{twin.id}/merge").status_code == 409
    for url in ("/admin/members/?search=miller", "/admin/members/"):
        assert "MILLER, Max" not in client.get(url).text
    assert "MILLER, Max" in client.get("/admin/members/?activity=deactivated").text
    assert f"/admin/merges/{done.id}/undo" in client.get(f"/admin/members/{cast.max.id}").text


def test_coordinators_read_of_it_without_an_undo(cast, browse, twin):
    merged(cast.max, twin, by=cast.actor(cast.ada))
    page = read(browse(cast.carl).get(f"/admin/members/{cast.max.id}").text).one("main")
    assert "was merged into this member on" in page.text
    assert "Undo the merge" not in page.text
    assert "Merge with another member…" not in page.text


def test_coordinators_read_no_name_of_somebody_out_of_their_scope(cast, browse, twin):
    merged(cast.max, cast.mia, by=cast.actor(cast.ada))
    html = browse(cast.nora).get(f"/admin/members/{cast.max.id}").text
    assert "Another member was merged into this one on" in read(html).one("main").text
    assert "Mia" not in html


def test_the_audit_trail_tells_of_it(cast, browse, twin):
    give(twin, cast.forklift, 300)
    merged(cast.max, twin, by=cast.actor(cast.ada))
    assert "Members merged" in _main(browse(cast.ada).get(f"/admin/audit-trail/?member={cast.max.id}").text)


def test_after_thirty_days_there_is_no_undo(cast, browse, twin):
    done = merged(cast.max, twin, by=cast.actor(cast.ada))
    with transaction() as session:
        merge = session.get_one(MemberMerge, done.id)
        merge.merged_at = merge.merged_at.replace(year=merge.merged_at.year - 1)
    client = browse(cast.ada)
    assert "Undo the merge" not in client.get(f"/admin/members/{cast.max.id}").text
    assert "for 30 days. This one is older." in client.post(f"/admin/merges/{done.id}/undo", follow_redirects=True).text


def test_of_another_organization_there_is_nothing_here(cast, browse, twin):
    done = merged(cast.max, twin, by=cast.actor(cast.ada))
    ken = browse(cast.ken)
    for url in (f"/admin/members/{cast.max.id}/merge", f"/admin/members/{cast.ken.id}/merge/{cast.max.id}"):
        assert ken.get(url).status_code == 404
    assert ken.post(f"/admin/merges/{done.id}/undo").status_code == 404
    with organization_scope(cast.fire.id):
        assert member_merges.is_undoable(db.session.get_one(MemberMerge, done.id))


def test_names_are_shown_as_text(cast, browse, twin):
    with transaction() as session:
        session.get_one(Member, twin.id).family_name = "<script>alert(1)</script>"
    client = browse(cast.ada)
    pages = [client.get(_compare(cast, twin)).text]
    merged(cast.max, twin, by=cast.actor(cast.ada))
    pages += [client.get(url).text for url in ("/admin/merges/", f"/admin/members/{cast.max.id}")]
    assert not any("<script>alert" in page for page in pages)
