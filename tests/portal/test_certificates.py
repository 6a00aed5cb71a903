"""The learner's certificates: the list with its filters, one certificate's page, its files, taking one back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from records.database import db, found
from records.models import Approval, CreditEntry, ExternalCertificate, Scan, State
from records.services import reviews, revocations
from records.services.certification_steps import Entry
from tests import certificates
from tests.certificates import approved, submitted
from tests.forms import read
from tests.holdings import give, picture, today

LIST = "/portfolio/certificates"


@pytest.fixture
def client(cast, browse):
    return browse(cast.max)


def _page(client, path=LIST, **query):
    answer = client.get(path, query_string=query or None)
    assert answer.status_code == 200
    return read(answer.text)


def _titles(page):
    return [row.one("th").one("a").text for row in page.one("table").one("tbody").all("tr")]


def _row(page, title):
    (row,) = (row for row in page.one("tbody").all("tr") if row.one("th").one("a").text == title)
    return row


def _decline(cast, certificate, reason="No name on it."):
    reviews.decline(certificate, reason=reason, by=cast.actor(cast.ada))


@pytest.fixture
def every_state(cast, ceu):
    """One certificate of Max in every state, and two tracked certifications."""
    ada = cast.actor(cast.ada)
    submitted(cast, ceu, title="Pending one")
    reviews.request_changes(submitted(cast, ceu, title="Sent back"), reason="Whose?", by=ada)
    _decline(cast, submitted(cast, ceu, title="Declined one"))
    certificates.submissions.withdraw(submitted(cast, ceu, title="Taken back"), by=cast.actor(cast.max))
    approved(cast, ceu, title="Approved one")
    approved(cast, ceu, title="Run out", expires_on=today() - timedelta(days=1))
    revocations.revoke(approved(cast, ceu, title="Revoked one"), reason="Not genuine.", by=ada)
    give(cast.max, cast.emt, 400, number="E-17")
    give(cast.max, cast.forklift, -40, issued_in=-700)


# The list


def test_tracked_and_external_stand_in_one_list_with_their_state_as_a_word(every_state, client):
    page = _page(client)
    states = {
        row.one("th").one("a").text: next(each.text for each in row.all("span") if "badge" in each.attrs["class"])
        for row in page.one("tbody").all("tr")
    }
    assert states == {
        "Pending one": "Pending", "Sent back": "Changes requested", "Declined one": "Declined",
        "Taken back": "Withdrawn", "Approved one": "Approved", "Run out": "Expired", "Revoked one": "Revoked",
        "EMT-Basic": "Valid", "Forklift licence": "Expired",
    }  # fmt: skip
    assert "2.5 hours" in _row(page, "Approved one").text
    assert "claimed" not in _row(page, "Approved one").text
    assert "2.5 hours claimed" in _row(page, "Pending one").text
    assert "revoked" in _row(page, "Revoked one").text
    assert "1 Mar 2025" in _row(page, "Pending one").text


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"status": "active"}, {"Approved one", "EMT-Basic"}),
        ({"status": "active", "type": "external"}, {"Approved one"}),
        ({"status": "pending"}, {"Pending one"}),
        ({"status": "changes_requested"}, {"Sent back"}),
        ({"status": "declined"}, {"Declined one"}),
        ({"status": "withdrawn"}, {"Taken back"}),
        ({"status": "revoked"}, {"Revoked one"}),
        ({"status": "expired"}, {"Run out", "Forklift licence"}),
        ({"type": "external", "status": "expired"}, {"Run out"}),
    ],
)
def test_the_filters_narrow_it(every_state, client, query, titles):
    page = _page(client, **query)
    assert set(_titles(page)) == titles
    chosen = {select.attrs["name"]: select.one("option", selected=None).attrs["value"] for select in page.all("select")}
    assert chosen == {"type": "", "status": "", "sort": "added"} | query


def test_each_type_that_is_held_can_be_chosen(cast, every_state, client):
    options = _page(client).one("select", name="type").all("option")
    assert [option.text for option in options] == ["All", "External", "EMT-Basic", "Forklift licence"]
    assert _titles(_page(client, type=str(cast.emt.id))) == ["EMT-Basic"]


def test_the_statuses_are_those_that_the_product_knows(client, every_state):
    assert [option.text for option in _page(client).one("select", name="status").all("option")] == [
        "All", "Active", "Pending", "Changes requested", "Declined", "Withdrawn", "Revoked", "Expired",
    ]  # fmt: skip


def test_an_address_of_nonsense_shows_everything(every_state, client):
    for name, nonsense in (("type", "987"), ("status", "held"), ("sort", "'"), ("page", "9" * 20), ("page", "-1")):
        assert len(_titles(_page(client, **{name: nonsense}))) == 9


def test_it_counts_what_there_is_by_status(every_state, client):
    counts = _page(client).one("p", class_="count soft status-counts")
    assert counts.text == (
        "9 certificates · Active: 2 · Pending: 1 · Changes requested: 1"
        " · Declined: 1 · Withdrawn: 1 · Revoked: 1 · Expired: 2"
    )
    assert counts.all("a")[0].attrs["href"] == "/portfolio/certificates?status=active"
    assert "1 of 9 certificates" in _page(client, status="pending").text


def test_it_is_sorted_as_asked(cast, ceu, client):
    submitted(cast, ceu, title="Bravo", earned_on=date(2024, 1, 1), expires_on=date(2040, 1, 1))
    submitted(cast, ceu, title="alpha", earned_on=date(2025, 1, 1))
    submitted(cast, ceu, title="Charlie", earned_on=date(2023, 1, 1), expires_on=date(2030, 1, 1))
    orders = {sort: _titles(_page(client, sort=sort)) for sort in ("added", "earned", "expires", "title")}
    assert orders == {
        "added": ["Charlie", "alpha", "Bravo"],
        "earned": ["alpha", "Bravo", "Charlie"],
        "expires": ["Charlie", "Bravo", "alpha"],
        "title": ["alpha", "Bravo", "Charlie"],
    }


def test_a_long_list_comes_in_pages(cast, ceu, client, monkeypatch):
    monkeypatch.setattr("records.queries.certificate_list.ON_ONE_PAGE", 2)
    for title in ("A", "B", "C"):
        submitted(cast, ceu, title=title)
    first = _page(client, sort="title", status="pending")
    assert _titles(first) == ["A", "B"]
    following = first.one("a", rel="next").attrs["href"]
    last = _page(client, following)
    assert _titles(last) == ["C"]
    assert "Page 2 of 2" in last.text
    assert _titles(_page(client, last.one("a", rel="prev").attrs["href"])) == ["A", "B"]
    assert _titles(_page(client, sort="title", page="9")) == ["C"]


def test_an_empty_list_says_what_to_do(cast, ceu, client):
    page = _page(client)
    assert "Press + at the top" in page.text
    assert page.all("select") == []
    submitted(cast, ceu)
    narrowed = _page(client, status="declined")
    assert "Nothing fits these filters" in narrowed.text
    assert narrowed.one("a", href=LIST, class_="button").text == "Show all certificates"


def test_nobody_elses_are_listed_or_found(cast, ceu, client):
    hers = submitted(cast, ceu, by=cast.actor(cast.mia), title="Hers")
    assert "Hers" not in _page(client).text
    address = f"{LIST}/{hers.id}"
    for answer in (
        client.get(address), client.get(f"{address}/edit"), client.post(f"{address}/edit"),
        client.post(f"{address}/withdraw"), client.get(f"{LIST}/987654"), client.get(f"{LIST}/99999999999999999999"),
    ):  # fmt: skip
        assert answer.status_code == 404


def test_each_module_that_is_off_takes_its_own_away(every_state, client, switch_off):
    switch_off("tracks_certifications")
    assert "EMT-Basic" not in _page(client).text
    switch_off()
    assert "No certificates yet" in _page(client).text


def test_renewed_certifications_stand_behind_their_renewal(cast, ceu, client):
    first = give(cast.max, cast.emt, -400, issued_in=-1100, number="first")
    give(cast.max, cast.emt, 300, issued_in=-420, number="second", renews=first)
    page = _page(client)
    assert _titles(page) == ["EMT-Basic"]
    assert "second" in page.text


def test_what_is_approved_is_viewed_from_the_list(cast, ceu, client):
    one = approved(cast, ceu, title="One")
    submitted(cast, ceu, title="Waits")
    give(cast.max, cast.emt, 400, files={"front.png": picture(), "back.png": picture("red")})
    page = _page(client)
    assert _row(page, "One").one("a", class_="nowrap").attrs["href"] == f"/scan/{one.scans[0].id}"
    assert _row(page, "One").one("a", class_="nowrap").text == "View Certificate"
    assert "View Certificate" not in _row(page, "Waits").text
    assert _row(page, "EMT-Basic").all("a")[-1].text == "2 files"


@pytest.mark.parametrize("path", [LIST, "/portfolio/"])
def test_it_takes_few_statements_however_many_there_are(cast, ceu, client, path):
    def statements():
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            if statement.startswith("SELECT"):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            client.get(path)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    def add(number):
        submitted(cast, ceu, title=f"Pending {number}")
        approved(cast, ceu, title=f"Approved {number}")
        give(cast.max, cast.emt, 100 + number, number=str(number), files={"x.png": picture()})

    add(0)
    client.get(path)
    first = statements()
    for number in range(1, 5):
        add(number)
    assert statements() == first
    assert first <= 12


# One certificate


def _actions(page):
    """The names of all that changes something on the page, but for signing out."""
    main = page.one("main")
    buttons = [each for each in main.all("button") if "data-dismiss" not in each.attrs]
    return [each.text for each in (*buttons, *main.all("a", class_="button primary"))]


def test_what_pends_can_be_edited_and_withdrawn(cast, ceu, client):
    certificate = submitted(cast, ceu, note="Both sides.\nSee page 2.")
    page = _page(client, f"{LIST}/{certificate.id}")
    assert "It waits for a reviewer since" in page.text
    assert "Both sides." in page.text
    assert _actions(page) == ["Withdraw", "Edit"]
    assert "certificate 1.png" in page.text


def test_withdrawing_takes_it_out_of_review_and_offers_a_copy(cast, ceu, client):
    certificate = submitted(cast, ceu)
    answer = client.post(f"{LIST}/{certificate.id}/withdraw")
    page = _page(client, answer.headers["Location"])
    assert found(ExternalCertificate, certificate.id).state == State.WITHDRAWN
    assert "“Ladder rescue” is withdrawn." in page.text
    assert _actions(page) == ["Submit again"]


def test_changes_that_are_requested_are_read_first(cast, ceu, client):
    certificate = submitted(cast, ceu)
    reviews.request_changes(certificate, reason="Whose is it?\nAdd the back.", by=cast.actor(cast.ada))
    page = _page(client, f"{LIST}/{certificate.id}")
    assert page.one("blockquote")._text() == "Whose is it?\nAdd the back."
    assert "Ada Lindgren" in page.text
    assert _actions(page) == ["Withdraw", "Edit"]
    assert "Ladder rescue Changes requested" in _page(client, "/portfolio/").text


def test_what_is_declined_gives_the_reason_and_leads_to_a_copy(cast, ceu, client):
    certificate = submitted(cast, ceu)
    _decline(cast, certificate)
    page = _page(client, f"{LIST}/{certificate.id}")
    assert page.one("blockquote").text == "No name on it."
    again = page.one("main").one("a", class_="button primary")
    assert (again.text, again.attrs["href"]) == ("Submit again", f"{LIST}/new?copy_of={certificate.id}")


def test_what_is_approved_shows_its_credits_and_has_nothing_that_changes_it(cast, ceu, client):
    certificate = submitted(cast, ceu)
    approval = Approval(Decimal("1.5"), "One hour was practice.")
    reviews.approve(certificate, approval, seen=certificate.digest(), by=cast.actor(cast.ada))
    page = _page(client, f"{LIST}/{certificate.id}")
    assert "1.5 hours count on 1 Mar 2025" in page.text
    assert page.one("blockquote").text == "One hour was practice."
    main = page.one("main")
    assert main.all("form") == main.all("button") == main.all("input") == []
    (view,) = main.all("a", class_="button primary")
    assert (view.text, view.attrs["href"]) == ("View Certificate", f"/scan/{certificate.scans[0].id}")


def test_each_of_several_files_is_viewed(cast, ceu, client):
    learner = cast.actor(cast.max)
    key = certificates.staged(learner, picture("navy"), picture("red"))
    certificates.submissions.submit(certificates.given(ceu), certificates.Files(key), by=learner)
    certificate = db.session.scalars(sa.select(ExternalCertificate)).one()
    reviews.approve(certificate, Approval(certificates.CREDITS), seen=certificate.digest(), by=cast.actor(cast.ada))
    page = _page(client, f"{LIST}/{certificate.id}")
    assert [link.text for link in page.one("main").all("a", class_="button primary")] == ["View Certificate"] * 2
    assert "2 files" in _page(client).text


def test_what_is_revoked_gives_the_reason(cast, ceu, client):
    certificate = approved(cast, ceu)
    revocations.revoke(certificate, reason="Not genuine.", by=cast.actor(cast.ada))
    page = _page(client, f"{LIST}/{certificate.id}")
    assert page.one("blockquote").text == "Not genuine."
    assert "its credits no longer count" in page.text
    assert _actions(page) == []


def test_an_approved_one_past_its_date_says_so(cast, ceu, client):
    yesterday = today() - timedelta(days=1)
    certificate = approved(cast, ceu, expires_on=yesterday)
    page = _page(client, f"{LIST}/{certificate.id}")
    assert "It was approved, and expired on" in page.text
    assert db.session.scalars(sa.select(CreditEntry.amount)).all() == [certificates.CREDITS]


def test_the_certification_that_came_of_it_is_linked(cast, ceu, client):
    certificate = submitted(cast, ceu)
    track = Entry(type_id=cast.emt.id, expires_on=today() + timedelta(days=90))
    done = reviews.approve(
        certificate, Approval(certificates.CREDITS), seen=certificate.digest(), by=cast.actor(cast.ada), track=track
    )
    page = _page(client, f"{LIST}/{certificate.id}")
    assert f"/portfolio/certifications/{done.certification_id}" in [link.attrs["href"] for link in page.all("a")]


def test_the_history_says_who_did_what_when_and_with_which_words(cast, ceu, client):
    certificate = submitted(cast, ceu)
    ada, learner = cast.actor(cast.ada), cast.actor(cast.max)
    reviews.request_changes(certificate, reason="Whose is it?", by=ada)
    certificate = found(ExternalCertificate, certificate.id)
    files = certificates.Files("mending-key-1234", kept=[scan.id for scan in certificate.scans])
    mended = certificates.given(ceu, note="Mine.")
    certificates.submissions.edit(certificate, mended, files, seen=certificate.digest(), by=learner)
    certificate = found(ExternalCertificate, certificate.id)
    reviews.approve(certificate, Approval(certificates.CREDITS), seen=certificate.digest(), by=ada)
    revocations.revoke(found(ExternalCertificate, certificate.id), reason="Not genuine.", by=ada)
    history = _page(client, f"{LIST}/{certificate.id}").one("ol", class_="plain happened")
    lines = [line.text for line in history.all("li")]
    words = ["Submitted", "Changes requested", "Mended and submitted again", "Approved", "Revoked"]
    people = ["Max Miller", "Ada Lindgren", "Max Miller", "Ada Lindgren", "Ada Lindgren"]
    assert [re.sub(r" \d+ \w+ \d{4}, \d\d:\d\d ·", "", line) for line in lines] == [
        f"{word} {person}{said}"
        for word, person, said in zip(words, people, ["", "Whose is it?", "", "", "Not genuine."], strict=True)
    ]


# Its files


def test_its_files_are_viewed_and_downloaded_by_the_learner_and_reviewers_alone(cast, ceu, client, browse):
    certificate = submitted(cast, ceu)
    scan_id = db.session.scalars(sa.select(Scan.id)).one()
    page = _page(client, f"/scan/{scan_id}")
    crumbs = [link.attrs["href"] for link in page.one("ol", class_="breadcrumb").all("a")]
    assert crumbs == [LIST, f"{LIST}/{certificate.id}"]
    assert "Ladder rescue · Max Miller" in page.text
    with client.get(f"/scan/{scan_id}/download") as download:
        assert download.data == certificates.picture()
        assert 'filename="certificate 1.png"' in download.headers["Content-Disposition"]
    assert browse(cast.mia).get(f"/scan/{scan_id}").status_code == 404
    assert browse(cast.carl).get(f"/scan/{scan_id}").status_code == 403
    reviewer = browse(cast.ada)
    reviewer.get("/admin/")
    trail = _page(reviewer, f"/scan/{scan_id}").one("ol", class_="breadcrumb")
    crumbs = [link.attrs["href"] for link in trail.all("a")]
    assert crumbs == ["/admin/approvals/", f"/admin/approvals/{certificate.id}"]


# Getting about


def test_the_navigation_and_the_tabs_say_where_one_is(cast, ceu, client):
    certificate = submitted(cast, ceu)
    for path in ("/portfolio/", LIST, f"{LIST}/{certificate.id}", f"{LIST}/{certificate.id}/edit"):
        here = [link.text for link in _page(client, path).one("aside").all("a", aria_current="page")]
        assert here == ["ePortfolio"], path
    tabs = _page(client).one("nav", class_="tabs")
    assert [tab.text for tab in tabs.all("a")][:2] == ["Overview", "Certificates"]
    assert [tab.text for tab in tabs.all("a", aria_current="page")] == ["Certificates"]


def test_the_overview_counts_what_waits_for_a_reviewer(cast, ceu, client):
    submitted(cast, ceu)
    tile = _page(client, "/portfolio/").one("a", href=f"{LIST}?type=external&status=pending")
    assert tile.text == "1 certificate waits for a reviewer"
