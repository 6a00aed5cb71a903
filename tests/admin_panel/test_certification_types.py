"""Administration > Certification Types."""

from __future__ import annotations

from datetime import date

import pytest

from records.database import db, transaction
from records.models import CertificationType
from records.services.certification_steps import Entry, record
from tests.forms import filled, read

URL = "/admin/certification-types/"


def _open(client, path):
    return filled(read(client.get(URL + path).text), action=URL + path)


def test_they_stand_in_order_with_retired_ones_apart(cast, browse):
    client = browse(cast.ada)
    with transaction() as session:
        session.get(CertificationType, cast.emt.id).position = 5
        record(cast.max, Entry(cast.emt.id, date(2030, 1, 1)), by=cast.actor(cast.ada))
    names = [head.text for head in read(client.get(URL).text).all("th", scope="row")]
    assert names == ["Forklift licence", "EMT-Basic"]
    client.post(f"{URL}{cast.forklift.id}/retire")
    tables = read(client.get(URL).text).all("table")
    assert [table.one("th", scope="row").text for table in tables] == ["EMT-Basic", "Forklift licence"]
    assert tables[0].one("td", data_label="Held by").text == "1"


def test_a_new_one_is_added_with_its_stages(cast, browse):
    client = browse(cast.carl)
    sent = _open(client, "new")
    assert (sent["stages_before"], sent["stages_after"]) == (["90, 30, 7, 0"], ["14"])
    sent |= {"name": "Rope", "stages_before": "60 7", "stages_after": "", "usual_term": "36", "issuer": "NFPA"}
    assert "“Rope” was added." in client.post(URL + "new", data=sent, follow_redirects=True).text
    made = db.session.query(CertificationType).filter_by(name="Rope").one()
    assert (made.reminder_stages, made.usual_term, made.notice_days) == ([60, 7], 36, 60)
    assert "Rope" in client.get(f"/admin/members/{cast.max.id}").text


def test_mistakes_stand_beside_their_fields(cast, browse):
    client = browse(cast.ada)
    sent = _open(client, "new")
    sent |= {"name": "EMT-BÁSIC", "usual_term": "--5", "stages_before": "90, -5", "grace_days": "9999"}
    answer = client.post(URL + "new", data=sent)
    page = read(answer.text)
    assert answer.status_code == 422
    for name, sentence in (
        ("name", "“EMT-BÁSIC” exists already."),
        ("usual_term", "Enter a whole number."),
        ("stages_before", "Enter whole numbers of days"),
        ("grace_days", "Enter a whole number from 0 to 3650."),
    ):
        field = page.one(name=name)
        assert field.attrs["value"] == sent[name]
        assert any(sentence in page.one(id=each).text for each in field.attrs["aria-describedby"].split())


def test_the_second_of_two_is_shown_what_stands_now(cast, browse):
    client, path = browse(cast.ada), str(cast.emt.id)
    first, second = _open(client, path), _open(client, path)
    client.post(URL + path, data=first | {"issuer": "Theirs"})
    answer = client.post(URL + path, data=second | {"name": "Mine"})
    page = read(answer.text)
    assert answer.status_code == 409
    assert "Theirs" in page.one(class_="error-summary conflict").text
    assert page.one(name="name").attrs["value"] == "Mine"
    client.post(URL + path, data=filled(page, action=URL + path))
    assert db.session.get(CertificationType, cast.emt.id).name == "Mine"


def test_one_in_use_is_retired_not_deleted(cast, browse):
    client, path, unused = browse(cast.ada), f"{URL}{cast.emt.id}", cast.forklift.id
    with transaction():
        record(cast.max, Entry(cast.emt.id, date(2030, 1, 1)), by=cast.actor(cast.ada))
    answer = client.post(path + "/delete")
    assert answer.status_code == 409
    assert "Retire it instead." in answer.text
    assert "is retired" in client.post(path + "/retire", follow_redirects=True).text
    assert "can be chosen again" in client.post(path + "/reinstate", follow_redirects=True).text
    client.post(f"{URL}{unused}/delete")
    assert db.session.query(CertificationType).filter_by(id=unused).count() == 0


@pytest.mark.parametrize("who", ["nora", "max", "ken"])
def test_who_may_not_change_them(cast, browse, who):
    client = browse(getattr(cast, who))
    status = 404 if who == "ken" else 403
    assert client.get(URL).status_code == (403 if who == "max" else 200)
    if who == "nora":
        assert not read(client.get(URL).text).all("a", href=URL + "new")
        assert client.get(URL + "new").status_code == 403
        assert client.post(URL + "new", data={"name": "New"}).status_code == 403
    path = f"{URL}{cast.emt.id}"
    assert client.get(path).status_code == status
    for verb in ("", "/retire", "/reinstate", "/delete"):
        assert client.post(path + verb, data={"name": "New"}).status_code == status


# What counts also as what


def test_what_it_counts_as_is_ticked_shown_and_kept_from_going_round(cast, browse):
    client = browse(cast.carl)
    form = _open(client, str(cast.forklift.id))
    assert "counts_as" not in form
    client.post(f"{URL}{cast.forklift.id}", data=form | {"counts_as": [str(cast.emt.id)]})
    assert "Counts also as EMT-Basic" in client.get(URL).text
    assert _open(client, str(cast.forklift.id))["counts_as"] == [str(cast.emt.id)]
    page = client.post(f"{URL}{cast.emt.id}", data=_open(client, str(cast.emt.id)) | {
        "counts_as": [str(cast.forklift.id)],
    })  # fmt: skip
    assert page.status_code == 422
    assert "“Forklift licence” already counts as this type" in page.text
    assert filled(read(page.text), action=f"{URL}{cast.emt.id}")["counts_as"] == [str(cast.forklift.id)]


def test_what_another_ticked_meanwhile_is_shown(cast, browse):
    client = browse(cast.carl)
    mine = _open(client, str(cast.forklift.id))
    client.post(f"{URL}{cast.forklift.id}", data=mine | {"counts_as": [str(cast.emt.id)]})
    page = client.post(f"{URL}{cast.forklift.id}", data=mine | {"issuer": "NFPA"})
    assert page.status_code == 409
    assert "Counts also asEMT-Basic" in read(page.text).one(class_="error-summary conflict").text
