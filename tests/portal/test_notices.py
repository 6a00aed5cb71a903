"""Notices of expiry as a learner reads and acknowledges them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records import mail
from records.database import db, locked, transaction
from records.models import Certification, Member, MessageKind, Reminder
from tests.forms import read
from tests.holdings import give, today
from tests.notices import propose, remind
from tests.outbox import messages

PATH = "/portfolio/messages"
EXPIRE = MessageKind.CERTIFICATIONS_EXPIRE


def held_for_long(member, type_, expires_in):
    certification_id = give(member, type_, expires_in, number="A-1")
    with transaction():
        locked(Certification, certification_id).recorded_on = today() - timedelta(days=200)
    return certification_id


@pytest.fixture
def held(cast) -> int:
    certification_id = held_for_long(cast.max, cast.emt, 20)
    remind(today())
    return certification_id


def acknowledged():
    db.session.rollback()
    return [row.acknowledged_at is not None for row in db.session.query(Reminder).order_by(Reminder.id)]


def test_a_notice_says_what_expires_and_leads_to_it(cast, browse, held):
    article = read(browse(cast.max).get(PATH).text).one("article")
    assert article.one("h2").text == "EMT-Basic expires in 20 days"
    assert "EMT-Basic (A-1): expires on" in article.text
    assert article.one("a").attrs["href"] == f"/portfolio/certifications/{held}"


def test_several_stand_in_one_notice(cast, browse):
    held_for_long(cast.max, cast.emt, 20)
    held_for_long(cast.max, cast.forklift, -20)
    remind(today())
    article = read(browse(cast.max).get(PATH).text).one("article")
    assert article.one("h2").text == "2 of your certifications expire or have expired"
    assert "20 days ago" in article.text
    assert "in 20 days" in article.text
    assert article.one("a").attrs["href"] == "/portfolio/certifications"


def test_it_is_acknowledged_on_the_message(cast, browse, held):
    client = browse(cast.max)
    form = read(client.get(PATH).text).one("article").one("form")
    answer = client.post(form.attrs["action"], follow_redirects=True)
    assert "You acknowledged this notice." in answer.text
    assert acknowledged() == [True]
    article = read(answer.text).one("article")
    assert not article.all("form")
    assert "Unread" not in article.text
    assert "There was nothing to acknowledge." in client.post(form.attrs["action"], follow_redirects=True).text


def test_it_is_acknowledged_on_the_certifications_page_that_shows_what_went_out(cast, browse, held):
    client, path = browse(cast.max), f"/portfolio/certifications/{held}"
    shown = read(client.get(path).text).one("section", id="notices")
    assert "30 days before it expires" in shown.text
    answer = client.post(shown.one("form").attrs["action"], follow_redirects=True)
    assert "You acknowledged the notices of this certification." in answer.text
    assert not read(answer.text).one("section", id="notices").all("form")
    assert acknowledged() == [True]


def test_an_administrator_who_is_logged_in_as_them_acknowledges_nothing(cast, browse, held):
    (message,) = messages(EXPIRE)
    client = browse(cast.ada)
    client.log_in_as(cast.max)
    assert not read(client.get(PATH).text).one("article").all("form")
    assert not read(client.get(f"/portfolio/certifications/{held}").text).one("section", id="notices").all("form")
    for path in (f"{PATH}/{message.id}/acknowledge", f"/portfolio/certifications/{held}/acknowledge"):
        assert client.post(path).status_code == 403
    assert acknowledged() == [False]


def test_without_notices_the_section_is_not_there(cast, browse):
    held = give(cast.max, cast.emt, 200)
    assert 'id="notices"' not in browse(cast.max).get(f"/portfolio/certifications/{held}").text


def test_switching_the_mail_off_never_silences_the_portal(cast, browse):
    client = browse(cast.max)
    page = read(client.get(PATH).text)
    assert page.one("input", id="mail-certifications_expire")
    assert not page.all("input", id="mail-weekly_digest")
    client.post(f"{PATH}/mail", data={"mail": ["certificate_declined"]})
    assert EXPIRE in db.session.get(Member, cast.max.id, populate_existing=True).unwanted_mail
    held_for_long(cast.max, cast.emt, 20)
    remind(today())
    assert messages(EXPIRE)[0].to_address is None
    assert "EMT-Basic expires in 20 days" in client.get(PATH).text


def test_staff_choose_the_digest_too(cast, browse):
    for who in (cast.ada, cast.nora):
        assert read(browse(who).get(PATH).text).one("input", id="mail-weekly_digest")


def test_the_mail_says_how_to_stop_it(cast, held):
    (message,) = messages(EXPIRE)
    subject, body = mail.in_words(message, mailed=True)
    assert subject == "EMT-Basic expires in 20 days"
    assert body.startswith("Hello Max Miller,\n\nLakeside Fire & Rescue reminds you of this certification:\n")
    assert "To stop these mails, choose there what is mailed to you:\n\nhttp" in body
    assert body.endswith("/portfolio/messages#mail")


def test_reviewers_read_whose_renewal_waits_and_are_led_to_it(cast, browse):
    held = held_for_long(cast.max, cast.emt, 20)
    propose(held)
    remind(today())
    article = read(browse(cast.nora).get(PATH).text).one("article")
    assert article.one("h2").text == "1 certification whose renewal waits for your decision"
    assert "Max Miller: EMT-Basic (A-1), expires on" in article.text
    assert article.one("a").attrs["href"] == f"/admin/certifications/{held}"
    assert not article.all("form")
    assert not read(browse(cast.max).get(PATH).text).all("article")
