"""The comforts of the upload wizard: choosing, dropping and pasting, progress, what is known filled in."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Page, expect

from records.database import lock, transaction
from tests import samples
from tests.browser.conftest import scrolls_sideways
from tests.holdings import give, today

FRONT = {"name": "front.jpg", "mimeType": "image/jpeg", "buffer": samples.picture(colour="teal")}
BACK = {"name": "back.jpg", "mimeType": "image/jpeg", "buffer": samples.picture(colour="maroon")}
PAPERS = {"name": "papers.zip", "mimeType": "application/zip", "buffer": samples.archive()}

# Drops or pastes a file, as a person's hand would: the browser has no other way to be told.
_HAND_OVER = """([kind, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const given = new DataTransfer();
  given.items.add(new File([bytes], name));
  const target = kind === "drop" ? document.querySelector("[data-drop]") : document.body;
  target.dispatchEvent(kind === "drop"
    ? new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true })
    : new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def wizard(request, cast, sign_in) -> Page:
    """The wizard's first page, for Max, on a desktop where a test asks for nothing else."""
    page: Page = sign_in(request.getfixturevalue(getattr(request, "param", "page")), cast.ada.email)
    page.goto(f"/admin/members/{cast.max.id}/upload")
    return page


on_each_screen = pytest.mark.parametrize("wizard", ["page", "phone"], indirect=True)


def selected(page: Page, words: str) -> None:
    expect(page.get_by_text(words, exact=True)).to_be_visible()


def file(page: Page, name: str):
    return page.get_by_role("group", name=name, exact=True)


def go_on(page: Page, *files: dict) -> None:
    page.get_by_label("Choose Files").set_input_files(list(files))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Match files to certifications")


@on_each_screen
def test_files_are_added_by_choosing_dropping_and_pasting_and_can_be_removed(wizard):
    selected(wizard, "0 files selected")
    wizard.get_by_label("Choose Files").set_input_files([FRONT])
    selected(wizard, "1 file selected")
    for kind, other in (("drop", BACK), ("paste", PAPERS)):
        wizard.evaluate(_HAND_OVER, [kind, other["name"], base64.b64encode(other["buffer"]).decode()])
    selected(wizard, "3 files selected")
    rows = wizard.get_by_role("listitem").filter(has=wizard.get_by_role("button"))
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text(re.compile(r"back\.jpg.* B"))
    wizard.get_by_role("button", name="Remove front.jpg").click()
    selected(wizard, "2 files selected")
    wizard.get_by_label("Choose Files").set_input_files([FRONT])
    selected(wizard, "3 files selected")
    assert not scrolls_sideways(wizard)
    wizard.get_by_role("button", name="Continue").click()
    for name in ("back.jpg", "papers.zip", "front.jpg"):
        expect(file(wizard, name)).to_be_visible()


def test_what_is_too_large_or_empty_is_named_before_it_travels(wizard, cast):
    with transaction():
        lock(cast.fire).largest_file = 10 * 1024
    wizard.reload()
    wizard.get_by_label("Choose Files").set_input_files(
        [FRONT, {"name": "huge.tif", "mimeType": "image/tiff", "buffer": b"x" * 10_241},
         {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}]
    )  # fmt: skip
    alert = wizard.get_by_role("alert")
    expect(alert).to_contain_text("“huge.tif” is larger than 10 KB")
    expect(alert).to_contain_text("“empty.txt” is empty")
    selected(wizard, "1 file selected")


def test_with_nothing_chosen_continue_says_so(wizard):
    wizard.get_by_role("button", name="Continue").click()
    expect(wizard.get_by_role("alert")).to_contain_text("Choose at least one file first.")


def test_progress_is_shown_and_a_failure_keeps_the_files_chosen(wizard, problems):
    wizard.get_by_label("Choose Files").set_input_files([FRONT, BACK])
    wizard.route("**/upload", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    wizard.get_by_role("button", name="Continue").click()
    expect(wizard.get_by_role("alert")).to_contain_text("The files did not arrive.")
    selected(wizard, "2 files selected")
    problems.clear()
    wizard.unroute("**/upload")
    held = []
    wizard.route("**/upload", lambda route: held.append(route))
    wizard.get_by_role("button", name="Continue").click()
    expect(wizard.get_by_role("progressbar")).to_be_visible()
    expect(wizard.get_by_role("button", name="Continue")).to_be_disabled()
    wizard.wait_for_timeout(100)
    held[0].continue_()
    expect(file(wizard, "front.jpg")).to_be_visible()


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


@pytest.mark.parametrize("screen", ["page_without_javascript", "phone_without_javascript"])
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
