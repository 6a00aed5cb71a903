"""The help article's steps, as a learner takes them: on a desktop and a telephone, with and without JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from records.database import db, found
from records.models import Approval, ExternalCertificate
from records.services import reviews
from tests import certificates
from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import EVERY_SCREEN, TWO_SCREENS, WITHOUT_JAVASCRIPT
from tests.holdings import give, picture

FRONT = {"name": "front.png", "mimeType": "image/png", "buffer": picture("teal")}
BACK = {"name": "back.png", "mimeType": "image/png", "buffer": picture("maroon")}
PAPERS = {"name": "papers.zip", "mimeType": "application/zip", "buffer": b"PK\x03\x04 papers"}
LIST = re.compile(r"/portfolio/certificates$")

with_javascript = pytest.mark.parametrize("learner", ["page", "phone"], indirect=True)
on_two_screens = pytest.mark.parametrize("learner", TWO_SCREENS, indirect=True)
without_javascript = pytest.mark.parametrize("learner", WITHOUT_JAVASCRIPT, indirect=True)


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


@pytest.fixture(params=EVERY_SCREEN)
def learner(request, cast, ceu, sign_in):
    """Max on the Certificates tab, the way that the article goes."""
    page = sign_in(request.getfixturevalue(request.param), cast.max.email)
    open_menu(page)
    page.get_by_role("link", name="Learner Workspace").click()
    open_menu(page)
    page.get_by_role("link", name="ePortfolio").click()
    page.get_by_role("link", name="Certificates", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Certificates")
    return page


def press_plus(page):
    page.get_by_role("link", name="Add certificate").click()
    expect(page.get_by_label("Certificate title")).to_be_visible()


def fill(page, *files, title="Ladder rescue"):
    page.get_by_label("Certificate title").fill(title)
    page.get_by_label("Credit type").select_option(label="CEU")
    page.get_by_label("Number of credits").fill("2.5")
    page.get_by_label("Date").fill("2025-03-01")
    if files:
        page.get_by_label("Upload").set_input_files(list(files))


def save(page):
    page.get_by_role("button", name="Save").click()


def row(page, title="Ladder rescue"):
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=title))


def saved(page):
    expect(page).to_have_url(LIST)
    expect(page.get_by_role("status").first).to_contain_text("is submitted")


def approve(cast):
    db.session.rollback()
    certificate = db.session.scalars(select(ExternalCertificate)).one()
    reviews.approve(certificate, Approval(certificates.CREDITS), seen=certificate.digest(), by=cast.actor(cast.ada))


def count():
    db.session.rollback()
    return len(db.session.scalars(select(ExternalCertificate)).all())


def test_the_article_to_the_letter(learner, cast):
    press_plus(learner)
    assert not scrolls_sideways(learner)
    fill(learner, FRONT)
    save(learner)
    saved(learner)
    expect(row(learner)).to_contain_text("Pending")
    assert not scrolls_sideways(learner)

    approve(cast)
    learner.reload()
    expect(row(learner)).to_contain_text("Approved")
    expect(row(learner)).to_contain_text("2.5 hours")
    choose(learner, "Certification type", "External")
    choose(learner, "Status", "Active")
    expect(learner).to_have_url(re.compile(r"type=external&status=active"))
    row(learner).get_by_role("link", name="View Certificate").click()
    expect(learner.get_by_role("heading", level=1)).to_have_text("front.png")
    with learner.expect_download() as download:
        learner.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes() == FRONT["buffer"]
    learner.get_by_role("link", name="Ladder rescue").click()
    main = learner.get_by_role("main")
    expect(main).to_contain_text("2.5 hours count on 1 Mar 2025")
    expect(main.get_by_role("link", name="View Certificate")).to_be_visible()
    expect(main.locator("form, button, input")).to_have_count(0)
    assert not scrolls_sideways(learner)


def choose(page, label, option):
    """With JavaScript a choice filters at once; without, the button does."""
    page.get_by_label(label).select_option(label=option)
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label(label).locator("option:checked")).to_have_text(option)


@with_javascript
def test_the_plus_opens_a_dialog_over_the_list(learner):
    press_plus(learner)
    dialog = learner.get_by_role("dialog", name="Add certificate")
    expect(dialog.get_by_label("Certificate title")).to_be_focused()
    expect(learner).to_have_url(LIST)
    dialog.get_by_label("Certificate title").fill("Half of it")
    learner.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    learner.get_by_role("link", name="Add certificate").click()
    expect(dialog.get_by_label("Certificate title")).to_have_value("Half of it")
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_be_hidden()


@without_javascript
def test_the_plus_is_a_page_of_its_own(learner):
    press_plus(learner)
    expect(learner.get_by_role("heading", level=1)).to_have_text("Add certificate")
    learner.get_by_role("link", name="Cancel").click()
    expect(learner).to_have_url(LIST)


@on_two_screens
def test_an_error_keeps_what_was_typed_and_the_files(learner, problems):
    press_plus(learner)
    fill(learner, FRONT, PAPERS)
    learner.get_by_label("Number of credits").fill("two")
    save(learner)
    expect(learner.get_by_role("alert")).to_contain_text("Some fields need your attention")
    expect(learner.get_by_label("Number of credits")).to_have_accessible_description(re.compile("Enter a number"))
    expect(learner.get_by_label("Number of credits")).to_have_value("two")
    expect(learner.get_by_label("Certificate title")).to_have_value("Ladder rescue")
    arrived = learner.get_by_role("list", name="Files of this certificate")
    expect(arrived.get_by_role("listitem")).to_have_count(2)
    box = arrived.get_by_label("Leave out papers.zip")  # without JavaScript
    if box.count():
        box.check()
    else:
        arrived.get_by_role("button", name="Remove papers.zip").click()
    assert not scrolls_sideways(learner)
    learner.get_by_label("Number of credits").fill("2.5")
    problems.clear()
    save(learner)
    saved(learner)
    row(learner).get_by_role("link", name="Ladder rescue").click()
    expect(learner.get_by_role("main")).to_contain_text("front.png")
    expect(learner.get_by_role("main")).not_to_contain_text("papers.zip")


@on_two_screens
def test_pressing_save_twice_makes_one_certificate(learner):
    press_plus(learner)
    fill(learner, FRONT)
    learner.get_by_role("button", name="Save").dblclick()
    saved(learner)
    assert count() == 1


@without_javascript
def test_who_goes_back_changes_what_they_made(learner):
    press_plus(learner)
    fill(learner, FRONT)
    save(learner)
    saved(learner)
    learner.go_back()
    if learner.get_by_role("heading", level=1, name="Add certificate").is_visible():  # the browser kept the page
        learner.get_by_label("Certificate title").fill("Ladder rescue II")
        save(learner)
    expect(learner.get_by_role("heading", level=1)).to_have_text("Edit certificate")
    learner.get_by_label("Certificate title").fill("Ladder rescue II")
    save(learner)
    expect(learner.get_by_role("heading", level=1)).to_have_text("Ladder rescue II")
    assert count() == 1


@with_javascript
def test_who_goes_back_to_the_list_finds_no_second_one(learner):
    press_plus(learner)
    fill(learner, FRONT)
    save(learner)
    saved(learner)
    learner.go_back()
    learner.go_forward()
    expect(row(learner)).to_have_count(1)
    assert count() == 1


@pytest.mark.parametrize("learner", ["page_without_javascript"], indirect=True)
def test_reloading_what_an_error_showed_loses_no_file(learner):
    press_plus(learner)
    fill(learner, FRONT)
    learner.get_by_label("Date").fill("2199-01-01")
    save(learner)
    expect(learner.get_by_role("alert")).to_contain_text("cannot be in the future")
    learner.reload()
    expect(learner.get_by_role("list", name="Files of this certificate")).to_contain_text("front.png")
    learner.get_by_label("Date").fill("2025-03-01")
    save(learner)
    saved(learner)
    assert count() == 1


@with_javascript
def test_a_lost_connection_and_a_retry_make_one_certificate(learner, problems):
    """The first answer never arrives, though the certificate is made."""
    press_plus(learner)
    fill(learner, FRONT)

    def lose(route):
        route.fetch()
        route.abort()

    learner.route("**/certificates/new", lose)
    save(learner)
    expect(learner.get_by_role("alert")).to_contain_text("It did not arrive.")
    expect(learner.get_by_label("Certificate title")).to_have_value("Ladder rescue")
    problems.clear()
    learner.unroute("**/certificates/new")
    save(learner)
    saved(learner)
    assert count() == 1


@with_javascript
def test_pictures_of_a_camera_come_one_after_the_other(learner):
    press_plus(learner)
    fill(learner)
    for each in (FRONT, BACK, PAPERS):
        learner.get_by_label("Upload").set_input_files([each])
    learner.get_by_role("button", name="Remove papers.zip").click()
    save(learner)
    saved(learner)
    row(learner).get_by_role("link", name="Ladder rescue").click()
    for name in ("front.png", "back.png"):
        expect(learner.get_by_role("main")).to_contain_text(name)
    expect(learner.get_by_role("main")).not_to_contain_text("papers.zip")


@without_javascript
def test_without_javascript_files_come_one_after_the_other_too(learner):
    press_plus(learner)
    learner.get_by_label("Upload").set_input_files([FRONT])
    learner.get_by_role("button", name="Add more files").click()
    expect(learner.get_by_role("list", name="Files of this certificate")).to_contain_text("front.png")
    fill(learner, BACK)
    save(learner)
    saved(learner)
    assert count() == 1
    assert len(db.session.scalars(select(ExternalCertificate)).one().scans) == 2


@with_javascript
def test_what_is_empty_or_too_large_is_named_before_it_travels(learner):
    press_plus(learner)
    fill(learner, FRONT, {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""})
    expect(learner.get_by_role("alert")).to_contain_text("“empty.txt” is empty")
    save(learner)
    saved(learner)


@on_two_screens
def test_what_pends_is_edited_and_withdrawn(learner, cast, ceu):
    certificate = certificates.submitted(cast, ceu)
    learner.goto(f"/portfolio/certificates/{certificate.id}")
    learner.get_by_role("link", name="Edit", exact=True).click()
    learner.get_by_label("Certificate title").fill("Ladders")
    learner.get_by_label("Upload").set_input_files([BACK])
    save(learner)
    expect(learner.get_by_role("heading", level=1)).to_have_text("Ladders")
    expect(learner.get_by_role("main")).to_contain_text("back.png")
    folded = learner.get_by_text("Withdraw …")
    if folded.is_visible():
        folded.click()
    learner.get_by_role("button", name="Withdraw").click()
    asks = learner.get_by_role("dialog")
    if asks.is_visible():
        expect(asks).to_contain_text("Take back “Ladders”?")
        asks.get_by_role("button", name="Ok").click()
    expect(learner.get_by_role("main")).to_contain_text("Withdrawn")
    db.session.rollback()
    assert found(ExternalCertificate, certificate.id).state == "withdrawn"
    learner.get_by_role("link", name="Submit again").click()
    expect(learner.get_by_label("Certificate title")).to_have_value("Ladders")
    save(learner)
    saved(learner)
    assert count() == 2


@pytest.mark.parametrize("learner", ["page", "phone"], indirect=True)
def test_another_window_changed_it_and_nothing_typed_is_lost(learner, cast, ceu, problems):
    certificate = certificates.submitted(cast, ceu)
    learner.goto(f"/portfolio/certificates/{certificate.id}/edit")
    files = certificates.Files("other-window-1234", kept=[scan.id for scan in certificate.scans])
    newer = certificates.given(ceu, title="Newer")
    certificates.submissions.edit(certificate, newer, files, seen=certificate.digest(), by=cast.actor(cast.max))
    learner.get_by_label("Certificate title").fill("Mine")
    save(learner)
    expect(learner.get_by_role("alert")).to_contain_text("changed while you had it open")
    expect(learner.get_by_role("alert")).to_contain_text("Newer")
    expect(learner.get_by_label("Certificate title")).to_have_value("Mine")
    problems.clear()
    save(learner)
    expect(learner.get_by_role("heading", level=1)).to_have_text("Mine")


@on_two_screens
def test_long_words_stay_within_the_screen(learner, cast, ceu):
    long = {"title": "W" * 255, "issuer": "I" * 255, "number": "9" * 255, "note": "N" * 1500}
    certificate = certificates.submitted(cast, ceu, **long)
    give(cast.max, cast.emt, 100, number="Z" * 255)
    address = f"/portfolio/certificates/{certificate.id}"
    for path in ("/portfolio/certificates", address, f"{address}/edit", "/portfolio/"):
        learner.goto(path)
        assert not scrolls_sideways(learner), path


def test_where_none_is_taken_the_page_says_whom_to_ask(cast, phone, sign_in):
    sign_in(phone, cast.max.email)
    for path in ("/portfolio/certificates", "/portfolio/certificates/new"):
        phone.goto(path)
        expect(phone.get_by_role("main")).to_contain_text("Ada Lindgren")
        expect(phone.get_by_role("link", name="Add certificate")).to_have_count(0)
        assert not scrolls_sideways(phone)
