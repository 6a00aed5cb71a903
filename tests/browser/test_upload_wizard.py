"""The comforts of the upload wizard's second step. The first is an uploader: test_uploader.py."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests import samples
from tests.browser.conftest import scrolls_sideways
from tests.browser.screens import WITHOUT_JAVASCRIPT
from tests.holdings import give, today

FRONT = {"name": "front.jpg", "mimeType": "image/jpeg", "buffer": samples.picture(colour="teal")}
BACK = {"name": "back.jpg", "mimeType": "image/jpeg", "buffer": samples.picture(colour="maroon")}
PAPERS = {"name": "papers.zip", "mimeType": "application/zip", "buffer": samples.archive()}


@pytest.fixture
def wizard(request, cast, sign_in) -> Page:
    """The wizard's first page, for Max, on a desktop where a test asks for nothing else."""
    page: Page = sign_in(request.getfixturevalue(getattr(request, "param", "page")), cast.ada.email)
    page.goto(f"/admin/members/{cast.max.id}/upload")
    return page


on_each_screen = pytest.mark.parametrize("wizard", ["page", "phone"], indirect=True)


def file(page: Page, name: str):
    return page.get_by_role("group", name=name, exact=True)


def go_on(page: Page, *files: dict) -> None:
    page.get_by_label("Choose Files").set_input_files(list(files))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Match files to certifications")
    page.wait_for_load_state()  # its script has run


def test_what_is_known_displays_and_goes_again_with_another_choice(wizard, cast):
    give(cast.max, cast.emt, 200, number="123", issued_in=-100)
    go_on(wizard, FRONT)
    group = file(wizard, "front.jpg")
    certification = group.get_by_label("Certification", exact=True)
    option = certification.locator("option", has_text=re.compile("^EMT-Basic – no. 123"))
    certification.select_option(value=option.get_attribute("value"))
    expires = group.get_by_label("Expires")
    expect(expires).not_to_have_value("")
    expect(group.get_by_label("Issued")).not_to_have_value("")
    expect(group.get_by_label("Certification Num")).to_have_value("123")
    certification.select_option(label="New: Forklift licence")
    for label in ("Issued", "Expires", "Certification Num"):
        expect(group.get_by_label(label)).to_have_value("")
    expires.fill("2030-05-31")
    certification.select_option(label="Choose …")
    expect(expires).to_have_value("2030-05-31")


def test_a_usual_term_proposes_when_it_expires(wizard):
    go_on(wizard, FRONT)
    group = file(wizard, "front.jpg")
    group.get_by_label("Certification", exact=True).select_option(label="New: EMT-Basic")
    group.get_by_label("Issued").fill("2024-02-29")
    expect(group.get_by_label("Expires")).to_have_value("2026-02-28")
    group.get_by_label("Expires").fill("2026-03-31")
    group.get_by_label("Issued").fill("2024-03-01")
    expect(group.get_by_label("Expires")).to_have_value("2026-03-31")


@on_each_screen
def test_front_and_back_and_a_further_certification(wizard, cast):
    go_on(wizard, FRONT, BACK)
    front, back = file(wizard, "front.jpg"), file(wizard, "back.jpg")
    front.get_by_label("Certification", exact=True).select_option(label="New: EMT-Basic")
    front.get_by_label("Expires").fill("2030-05-31")
    front.get_by_role("button", name="Another certification for this file").click()
    further = front.get_by_role("group", name="And also")
    further.get_by_label("Certification", exact=True).select_option(label="New: Forklift licence")
    back.get_by_label("Certification", exact=True).select_option(label="Same as file 1 (front.jpg)")
    expect(back.get_by_label("Expires")).to_be_hidden()
    wizard.get_by_role("button", name="Submit").click()
    further = file(wizard, "front.jpg").get_by_role("group", name="And also")
    expect(further).to_contain_text("Enter the date on which it expires.")
    expect(file(wizard, "back.jpg")).to_contain_text("“front.jpg” has not been added yet")
    further.get_by_label("Expires").fill("2031-05-31")
    wizard.get_by_role("button", name="Submit").click()
    expect(wizard.get_by_role("heading", level=1)).to_have_text("Max Miller")
    expect(wizard.get_by_role("status").first).to_contain_text(
        "2 files were added to the certifications of Max Miller."
    )
    expect(wizard.get_by_role("link", name="Download back.jpg")).to_have_count(2)


@on_each_screen
def test_what_has_landed_and_what_has_not_stays_within_the_screen(wizard):
    long = {**PAPERS, "name": f"{'papers' * 30}.zip"}
    go_on(wizard, FRONT, long)
    group = file(wizard, "front.jpg")
    group.get_by_label("Certification", exact=True).select_option(label="New: EMT-Basic")
    group.get_by_label("Expires").fill("2030-05-31")
    group.get_by_label("Certification Num").fill("N" * 255)
    wizard.get_by_role("button", name="Submit").click()
    expect(wizard.get_by_role("status").first).to_contain_text("1 file is added already")
    assert not scrolls_sideways(wizard)
    file(wizard, long["name"]).get_by_label("Certification", exact=True).select_option(label="Do not use this file")
    wizard.get_by_role("button", name="Submit").click()
    expect(wizard.get_by_role("status").first).to_contain_text("…” was not used.")
    assert not scrolls_sideways(wizard)


def test_the_preview_appears_once_it_is_drawn(wizard, worker):
    go_on(wizard, FRONT, PAPERS, {"name": "torn.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 torn"})
    expect(file(wizard, "front.jpg").locator("img")).to_be_visible()
    expect(file(wizard, "papers.zip").locator("img")).to_have_count(0)


def test_enter_in_a_field_submits_and_adds_nothing(wizard):
    go_on(wizard, FRONT)
    group = file(wizard, "front.jpg")
    group.get_by_label("Certification", exact=True).select_option(label="New: EMT-Basic")
    group.get_by_label("Certification Num").fill("7")
    group.get_by_label("Certification Num").press("Enter")
    expect(file(wizard, "front.jpg")).to_contain_text("Enter the date on which it expires.")
    expect(file(wizard, "front.jpg").get_by_role("group")).to_have_count(0)


def test_discard_asks_first(wizard):
    go_on(wizard, FRONT)
    wizard.get_by_role("button", name="Discard").click()
    wizard.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(file(wizard, "front.jpg")).to_be_visible()
    wizard.get_by_role("button", name="Discard").click()
    wizard.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(wizard.get_by_role("status").first).to_contain_text("The upload is discarded.")


@pytest.mark.parametrize("screen", WITHOUT_JAVASCRIPT)
def test_the_whole_way_without_javascript(request, cast, sign_in, screen):
    give(cast.max, cast.emt, 200, number="123")
    page = sign_in(request.getfixturevalue(screen), cast.ada.email)
    page.goto(f"/admin/members/{cast.max.id}/upload")
    go_on(page, FRONT, PAPERS)
    certification = file(page, "front.jpg").get_by_label("Certification", exact=True)
    option = certification.locator("option", has_text=re.compile("^EMT-Basic – no. 123"))
    certification.select_option(value=option.get_attribute("value"))
    page.get_by_role("button", name="Show known dates").click()
    expect(file(page, "front.jpg").get_by_label("Certification Num")).to_have_value("123")
    file(page, "front.jpg").get_by_role("button", name="Another certification for this file").click()
    further = file(page, "front.jpg").get_by_role("group", name="And also")
    further.get_by_label("Certification", exact=True).select_option(label="New: Forklift licence")
    further.get_by_label("Expires").fill(today().replace(year=2031).isoformat())
    file(page, "papers.zip").get_by_label("Certification", exact=True).select_option(label="Do not use this file")
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status").first).to_contain_text("1 file was added")
