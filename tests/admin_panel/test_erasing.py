"""Erasing a member, through the browser's eyes: what goes and stays is said before, and nothing happens by chance."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from records.database import db
from records.models import AuditEvent, Member
from records.services import members
from tests.forms import read
from tests.holdings import give, picture


@pytest.fixture
def page(cast):
    give(cast.max, cast.emt, 300, number="E-1", files={"card.png": picture()})
    members.deactivate(cast.max, by=cast.actor(cast.ada))
    return f"/admin/members/{cast.max.id}/erase"


def _member(member):
    db.session.rollback()
    return db.session.get_one(Member, member.id, populate_existing=True)


def test_the_profile_leads_there_once_they_are_deactivated(cast, browse, page):
    client = browse(cast.ada)
    assert "Erase for good…" in client.get(f"/admin/members/{cast.max.id}").text
    assert "Erase for good…" not in client.get(f"/admin/members/{cast.mia.id}").text
    assert "is active. Deactivate them first." in client.get(f"/admin/members/{cast.mia.id}/erase").text


def test_the_page_says_what_goes_and_what_stays(cast, browse, page):
    text = read(browse(cast.ada).get(page).text).one("main").text
    assert "In numbers: 1 certification, 1 file." in text
    assert "Type and dates of 1 certification, as deleted." in text
    assert "The ledger" not in text  # there is nothing of it


@pytest.mark.parametrize(
    ("reason", "typed", "said"),
    [
        ("asked", "Max", "exactly as it is shown"),
        ("asked", "", "exactly as it is shown"),
        ("", "Max Miller", "Choose why."),
        ("retention", "Max Miller", "Choose why."),
    ],
)
def test_nothing_happens_without_a_reason_and_the_name(cast, browse, page, reason, typed, said):
    client = browse(cast.ada)
    answer = client.post(page, data={"reason": reason, "confirmed": typed})
    assert answer.status_code == 422
    assert said in answer.text
    assert _member(cast.max).name == "Max Miller"


def test_it_happens_and_the_record_says_so_in_the_language_of_whoever_did_it(cast, browse, page):
    client = browse(cast.ada)
    answer = client.post(page, data={"reason": "asked", "confirmed": "1004"})
    assert answer.headers["Location"] == f"/admin/members/{cast.max.id}"
    shown = client.get(answer.headers["Location"]).text
    assert "The member was erased." in shown
    text = read(shown).one("main").text
    assert "They asked for it" in text
    assert "Ada Lindgren" in text
    assert "Max" not in text
    for place in ("", "?activity=all", "?activity=deactivated", "?search=erased"):
        assert "Erased member" not in read(client.get(f"/admin/members/{place}").text).one("main").text
    trail = client.get(f"/admin/audit-trail/?member={cast.max.id}").text
    assert "Member erased" in trail
    assert "Miller" not in trail
    assert client.get(page).status_code == 200
    assert client.post(page, data={"reason": "asked", "confirmed": "Erased member"}).status_code == 409
    event_id = db.session.scalars(sa.select(sa.func.max(AuditEvent.id))).one()
    assert client.get(f"/admin/audit-trail/{event_id}/summary").status_code == 200
