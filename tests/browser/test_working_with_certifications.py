"""The help article "Working With Certifications", each numbered step, on a desktop and on a telephone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import scrolls_sideways
from tests.holdings import give, pdf, picture, today

FRONT, BACK = picture("teal"), picture("maroon")


@pytest.fixture(params=["page", "phone"])
def office(request, cast, sign_in) -> Page:
    """Ada's back office, on each kind of screen."""
    page: Page = sign_in(request.getfixturevalue(request.param), cast.ada.email)
    expect(page).to_have_url(re.compile(r"/admin/$"))
    return page


def to_profile(page: Page, name: str) -> None:
    """Navigate to the member's profile (via "Administration > User Management"), scroll to "Certifications"."""
    menu = page.get_by_text("Menu", exact=True)
    if menu.is_visible():
        menu.click()
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation.get_by_text("Administration", exact=True)).to_be_visible()
    navigation.get_by_role("link", name="User Management").click()
    page.get_by_role("searchbox").fill(name.split()[-1])
    page.keyboard.press("Enter")
    page.get_by_role("main").get_by_role("link", name=re.compile(name.split()[0])).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_role("heading", name="Certifications", exact=True).scroll_into_view_if_needed()


def row_of(page: Page, type_name: str):
    """A saved certification's row."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile(type_name)))


def choose(group, words: str) -> None:
    """Choose the first certification whose option has these words."""
    pull_down = group.get_by_label("Certification", exact=True)
    option = pull_down.locator("option", has_text=words).first
    pull_down.select_option(value=option.get_attribute("value"))


def test_adding_a_certification(office, cast):
    expires, issued = today() + timedelta(days=400), today() - timedelta(days=30)
    to_profile(office, "Max Miller")
    # 3. Select the certification name in the pull-down. 4. You must enter a date in the "Expires" field.
    first = office.get_by_role("group", name="New Certification 1", exact=True)
    first.get_by_label("Certification", exact=True).select_option(label="EMT-Basic")
    first.get_by_label("Expires").fill(expires.isoformat())
    # 5. To enter multiple certifications at a time click the "+" icon next to "New Certification".
    office.get_by_role("button", name="+").click()
    second = office.get_by_role("group", name="New Certification 2", exact=True)
    second.get_by_label("Certification", exact=True).select_option(label="Forklift licence")
    second.get_by_label("Expires").fill(expires.isoformat())
    # 7. Not required, but available: Issued and Certification Num.
    second.get_by_label("Issued").fill(issued.isoformat())
    second.get_by_label("Certification Num").fill("FL-77, see notes")
    expect(first.get_by_label("Expires")).to_have_value(expires.isoformat())
    assert not scrolls_sideways(office)
    # 6. Click "Update" at the bottom of the page.
    office.get_by_role("button", name="Update", exact=True).click()
    expect(office.get_by_role("status").first).to_contain_text("2 certifications")
    forklift = row_of(office, "Forklift licence")
    expect(forklift.get_by_label("Certification Num")).to_have_value("FL-77, see notes")
    expect(forklift.get_by_label("Issued")).to_have_value(issued.isoformat())
    expect(row_of(office, "EMT-Basic").get_by_label(re.compile("^Expires"))).to_have_value(expires.isoformat())


def test_without_expires_it_says_so_beside_the_field_and_keeps_what_was_typed(office, cast):
    to_profile(office, "Max Miller")
    first = office.get_by_role("group", name="New Certification 1", exact=True)
    first.get_by_label("Certification", exact=True).select_option(label="Forklift licence")
    first.get_by_label("Certification Num").fill("kept")
    office.get_by_role("button", name="Update", exact=True).click()
    expect(first).to_contain_text("Enter the date on which it expires.")
    expect(first.get_by_label("Certification Num")).to_have_value("kept")
    expect(row_of(office, "Forklift licence")).to_have_count(0)


def test_uploading_certification_files(office, cast, worker):
    held = today() + timedelta(days=200)
    give(cast.max, cast.forklift, 200, number="FL-1", issued_in=-100)
    to_profile(office, "Max Miller")
    # 3. Click "Upload". 4. Click "Choose Files". 5. Select the file(s).
    office.get_by_role("link", name="Upload", exact=True).click()
    with office.expect_file_chooser() as chooser:
        office.get_by_text("Choose Files", exact=True).click()
    assert chooser.value.is_multiple()
    chooser.value.set_files(
        [
            {"name": "card front.png", "mimeType": "image/png", "buffer": FRONT},
            {"name": "Prüfung.pdf", "mimeType": "application/pdf", "buffer": pdf()},
        ]
    )
    # 6. You will see "2 files selected" next to the "Choose Files" button.
    expect(office.get_by_text("2 files selected", exact=True)).to_be_visible()
    # 7. Click "Continue".
    office.get_by_role("button", name="Continue").click()
    # 8. Associate each uploaded certification with the correct certification name.
    front = office.get_by_role("group", name=re.compile("card front.png"))
    exam = office.get_by_role("group", name=re.compile("Prüfung.pdf"))
    choose(front, "FL-1")
    # 9. If an Issued Date, Exp Date or Certification Num already exist, they will automatically display.
    expect(front.get_by_label("Expires")).to_have_value(held.isoformat())
    expect(front.get_by_label("Certification Num")).to_have_value("FL-1")
    # 10. You must enter an expiration date in order for a certification to properly upload.
    choose(exam, "EMT-Basic")
    exam.get_by_label("Expires").fill("")
    # 11. Click "Submit". 12. You will see a confirmation message or an error message.
    office.get_by_role("button", name="Submit").click()
    exam = office.get_by_role("group", name=re.compile("Prüfung.pdf"))
    expect(exam).to_contain_text("Enter the date on which it expires.")
    exam.get_by_label("Expires").fill((today() + timedelta(days=700)).isoformat())
    assert not scrolls_sideways(office)
    office.get_by_role("button", name="Submit").click()
    expect(office.get_by_role("status").first).to_contain_text("file")
    # 13. Verify by viewing the member profile: two icons under "File", next to the certification.
    to_profile(office, "Max Miller")
    for type_name, file_name in (("Forklift", "card front.png"), ("EMT-Basic", "Prüfung.pdf")):
        row = row_of(office, type_name)
        expect(row.get_by_role("link", name=f"Download {file_name}")).to_be_visible()
        expect(row.get_by_role("button", name=f"Delete file {file_name}")).to_be_visible()


def test_deleting_an_uploaded_file(office, cast):
    give(cast.max, cast.emt, 200, files={"front.png": FRONT, "back.png": BACK})
    to_profile(office, "Max Miller")
    # 3. Locate the "delete" file icon. It asks first; Cancel changes nothing.
    delete = office.get_by_role("button", name="Delete file back.png")
    delete.click()
    office.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(delete).to_be_visible()
    # 4. Click "Ok".
    delete.click()
    office.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(office.get_by_role("button", name="Delete file back.png")).to_have_count(0)
    # 5. This will only delete the uploaded file, not the certification; and it can be undone.
    expect(row_of(office, "EMT-Basic")).to_be_visible()
    expect(office.get_by_role("button", name="Delete file front.png")).to_be_visible()
    office.get_by_role("button", name="Undo").click()
    expect(office.get_by_role("button", name="Delete file back.png")).to_be_visible()


def test_a_deletion_that_did_not_go_through_asks_again(office, cast):
    give(cast.max, cast.emt, 200, files={"front.png": FRONT})
    to_profile(office, "Max Miller")
    office.route("**/delete*", lambda route: route.fulfill(body="no answer"))
    delete = office.get_by_role("button", name="Delete file front.png")
    for _ in range(2):
        delete.click()
        office.get_by_role("dialog").get_by_role("button", name="Ok").click()
        expect(office.locator("#in-place-notes .error")).to_be_visible()


@pytest.mark.parametrize("button", ["Update", "Update and Close"])
def test_deleting_certifications(office, cast, button):
    give(cast.max, cast.emt, 200)
    give(cast.max, cast.forklift, 200)
    to_profile(office, "Max Miller")
    # 3. Check the box under "Delete"; several at a time.
    for type_name in ("EMT-Basic", "Forklift"):
        office.get_by_role("checkbox", name=re.compile(f"^Delete {type_name}")).check()
    # 4. Click "Update" or "Update and Close" at the bottom of the member profile.
    office.get_by_role("button", name=button, exact=True).click()
    if button == "Update and Close":
        expect(office.get_by_role("heading", level=1)).to_have_text("User Management")
    else:
        expect(row_of(office, "EMT-Basic")).to_have_count(0)
    expect(office.get_by_role("status").first).to_contain_text("2 certifications")
    office.get_by_role("button", name="Undo").click()
    expect(row_of(office, "EMT-Basic")).to_be_visible()
    expect(row_of(office, "Forklift")).to_be_visible()


def test_the_member_sees_and_downloads_what_was_added_and_changes_nothing(open_page, cast, sign_in):
    give(cast.max, cast.emt, 200, files={"front.png": FRONT})
    page = sign_in(open_page(viewport={"width": 390, "height": 844}), cast.max.email)
    page.goto("/portfolio/certifications")
    expect(page.get_by_role("main")).to_contain_text("EMT-Basic")
    expect(page.get_by_role("main").locator("input, select, textarea")).to_have_count(0)
    page.goto(f"/admin/members/{cast.max.id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("You may not do this")


@pytest.mark.parametrize("width", [390, 1020, 1024, 1279, 1280])
def test_dates_and_numbers_are_readable_at_every_width(open_page, cast, sign_in, width):
    give(cast.max, cast.emt, 200, number="ACLS-2024-10220", issued_in=-200)
    page = sign_in(open_page(viewport={"width": width, "height": 800}), cast.ada.email)
    page.goto(f"/admin/members/{cast.max.id}")
    assert not scrolls_sideways(page)
    number = row_of(page, "EMT-Basic").get_by_role("textbox", name=re.compile("^Certification Num"))
    assert number.evaluate("field => field.scrollWidth <= field.clientWidth")
    for date in row_of(page, "EMT-Basic").locator("input[type=date]").all():
        assert date.evaluate("field => field.clientWidth >= 7.5 * parseFloat(getComputedStyle(field).fontSize)")
