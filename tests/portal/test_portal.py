"""The learner's pages: their own certifications, and nothing to change."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from records.database import db, locked, transaction
from records.models import Organization
from records.services.certification_steps import delete
from tests.holdings import give, picture, today


def _text(page):
    """The page's text, without tags and doubled spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def _switch_off(cast):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False


def test_a_member_sees_their_own_and_nobody_elses(cast, browse):
    give(cast.max, cast.emt, 400, number="E-17")
    give(cast.mia, cast.emt, 400, number="E-18")
    page = browse(cast.max).get("/portfolio/certifications")
    assert page.status_code == 200
    assert "E-17" in page.text
    assert "E-18" not in page.text
    day = today() + timedelta(days=400)
    assert f"{day.day} {day:%b %Y}" in page.text
    assert "Valid through its expiry date." in page.text


def test_each_standing_stands_as_a_word_with_its_reason(cast, browse):
    give(cast.max, cast.emt, -3, number="one")
    give(cast.max, cast.emt, 20, number="two")
    give(cast.max, cast.forklift, 900, number="three", change=lambda held: held.suspend(on=today(), reason="Eyesight"))
    page = _text(browse(cast.max).get("/portfolio/certifications"))
    for words in ("Expired", "Expiring soon", "Suspended", "Eyesight"):
        assert words in page


def test_what_needs_attention_comes_first_and_the_past_last(cast, browse):
    give(cast.max, cast.forklift, 700, number="N-valid")
    give(cast.max, cast.emt, -500, issued_in=-900, number="N-past")
    give(cast.max, cast.emt, 25, number="N-soon")
    give(cast.max, cast.emt, 10, number="N-sooner", change=lambda held: held.revoke(on=today(), reason="Mistake"))
    page = browse(cast.max).get("/portfolio/certifications").text
    order = re.findall(r"N-\w+", page)
    assert order == ["N-soon", "N-valid", "N-past", "N-sooner"]


def test_renewals_stand_behind_the_certification_that_replaced_them(cast, browse):
    first = give(cast.max, cast.emt, -400, issued_in=-1100, number="first")
    second = give(cast.max, cast.emt, 300, issued_in=-420, number="second", renews=first)
    page = browse(cast.max).get("/portfolio/certifications")
    assert page.text.count("<article") == 1
    assert "Renews 1 earlier one" in page.text
    assert "Superseded" in page.text
    detail = browse(cast.max).get(f"/portfolio/certifications/{first}")
    assert f"/portfolio/certifications/{second}" in detail.text


def test_a_renewal_that_is_not_in_effect_yet_leaves_the_held_one_standing(cast, browse):
    held = give(cast.max, cast.emt, 12, number="held")
    give(cast.max, cast.emt, 700, issued_in=13, number="next", renews=held)
    page = browse(cast.max).get("/portfolio/certifications")
    assert page.text.count("<article") == 2
    assert "Not yet valid" in page.text
    assert "its renewal is recorded" in page.text


def test_a_deleted_certification_is_gone(cast, browse):
    deleted = give(cast.max, cast.emt, 100, number="gone", change=lambda held: delete(held, by=cast.actor(cast.ada)))
    assert "No certifications yet" in browse(cast.max).get("/portfolio/certifications").text
    assert browse(cast.max).get(f"/portfolio/certifications/{deleted}").status_code == 404


def test_scans_are_viewed_and_downloaded(cast, browse):
    front = picture("teal")
    give(cast.max, cast.emt, 100, files={"front.png": front, "record.xyz": b"plain words"})
    client = browse(cast.max)
    page = client.get("/portfolio/certifications").text
    assert "front.png" in page
    views = re.findall(r'href="(/scan/\d+)"', page)
    downloads = re.findall(r'href="(/scan/\d+/download)"', page)
    assert len(views) == 1, "what does not open in a browser is only downloaded"
    assert len(downloads) == 2
    assert client.get(downloads[0], buffered=True).data == front
    assert "Print" in client.get(views[0]).text
    assert f"/member/{cast.max.id}/scans/download" in page


def test_without_scans_there_is_no_zip_to_download(cast, browse):
    give(cast.max, cast.emt, 100)
    assert "ZIP" not in browse(cast.max).get("/portfolio/certifications").text


def test_anothers_certification_reads_exactly_like_none(cast, browse):
    hers = give(cast.mia, cast.emt, 100)
    client = browse(cast.max)
    anothers, none = (client.get(f"/portfolio/certifications/{each}") for each in (hers, 987654))
    assert anothers.status_code == none.status_code == 404
    assert _same(anothers.text) == _same(none.text)


def _same(html):
    """Without what differs in every answer: nonces and tokens."""
    html = re.sub(r'nonce="[^"]+"', "", html)
    return re.sub(r'name="csrf_token" value="[^"]+"', "", html)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_there_is_nothing_to_change(cast, browse, method):
    own = give(cast.max, cast.emt, 100)
    client = browse(cast.max)
    for path in ("/portfolio/certifications", f"/portfolio/certifications/{own}", "/portfolio/"):
        assert getattr(client, method)(path).status_code == 405


def test_the_overview_says_what_needs_attention(cast, browse):
    assert "No certifications yet" in browse(cast.max).get("/portfolio/").text
    give(cast.max, cast.forklift, 900)
    assert "nothing needs your attention" in _text(browse(cast.max).get("/portfolio/"))
    give(cast.max, cast.emt, -3)
    page = _text(browse(cast.max).get("/portfolio/"))
    assert "1 needs your attention" in page
    assert "1 certification held today" in page


def test_with_the_module_off_its_pages_and_its_entry_are_gone(cast, browse):
    own = give(cast.max, cast.emt, 100)
    _switch_off(cast)
    client = browse(cast.max)
    for path in ("/portfolio/certifications", f"/portfolio/certifications/{own}"):
        page = client.get(path)
        assert page.status_code == 404
        assert "switched off" in page.text
    overview = client.get("/portfolio/")
    assert overview.status_code == 200
    assert "does not track certifications" in overview.text
    assert "/portfolio/certifications" not in overview.text


def test_a_visitor_signs_in_first(app, cast, browse):
    for path in ("/portfolio/", "/portfolio/certifications", "/portfolio/certifications/1"):
        assert browse().get(path).headers["Location"].startswith("/login")


def test_pages_of_both_faces_show_the_navigation_of_the_chosen_one(cast, browse):
    client = browse(cast.ada)
    client.get("/portfolio/")
    assert 'href="/portfolio/certifications"' in client.get("/account").text
    assert 'href="/portfolio/certifications"' in client.get("/nowhere").text
    with client.session_transaction() as cookie:
        cookie["face"] = "admin"
    assert 'href="/admin/"' in client.get("/account").text
    assert 'href="/portfolio/certifications"' not in client.get("/account").text


def test_a_member_cannot_choose_the_back_office(cast, browse):
    client = browse(cast.max)
    with client.session_transaction() as cookie:
        cookie["face"] = "admin"
    page = client.get("/account").text
    assert "Back office" not in page
    assert 'href="/portfolio/certifications"' in page


@pytest.mark.parametrize("path", ["/portfolio/", "/portfolio/certifications"])
def test_a_page_takes_few_statements_however_much_it_shows(cast, browse, path):
    def statements():
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            if statement.startswith("SELECT"):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert client.get(path).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    client = browse(cast.max)
    client.get(path)  # notes that the session is in use
    before = None
    for turn in range(1, 4):
        earlier = give(cast.max, cast.emt, 100 + turn, number=f"a{turn}", files={f"{turn}.png": picture()})
        give(cast.max, cast.emt, 900 + turn, number=f"b{turn}", renews=earlier, issued_in=-1)
        now = statements()
        assert now <= 12
        assert before in (None, now)
        before = now
