"""A member's profile, through the browser's eyes: what is sent, what comes back, what stands on the page."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from records import clock
from records.database import db, locked, organization_scope, transaction
from records.models import AuditEvent, AuditKind, Certification, CertificationType, Member, Organization, Scan
from records.services import certification_types, files, scans
from records.services.certification_steps import Entry, record
from tests.forms import filled, read


@pytest.fixture
def hold(cast):
    def hold(member=None, type_=None, expires_on=date(2030, 1, 31), **fields):
        with transaction():
            entry = Entry((type_ or cast.emt).id, expires_on, **fields)
            return record(member or cast.max, entry, by=cast.actor(cast.ada)).id

    return hold


@pytest.fixture
def scan_of(cast):
    def attach(certification_id, name="front.png", content=b"\x89PNG\r\n\x1a\nfront"):
        arrived = files.take_in(BytesIO(content), name=name, organization=cast.fire)
        certification = db.session.get(Certification, certification_id)
        return scans.attach_files(certification, [arrived], by=cast.actor(cast.ada))[0]

    return attach


class Page:
    """An open profile in somebody's browser."""

    def __init__(self, client, member_id):
        self.client, self.url = client, f"/admin/members/{member_id}"
        self.take(client.get(self.url))

    def take(self, response):
        self.response, self.status = response, response.status_code
        self.html = response.text
        self.page = read(response.text)
        forms = self.page.all("form", data_profile=None)
        self.fields = filled(self.page, data_profile=None) if forms else {}
        return self

    def type(self, **fields):
        """Field names with `__` for `-`."""
        self.fields |= {name.replace("__", "-"): [value] for name, value in fields.items()}
        return self

    def press(self, button="update", follow=True):
        return self.take(self.client.post(self.url, data=self.fields | {button: "1"}, follow_redirects=follow))


@pytest.fixture
def opened(cast, browse):
    def open_page(by=None, member=None):
        return Page(browse(by or cast.ada), (member or cast.max).id)

    return open_page


def _live(cast, member=None):
    statement = select(Certification).where(Certification.deleted_at.is_(None)).order_by(Certification.id)
    statement = statement.where(Certification.member_id == (member or cast.max).id)
    return db.session.scalars(statement.execution_options(populate_existing=True)).all()


def _error(page, name):
    """The text that the field's aria-describedby leads to."""
    control = page.page.one(name=name)
    assert control.attrs["aria-invalid"] == "true"
    described = [page.page.one(id=each).text for each in control.attrs["aria-describedby"].split()]
    assert page.page.all("a", href="#" + control.attrs["id"]), "the summary leads to the field"
    return " ".join(described)


def _switch_off(cast):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False


# What stands on the page


def test_one_new_row_stands_ready_as_a_group_with_labels(cast, opened):
    page = opened().page
    groups = [each for each in page.all("fieldset", data_new_row=None) if not each.within("template")]
    assert [group.one("legend").text for group in groups] == ["New Certification 1"]
    labels = {label.text: label.attrs["for"] for label in groups[0].all("label")}
    assert {"Certification", "Issued", "Expires", "Certification Num"} <= labels.keys()
    for field_id in labels.values():
        assert groups[0].one(id=field_id)
    assert [option.text for option in groups[0].one("select").all("option")] == [
        "Choose",
        "EMT-Basic",
        "Forklift licence",
    ]


def test_the_section_has_its_columns_and_buttons(cast, opened, hold):
    hold()
    page = opened().page
    section = page.one("section", id="certifications")
    columns = [head.text for head in section.one("table").all("th", scope="col")]
    assert columns == ["Certification", "Issued", "Expires", "Certification Num", "File", "Delete"]
    assert section.one("button", name="add_row").attrs["aria-label"].startswith("+")
    assert [each.text for each in section.all("a", class_="button")] == ["Upload"]
    assert page.one("button", name="update").text == "Update"
    assert page.one("button", name="close").text == "Update and Close"
    assert len(page.all("h1")) == len(page.all("main")) == 1
    ids = [each.attrs["id"] for each in page.all(id=None) if not each.within("template")]
    assert len(ids) == len(set(ids))


def test_a_saved_row_names_its_fields_and_its_delete_box(cast, opened, hold):
    hold(number="A 77", issued_on=date(2028, 1, 31))
    page = opened().page
    row = page.one("table").all("tr")[1]
    assert "Not yet valid" in row.text or "Valid" in row.text
    box = row.one("input", type="checkbox")
    assert page.one("label", for_=box.attrs["id"]).text == "Delete EMT-Basic (31 Jan 2030)"
    expires = row.all("input", type="date")[1]
    named = " ".join(page.one(id=each).text for each in expires.attrs["aria-labelledby"].split())
    assert named == "Expires EMT-Basic"
    assert expires.attrs["value"] == "2030-01-31"


def test_a_coordinator_sees_identity_as_facts_and_may_change_certifications(cast, opened):
    page = opened(by=cast.nora)
    assert not page.page.all(name="given_name")
    assert not page.page.all(name="role")
    assert "max.miller@lakeside.example" in page.html
    page.type(new__0__type_id=str(cast.emt.id), new__0__expires_on="2030-05-01").press()
    assert "1 certification added." in page.html
    assert len(_live(cast)) == 1


def test_a_coordinator_sees_their_own_certifications_read_only(cast, opened, hold, browse):
    hold(cast.carl)
    page = opened(by=cast.carl, member=cast.carl)
    assert not page.page.all("form", data_profile=None)
    assert not page.page.all("input", type="date")
    assert "Ask an administrator" in page.html
    answer = browse(cast.carl).post(page.url, data={"new-0-type_id": cast.emt.id, "new-0-expires_on": "2030-05-01"})
    assert answer.status_code == 403
    assert len(_live(cast, cast.carl)) == 1


def test_posting_identity_or_role_as_a_coordinator_is_refused(cast, opened):
    for field in ("given_name", "role", "unit_id"):
        page = opened(by=cast.carl)
        page.fields[field] = ["administrator"]
        assert page.press().status == 403
    assert db.session.get(Member, cast.max.id).given_name == "Max"


def test_out_of_scope_and_of_another_organization_do_not_exist(cast, browse):
    for by, member in ((cast.nora, cast.mia), (cast.nora, cast.una), (cast.ken, cast.max), (cast.ada, cast.other_max)):
        client = browse(by)
        assert client.get(f"/admin/members/{member.id}").status_code == 404
        assert client.post(f"/admin/members/{member.id}").status_code == 404
        assert client.post(f"/admin/members/{member.id}/certifications/restore?ids=1").status_code == 404
    assert browse(cast.max).get(f"/admin/members/{cast.max.id}").status_code == 403
    assert browse(cast.ada).get("/admin/members/99999999999999999999").status_code == 404


def test_an_administrators_own_role_is_read_only(cast, opened):
    page = opened(member=cast.ada)
    assert not page.page.all(name="role")
    assert "You cannot change your own role" in page.html
    page.type(role="member")
    assert page.press().status == 403


# Saving


def test_everything_is_saved_at_once(cast, opened, hold):
    first, second = hold(), hold(type_=cast.forklift)
    page = opened().type(
        given_name="Maximilian", unit_id=str(cast.south.id), role="training_coordinator", covers_organization="y"
    )
    page.type(**{f"held__{first}__number": "N 5", f"held__{second}__delete": "y"})
    page.type(new__0__type_id=str(cast.forklift.id), new__0__expires_on="2031-05-01", new__0__number=" 12  a ")
    page.press()
    assert page.status == 200
    for said in (
        "details were saved",
        "1 certification added.",
        "1 certification changed.",
        "1 certification deleted.",
    ):
        assert said in page.html
    member = db.session.get(Member, cast.max.id)
    assert (member.given_name, member.unit_id, member.role, member.covers_organization) == (
        "Maximilian", cast.south.id, "training_coordinator", True,
    )  # fmt: skip
    assert [(each.type_id, each.number) for each in _live(cast)] == [(cast.emt.id, "N 5"), (cast.forklift.id, "12 a")]


def test_update_and_close_leads_back_to_the_list(cast, opened):
    assert opened().press("close", follow=False).response.headers["Location"].startswith("/admin/")
    assert opened().press(follow=False).response.headers["Location"].endswith(f"/admin/members/{cast.max.id}")


def test_an_empty_row_counts_for_nothing(cast, opened):
    page = opened().press()
    assert page.status == 200
    assert "There was nothing to save." in page.html
    assert not _live(cast)


def test_each_row_says_its_own_error_and_nothing_is_saved_by_halves(cast, opened, hold):
    held = hold()
    emt, forklift = str(cast.emt.id), str(cast.forklift.id)
    rows = {
        0: {"type_id": forklift, "expires_on": "2030-05-01"},  # good
        1: {"type_id": emt, "number": "no date"},
        2: {"type_id": emt, "expires_on": "2029-01-01", "issued_on": "2029-01-02"},
        3: {"type_id": emt, "expires_on": "2027-02-30"},
        4: {"type_id": emt, "expires_on": "31.12.2027", "number": "keep me"},
        5: {"type_id": "", "expires_on": "2030-01-01"},
        6: {"type_id": str(cast.clinic_emt.id), "expires_on": "2030-01-01"},
        7: {"type_id": forklift, "expires_on": "2030-05-01"},  # doubles row 0
        8: {"type_id": emt, "expires_on": "2030-01-31"},  # doubles the saved one
        9: {"type_id": emt, "expires_on": "2030-02-01", "number": "x" * 256},
        10: {"type_id": "abc", "expires_on": "2030-02-01"},
        11: {"type_id": emt, "expires_on": "0027-03-21"},
    }
    page = opened().type(family_name="Changed", email="not an address")
    page.type(**{f"new__{number}__{name}": value for number, row in rows.items() for name, value in row.items()})
    page.type(**{f"held__{held}__expires_on": "2031-04-31"})
    page.press()
    assert page.status == 422
    expected = {
        "new-1-expires_on": "Enter the date on which it expires.",
        "new-2-expires_on": "Expires cannot be before Issued.",
        "new-3-expires_on": "Enter a date that exists",
        "new-4-expires_on": "Enter a date that exists",
        "new-5-type_id": "Choose a certification.",
        "new-6-type_id": "Choose a certification from the list.",
        "new-7-expires_on": "already has this certification",
        "new-8-expires_on": "already has this certification",
        "new-9-number": "Use at most 255 characters.",
        "new-10-type_id": "Choose a certification from the list.",
        "new-11-expires_on": "Enter a date that exists",
        f"held-{held}-expires_on": "Enter a date that exists",
        "email": "address",
    }
    for name, sentence in expected.items():
        assert sentence in _error(page, name), name
    assert len(page.page.all(aria_invalid="true")) == len(expected)
    for number, row in rows.items():
        for name, value in row.items():
            if name != "type_id" or value in (emt, forklift):
                assert page.fields[f"new-{number}-{name}"] == [value]
    assert page.fields["family_name"] == ["Changed"]
    assert page.fields[f"held-{held}-expires_on"] == ["2031-04-31"]
    assert [each.id for each in _live(cast)] == [held]
    assert db.session.get(Member, cast.max.id).family_name == "Miller"
    assert not db.session.scalars(select(AuditEvent).where(AuditEvent.kind == AuditKind.MEMBER_CHANGED)).all()


def test_a_retired_type_cannot_be_chosen_but_stays_where_it_is(cast, opened, hold):
    held = hold(type_=cast.forklift)
    certification_types.retire(db.session.get(CertificationType, cast.forklift.id), by=cast.actor(cast.ada))
    page = opened()
    assert "Forklift licence" in page.html
    assert "Forklift" not in page.page.one("select", name="new-0-type_id").text
    page.type(new__0__type_id=str(cast.forklift.id), new__0__expires_on="2031-01-01").press()
    assert "Choose a certification from the list." in _error(page, "new-0-type_id")
    page = opened().type(**{f"held__{held}__number": "7"}).press()
    assert "1 certification changed." in page.html


def test_a_missing_expiry_shows_what_the_usual_term_would_give_and_does_not_save_it(cast, opened):
    page = opened().type(new__0__type_id=str(cast.emt.id), new__0__issued_on="2028-02-29").press()
    assert page.status == 422
    assert "Its usual term would end on 28 Feb 2030." in _error(page, "new-0-expires_on")
    assert page.fields["new-0-expires_on"] == [""]
    assert not _live(cast)


def test_without_scripts_a_button_adds_a_row_and_keeps_everything_typed(cast, opened, hold):
    held = hold()
    page = opened().type(given_name="Typed", new__0__number="abc", new__0__expires_on="2027-02-30")
    page.type(**{f"held__{held}__delete": "y"}).press("add_row")
    assert page.status == 200
    assert page.fields["given_name"] == ["Typed"]
    assert page.fields["new-0-number"] == ["abc"]
    assert page.fields["new-0-expires_on"] == ["2027-02-30"]
    assert f"held-{held}-delete" in page.fields
    assert "new-1-type_id" in page.fields
    page.type(new__0__number="", new__0__expires_on="").press()
    assert "1 certification deleted." in page.html


def test_more_new_rows_than_a_page_takes_are_refused_and_none_is_left_out_in_silence(cast, opened):
    page = opened()
    for row in range(101):
        page.type(**{f"new__{row}__type_id": str(cast.emt.id), f"new__{row}__expires_on": "2034-01-01"})
        page.type(**{f"new__{row}__number": str(row)})
    page.press()
    assert page.status == 422
    assert "Add at most 100 certifications at a time. Nothing was saved yet." in page.html
    assert page.fields["new-99-number"] == ["99"]
    assert _live(cast) == []


def test_a_role_without_its_scope_says_so(cast, opened):
    page = opened().type(role="training_coordinator").press()
    assert page.status == 422
    assert "Choose the units that the coordinator looks after" in page.html
    assert page.fields["role"] == ["training_coordinator"]


# Renewals


def test_a_renewal_makes_the_earlier_one_its_history(cast, opened, hold):
    today = clock.today(cast.fire)
    first = hold(expires_on=today + timedelta(days=10), number="old")
    page = opened()
    renews = page.page.one("select", name="new-0-renews_id")
    assert [option.attrs["value"] for option in renews.all("option")] == ["", str(first)]
    assert renews.all("option")[1].attrs["data-type"] == str(cast.emt.id)
    assert renews.all("option")[1].attrs["data-due"] == "yes"
    expires = (today + timedelta(days=700)).isoformat()
    page.type(new__0__type_id=str(cast.emt.id), new__0__expires_on=expires, new__0__renews_id=str(first)).press()
    second = _live(cast)[1].id
    page.type(new__0__type_id=str(cast.emt.id), new__0__expires_on=(today + timedelta(days=1400)).isoformat(),
              new__0__issued_on=today.isoformat(), new__0__renews_id=str(second)).press()  # fmt: skip
    table = page.page.one("table")
    assert len(table.all("th", scope="row")) == 1
    assert len(table.one("details").all("li")) == 2 if len(table.all("details")) == 1 else True
    history = next(each for each in table.all("details") if "renewed" in each.all("summary")[0].text)
    assert [("Superseded" in item.text) for item in history.all("li")] == [True, True]
    assert "Num old" in history.all("li")[1].text


def test_files_in_the_history_have_their_two_icons_too(cast, opened, hold, scan_of):
    today = clock.today(cast.fire)
    first = hold(expires_on=today + timedelta(days=10))
    hold(expires_on=today + timedelta(days=700), renews_id=first)
    kept = scan_of(first, "old.png")
    history = next(each for each in opened().page.all("details") if "renewed" in each.all("summary")[0].text)
    assert history.one("a", aria_label="Download old.png").attrs["href"] == f"/scan/{kept}"
    assert history.one("button", aria_label="Delete file old.png").attrs["formaction"].endswith(f"/{kept}/delete")


def test_the_first_icon_is_an_eye_wherever_there_is_something_to_see(cast, opened, hold, scan_of):
    heic = scan_of(hold(), "photo.heic", b"\0\0\0\x18ftypheic" + b"\0" * 20)
    for preview, drawn, address in (
        ("failed", "download", f"/scan/{heic}/download"),
        ("ready", "eye", f"/scan/{heic}"),
    ):
        with transaction():
            db.session.get(Scan, heic).stored_file.preview = preview
        link = opened().page.one("a", aria_label="Download photo.heic")
        assert link.attrs["href"] == address
        assert link.one("use").attrs["href"].endswith(f"#{drawn}")


def test_a_renewal_that_is_not_in_effect_yet_leaves_the_earlier_one_a_row(cast, opened, hold):
    today = clock.today(cast.fire)
    first = hold(expires_on=today + timedelta(days=10))
    hold(expires_on=today + timedelta(days=800), issued_on=today + timedelta(days=5), renews_id=first)
    rows = opened().page.one("table").all("th", scope="row")
    assert ["Not yet valid" in row.text for row in rows] == [True, False]


def test_what_is_renewed_already_cannot_be_renewed_again(cast, opened, hold):
    first = hold()
    page = opened()
    emt = str(cast.emt.id)
    page.type(new__0__type_id=emt, new__0__expires_on="2032-01-01", new__0__renews_id=str(first))
    page.type(new__1__type_id=emt, new__1__expires_on="2033-01-01", new__1__renews_id=str(first)).press()
    assert page.status == 422
    assert "has been renewed already" in _error(page, "new-1-renews_id")
    assert len(_live(cast)) == 1
    page = opened().type(
        new__0__type_id=str(cast.forklift.id), new__0__expires_on="2032-01-01", new__0__renews_id=str(first)
    )
    assert "Choose the certification that it renews." in _error(page.press(), "new-0-renews_id")


# Deleting and undoing


def test_several_are_deleted_at_once_and_undone_from_the_message(cast, opened, hold, browse):
    ids = [hold(), hold(type_=cast.forklift), hold(number="stays")]
    page = opened().type(**{f"held__{each}__delete": "y" for each in ids[:2]}).press()
    assert "2 certifications deleted." in page.html
    assert [each.id for each in _live(cast)] == ids[2:]
    undo = next(form for form in page.page.all("form") if form.all("button") and form.all("button")[0].text == "Undo")
    restored = page.take(page.client.post(undo.attrs["action"], follow_redirects=True))
    assert "2 certifications restored." in restored.html
    assert [each.id for each in _live(cast)] == ids
    again = page.client.post(undo.attrs["action"], follow_redirects=True)
    assert again.status_code == 200  # pressed twice: they stand already


def test_an_administrator_restores_later(cast, opened, hold, browse):
    held = hold(number="77")
    opened().type(**{f"held__{held}__delete": "y"}).press()
    page = opened()
    assert "1 deleted certification" in page.html
    client = browse(cast.ada)
    listed = client.get(f"/admin/members/{cast.max.id}/deleted").text
    assert "EMT-Basic" in listed
    client.post(f"/admin/members/{cast.max.id}/certifications/restore", data={"ids": str(held)})
    assert [each.id for each in _live(cast)] == [held]
    assert browse(cast.carl).get(f"/admin/members/{cast.max.id}/deleted").status_code == 403


def test_restoring_what_became_a_duplicate_is_refused_in_words(cast, opened, hold, browse):
    held = hold()
    opened().type(**{f"held__{held}__delete": "y"}).press()
    hold()
    answer = browse(cast.ada).post(f"/admin/members/{cast.max.id}/certifications/restore?ids={held}")
    assert answer.status_code == 409
    assert "“EMT-Basic” cannot be restored: the member has it again" in answer.text
    assert len(_live(cast)) == 1


# Two people at once


def test_the_second_of_two_is_shown_what_changed_and_loses_nothing(cast, opened, hold):
    edited, removed, untouched = hold(), hold(type_=cast.forklift), hold(number="u")
    second = opened(by=cast.carl)
    second.type(**{f"held__{edited}__number": "mine", f"held__{removed}__number": "typed into the deleted one"})
    second.type(new__0__type_id=str(cast.emt.id), new__0__expires_on="2035-05-05")
    first = opened().type(**{f"held__{edited}__expires_on": "2030-03-21", f"held__{removed}__delete": "y"})
    first.type(**{f"held__{untouched}__issued_on": "2029-01-01", f"held__{untouched}__number": "theirs"})
    first.type(new__0__type_id=str(cast.forklift.id), new__0__expires_on="2036-06-06").press()

    second.press()
    assert second.status == 409
    box = second.page.one(class_="error-summary conflict").text
    assert "Expires: 31 Jan 2030 → 21 Mar 2030 by Ada Lindgren" in box
    assert "Forklift licence, Deleted: expires 31 Jan 2030 by Ada Lindgren" in box
    assert "You had typed: Certification Num: typed into the deleted one" in box
    assert "Certification Num: u → theirs" in box
    assert "Forklift licence, Added: expires 6 Jun 2036 by Ada Lindgren" in box
    assert second.fields[f"held-{edited}-number"] == ["mine"]
    assert second.fields[f"held-{edited}-expires_on"] == ["2030-03-21"]
    assert second.fields[f"held-{untouched}-number"] == ["theirs"]
    assert second.fields["new-0-expires_on"] == ["2035-05-05"]

    second.press()
    assert second.status == 200
    assert "1 certification added. 1 certification changed." in second.html
    kept = db.session.get(Certification, edited, populate_existing=True)
    assert (kept.number, kept.expires_on) == ("mine", date(2030, 3, 21))
    assert db.session.get(Certification, untouched, populate_existing=True).number == "theirs"


def test_identity_and_scope_that_changed_meanwhile_are_shown_and_merged(cast, opened):
    second = opened().type(email="mine@lakeside.example")
    first = opened().type(family_name="Muller", unit_id=str(cast.south.id), role="training_coordinator")
    first.fields["scope_units"] = [str(cast.south.id)]
    first.press()
    second.press()
    assert second.status == 409
    box = second.page.one(class_="error-summary conflict").text
    assert "Family name: Miller → Muller by Ada Lindgren" in box
    assert "Unit: Station North / Engine 1 → Station South" in box
    assert "Role: Member → Training Coordinator" in box
    assert "Scope: nothing → Station South" in box
    assert second.fields["family_name"] == ["Muller"]
    assert second.fields["email"] == ["mine@lakeside.example"]
    second.press()
    member = db.session.get(Member, cast.max.id, populate_existing=True)
    assert (member.family_name, member.email, member.role) == (
        "Muller",
        "mine@lakeside.example",
        "training_coordinator",
    )
    assert [scope.unit_id for scope in member.scope_units] == [cast.south.id]


# What was not signed by us counts as nothing: each of these was once read, and some made the page fail.
FORGED = [
    "",
    "garbage",
    '{"fields": 7}',
    "[" * 100_000,
    '{"fields": {"given_name": "\\ud800"}, "event_id": 1}',
    '{"fields": {"role": "chief"}, "event_id": 1}',
    '{"fields": {"held-' + "9" * 5000 + '-name": ""}, "event_id": 1}',
]


@pytest.mark.parametrize("kept", FORGED, ids=lambda kept: kept[:40])
def test_a_form_that_does_not_say_what_it_showed_is_asked_again(cast, opened, hold, kept):
    held = hold()
    page = opened().type(shown=kept, **{f"held__{held}__number": "typed"}).press()
    assert page.status == 409
    assert page.fields[f"held-{held}-number"] == ["typed"]
    assert "1 certification changed." in page.press().html


# The module, the statements


def test_with_the_module_off_the_section_is_gone_and_the_rest_works(cast, opened, hold, browse):
    held = hold()
    before = opened().type(**{f"held__{held}__delete": "y"})
    _switch_off(cast)
    assert before.press().status in (404, 409)
    page = opened()
    assert "New Certification" not in page.html
    assert "EMT-Basic" not in page.html
    page.type(given_name="Maxi").press()
    assert "details were saved" in page.html
    client = browse(cast.ada)
    data = {"new-0-type_id": str(cast.emt.id), "new-0-expires_on": "2030-01-01", "shown": page.fields["shown"][0]}
    assert client.post(page.url, data=data).status_code == 404
    for url in (f"/admin/certifications/{held}", "/admin/certification-types/"):
        assert client.get(url).status_code == 404
    assert client.post(f"/admin/members/{cast.max.id}/certifications/restore?ids={held}").status_code == 404
    assert [each.id for each in _live(cast)] == [held]


def test_a_page_costs_the_same_number_of_statements_however_many_rows(cast, browse, hold, scan_of):
    counts, url = [], f"/admin/members/{cast.max.id}"
    for rows in (1, 8):
        for number in range(rows):
            scan_of(hold(number=f"{rows}-{number}"), content=b"x" * (rows * 10 + number + 1))
        client = browse(cast.ada)
        client.get("/admin/")
        statements: list[str] = []

        def note(_connection, _cursor, statement, *_rest, kept=statements):
            kept.append(statement)

        sa.event.listen(db.engine, "before_cursor_execute", note)
        client.get(url)
        sa.event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len([each for each in statements if each.startswith(("SELECT", "WITH"))]))
    assert counts[0] == counts[1] <= 12, counts


def test_names_and_numbers_are_shown_as_text(cast, opened, hold):
    hold(number="<script>alert(1)</script>")
    assert "<script>alert" not in opened().html


def test_certifications_of_another_organization_stay_out(cast, opened, hold):
    with organization_scope(cast.clinic.id), transaction():
        entry = Entry(cast.clinic_emt.id, date(2030, 1, 1))
        foreign = record(cast.other_max, entry, by=cast.actor(cast.ken)).id
    page = opened().type(**{f"held__{foreign}__expires_on": "2031-01-01"}).press()
    assert page.status == 404
    hold()
    page = opened().type(new__0__type_id=str(cast.emt.id), new__0__expires_on="2031-01-01")
    assert "Choose the certification that it renews." in _error(
        page.type(new__0__renews_id=str(foreign)).press(), "new-0-renews_id"
    )
