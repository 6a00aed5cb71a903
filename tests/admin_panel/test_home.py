"""The back office's first page."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from records import clock
from records.database import transaction
from records.models import CertificationType
from records.queries.attention import attention
from records.services.certification_steps import Entry, record
from tests.forms import read
from tests.holdings import give, today
from tests.records.queries.reports.asking import ask


def _hold(cast, member, type_, days, **fields):
    with transaction():
        expires_on = clock.today(cast.fire) + timedelta(days=days)
        return record(member, Entry(type_.id, expires_on, **fields), by=cast.actor(cast.ada)).id


def test_it_names_what_expires_next_and_what_just_expired(cast, browse):
    _hold(cast, cast.max, cast.emt, 10)
    _hold(cast, cast.mia, cast.emt, -10)
    _hold(cast, cast.una, cast.forklift, 400)
    page = browse(cast.ada).get("/admin/").text
    assert page.index("Expires within 30 days") < page.index("Miller, Max") < page.index("Expired in the last 30 days")
    assert "Söderström, Mia" in page
    assert "Unassigned, Una" not in page


def test_a_renewed_certification_needs_no_attention(cast, browse):
    earlier = _hold(cast, cast.max, cast.emt, 10)
    _hold(cast, cast.max, cast.emt, 700, renews_id=earlier)
    assert "Miller, Max" not in browse(cast.ada).get("/admin/").text


def test_with_tracking_off_it_says_why_it_is_empty(cast, browse):
    with transaction():
        cast.fire.tracks_certifications = False
    page = browse(cast.ada).get("/admin/").text
    assert "Your organization does not track certifications in Certfolio right now." in page
    assert "Expires within" not in page


def test_a_coordinator_sees_their_scope_only(cast, browse):
    _hold(cast, cast.max, cast.emt, 10)
    _hold(cast, cast.mia, cast.emt, 10)
    page = browse(cast.nora).get("/admin/").text
    assert "Miller, Max" in page
    assert "Söderström" not in page


def _people(cast):
    return cast.ada, cast.carl, cast.nora, cast.max, cast.mia, cast.una


def _all_of_them(cast, browse, heading):
    """The ids of all lines of the report that a list on the page leads to."""
    section = read(browse(cast.ada).get("/admin/").text).one("section", aria_labelledby=heading)
    link = next(each for each in section.all("a") if each.text == "All of them")
    address = urlsplit(link.attrs["href"])
    fields = dict(parse_qsl(address.query))
    assert browse(cast.ada).get(link.attrs["href"]).status_code == 200
    return {row.row_id for row in ask(cast, address.path.rstrip("/").rpartition("/")[2], **fields)}


def test_all_that_expired_are_in_the_list_that_it_leads_to(cast, browse):
    """In grace, two of a day, suspended, and with nothing but a suspended one after it."""
    with transaction() as session:
        session.get_one(CertificationType, cast.emt.id).grace_days = 20

    def suspend(certification):
        certification.suspend(on=today() - timedelta(days=1), reason="Under review.")

    expired = {give(member, cast.emt, -10, number=number) for member in _people(cast) for number in "AB"}
    expired.add(give(cast.max, cast.forklift, -30, change=suspend))
    expired.add(give(cast.mia, cast.forklift, -1))
    give(cast.mia, cast.forklift, 400, change=suspend)
    give(cast.una, cast.forklift, -31)
    give(cast.nora, cast.forklift, 0)
    assert _all_of_them(cast, browse, "expired") == expired
    assert {each.id for each in attention(by=cast.actor(cast.ada)).expired} < expired


def test_all_that_expire_next_are_in_the_list_that_it_leads_to(cast, browse):
    """Also what is revoked as of a later day."""
    expiring = {give(member, cast.emt, 30, number=number) for member in _people(cast) for number in "AB"}
    revoked_later = give(
        cast.max, cast.forklift, 10, change=lambda each: each.revoke(on=today() + timedelta(days=5), reason="Recalled.")
    )
    give(cast.mia, cast.forklift, 31)
    assert _all_of_them(cast, browse, "expiring-soon") == expiring | {revoked_later}
    assert revoked_later in {each.id for each in attention(by=cast.actor(cast.ada)).expiring}
