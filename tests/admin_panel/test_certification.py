"""A certification's own page, and its files, with and without scripts."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest

from records.database import db, locked, transaction
from records.models import Certification, Organization, Scan
from records.services.certification_steps import Entry, record
from tests.forms import filled, read

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def held(cast):
    with transaction():
        return record(cast.max, Entry(cast.emt.id, date(2030, 1, 31)), by=cast.actor(cast.ada)).id


def _add(client, held, *names, content=PNG, **headers):
    data = {"files": [(BytesIO(content + name.encode()), name) for name in names], "csrf_token": client.csrf_token()}
    return client.post(f"/admin/certifications/{held}/files", data=data, headers=headers)


def _names(held):
    return [scan.name for scan in db.session.get(Certification, held, populate_existing=True).scans]


def test_the_issuers_suspension_is_saved_and_told_in_the_profile(cast, browse, held):
    client, url = browse(cast.ada), f"/admin/certifications/{held}"
    sent = filled(read(client.get(url).text), action=url) | {
        "suspended_on": "2026-01-02",
        "suspended_reason": "Inquiry <b>",
    }
    page = client.post(url, data=sent, follow_redirects=True)
    assert "Suspended from 2 Jan 2026: Inquiry &lt;b&gt;" in page.text
    assert "badge danger" in page.text


def test_mistakes_stand_beside_their_fields_and_nothing_is_saved(cast, browse, held):
    client, url = browse(cast.ada), f"/admin/certifications/{held}"
    sent = filled(read(client.get(url).text), action=url)
    sent |= {"suspended_on": "2026-02-30", "revoked_on": "2026-01-01", "issued_on": "2031-01-01", "number": "kept"}
    answer = client.post(url, data=sent)
    page = read(answer.text)
    assert answer.status_code == 422
    for name, sentence in (
        ("suspended_on", "Enter a date that exists"),
        ("revoked_reason", "Give a reason."),
        ("expires_on", "Expires cannot be before Issued."),
    ):
        assert sentence in page.one(id=page.one(name=name).attrs["aria-describedby"]).text
    assert page.one(name="number").attrs["value"] == "kept"
    assert page.one(name="suspended_on").attrs["value"] == "2026-02-30"
    assert db.session.get(Certification, held).number == ""


def test_the_second_of_two_is_shown_what_stands_now(cast, browse, held):
    ada, carl, url = browse(cast.ada), browse(cast.carl), f"/admin/certifications/{held}"
    first, second = (filled(read(each.get(url).text), action=url) for each in (ada, carl))
    ada.post(url, data=first | {"number": "theirs"})
    answer = carl.post(url, data=second | {"number": "mine"})
    page = read(answer.text)
    assert answer.status_code == 409
    assert "theirs" in page.one(class_="error-summary conflict").text
    assert page.one(name="number").attrs["value"] == "mine"
    assert carl.post(url, data=filled(page, action=url)).status_code == 302
    assert db.session.get(Certification, held).number == "mine"


def test_what_the_second_did_not_touch_keeps_what_the_first_saved(cast, browse, held):
    ada, carl, url = browse(cast.ada), browse(cast.carl), f"/admin/certifications/{held}"
    first, second = (filled(read(each.get(url).text), action=url) for each in (ada, carl))
    ada.post(url, data=first | {"suspended_on": "2026-01-02", "suspended_reason": "Inquiry\r\nopened"})
    page = read(carl.post(url, data=second | {"number": "mine"}).text)
    told = page.one(class_="error-summary conflict").text
    assert "Suspended from: nothing → 2 Jan 2026" in told
    assert "Issued" not in told
    carl.post(url, data=filled(page, action=url))
    kept = db.session.get(Certification, held)
    assert (kept.number, kept.suspended_on) == ("mine", date(2026, 1, 2))
    assert kept.suspended_reason.split() == ["Inquiry", "opened"]


@pytest.mark.parametrize("shown", ["", "[]", "{", '{"number": "else"}'])
def test_a_garbled_memory_of_the_page_loses_nothing_typed(cast, browse, held, shown):
    client, url = browse(cast.ada), f"/admin/certifications/{held}"
    sent = filled(read(client.get(url).text), action=url)
    page = read(client.post(url, data=sent | {"shown": shown, "version": "7", "number": "mine"}).text)
    assert page.one(name="number").attrs["value"] == "mine"
    assert client.post(url, data=filled(page, action=url)).status_code == 302


def test_a_file_goes_straight_to_one_row(cast, browse, held):
    client = browse(cast.nora)
    assert "2 files added." in client.get(_add(client, held, "front.png", "back.png").headers["Location"]).text
    page = read(client.get(f"/admin/members/{cast.max.id}").text)
    for name in _names(held):
        assert page.one("a", aria_label=f"Download {name}").attrs["href"].startswith("/scan/")
        button = page.one("button", aria_label=f"Delete file {name}")
        assert "The certification stays." in button.attrs["data-confirm"]


def test_a_file_is_deleted_and_undone_and_the_certification_stays(cast, browse, held):
    client = browse(cast.ada)
    _add(client, held, "front.png")
    page = read(client.get(f"/admin/members/{cast.max.id}").text)
    button = page.one("button", aria_label="Delete file front.png")
    assert button.attrs["form"] == "scan-form"
    after = read(client.post(button.attrs["formaction"], follow_redirects=True).text)
    assert _names(held) == []
    undo = next(form for form in after.all("form") if form.text == "Undo")
    client.post(undo.attrs["action"])
    assert _names(held) == ["front.png"]


def test_scripts_get_the_rows_files_and_the_message(cast, browse, held):
    client, json = browse(cast.ada), {"Accept": "application/json"}
    answer = _add(client, held, "front.png", **json).json
    assert answer["certification"] == held
    assert "Delete file front.png" in answer["files"]
    scan_id = db.session.query(Scan.id).scalar()
    answer = client.post(f"/admin/scans/{scan_id}/delete", headers=json).json
    assert "front.png" not in answer["files"]
    assert f"/admin/scans/{scan_id}/restore" in answer["message"]
    assert "front.png" in client.post(f"/admin/scans/{scan_id}/restore", headers=json).json["files"]
    for files, status in (((), 422), (("x" * 10,), 422)):
        refused = _add(client, held, *files, content=b"", **json) if not files else _empty(client, held, json)
        assert refused.status_code == status
        assert "note error" in refused.json["message"]


def _empty(client, held, headers):
    data = {"files": [(BytesIO(b""), "empty.png")], "csrf_token": client.csrf_token()}
    return client.post(f"/admin/certifications/{held}/files", data=data, headers=headers)


def test_a_file_that_is_refused_says_so_beside_its_field(cast, browse, held):
    answer = _empty(browse(cast.ada), held, {})
    page = read(answer.text)
    assert answer.status_code == 422
    described = page.one("input", type="file").attrs["aria-describedby"].split()
    assert "“empty.png” is empty" in " ".join(page.one(id=each).text for each in described)
    with transaction():
        locked(Organization, cast.fire.id).largest_file = 10
    answer = _add(browse(cast.ada), held, "large.png")
    assert answer.status_code == 413
    assert "is larger than" in answer.text
    assert _names(held) == []


def test_who_may_not_change_it_may_not_reach_it(cast, browse, held):
    client = browse(cast.ada)
    _add(client, held, "front.png")
    scan_id = db.session.query(Scan.id).scalar()
    with transaction():
        own = record(cast.carl, Entry(cast.emt.id, date(2030, 1, 31)), by=cast.actor(cast.ada)).id
        south = record(cast.mia, Entry(cast.emt.id, date(2030, 1, 31)), by=cast.actor(cast.ada)).id
    carl = browse(cast.carl)
    assert carl.get(f"/admin/certifications/{own}").status_code == 200
    assert not read(carl.get(f"/admin/certifications/{own}").text).all("form", action=f"/admin/certifications/{own}")
    assert carl.post(f"/admin/certifications/{own}", data={"expires_on": "2031-01-01"}).status_code == 403
    assert _add(carl, own, "mine.png").status_code == 403
    for by, status in ((cast.ken, 404), (cast.max, 403)):
        client = browse(by)
        assert client.get(f"/admin/certifications/{held}").status_code == status
        assert client.post(f"/admin/certifications/{held}").status_code == status
        assert _add(client, held, "x.png").status_code == status
        for verb in ("delete", "restore"):
            assert client.post(f"/admin/scans/{scan_id}/{verb}").status_code == status
    assert browse(cast.nora).get(f"/admin/certifications/{south}").status_code == 404
    assert browse(cast.ada).get("/admin/certifications/99999999999999999999").status_code == 404
    assert browse(cast.ada).get(f"/admin/scans/{scan_id}/delete").status_code == 405
    assert _names(held) == ["front.png"]
