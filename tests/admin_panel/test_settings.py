"""Settings, through the browser's eyes."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from records.database import db, every_organization
from records.models import AuditEvent, AuditKind, Logo, Organization, StoredFile
from records.models.organization import MEBIBYTE
from tests.forms import filled, read

SETTINGS = "/admin/settings/"


@pytest.fixture
def form(cast, browse):
    form = filled(read(browse(cast.ada).get(SETTINGS).text), action=SETTINGS)
    del form["csrf_token"]  # each browser has a token of its own
    return form


def _fire(cast):
    return db.session.get(Organization, cast.fire.id, populate_existing=True)


def _picture(kind="PNG", size=(64, 32)):
    stream = BytesIO()
    Image.new("RGB", size, "teal").save(stream, kind)
    return BytesIO(stream.getvalue())


def test_the_form_opens_with_the_settings_as_they_stand(cast, form):
    assert form["name"] == ["Lakeside Fire & Rescue"]
    assert form["time_zone"] == ["America/Chicago"]
    assert (form["largest_file"], form["retention_days"], form["retention_in"]) == (["25"], ["10"], ["years"])
    assert form["tracks_certifications"] == ["y"]


def test_settings_are_saved_with_an_event(cast, browse, form):
    changed = form | {"name": "Lakeside", "time_zone": "Asia/Tokyo", "largest_file": "100", "retention_days": "90",
                      "retention_in": "days"}  # fmt: skip
    client = browse(cast.ada)
    assert client.post(SETTINGS, data=changed).headers["Location"] == SETTINGS
    fire = _fire(cast)
    assert (fire.name, fire.time_zone, fire.largest_file, fire.retention_days) == (
        "Lakeside", "Asia/Tokyo", 100 * MEBIBYTE, 90,
    )  # fmt: skip
    assert db.session.scalars(select(AuditEvent.kind)).all() == [AuditKind.ORGANIZATION_CHANGED]
    page = client.get(SETTINGS)
    assert "The settings were saved." in page.text
    kept = filled(read(page.text), action=SETTINGS)
    assert (kept["retention_days"], kept["retention_in"]) == (["90"], ["days"])


def test_certification_tracking_switches_off_and_on(cast, browse, form):
    client = browse(cast.ada)
    del form["tracks_certifications"]
    client.post(SETTINGS, data=form)
    assert not _fire(cast).tracks_certifications
    assert "Certification Types" not in client.get(SETTINGS).text
    again = filled(read(client.get(SETTINGS).text), action=SETTINGS)
    client.post(SETTINGS, data=again | {"tracks_certifications": "y"})
    assert "Certification Types" in client.get(SETTINGS).text


def test_external_certificates_switch_off_and_on_with_an_event(cast, browse, form):
    client = browse(cast.ada)
    assert form["takes_external_certificates"] == ["y"]
    del form["takes_external_certificates"]
    client.post(SETTINGS, data=form)
    assert not _fire(cast).takes_external_certificates
    page = client.get(SETTINGS).text
    assert "Credit Types" not in page
    assert 'id="reviewers"' not in page
    event = db.session.scalars(select(AuditEvent)).one()
    assert event.detail.after["takes_external_certificates"] is False
    again = filled(read(page), action=SETTINGS)
    client.post(SETTINGS, data=again | {"takes_external_certificates": "y"})
    assert "Credit Types" in client.get(SETTINGS).text


def test_reviewing_is_granted_and_ended_with_the_scope_in_sight(cast, browse):
    client, path = browse(cast.ada), SETTINGS + "reviewers"
    section = read(client.get(SETTINGS).text).one("section", id="reviewers")
    assert [label.text for label in section.all("label")] == [
        "Nora Núñez Station North",
        "Carl Okafor whole organization",
    ]
    sent = filled(section, action=path)
    assert "reviewer" not in sent
    answer = client.post(path, data=sent | {"reviewer": [str(cast.nora.id)]})
    assert answer.headers["Location"] == SETTINGS + "#reviewers"
    page = client.get(SETTINGS)
    assert "The reviewers were saved." in page.text
    ticked = filled(read(page.text), action=path)
    assert ticked["reviewer"] == [str(cast.nora.id)]
    assert "There was nothing to save." in client.post(path, data=ticked, follow_redirects=True).text
    client.post(path, data=ticked | {"reviewer": []})
    kinds = db.session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)).all()
    assert kinds == [AuditKind.REVIEWING_GRANTED, AuditKind.REVIEWING_ENDED]


def test_reviewing_is_for_coordinators_of_this_organization_alone(cast, browse):
    client, path = browse(cast.ada), SETTINGS + "reviewers"
    assert client.post(path, data={"reviewer": [str(cast.max.id)]}).status_code == 409
    assert client.post(path, data={"reviewer": [str(cast.ken.id)]}).status_code == 404
    assert client.post(path, data={"reviewer": ["x", "9" * 30]}).status_code == 404
    assert "training coordinators yet" in browse(cast.ken).get(SETTINGS).text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 256), ("name", "HILLSIDE clinic"), ("time_zone", ""), ("time_zone", "Mars/Base"),
        ("time_zone", "../../etc/passwd"), ("time_zone", "\x00"), ("time_zone", "Europe"), ("largest_file", ""),
        ("largest_file", "0"), ("largest_file", "2049"), ("largest_file", "9" * 30), ("largest_file", "many"),
        ("retention_days", ""), ("retention_days", "0"), ("retention_days", "101"), ("retention_days", "-1"),
        ("retention_days", "9" * 30),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_saved(cast, browse, form, field, value):
    page = browse(cast.ada).post(SETTINGS, data=form | {"largest_file": "30", field: value})
    assert page.status_code == 422
    html = read(page.text)
    assert [each.attrs["name"] for each in html.all(aria_invalid="true")] == [field]
    assert _fire(cast).largest_file == 25 * MEBIBYTE


def test_the_second_of_two_is_shown_what_changed_and_loses_nothing(cast, browse, form):
    client = browse(cast.ada)
    client.post(SETTINGS, data=form | {"name": "Theirs", "largest_file": "50"})
    page = client.post(SETTINGS, data=form | {"name": "Mine"})
    assert page.status_code == 409
    html = read(page.text)
    assert html.one("input", name="name").attrs["value"] == "Mine"
    conflict = html.one(role="alert").text
    assert "Theirs" in conflict
    assert "50" in conflict
    assert "America/Chicago" not in conflict, "what is alike is not listed"
    assert _fire(cast).name == "Theirs"
    client.post(SETTINGS, data=filled(html, action=SETTINGS))
    assert (_fire(cast).name, _fire(cast).largest_file) == ("Mine", 25 * MEBIBYTE)


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40])
def test_a_version_that_is_none_counts_as_an_old_one(cast, browse, form, version):
    assert browse(cast.ada).post(SETTINGS, data=form | {"name": "X", "version": version}).status_code == 409


# The logo


def test_a_logo_is_kept_shown_replaced_and_removed(cast, browse):
    client = browse(cast.ada)
    assert client.get("/logo").status_code == 404
    for kind in ("PNG", "JPEG"):
        answer = client.post(SETTINGS + "logo", data={"logo": (_picture(kind), "our logo.bmp")})
        assert answer.status_code == 302
        with client.get("/logo") as shown:
            assert shown.mimetype == f"image/{kind.lower()}"
    assert "Remove logo" in client.get(SETTINGS).text
    assert browse(cast.ken).get("/logo").status_code == 404, "it is this organization's own"
    assert client.post(SETTINGS + "logo/remove").status_code == 302
    assert client.get("/logo").status_code == 404
    client.post(SETTINGS + "logo/remove")
    kinds = db.session.scalars(select(AuditEvent.kind).where(AuditEvent.kind != AuditKind.REFUSED)).all()
    assert kinds == [AuditKind.ORGANIZATION_CHANGED] * 3


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422), (b"%PDF-1.7\n", 422), (b"MZ" + b"x" * 100, 422)],
)
def test_only_pictures_become_a_logo(cast, browse, content, status):
    page = browse(cast.ada).post(SETTINGS + "logo", data={"logo": (BytesIO(content), "logo.png")})
    assert page.status_code == status
    assert read(page.text).one("input", name="logo").attrs["aria-invalid"] == "true"
    with every_organization():
        assert db.session.scalar(select(Logo.organization_id)) is None
        assert db.session.scalar(select(StoredFile.id)) is None


def test_no_picture_at_all_is_said(cast, browse):
    page = browse(cast.ada).post(SETTINGS + "logo", data={})
    assert page.status_code == 422
    assert "Choose a picture first." in page.text


@pytest.mark.parametrize("asker", ["carl", "nora", "max"])
def test_only_administrators_come_in(cast, browse, form, asker):
    client = browse(getattr(cast, asker))
    assert client.get(SETTINGS).status_code == 403
    for address in (SETTINGS, SETTINGS + "logo", SETTINGS + "logo/remove", SETTINGS + "reviewers"):
        assert client.post(address, data=form | {"name": "Theirs"}).status_code == 403
    assert _fire(cast).name == "Lakeside Fire & Rescue"


def test_each_organization_has_settings_of_its_own(cast, browse, form):
    client = browse(cast.ken)
    client.post(SETTINGS, data=form | {"name": "Hillside", "time_zone": "Europe/Paris"})
    assert _fire(cast).name == "Lakeside Fire & Rescue"
    assert client.get(SETTINGS).text.count("Hillside") >= 1


def test_rules_of_retention_are_off_until_they_are_set_and_then_say_what_is_next(cast, browse, form):
    client = browse(cast.ada)
    assert "the next run takes" not in client.get(SETTINGS).text
    assert client.post(SETTINGS, data=form | {"erase_members_years": "3"}).status_code == 302
    fire = _fire(cast)
    assert (fire.erase_members_years, fire.remove_scans_years, fire.empty_views_months) == (3, None, None)
    assert "the next run takes: 0 members." in client.get(SETTINGS).text
    again = filled(read(client.get(SETTINGS).text), action=SETTINGS)
    refused = client.post(SETTINGS, data=again | {"erase_members_years": "0"})
    assert refused.status_code == 422
    assert "Choose from 1 to 1200, or leave it empty." in refused.text
    client.post(SETTINGS, data=again | {"erase_members_years": ""})
    assert _fire(cast).erase_members_years is None
