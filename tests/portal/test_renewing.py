"""Learners propose a renewal from the certification's page, and read there what became of it."""

from __future__ import annotations

from io import BytesIO

import pytest

from records.database import db, found
from records.models import RenewalProposal
from records.services import renewal_proposals
from tests.certificates import acting
from tests.forms import filled, read
from tests.holdings import give, today
from tests.portal.conftest import BACK, FRONT
from tests.renewals import allow_proposals, in_days, proposed

GIVEN = {"issued_on": today, "expires_on": lambda: in_days(730)}


@pytest.fixture
def held(cast):
    allow_proposals(cast.emt)
    return give(cast.max, cast.emt, 20, number="N-1")


@pytest.fixture
def address(held):
    return f"/portfolio/certifications/{held}"


class Form:
    def __init__(self, client, address):
        self.client, self.address = client, f"{address}/renew"
        self.show(client.get(self.address))

    def show(self, answer):
        self.answer, self.page = answer, read(answer.text)

    @property
    def fields(self):
        return {name: each for name, each in filled(self.page, data_certificate=None).items() if name != "csrf_token"}

    def send(self, *files, headers=None, **changes):
        data = self.fields | changes
        data["files"] = [(BytesIO(content), name) for name, content in files]
        answer = self.client.post(self.address, data=data, headers=headers)
        if answer.status_code not in (201, 302):
            self.show(answer)
        return answer


@pytest.fixture
def form(cast, browse, address):
    return Form(browse(cast.max), address)


def dates():
    return {"issued_on": today().isoformat(), "expires_on": in_days(730).isoformat()}


def all_proposals():
    db.session.rollback()
    return db.session.query(RenewalProposal).all()


def test_it_is_offered_sent_and_shown_with_its_files(cast, browse, form, address):
    client = browse(cast.max)
    assert read(client.get(address).text).one("a", href=f"{address}/renew").text == "Propose a renewal"
    assert form.fields["number"] == ["N-1"]
    answer = form.send(("front.png", FRONT), ("back.png", BACK), **dates())
    assert answer.location == address
    page = client.get(address).text
    assert "Renewal proposed" in page
    assert "back.png" in page
    assert "Propose a renewal" not in page
    assert "Renewal proposed" in client.get("/portfolio/certifications").text
    assert [each.number for each in all_proposals()] == ["N-1"]


def test_a_script_learns_where_to_go_on(form, address):
    answer = form.send(("front.png", FRONT), headers={"Accept": "application/json"}, **dates())
    assert (answer.status_code, answer.json) == (201, {"location": address})


def test_what_is_wrong_stands_beside_its_field_and_files_wait(form):
    answer = form.send(("front.png", FRONT), issued_on="2026-02-30")
    assert answer.status_code == 422
    assert form.page.one("p", id="expires_on-error").text == "Enter the date on which it expires."
    assert form.page.one("p", id="issued_on-error").text.startswith("Enter a date that exists")
    assert "front.png" in form.page.one("ul", class_="plain").text
    assert form.send(**dates()).status_code == 302
    assert [scan.name for scan in all_proposals()[0].scans] == ["front.png"]


def test_without_a_file_it_says_so_and_files_can_be_left_out(form):
    assert form.send(**dates()).status_code == 422
    assert form.page.one("p", id="files-error").text == "Add the file of the certificate."
    form.send(("front.png", FRONT), more="yes", **dates())
    form.send(("empty.png", b""), ("back.png", BACK), **dates())
    assert "“empty.png” is empty" in form.page.one("p", id="files-error").text
    first = form.page.all("input", name="leave_out")[0].attrs["value"]
    form.send(leave_out=first, **dates())
    assert [scan.name for scan in all_proposals()[0].scans] == ["back.png"]


def test_sent_twice_it_is_one_and_says_so(form, address):
    first = form.send(("front.png", FRONT), **dates())
    second = form.send(("front.png", FRONT), **dates())
    assert first.location == second.location == address
    assert len(all_proposals()) == 1
    assert "already" in form.client.get(address).text
    assert form.client.get(f"{address}/renew").location == address


def test_the_member_takes_it_back_and_proposes_again(cast, browse, held, address):
    proposal = proposed(cast, held)
    client = browse(cast.max)
    withdraw = read(client.get(address).text).one("form", action=f"/portfolio/renewals/{proposal.id}/withdraw")
    page = client.post(withdraw.attrs["action"], follow_redirects=True).text
    assert "Your proposal is withdrawn." in page
    assert "Propose a renewal" in page
    assert client.post(withdraw.attrs["action"]).status_code == 409


def test_the_reason_of_a_refusal_is_read_on_its_page_and_in_messages(cast, browse, held, address):
    proposal = proposed(cast, held)
    renewal_proposals.decline(proposal, reason="The photo is blurred.", version=1, by=cast.actor(cast.ada))
    client = browse(cast.max)
    page = client.get(address).text
    assert "Renewal declined" in page
    assert "The photo is blurred." in page
    letter = read(client.get("/portfolio/messages").text).one("article")
    assert "The photo is blurred." in letter.text
    assert letter.one("a").attrs["href"] == address
    assert "Propose a renewal" in page


def test_where_it_is_not_allowed_nothing_offers_it(cast, browse):
    for held in (give(cast.max, cast.forklift, 20), give(cast.max, cast.emt, 20)):
        page = f"/portfolio/certifications/{held}"
        client = browse(cast.max)
        assert "Propose a renewal" not in client.get(page).text
        assert client.get(f"{page}/renew").status_code == 403
        assert client.post(f"{page}/renew").status_code == 403


def test_an_administrator_logged_in_as_the_member_proposes_and_stands_in_it(cast, browse, held, address):
    client = browse(cast.ada)
    client.log_in_as(cast.max)
    form = Form(client, address)
    assert form.send(("front.png", FRONT), **dates()).status_code == 302
    (proposal,) = all_proposals()
    assert (proposal.member_id, proposal.administrator_id) == (cast.max.id, cast.ada.id)
    assert not found(RenewalProposal, proposal.id).may_be_decided_by(cast.actor(cast.ada))
    assert acting(cast, cast.max, cast.ada).is_acting


def test_scans_lead_back_to_where_they_belong(cast, browse, held, address):
    scan_id = proposed(cast, held).scans[0].id
    proposal = all_proposals()[0]
    assert address in browse(cast.max).get(f"/scan/{scan_id}").text
    assert f"/admin/renewals/proposed/{proposal.id}" in browse(cast.ada).get(f"/scan/{scan_id}").text
