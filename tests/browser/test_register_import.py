"""Bringing in a register in a browser, from the menu to its undoing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import EVERY_SCREEN
from tests.registers import HEADER
from tests.samples import corpus

ROWS = (
    HEADER + "Ann Abel,A-1,EMT-Basic,01/21/2026,01/31/2028\nAnn Abel,A-2,EMT-Basic,,01/31/2028\n"
    "Bo Bell,B-1,EMT-Basic,,02/29/2027\n"
)
_LONG = 60_000


def file(content: str) -> dict[str, Any]:
    return {"name": "register.csv", "mimeType": "text/csv", "buffer": content.encode()}


def to_columns(page: Page, given: Any) -> None:
    open_menu(page)
    menu = page.get_by_role("navigation", name="Main")
    menu.get_by_role("link", name="Bring in a register", exact=True).click()
    page.get_by_label("Register", exact=True).set_input_files(given)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Columns of the register")


def to_check(page: Page) -> None:
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check of the register", timeout=_LONG)


def undo(page: Page, *, asks: bool) -> None:
    page.get_by_role("button", name="Undo this import").click()
    if asks:
        page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    expect(page.get_by_text("Everything is as it was before.")).to_be_visible(timeout=_LONG)


def test_a_long_step_says_that_it_is_at_work_and_is_taken_once(page, cast, sign_in):
    page = sign_in(page, cast.ada.email)
    page.goto("/admin/")
    to_columns(page, file(ROWS))
    # The server never answers here: what leaves the page is counted and held back.
    page.evaluate("""window.sent = 0; window.addEventListener("submit", (event) => {
      if (!event.defaultPrevented) window.sent += 1;
      event.preventDefault();
    })""")
    for _ in range(2):
        page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_role("status")).to_have_text("Checking the rows …")
    assert page.evaluate("window.sent") == 1
    page.evaluate("""window.dispatchEvent(new Event("pageshow"))""")  # back in the browser's history
    expect(page.get_by_role("status")).to_have_count(0)


def test_the_state_of_an_import_fits_on_a_phone(phone, cast, sign_in):
    page = sign_in(phone, cast.ada.email)
    page.goto("/admin/")
    to_columns(page, file(ROWS))
    to_check(page)
    page.goto("/admin/imports/")
    badge, row = page.locator(".badge").bounding_box(), page.locator("tbody tr").bounding_box()
    assert badge["x"] + badge["width"] <= row["x"] + row["width"]


@pytest.mark.parametrize("screen", EVERY_SCREEN)
def test_a_register_goes_from_its_file_to_its_records_and_back(request, cast, sign_in, screen):
    page = sign_in(request.getfixturevalue(screen), cast.ada.email)
    page.goto("/admin/")
    to_columns(page, file(ROWS))
    expect(page.get_by_label("Number", exact=True)).to_have_value("certification_number")
    expect(page.get_by_label("Dates such as 03/04/2027")).to_have_value("month_first")
    assert not scrolls_sideways(page)
    to_check(page)
    expect(page.get_by_role("row", name="Bo Bell")).to_contain_text("2027 is not a leap year")
    assert not scrolls_sideways(page)

    page.get_by_role("link", name="To answer").click()
    page.get_by_role("radio", name="The person in line 2").check()
    page.get_by_role("button", name="Save the answers").click()
    expect(page.get_by_text("All questions are answered.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 1 row to mend").click()
    assert "leap year" in Path(download.value.path()).read_text(encoding="utf-8-sig")

    page.get_by_role("button", name="Bring in 2 rows").click()
    expect(page.get_by_text("The register is brought in.")).to_be_visible()
    assert not scrolls_sideways(page)
    page.get_by_role("link", name="Ann Abel").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Abel")
    page.go_back()
    undo(page, asks="without" not in screen)


def test_another_status_column_asks_what_its_words_mean(page, cast, sign_in):
    sign_in(page, cast.ada.email)
    page.goto("/admin/")
    to_columns(page, file("Name,Number,Type,Expires,State of it\nAnn Abel,1,EMT-Basic,2028-01-31,dead\n"))
    page.get_by_label("State of it").select_option(label="Status")
    page.get_by_role("button", name="Check the rows").click()
    expect(page.get_by_text("One more step")).to_be_visible()
    page.get_by_label("dead", exact=True).select_option(label="Leave the row out")
    to_check(page)
    expect(page.get_by_text("There is nothing to bring in")).to_be_visible()


def test_what_is_no_register_is_refused_beside_its_field(page, cast, sign_in):
    sign_in(page, cast.ada.email)
    page.goto("/admin/imports/")
    picture = {"name": "register.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(100)}
    page.get_by_label("Register", exact=True).set_input_files(picture)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("This file cannot be read as a table.")).to_be_visible()


# With CORPUS_DIR set, also two real registers; without it, this test does not exist.

REAL = {"il_appraisers.csv": "2,489", "tx_inspectors.csv": "6,768"}

if REGISTERS := corpus("good/licence_csv"):

    @pytest.mark.parametrize("path", REGISTERS, ids=lambda path: path.name)
    def test_a_real_register_comes_in_again_and_goes(page, cast, sign_in, path):
        page.set_default_timeout(_LONG)
        sign_in(page, cast.ada.email)
        page.goto("/admin/")
        to_columns(page, path)
        to_check(page)
        page.get_by_role("button", name=f"Bring in {REAL[path.name]} rows").click()
        expect(page.get_by_text("The register is brought in.")).to_be_visible(timeout=_LONG)
        first = page.url
        to_columns(page, path)
        to_check(page)
        expect(page.get_by_role("link", name="Here already")).to_contain_text(REAL[path.name])
        expect(page.get_by_text("There is nothing to bring in")).to_be_visible()
        page.goto(first)
        undo(page, asks=True)
