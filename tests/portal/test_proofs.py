"""The learner's pages of proofs."""

from __future__ import annotations

import re
from datetime import timedelta

import pypdfium2
import pytest
import sqlalchemy as sa
import zxingcpp

from records import clock, codes
from records.database import db, found, locked, transaction
from records.models import Certification, Member, Proof, State
from records.models.proof import latest_end, usual_end
from records.services import proofs
from tests import certificates
from tests.certificates import approved, in_state
from tests.forms import filled, read
from tests.holdings import give, today

URL = "/portfolio/proofs"


@pytest.fixture
def held(cast):
    return found(Certification, give(cast.max, cast.emt, 200, number="E-77"))


@pytest.fixture
def proof(cast, held):
    return proofs.hand_out(held, ends_on=today() + timedelta(days=30), by=cast.actor(cast.max))


@pytest.fixture
def client(cast, browse):
    return browse(cast.max)


def _made():
    db.session.rollback()
    return db.session.scalars(sa.select(Proof).order_by(Proof.id.desc())).first()


def _qr_text(element):
    """What a telephone reads off the drawing on a page."""
    from records.qr import Qr
    from tests.records.test_qr import picture_of

    bars = re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", element.one("path").attrs["d"])
    size = int(element.attrs["viewbox"].split()[-1])
    return zxingcpp.read_barcodes(picture_of(Qr(size, tuple(tuple(map(int, bar)) for bar in bars))))[0].text


def test_a_certification_is_handed_out_for_a_year_at_first(client, held):
    page = read(client.get(f"/portfolio/certifications/{held.id}").text)
    address = next(link.attrs["href"] for link in page.all("a") if link.text == "Hand out a proof")
    form = read(client.get(address).text)
    field = form.one("input", name="ends_on")
    assert (field.attrs["value"], field.attrs["min"], field.attrs["max"]) == (
        usual_end(today()).isoformat(), today().isoformat(), latest_end(today()).isoformat(),
    )  # fmt: skip
    answer = client.post(address, data={"ends_on": field.attrs["value"]})
    assert answer.headers["Location"] == f"{URL}/{_made().id}"
    shown = read(client.get(answer.headers["Location"]).text)
    link = shown.one("input", id="link").attrs["value"]
    assert link == f"http://127.0.0.1:8000/verify/{codes.code(_made().salt)}"
    assert _qr_text(shown.one("svg", role="img")) == link
    assert codes.grouped(codes.code(_made().salt)) in shown.text
    assert "E-77" not in shown.text


def test_a_certificate_is_handed_out_once_it_is_approved(cast, client):
    certificate = approved(cast, certificates.credit_type())
    page = read(client.get(f"/portfolio/certificates/{certificate.id}").text)
    address = next(link.attrs["href"] for link in page.all("a") if link.text == "Hand out a proof")
    assert client.post(address, data={"ends_on": today().isoformat()}).status_code == 302
    assert _made().external_certificate_id == certificate.id


@pytest.mark.parametrize("state", sorted(set(State) - {State.APPROVED}))
def test_no_other_certificate_is(cast, client, state):
    certificate = in_state(cast, certificates.credit_type(), state)
    page = client.get(f"/portfolio/certificates/{certificate.id}")
    assert "Hand out a proof" not in page.text
    for ask in (client.get, client.post):
        assert ask(f"/portfolio/certificates/{certificate.id}/proof").status_code == 409
    assert _made() is None


def test_credits_are_handed_out_as_they_stand(cast, client):
    approved(cast, certificates.credit_type())
    page = read(client.get("/portfolio/credits").text)
    address = next(link.attrs["href"] for link in page.all("a") if link.text == "Hand out a proof")
    answer = client.post(address, data={"ends_on": today().isoformat()}, follow_redirects=True)
    assert read(answer.text).one("h1").text.startswith("Transcript of credits of ")
    assert _made().transcript.totals[0][3] == "2.50"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Choose the day on which it ends."),
        ("2027-02-30", "Enter a date that exists, such as 2027-03-21."),
        ("2020-01-01", "It cannot end before today."),
        ("2190-01-01", "It ends within 5 years: choose"),
    ],
)
def test_what_is_wrong_with_the_day_stands_beside_it(client, held, typed, sentence):
    for address in (f"/portfolio/certifications/{held.id}/proof", "/portfolio/credits/proof"):
        page = client.post(address, data={"ends_on": typed})
        assert page.status_code == 422
        field = read(page.text).one("input", name="ends_on")
        assert field.attrs["value"] == typed
        assert field.attrs["aria-invalid"] == "true"
        assert sentence in read(page.text).one("p", id="ends_on-error").text
    assert _made() is None


def test_the_list_says_until_when_and_how_often_it_was_seen(browse, client, proof):
    page = read(client.get(URL).text)
    (article,) = page.all("article")
    facts = dict(zip((each.text for each in article.all("dt")), (each.text for each in article.all("dd")), strict=True))
    assert (article.one("h2").text, facts["Seen"]) == ("EMT-Basic", "Not yet")
    assert facts["Ends on"].endswith("in 30 days")
    browse().get("/verify/" + codes.code(proof.salt))
    browse().get("/verify/" + codes.code(proof.salt))
    assert "2 times, last on" in client.get(URL).text


def test_an_empty_list_says_what_to_do(client):
    page = client.get(URL).text
    assert "No proofs yet" in page
    assert "My certifications" in page


def test_what_is_withdrawn_no_longer_opens(browse, client, proof):
    page = read(client.get(URL).text)
    form = page.one("form", action=f"{URL}/{proof.id}/withdraw")
    assert "Withdraw this proof of “EMT-Basic”?" in form.one("button").attrs["data-confirm"]
    answer = client.post(form.attrs["action"], data=filled(page, action=form.attrs["action"]), follow_redirects=True)
    assert "The proof is withdrawn." in answer.text
    assert read(answer.text).one("article").one("span", class_="badge").text == "Withdrawn"
    assert codes.code(found(Proof, proof.id).salt) not in answer.text
    assert browse().get("/verify/" + codes.code(found(Proof, proof.id).salt)).status_code == 404
    assert client.post(form.attrs["action"]).status_code == 409


def test_withdrawing_needs_a_press_and_a_token(client, proof):
    address = f"{URL}/{proof.id}/withdraw"
    assert client.get(address).status_code == 405
    assert client.post(address, csrf=False).status_code == 400
    assert found(Proof, proof.id).withdrawn_at is None


@pytest.mark.parametrize("whose", ["mia", "ada", "ken", "other_max"])
def test_anothers_are_not_there(cast, browse, held, proof, whose):
    client = browse(getattr(cast, whose))
    assert client.get(f"{URL}/{proof.id}").status_code == 404
    assert client.post(f"{URL}/{proof.id}/withdraw").status_code == 404
    ends_on = {"ends_on": today().isoformat()}
    assert client.post(f"/portfolio/certifications/{held.id}/proof", data=ends_on).status_code == 404
    assert "EMT-Basic" not in client.get(URL).text


def test_what_ended_or_is_deleted_shows_no_link(cast, browse, client, proof):
    with clock.standing_at(clock.now() + timedelta(days=40)):
        page = browse(cast.max).get(f"{URL}/{proof.id}").text
        assert "Ended" in page
        assert "/verify/" + codes.code(proof.salt) not in page
    with transaction():
        locked(Certification, proof.certification_id).deleted_at = clock.now()
    page = client.get(URL).text
    assert "Does not open at the moment" in page
    assert f"{URL}/{proof.id}/withdraw" in page


def test_under_another_key_the_page_says_that_it_cannot_be_shown(app, cast, client, proof):
    with transaction():
        locked(Proof, proof.id).salt = "made under another key"
    for path in (URL, f"{URL}/{proof.id}"):
        page = client.get(path).text
        assert "This link cannot be shown any more" in page
        assert "/verify/" not in page.replace("/verify</", "")


def test_an_administrator_logged_in_as_the_member_sees_that_there_are_some_but_no_link(cast, browse, held, proof):
    client = browse(cast.ada)
    client.log_in_as(cast.max)
    page = client.get(URL)
    assert page.status_code == 200
    assert "Max Miller alone hands out proofs" in page.text
    assert codes.code(proof.salt) not in page.text
    assert "Withdraw" not in page.text
    assert "Hand out a proof" not in client.get(f"/portfolio/certifications/{held.id}").text
    for path in (f"{URL}/{proof.id}", f"/portfolio/certifications/{held.id}/proof", "/portfolio/credits/proof"):
        assert client.get(path).status_code == 403
    assert client.post(f"{URL}/{proof.id}/withdraw").status_code == 403
    assert client.post("/portfolio/credits/transcript").status_code == 403
    assert found(Proof, proof.id).withdrawn_at is None


def test_with_the_module_off_nothing_is_handed_out(client, held, proof, switch_off):
    switch_off("tracks_certifications")
    address = f"/portfolio/certifications/{held.id}/proof"
    assert client.get(address).status_code == 404
    assert client.post(address, data={"ends_on": today().isoformat()}).status_code == 404
    assert client.get(URL).status_code == 200
    switch_off()
    assert client.post("/portfolio/credits/proof", data={"ends_on": today().isoformat()}).status_code == 403
    assert client.post(f"{URL}/{proof.id}/withdraw").status_code == 302


def test_a_name_that_is_markup_stays_text(cast, browse, client, held, proof):
    with transaction():
        locked(Member, cast.max.id).given_name = "<b>Max</b>"
    for page in (client.get(f"{URL}/{proof.id}"), browse().get("/verify/" + codes.code(proof.salt))):
        assert "&lt;b&gt;Max&lt;/b&gt;" in page.text
        assert "<b>Max" not in page.text


def test_the_printed_transcript_carries_a_qr_code_of_its_own_code(cast, browse, client):
    approved(cast, certificates.credit_type())
    answer = client.post("/portfolio/credits/transcript")
    page = pypdfium2.PdfDocument(answer.data)[0]
    code = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){4}", page.get_textpage().get_text_range())[0]
    (found_code,) = zxingcpp.read_barcodes(page.render(scale=3).to_pil())
    assert found_code.text == "http://127.0.0.1:8000/verify/" + code.replace("-", "")
    assert browse().get(found_code.text.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert "1 time, last on" in client.get(URL).text
    assert _made().ends_on == latest_end(today())
