"""Long lists as XLSX, through the browser's eyes: offered, prepared, downloaded by whoever asked, while they may."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from io import BytesIO

import pytest

from admin_panel import exporting
from records import clock
from records.database import db, lock, transaction
from records.models import ListExport
from records.queries.reports import REPORTS
from records.services import exports
from records.services.export_writing import write_exports
from tests.forms import read

HOME = "/admin/exports/"


@pytest.fixture
def few_at_once(monkeypatch):
    monkeypatch.setattr(exporting, "MOST_AT_ONCE", 5)


def _prepared(cast, who="ada", page="members"):
    export_id = exports.begin(page, {}, language="en", by=cast.actor(getattr(cast, who))).id
    write_exports()
    return export_id


def test_a_long_workbook_is_offered_and_a_short_one_comes_at_once(cast, browse, few_at_once):
    ada = browse(cast.ada)
    long = ada.get("/admin/members/export?format=xlsx&search=&role=")
    assert (long.status_code, long.headers["Location"]) == (303, f"{HOME}of/members")
    narrow = ada.get("/admin/members/export?format=xlsx&role=administrator")
    assert narrow.status_code == 200
    assert narrow.headers["Content-Disposition"].startswith("attachment")
    narrow.close()
    csv = ada.get("/admin/members/export?format=csv")
    assert csv.status_code == 200
    csv.close()
    assert db.session.query(ListExport).count() == 0


def test_the_filters_travel_along(cast, browse, few_at_once, monkeypatch):
    monkeypatch.setattr(exporting, "MOST_AT_ONCE", 2)
    ada = browse(cast.ada)
    offer = ada.get("/admin/members/export?format=xlsx&role=member", follow_redirects=True)
    form = read(offer.text).one("main").one("form")
    begun = ada.post(form.attrs["action"], data={"role": "member"})
    assert begun.status_code == 302
    export = db.session.query(ListExport).one()
    assert export.asked == {"role": "member"}
    assert begun.headers["Location"] == f"{HOME}{export.id}"
    assert 'name="role" value="member"' in offer.text


def test_every_long_list_can_be_written(cast, browse):
    """Each by its name, as pages and saved views call it."""
    made = {
        page: _prepared(cast, page=page) for page in ("members", "requirements", "audit-trail", "approvals", *REPORTS)
    }
    states = {page: db.session.get_one(ListExport, export_id).state for page, export_id in made.items()}
    assert states == dict.fromkeys(made, "done")


def test_the_page_looks_again_until_it_is_ready(cast, browse):
    export_id = exports.begin("members", {}, language="en", by=cast.actor(cast.ada)).id
    ada = browse(cast.ada)
    waiting = ada.get(f"{HOME}{export_id}")
    assert waiting.headers["Refresh"] == "5"
    assert "Waits" in waiting.text
    with transaction():
        export = lock(db.session.get_one(ListExport, export_id))
        export.state, export.run, export.rows_done, export.rows_total = "running", "x", 300, 1200
    running = ada.get(HOME)
    assert running.headers["Refresh"] == "5"
    assert "300 of 1,200 rows" in running.text
    assert read(running.text).one("progress").attrs["value"] == "25"
    write_exports()
    ready = ada.get(f"{HOME}{export_id}")
    assert "Refresh" not in ready.headers
    assert "6 rows" in ready.text
    with ada.get(f"{HOME}{export_id}/download") as answer:
        assert answer.status_code == 200
        assert ".xlsx" in answer.headers["Content-Disposition"]
        assert "Lindgren, Ada" in zipfile.ZipFile(BytesIO(answer.data)).read("xl/worksheets/sheet1.xml").decode()


def test_rights_are_judged_anew_when_it_is_downloaded(cast, browse):
    export_id, nora = _prepared(cast, "nora"), browse(cast.nora)
    path = f"{HOME}{export_id}/download"
    with nora.get(path) as answer:
        assert answer.status_code == 200
    with transaction():
        lock(cast.nora).covers_organization = True
    assert nora.get(path).status_code == 409
    with transaction():
        member = lock(cast.nora)
        member.role, member.covers_organization = "member", False
    assert nora.get(path).status_code == 403
    with transaction():
        lock(cast.nora).deactivated_at = clock.now()
    assert nora.get(path).status_code == 302
    for other in (cast.carl, cast.ada, cast.ken):
        assert browse(other).get(path).status_code == 404


def test_a_switched_off_module_keeps_its_files(cast, browse):
    export_id, ada = _prepared(cast, page="expiring"), browse(cast.ada)
    with transaction():
        lock(cast.fire).tracks_certifications = False
    assert ada.get(f"{HOME}{export_id}/download").status_code in (403, 404, 409)


def test_what_is_not_ready_or_over_is_not_downloaded(cast, browse):
    export_id, ada = exports.begin("members", {}, language="en", by=cast.actor(cast.ada)).id, browse(cast.ada)
    assert ada.get(f"{HOME}{export_id}/download").status_code == 409
    write_exports()
    with clock.standing_at(clock.now() + timedelta(days=1, minutes=1)):
        later = browse(cast.ada)
        assert later.get(f"{HOME}{export_id}/download").status_code == 404
        assert "None in the last day." in later.get(HOME).text


def test_it_is_cancelled_and_tried_again(cast, browse):
    export_id, ada = exports.begin("members", {}, language="en", by=cast.actor(cast.ada)).id, browse(cast.ada)
    page = ada.post(f"{HOME}{export_id}/cancel", follow_redirects=True)
    assert "The export of “User Management” is cancelled." in page.text
    assert "Cancelled" in page.text
    assert ada.post(f"{HOME}{export_id}/cancel").status_code == 409
    assert ada.post(f"{HOME}{export_id}/again").headers["Location"] == f"{HOME}{export_id}"
    write_exports()
    assert "Ready" in ada.get(f"{HOME}{export_id}").text


def test_the_list_of_them_takes_no_more_statements_for_more_of_them(cast, browse, app):
    from sqlalchemy import event

    ada, said = browse(cast.ada), []
    _prepared(cast)
    ada.get(HOME)

    def note(_connection, _cursor, statement, *_more):
        said.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        ada.get(HOME)
        few = len(said)
        for page in ("expiring", "approvals", "missing"):
            _prepared(cast, page=page)
        said.clear()
        ada.get(HOME)
        assert len(said) == few
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
