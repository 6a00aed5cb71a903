"""A learner in a browser: sees, opens, downloads and prints their own, on any screen, also without JavaScript."""

from __future__ import annotations

import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from records.database import locked, transaction
from records.models import Organization
from tests.browser.conftest import scrolls_sideways
from tests.browser.screens import EVERY_SCREEN, TWO_SCREENS
from tests.holdings import give, pdf, picture, today

FRONT, BACK, NOTES = picture("teal"), picture("maroon"), "Übung bestanden".encode()


@pytest.fixture
def holdings(cast):
    """Max holds EMT-Basic, renewed once, with four files; his forklift licence ran out."""
    files = {"front.png": FRONT, "back.png": BACK, "certificate.pdf": pdf(), "Übung & Notiz.txt": NOTES}
    first = give(cast.max, cast.emt, -300, issued_in=-1030, number="E-2023-7")
    give(cast.max, cast.emt, 400, issued_in=-310, number="E-2025-7", renews=first, files=files)
    give(cast.max, cast.forklift, -40, issued_in=-700)


@pytest.fixture(params=TWO_SCREENS)
def learner(request, cast, holdings, sign_in):
    """Max's certifications, at the most comfortable and on the barest screen."""
    page = sign_in(request.getfixturevalue(request.param), cast.max.email)
    expect(page).to_have_url(re.compile(r"/portfolio/$"))
    page.get_by_role("main").get_by_role("link", name="All certifications").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Certifications")
    return page


def _article(page, name):
    return page.get_by_role("article", name=name)


@pytest.mark.parametrize("learner", EVERY_SCREEN, indirect=True)
def test_a_member_sees_their_certifications(learner, cast):
    expect(learner.get_by_role("article")).to_have_count(2)
    expect(learner.get_by_role("article").first).to_contain_text("Forklift licence")
    emt, day = _article(learner, "EMT-Basic"), today() + timedelta(days=400)
    for words in ("Valid", "E-2025-7", f"{day.day} {day:%b %Y}", "in 13 months"):
        expect(emt).to_contain_text(words)
    expect(_article(learner, "Forklift licence")).to_contain_text("Expired")
    assert not scrolls_sideways(learner)


def test_renewals_unfold_behind_it(learner):
    emt = _article(learner, "EMT-Basic")
    expect(emt.get_by_text("E-2023-7")).to_be_hidden()
    emt.get_by_text("Renews 1 earlier one").click()
    emt.get_by_role("link", name="E-2023-7").click()
    expect(learner.get_by_role("main")).to_contain_text("Superseded")
    learner.get_by_role("link", name="Go to its renewal").click()
    expect(learner.get_by_role("main")).to_contain_text("E-2025-7")
    assert not scrolls_sideways(learner)


@pytest.mark.parametrize(("name", "content"), [("front.png", FRONT), ("Übung & Notiz.txt", NOTES)])
def test_a_file_downloads_under_its_own_name_byte_for_byte(learner, name, content):
    with learner.expect_download() as download:
        _article(learner, "EMT-Basic").get_by_role("link", name=f"Download {name}").click()
    assert download.value.suggested_filename == name
    assert Path(download.value.path()).read_bytes() == content


def test_all_files_come_as_one_zip(learner):
    with learner.expect_download() as download:
        learner.get_by_role("link", name="Download all as ZIP").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert archive.read("EMT-Basic/front.png") == FRONT
        assert len(archive.namelist()) == 4


def test_a_picture_opens_large(learner):
    _article(learner, "EMT-Basic").get_by_role("link", name="View front.png").click()
    expect(learner.get_by_role("heading", level=1)).to_have_text("front.png")
    large = learner.get_by_role("img", name="Scan front.png")
    expect(large).to_be_visible()
    box, window = large.bounding_box(), learner.viewport_size
    assert box["width"] > 300
    assert box["x"] + box["width"] <= window["width"]
    with learner.expect_download() as download:
        learner.get_by_role("link", name="Download", exact=True).click()
    assert Path(download.value.path()).read_bytes() == FRONT
    learner.get_by_role("link", name="EMT-Basic").click()
    expect(learner.get_by_role("heading", level=1)).to_have_text("EMT-Basic")


@pytest.mark.parametrize("name", ["front.png", "certificate.pdf"])
def test_pictures_and_pdfs_are_printed(cast, holdings, page, sign_in, name):
    page.add_init_script("window.print = () => { window.top.printed = true }")
    sign_in(page, cast.max.email)
    page.goto("/portfolio/certifications")
    _article(page, "EMT-Basic").get_by_role("link", name=f"View {name}").click()
    page.get_by_role("button", name="Print").click()
    if name.endswith(".png"):
        assert page.evaluate("window.printed")


def test_a_pdf_opens_in_the_page(cast, holdings, page, sign_in):
    sign_in(page, cast.max.email)
    page.goto("/portfolio/certifications")
    with page.expect_response(re.compile(r"/scan/\d+/file$")) as answer:
        _article(page, "EMT-Basic").get_by_role("link", name="View certificate.pdf").click()
    assert answer.value.headers["content-type"] == "application/pdf"
    expect(page.locator("iframe[title='certificate.pdf']")).to_be_visible()


def test_previews_appear_once_they_are_drawn(cast, holdings, page, sign_in, run_jobs):
    sign_in(page, cast.max.email)
    page.goto("/portfolio/certifications")
    thumbnails = _article(page, "EMT-Basic").locator("img.thumb")
    expect(thumbnails).to_have_count(0)
    run_jobs()
    page.reload()
    expect(thumbnails).to_have_count(3)
    for thumbnail in thumbnails.all():
        thumbnail.scroll_into_view_if_needed()
        expect(thumbnail).to_have_js_property("complete", True)
        assert thumbnail.evaluate("picture => picture.naturalWidth") > 0


def test_anothers_scan_is_not_found(cast, page, sign_in):
    give(cast.mia, cast.emt, 100, files={"hers.png": FRONT})
    sign_in(page, cast.max.email)
    for path in ("/scan/1", "/scan/1/file", "/scan/1/download", "/portfolio/certifications/1"):
        assert page.goto(path).status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    expect(page.get_by_role("link", name="Certifications")).to_be_visible()


def test_the_only_form_beside_the_choice_of_colours_signs_out(learner):
    forms = learner.locator("form:not(dialog form, [action='/theme'])")
    expect(forms).to_have_count(1)
    expect(forms).to_have_attribute("action", "/logout")


def test_a_member_without_certifications_is_told_what_will_be_here(cast, phone, sign_in):
    sign_in(phone, cast.una.email)
    phone.goto("/portfolio/certifications")
    expect(phone.get_by_role("heading", name="No certifications yet")).to_be_visible()


def test_with_the_module_off_the_workspace_says_so(cast, holdings, page, sign_in):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    sign_in(page, cast.max.email)
    expect(page.get_by_role("main")).to_contain_text("does not track certifications")
    expect(page.get_by_role("link", name="Certifications")).to_have_count(0)
    assert page.goto("/portfolio/certifications").status == 404


def test_long_names_and_numbers_stay_within_a_telephone(cast, phone, sign_in):
    give(cast.max, cast.emt, 100, number="Z" * 255, files={"N" * 150 + ".png": FRONT})
    sign_in(phone, cast.max.email)
    for path in ("/portfolio/certifications", "/portfolio/certifications/1", "/scan/1"):
        phone.goto(path)
        assert not scrolls_sideways(phone), path
