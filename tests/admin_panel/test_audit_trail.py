"""The audit trail's page."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO

import pytest

from records import clock
from records.database import db, found, transaction
from records.models import AuditDetail, AuditEvent, AuditKind, Member
from records.queries.audit_chains import head_of
from records.services import members
from records.services.sealing import seal
from tests.forms import read
from tests.holdings import give, today
from tests.trails import note

URL = "/admin/audit-trail/"


def _note(cast, member, number):
    with transaction() as session:
        for _ in range(number):
            event = AuditEvent.of(
                AuditKind.MEMBER_CHANGED,
                member,
                by=cast.actor(cast.ada),
                at=clock.now(),
                before={"family_name": "Before"},
                after={"family_name": "<b>After</b>"},
            )
            session.add(event)


def test_it_says_who_did_what_to_whom(cast, browse):
    _note(cast, cast.max, 1)
    page = browse(cast.ada).get("/admin/audit-trail/").text
    assert "Ada Lindgren" in page
    assert "Member changed" in page
    assert "Max Miller" in page
    assert "&lt;b&gt;After" in page
    assert "<b>After" not in page


def test_it_pages_by_key_and_filters(cast, browse):
    _note(cast, cast.max, 55)
    client = browse(cast.ada)
    page = client.get("/admin/audit-trail/?kind=member.changed")
    assert page.text.count("<tr>") == 51
    assert "before=" in page.text
    assert "Nothing fits" in client.get("/admin/audit-trail/?kind=unit.merged").text
    for nonsense in ("?before=99999999999999999999", "?before=x", "?kind=%00", "?member=-1"):
        assert client.get("/admin/audit-trail/" + nonsense).status_code == 200


def test_only_administrators_read_it_and_only_their_own(cast, browse):
    _note(cast, cast.max, 1)
    assert browse(cast.carl).get("/admin/audit-trail/").status_code == 403
    assert "Ada Lindgren" not in browse(cast.ken).get("/admin/audit-trail/").text


def _shown(client, asked=""):
    return [[cell.text for cell in row.children] for row in read(client.get(URL + asked).text).one("tbody").all("tr")]


def test_ids_and_dates_are_shown_as_words(cast, browse):
    first = give(cast.max, cast.emt, 20, number="E-1")
    give(cast.max, cast.emt, 400, renews=first)
    newest = _shown(browse(cast.ada))[0]
    expires = (today() + timedelta(days=20)).strftime("%-d %b %Y")
    assert f"Renews: EMT-Basic, expires {expires}" in newest[4]
    assert "Certification type: EMT-Basic" in newest[4]
    assert newest[3].startswith("Max Miller Certification: EMT-Basic, expires ")
    for raw in ("type id", "type_id", "supersedes", "None"):
        assert raw not in newest[4]


def test_a_change_says_what_was_and_what_is(cast, browse):
    members.assign_unit(found(Member, cast.max.id), cast.south.id, by=cast.actor(cast.ada))
    page = read(browse(cast.ada).get(URL).text)
    assert page.one("del").text == "before: Engine 1"
    assert page.one("ins").text == "after: Station South"
    assert page.one("tbody").one("dt").text == "Unit:"


def test_what_is_gone_for_good_is_said_to_be_gone(cast, browse):
    with transaction() as session:
        session.add(AuditEvent.of(AuditKind.MEMBER_CHANGED, cast.max, by=cast.actor(cast.ada), at=clock.now(),
                                  before={"unit_id": 999_999}, after={"unit_id": None}))  # fmt: skip
    assert "Unit: before: one that is gone" in _shown(browse(cast.ada))[0][4]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("?search=mill", 1), ("?search=soder", 1), ("?who=lindgren", 2), ("?who=okafor", 0), ("?record=member", 2),
        ("?record=unit", 0), ("?first=2199-01-01", 0), ("?last=2199-01-01", 2), ("?last=2001-01-01", 0),
    ],
)  # fmt: skip
def test_filters(cast, browse, asked, number):
    _note(cast, cast.max, 1)
    _note(cast, cast.mia, 1)
    rows = read(browse(cast.ada).get(URL + asked).text).all("tr")
    assert sum("Member changed" in row.text for row in rows) == number


def test_events_of_one_member_say_whose_and_let_go_of_them(cast, browse):
    _note(cast, cast.max, 1)
    _note(cast, cast.mia, 1)
    page = read(browse(cast.ada).get(f"{URL}?member={cast.max.id}&kind=member.changed").text)
    assert len(page.one("tbody").all("tr")) == 1
    chip = next(each for each in page.all("a", class_="chip") if "Max Miller" in each.text)
    assert chip.attrs["href"] == f"{URL}?kind=member.changed"
    assert browse(cast.ada).get(f"{URL}?member={cast.other_max.id}").status_code == 404


def test_the_file_holds_every_event_that_is_found(cast, browse, monkeypatch):
    monkeypatch.setattr("records.queries.audit_trail._AT_ONCE", 20)
    _note(cast, cast.max, 55)
    _note(cast, cast.mia, 1)
    with browse(cast.ada).get(f"{URL}export?search=miller") as answer:
        rows = list(csv.reader(StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert len(rows) == 56
    assert rows[1][1] == "Ada Lindgren"
    assert rows[1][4] == "Max Miller"
    assert rows[1][6:8] == ["Family name: Before", "Family name: <b>After</b>"]
    assert browse(cast.carl).get(f"{URL}export").status_code == 403


@pytest.mark.parametrize("value", ["%00", "-1", "99999999999999999999", "%F0%9F%98%80", "2026-13-45"])
@pytest.mark.parametrize("field", ["search", "who", "kind", "record", "first", "last", "before"])
def test_nonsense_in_the_address_is_no_failure(cast, browse, field, value):
    assert browse(cast.ada).get(f"{URL}?{field}={value}").status_code == 200


def test_an_event_shows_both_sides_and_its_seal(cast, browse):
    (event_id,) = note(cast)
    address, client = f"{URL}{event_id}/summary", browse(cast.ada)
    page = read(client.get(address).text)
    assert "Waits to be sealed" in page.one("dl").text
    heads = [cell.text for cell in page.one("thead").all("th")]
    rows = [[cell.text for cell in row.children] for row in page.one("tbody").all("tr")]
    assert heads == ["Field", "Before", "After"]
    assert rows[0] == ["Family name", "Before 0", "Späth"]
    seal()
    seal_words = read(client.get(address).text).one("dl").text
    assert "Number 1 of the chain, sealed" in seal_words
    assert head_of(cast.fire.id).hash in seal_words


def test_what_is_left_of_erased_facts_is_not_shown(cast, browse):
    (event_id,) = note(cast)
    with db.engine.begin() as connection:
        details = AuditDetail.__table__
        connection.execute(
            details.update().where(details.c.event_id == event_id).values(after={}, erased_at=clock.now())
        )
    page = browse(cast.ada).get(f"{URL}{event_id}/summary").text
    assert "Its facts were erased on" in page
    assert "Before 0" not in page + browse(cast.ada).get(URL).text
