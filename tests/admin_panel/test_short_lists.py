"""Short lists: a search, one state, a file; certification types retired and reinstated many at once."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from records.database import db
from records.models import AuditEvent, CertificationType
from records.services import certification_types
from tests.certificates import credit_type
from tests.forms import read
from tests.requirements import position

TYPES = "/admin/certification-types/"


@pytest.fixture
def client(cast, browse):
    return browse(cast.ada)


def _names(client, path):
    page = read(client.get(path).text)
    return [row.one("th").text for body in page.all("tbody") for row in body.all("tr")]


def _file(client, path):
    with client.get(path) as answer:
        assert answer.status_code == 200
        return [row[0] for row in csv.reader(StringIO(answer.data.decode("utf-8-sig"), newline=""))][1:]


def _retired(cast):
    return db.session.get(CertificationType, cast.emt.id, populate_existing=True).is_retired


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("", ["EMT-Basic", "Forklift licence"]),
        ("?search=FORKlift", ["Forklift licence"]),
        ("?search=e+b", ["EMT-Basic"]),
        ("?state=current", ["EMT-Basic"]),
        ("?state=retired", ["Forklift licence"]),
        ("?state=retired&search=emt", []),
        ("?state=%00&search=%00", ["EMT-Basic", "Forklift licence"]),
    ],
)
def test_types_are_found_and_filed_alike(cast, client, asked, names):
    certification_types.retire(cast.forklift, by=cast.actor(cast.ada))
    assert _names(client, TYPES + asked) == names
    assert _file(client, f"{TYPES}export{asked}") == names


def test_units_and_positions_by_name_and_use(cast, client):
    position(cast, "Driver", cast.max)
    position(cast, "Crew chief")
    assert _names(client, "/admin/positions/?state=used") == ["Driver"]
    assert _file(client, "/admin/positions/export?search=chief") == ["Crew chief"]
    assert _file(client, "/admin/units/export?search=north") == ["Station North", "Engine 1"]
    assert "Nothing fits" in client.get("/admin/units/?state=empty").text
    assert "Parent unit" not in client.get("/admin/units/?search=zzz").text


def test_credit_types(cast, client):
    credit_type()
    assert len(_names(client, "/admin/credit-types/?state=current")) == 1
    assert _file(client, "/admin/credit-types/export?state=retired") == []


def test_many_types_are_retired_and_come_back_with_undo(cast, client):
    data = {"do": "retire", "chosen": [cast.emt.id, cast.forklift.id]}
    page = read(client.post(f"{TYPES}several?search=e", data=data, follow_redirects=True).text)
    assert "2 types are retired." in page.text
    assert _retired(cast)
    undo = next(form for form in page.one(class_="notes toasts").all("form") if form.text == "Undo")
    assert "2 types can be chosen again." in client.post(undo.attrs["action"], follow_redirects=True).text
    assert not _retired(cast)


def test_types_of_another_organization_do_not_exist(cast, client):
    assert client.post(f"{TYPES}several", data={"do": "retire", "chosen": [cast.clinic_emt.id]}).status_code == 404


@pytest.mark.parametrize("who", ["nora", "max"])
def test_who_may_not_change_types_retires_none(cast, browse, who):
    answer = browse(getattr(cast, who)).post(f"{TYPES}several", data={"do": "retire", "chosen": [cast.emt.id]})
    assert answer.status_code == 403
    assert db.session.query(AuditEvent).filter_by(kind="certification_type.retired").count() == 0


def test_readers_are_offered_neither_ticks_nor_actions(cast, browse):
    page = read(browse(cast.nora).get(TYPES).text)
    assert page.one("main").all("input", type="checkbox") == []
    assert page.all(class_="actions-cell") == []
