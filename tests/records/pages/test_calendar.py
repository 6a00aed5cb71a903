"""The feed as a calendar program gets it, read by two real parsers."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import icalendar
import pytest
import sqlalchemy as sa
import vobject

from records import clock, codes
from records.database import choose_organization, db, every_organization, locked, transaction
from records.models import (
    AuditEvent,
    AuditKind,
    CalendarFeed,
    Certification,
    CertificationType,
    FeedKind,
    Member,
    Organization,
)
from records.queries import feed_events
from records.services import calendar_feeds
from tests.holdings import give, today

NOON = datetime(2028, 1, 30, 18, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    """A leap day lies ahead."""
    with clock.standing_at(NOON):
        yield


def _address(cast, member, kind=FeedKind.OWN):
    feed = calendar_feeds.make(kind, by=cast.actor(member))
    return f"/calendar/{codes.token(feed.salt)}.ics"


@pytest.fixture
def address(cast):
    """Of Max, who holds one through the leap day."""
    give(cast.max, cast.emt, 30)
    return _address(cast, cast.max)


def _events(answer):
    return icalendar.Calendar.from_ical(answer.data).walk("VEVENT")


def test_the_head_says_what_it_is_and_how_often_to_ask(browse, address):
    answer = browse().get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    calendar = icalendar.Calendar.from_ical(answer.data)
    assert calendar["version"] == "2.0"
    assert calendar["x-wr-calname"] == calendar["name"] == "My certifications – Lakeside Fire & Rescue"
    assert calendar["x-wr-timezone"] == "America/Chicago"
    assert calendar["refresh-interval"].dt == timedelta(hours=12)
    assert calendar["refresh-interval"].params["VALUE"] == "DURATION"
    assert calendar.errors == []


def test_an_event_is_all_day_on_the_last_valid_day(cast, browse, address):
    (event,) = _events(browse().get(address))
    assert (event["dtstart"].dt, event["dtend"].dt) == (date(2028, 2, 29), date(2028, 3, 1))
    assert event["dtstart"].params["VALUE"] == "DATE"
    assert event["summary"] == "EMT-Basic expires"
    assert event["transp"] == "TRANSPARENT"
    certification_id = db.session.scalars(sa.select(Certification.id)).one()
    page = f"http://127.0.0.1:8000/portfolio/certifications/{certification_id}"
    assert (event["url"], page in event["description"]) == (page, True)
    assert event["uid"] == f"certification-{certification_id}-own@127.0.0.1"
    assert event["dtstamp"].dt == event["last-modified"].dt == NOON
    assert event["sequence"] == 0


def test_alarms_go_off_at_the_stages_that_are_to_come_when_the_organization_reminds(cast, browse, address):
    with transaction():
        locked(Organization, cast.fire.id).reminds_at = time(6, 30)
    (event,) = _events(browse().get(address))
    alarms = event.walk("VALARM")
    assert [(alarm["action"], alarm["description"]) for alarm in alarms] == [("DISPLAY", "EMT-Basic expires")] * 3
    at = timedelta(hours=6, minutes=30)
    assert [alarm["trigger"].dt for alarm in alarms] == [at - timedelta(days=stage) for stage in (30, 7, 0)]


def test_another_parser_reads_the_same(browse, address):
    calendar = vobject.readOne(browse().get(address).text)
    (event,) = calendar.vevent_list
    assert (event.dtstart.value, event.dtend.value) == (date(2028, 2, 29), date(2028, 3, 1))
    assert event.summary.value == "EMT-Basic expires"
    assert [alarm.trigger.value for alarm in event.valarm_list][-1] == timedelta(hours=7)


def test_lines_are_short_and_end_as_the_standard_asks(cast, browse, address):
    with transaction():
        locked(CertificationType, cast.emt.id).name = "Führungskräfte, Einsatz; \\ und Technik – " + "ö" * 80
    answer = browse().get(address)
    lines = answer.data.split(b"\r\n")
    assert b"\n" not in answer.data.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    (event,) = _events(answer)
    assert event["summary"] == "Führungskräfte, Einsatz; \\ und Technik – " + "ö" * 80 + " expires"
    assert vobject.readOne(answer.text).vevent.summary.value == event["summary"]


def test_no_name_makes_a_line_of_its_own(cast, browse, address):
    with transaction():
        locked(CertificationType, cast.emt.id).name = "EMT\r\nATTENDEE:mailto:x@y.example"
    answer = browse().get(address)
    assert b"\r\nATTENDEE" not in answer.data
    assert len(_events(answer)) == 1


def test_a_change_keeps_the_event_and_counts_up(cast, browse, address):
    (before,) = _events(browse().get(address))
    with transaction():
        locked(Certification, db.session.scalars(sa.select(Certification.id)).one()).expires_on = date(2028, 3, 31)
    (after,) = _events(browse().get(address))
    assert after["uid"] == before["uid"]
    assert after["sequence"] > before["sequence"]
    assert after["dtstart"].dt == date(2028, 3, 31)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "UTC"])
def test_the_day_is_the_same_in_every_zone(cast, browse, address, zone):
    with transaction():
        locked(Organization, cast.fire.id).time_zone = zone
    (event,) = _events(browse().get(address))
    assert event["dtstart"].dt == date(2028, 2, 29)


def test_a_scope_names_the_member_and_leads_to_their_profile(cast, browse):
    give(cast.max, cast.emt, 30)
    give(cast.mia, cast.emt, 40)
    answer = browse().get(_address(cast, cast.nora, FeedKind.SCOPE))
    (event,) = _events(answer)
    assert event["summary"] == "Max Miller: EMT-Basic expires"
    assert event["url"] == f"http://127.0.0.1:8000/admin/members/{cast.max.id}"
    assert "-scope@" in event["uid"]
    name = icalendar.Calendar.from_ical(answer.data)["x-wr-calname"]
    assert name == "Certifications of members – Lakeside Fire & Rescue"


def test_without_certifications_it_is_an_empty_calendar(cast, browse):
    answer = browse().get(_address(cast, cast.una))
    assert (answer.status_code, _events(answer)) == (200, [])


def test_no_number_and_no_address_of_a_person_stands_in_it(cast, browse):
    give(cast.max, cast.emt, 30, number="E-77")
    text = browse().get(_address(cast, cast.ada, FeedKind.SCOPE)).text
    for secret in ("E-77", "1004", "max.miller@"):
        assert secret not in text


# Asking again


def test_what_has_not_changed_is_not_sent_again(cast, browse, address):
    client = browse()
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


CHANGES = {
    "a certification": lambda cast: give(cast.max, cast.forklift, 60),
    "its date": lambda cast: _set(Certification, expires_on=date(2028, 5, 1)),
    "its type's name": lambda cast: _set(CertificationType, cast.emt.id, name="EMT"),
    "the stages": lambda cast: _set(CertificationType, cast.emt.id, reminder_stages=[10]),
    "the hour": lambda cast: _set(Organization, cast.fire.id, reminds_at=time(9)),
    "the organization's name": lambda cast: _set(Organization, cast.fire.id, name="Seaside Fire"),
    "its deletion": lambda cast: _set(Certification, deleted_at=NOON),
}


def _set(model, record_id=None, **fields):
    record_id = record_id or db.session.scalars(sa.select(model.id)).first()
    with transaction():
        record = locked(model, record_id)
        for name, value in fields.items():
            setattr(record, name, value)


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_shows_makes_it_another(cast, browse, address, what):
    client = browse()
    first = client.get(address)
    CHANGES[what](cast)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200
    assert again.data != first.data


def test_alarms_that_are_over_leave_on_the_next_day(browse, address):
    first = browse().get(address)
    with clock.standing_at(NOON + timedelta(days=1)):
        again = browse().get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert len(_events(again)[0].walk("VALARM")) == 2


# Whoever asks


def test_headers_keep_it_private(browse, address):
    for headers in (browse().get(address).headers, browse().head(address).headers):
        assert headers["Cache-Control"] == "private, no-cache"
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers


def test_reading_is_noted_for_its_owner(cast, browse, address):
    browse().get(address)
    db.session.rollback()
    assert db.session.scalars(sa.select(CalendarFeed.last_read_at)).one() == NOON


def test_whatever_opens_nothing_is_answered_alike(cast, browse):
    ended = _address(cast, cast.mia)
    calendar_feeds.end(FeedKind.OWN, by=cast.actor(cast.mia))
    lost = _address(cast, cast.carl, FeedKind.SCOPE)
    gone = _address(cast, cast.una)
    with transaction():
        carl = locked(Member, cast.carl.id)
        carl.role, carl.covers_organization = "member", False
        locked(Member, cast.una.id).deactivated_at = clock.now()
    pages = [browse().get(path) for path in ("/calendar/x.ics", f"/calendar/{'A' * 43}.ics", ended, lost, gone)]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text.count("\n") for page in pages}) == 1
    assert all("There is nothing here" in page.text and "Miller" not in page.text for page in pages)


def test_a_feed_of_an_organization_with_the_module_off_is_gone(cast, browse, address):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    assert browse().get(address).status_code == 404


def test_a_feed_is_of_one_organization(cast, browse):
    give(cast.max, cast.emt, 30)
    choose_organization(cast.clinic.id)
    give(cast.other_max, cast.clinic_emt, 31)
    answer = browse().get(_address(cast, cast.ken, FeedKind.SCOPE))
    assert [event["dtstart"].dt for event in _events(answer)] == [date(2028, 3, 1)]


def test_guesses_end_with_429_and_the_trail_does_not_hold_them(browse):
    client = browse()
    statuses = [client.get(f"/calendar/GUESS{number}.ics").status_code for number in range(101)]
    assert statuses == [404] * 100 + [429]
    with every_organization():
        events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.REFUSED)).all()
    assert {event.detail.after["path"] for event in events} == {"/calendar/….ics"}


def test_as_many_as_a_feed_holds_are_written_and_no_more(cast, browse, monkeypatch):
    began, many = today(), 300
    monkeypatch.setattr(feed_events, "MOST", many)
    row = {"organization_id": cast.fire.id, "type_id": cast.emt.id, "recorded_on": began, "created_at": NOON,
           "expires_on": began + timedelta(days=400)}  # fmt: skip
    with transaction() as session:
        crew = [Member(given_name="A", family_name=str(number), created_at=NOON) for number in range(many // 10 + 1)]
        session.add_all(crew)
        session.flush()
        rows = [row | {"member_id": one.id, "number": str(number), "folded_number": str(number)}
                for one in crew for number in range(10)]  # fmt: skip
        session.execute(sa.insert(Certification), rows)
    address = _address(cast, cast.ada, FeedKind.SCOPE)
    answer = browse().get(address)
    assert answer.data.count(b"BEGIN:VEVENT") == many
    assert browse().get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
