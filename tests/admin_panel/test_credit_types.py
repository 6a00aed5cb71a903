"""Administration > Credit Types."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from records.database import db, locked, transaction
from records.models import CreditType, Organization, Period
from tests import certificates
from tests.certificates import submitted
from tests.forms import filled, read

URL = "/admin/credit-types/"


@pytest.fixture
def client(cast, browse):
    return browse(cast.ada)


def _open(client, path):
    return filled(read(client.get(URL + path).text), action=URL + path)


def _made(name):
    return db.session.query(CreditType).filter_by(name=name).one()


def test_they_stand_in_order_with_retired_ones_apart(cast, client):
    certificates.credit_type("CPD", position=5)
    ceu = certificates.credit_type("CEU", goal=Decimal("20.5"), checklist=["Is it signed?"])
    submitted(cast, ceu)
    page = read(client.get(URL).text)
    assert [head.text for head in page.all("th", scope="row")] == ["CEU", "CPD"]
    row = page.all("tr")[1]
    assert row.one("td", data_label="Certificates").text == "1"
    assert row.one("td", data_label="Goal").text == "20.5"
    assert "1 question" in row.one("td", data_label="Uploads").text
    client.post(f"{URL}{ceu.id}/retire")
    tables = read(client.get(URL).text).all("table")
    assert [table.one("th", scope="row").text for table in tables] == ["CPD", "CEU"]


def test_without_any_the_page_says_what_to_do(client):
    assert "No credit types yet" in client.get(URL).text


def test_a_new_one_is_added_with_everything(client):
    sent = _open(client, "new")
    assert sent["accepts_uploads"] == ["y"]
    sent |= {"name": "CPD hours", "unit": "hours", "period": "own_dates", "starts_on": "2025-09-01",
             "ends_on": "2026-08-31", "goal": "1,040.5", "largest_claim": "8", "position": "2",
             "checklist": "Is the name the learner's?\r\n\r\nIs it signed?\r\n"}  # fmt: skip
    assert "“CPD hours” was added." in client.post(URL + "new", data=sent, follow_redirects=True).text
    made = _made("CPD hours")
    assert (made.goal, made.largest_claim, made.position) == (Decimal("1040.50"), Decimal(8), 2)
    assert (made.period, made.starts_on, made.ends_on) == (Period.OWN_DATES, date(2025, 9, 1), date(2026, 8, 31))
    assert made.checklist == ["Is the name the learner's?", "Is it signed?"]
    again = _open(client, str(made.id))
    assert (again["goal"], again["largest_claim"]) == (["1040.5"], ["8"])
    assert again["checklist"] == ["Is the name the learner's?\nIs it signed?"]
    assert "There was nothing to save." in client.post(URL + str(made.id), data=again, follow_redirects=True).text


def test_mistakes_stand_beside_their_fields_and_what_was_typed_stays(client):
    certificates.credit_type("CEU")
    sent = _open(client, "new")
    sent |= {"name": "céu", "unit": "", "goal": "2,5", "largest_claim": "0", "position": "first",
             "period": "own_dates", "starts_on": "2026-02-30", "ends_on": "2025-01-01"}  # fmt: skip
    answer = client.post(URL + "new", data=sent)
    page = read(answer.text)
    assert answer.status_code == 422
    for name, sentence in (
        ("name", "exists already."),
        ("unit", "Enter what is counted"),
        ("goal", "Enter a number, such as 2.5."),
        ("largest_claim", "Enter a number from 0.01 to 9999.99."),
        ("position", "Enter a whole number."),
        ("starts_on", "Enter a date that exists"),
    ):
        field = page.one(name=name)
        assert field.attrs["value"] == sent[name]
        described = " ".join(page.one(id=each).text for each in field.attrs["aria-describedby"].split())
        assert sentence in described, described
        assert field.attrs["aria-invalid"] == "true"
    assert db.session.query(CreditType).count() == 1


def test_dates_count_only_where_the_period_has_its_own(client):
    sent = _open(client, "new") | {"name": "CEU", "unit": "points", "period": "lifetime", "starts_on": "never"}
    assert client.post(URL + "new", data=sent).status_code == 302
    assert _made("CEU").starts_on is None


def test_an_unknown_period_is_refused(client):
    sent = _open(client, "new") | {"name": "CEU", "unit": "points", "period": "weekly"}
    answer = client.post(URL + "new", data=sent)
    assert answer.status_code == 422
    assert "Choose a period from the list." in answer.text


def test_the_second_of_two_is_shown_what_stands_now(client):
    type_ = certificates.credit_type("CEU")
    path = str(type_.id)
    first, second = _open(client, path), _open(client, path)
    del first["accepts_uploads"]
    client.post(URL + path, data=first | {"unit": "points", "goal": "12.5"})
    answer = client.post(URL + path, data=second | {"name": "Mine"})
    page = read(answer.text)
    assert answer.status_code == 409
    conflict = page.one(class_="error-summary conflict").text
    for words in ("Unitpoints", "Accepts uploadsoff", "Goal per period12.5", "PeriodCalendar year"):
        assert words in conflict
    assert page.one(name="name").attrs["value"] == "Mine"
    client.post(URL + path, data=filled(page, action=URL + path))
    assert (_made("Mine").unit, _made("Mine").accepts_uploads) == ("hours", True)


def test_one_in_use_is_retired_not_deleted(cast, client):
    ceu, unused = certificates.credit_type(), certificates.credit_type("Unused")
    ceu_path, unused_path = f"{URL}{ceu.id}", f"{URL}{unused.id}"
    submitted(cast, ceu)
    answer = client.post(ceu_path + "/delete")
    assert answer.status_code == 409
    assert "Retire it instead." in answer.text
    assert "is retired" in client.post(ceu_path + "/retire", follow_redirects=True).text
    assert "can be chosen again" in client.post(ceu_path + "/reinstate", follow_redirects=True).text
    assert "was deleted" in client.post(unused_path + "/delete", follow_redirects=True).text


def test_with_the_module_off_they_are_gone_and_nothing_is_deleted(cast, client):
    type_ = certificates.credit_type()
    with transaction():
        locked(Organization, cast.fire.id).takes_external_certificates = False
    for path in (URL, f"{URL}{type_.id}", URL + "new"):
        assert client.get(path).status_code == 404
    assert client.post(f"{URL}{type_.id}/retire").status_code == 404
    assert "Credit Types" not in client.get("/admin/settings/").text
    assert db.session.get(CreditType, type_.id).retired_at is None


@pytest.mark.parametrize("who", ["carl", "nora", "max", "ken"])
def test_who_may_not_change_them(cast, browse, who):
    path = f"{URL}{certificates.credit_type().id}"
    client = browse(getattr(cast, who))
    assert client.get(URL).status_code == (200 if who == "ken" else 403)
    for address in (path, path + "/retire", path + "/reinstate", path + "/delete"):
        assert client.post(address, data={"name": "New"}).status_code == (404 if who == "ken" else 403)
    assert client.get(path).status_code == (404 if who == "ken" else 403)
