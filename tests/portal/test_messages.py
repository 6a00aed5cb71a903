"""The learner's messages page: what it lists, marks and lets one choose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from records import clock
from records.database import db, locked, transaction
from records.models import Member, MessageKind
from records.queries.messages import PAGE, mail_offered
from tests.forms import filled, read
from tests.records.services.test_messages import tell

PATH = "/portfolio/messages"
AT = datetime(2027, 3, 3, 20, 5, tzinfo=UTC)


def test_every_member_has_messages_staff_included(cast, browse):
    for member in (cast.max, cast.carl, cast.ada):
        page = browse(member).get(PATH)
        assert page.status_code == 200
        assert "No messages" in read(page.text).one("main").text


def test_a_message_stands_in_words_and_leads_to_its_page(cast, browse):
    tell(cast.max)
    tell(cast.mia, title="Hers")
    page = read(browse(cast.max).get(PATH).text)
    article = page.one("article")
    assert article.one("h2").text == "Declined: Ladder rescue"
    assert "Ada Lindgren declined “Ladder rescue” at Lakeside Fire & Rescue." in article.text
    assert "The reason: No name." in article.text
    assert "Unread" in article.text
    assert article.one("a").attrs["href"] == "/portfolio/certificates/1"
    assert "Hers" not in page.text


def test_the_navigation_counts_what_is_unread(cast, browse):
    client = browse(cast.max)

    def entry():
        return read(client.get("/portfolio/").text).one("nav", aria_label="Main").one("a", href=PATH).text

    assert entry() == "Messages"
    tell(cast.max)
    tell(cast.max)
    assert entry() == "Messages, 2 unread"


def test_opening_the_list_reads_nothing_and_the_button_reads_what_was_shown(cast, browse):
    client = browse(cast.max)
    tell(cast.max)
    for _ in range(2):
        page = read(client.get(PATH).text)
        assert "1 unread" in page.one("main").text
    sent = filled(page, action=f"{PATH}/read")
    tell(cast.max, title="Meanwhile")
    assert client.post(f"{PATH}/read", data=sent).headers["Location"] == PATH
    page = read(client.get(PATH).text)
    assert [("Unread" in article.text) for article in page.all("article")] == [True, False]
    client.post(f"{PATH}/read", data=filled(page, action=f"{PATH}/read"))
    page = read(client.get(PATH).text)
    assert "Nothing unread" in page.one("main").text
    assert page.all("form", action=f"{PATH}/read") == []


@pytest.mark.parametrize("up_to", ["", "x", "-1", "9" * 30])
def test_what_is_no_message_reads_none(cast, browse, up_to):
    tell(cast.max)
    assert browse(cast.max).post(f"{PATH}/read", data={"up_to": up_to}).status_code in (302, 422)
    assert "1 unread" in read(browse(cast.max).get(PATH).text).one("main").text


def test_older_ones_are_a_page_away(cast, browse):
    for number in range(PAGE + 1):
        tell(cast.max, title=f"Course {number}")
    client = browse(cast.max)
    page = read(client.get(PATH).text)
    assert len(page.all("article")) == PAGE
    older = read(client.get(page.one("a", rel="next").attrs["href"]).text)
    assert [article.one("h2").text for article in older.all("article")] == ["Declined: Course 0"]
    assert older.one("a", href=PATH, class_="button").text == "Newest"


def test_what_is_mailed_is_chosen_by_kind(cast, browse):
    client = browse(cast.max)
    page = read(client.get(PATH).text)
    boxes = page.all("input", type="checkbox", name="mail")
    assert [box.attrs["value"] for box in boxes] == list(mail_offered(cast.actor(cast.max)))
    assert all("checked" in box.attrs for box in boxes)
    page = client.post(f"{PATH}/mail", data={"mail": ["certificate_declined"]}, follow_redirects=True)
    assert "Your choice is saved." in page.text
    chosen = [box.attrs["value"] for box in read(page.text).all("input", name="mail", checked=None)]
    assert chosen == ["certificate_declined"]
    page = client.post(f"{PATH}/mail", data={"mail": ["certificate_declined"]}, follow_redirects=True)
    assert "There was nothing to save." in page.text


def test_the_digest_is_offered_to_reviewers_and_leads_to_the_queue(cast, browse):
    tell(cast.ada, MessageKind.CERTIFICATES_SUBMITTED, lines=["Max Miller: Ladders"], new=1, waiting=3)
    page = read(browse(cast.ada).get(PATH).text)
    assert page.one("input", id="mail-certificates_submitted")
    assert "Open Approvals" in page.one("article").text
    assert "Max Miller: Ladders" in page.one("article").text
    assert "3 wait for your review in all." in page.one("article").text
    assert not read(browse(cast.max).get(PATH).text).all("input", id="mail-certificates_submitted")


def test_whoever_reviews_no_longer_is_led_nowhere(cast, browse):
    tell(cast.max, MessageKind.CERTIFICATES_SUBMITTED, lines=["Mia: Ladders"], new=1, waiting=1)
    assert read(browse(cast.max).get(PATH).text).one("article").all("a") == []


def test_without_an_address_it_says_so(cast, browse):
    with transaction():
        locked(Member, cast.max.id).email = None
    assert "no e-mail address of yours" in browse(cast.max).get(PATH).text


def test_the_member_sees_who_was_logged_in_as_them(cast, browse):
    client = browse(cast.max)
    assert "logged in as you" not in client.get(PATH).text
    with clock.standing_at(AT):
        ada = browse(cast.ada)
        ada.log_in_as(cast.max)
        with clock.standing_at(AT + timedelta(minutes=15)):
            ada.post("/return")
    page = read(client.get(PATH).text)
    assert "Ada Lindgren was logged in as you, 3 Mar 2027, 14:05 to 14:20" in page.one("main").text


def test_an_administrator_who_is_logged_in_as_them_reads_and_changes_nothing(cast, browse):
    tell(cast.max)
    ada = browse(cast.ada)
    ada.log_in_as(cast.max)
    page = read(ada.get(PATH).text)
    assert "Declined: Ladder rescue" in page.text
    assert page.all("form", action=f"{PATH}/read") == page.all("form", action=f"{PATH}/mail") == []
    assert "until" in page.one("section", aria_labelledby="visits").text
    for path in (f"{PATH}/read", f"{PATH}/mail"):
        assert ada.post(path, data={"up_to": "99"}).status_code == 403
    assert "1 unread" in read(browse(cast.max).get(PATH).text).one("main").text


def test_what_people_wrote_never_runs(cast, browse):
    tell(cast.max, title="<script>alert(1)</script>", reason="<img src=x onerror=alert(1)>")
    page = browse(cast.max).get(PATH).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_page_takes_few_statements_however_many_messages(cast, browse):
    def statements():
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            if statement.startswith("SELECT"):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert client.get(PATH).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    client = browse(cast.max)
    client.get(PATH)
    before = None
    for _ in range(3):
        for _ in range(4):
            tell(cast.max)
        now = statements()
        assert now <= 6
        assert before in (None, now)
        before = now
