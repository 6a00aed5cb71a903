"""The first minutes of a new organization: from the link of its founding to the first scan, led by the first page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from records.database import every_organization
from records.models import Actor
from records.services import organizations
from tests.browser.conftest import scrolls_sideways
from tests.browser.screens import EVERY_SCREEN
from tests.holdings import picture, today

PASSWORD = "a harbour full of boats 7"


@pytest.fixture(params=EVERY_SCREEN)
def newcomer(request, cast) -> Page:
    """The first administrator of an organization that was just founded, with a password of their own."""
    page: Page = request.getfixturevalue(request.param)
    with every_organization():
        founded = organizations.create("Harbour Rescue", administrator_email="first@harbour.example",
                                       by=Actor.command("organization create"))  # fmt: skip
    page.goto(founded.path)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    if "/login" in page.url:
        page.get_by_label("E-mail").fill("first@harbour.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
    page.goto("/admin/")
    return page


def _steps(page: Page):
    return page.get_by_role("region", name=re.compile("First steps"))


def _done(page: Page, words: str) -> None:
    page.goto("/admin/")
    expect(_steps(page).get_by_role("heading", level=2)).to_contain_text(words)
    assert not scrolls_sideways(page)


def test_from_nothing_to_the_first_scan(newcomer, cast):
    page = newcomer
    _done(page, "0 of 4 done")
    expect(_steps(page).locator("[aria-current=step]")).to_contain_text("Settings")

    _steps(page).get_by_role("link", name="Open Settings").click()
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("button", name="Save", exact=True).click()
    _done(page, "1 of 4 done")

    _steps(page).get_by_role("link", name="Choose types").click()
    page.get_by_role("group", name="Fire and rescue").get_by_label("EMT-Basic").check()
    page.get_by_role("group", name="Clinic and care").get_by_label("CPR / BLS Provider").check()
    page.get_by_role("button", name="Add the ticked types").click()
    expect(page.get_by_role("status").first).to_contain_text("2 types were added.")
    _done(page, "2 of 4 done")

    _steps(page).get_by_role("link", name="Add a member").click()
    page.get_by_label("First name").or_(page.get_by_label("Given name")).first.fill("Edda")
    page.get_by_label("Last name").or_(page.get_by_label("Family name")).first.fill("Boje")
    page.get_by_role("button", name="Create member").click()
    _done(page, "3 of 4 done")

    _steps(page).get_by_role("link", name="Record a certification").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Edda Boje")
    row = page.get_by_role("group", name="New Certification 1", exact=True)
    row.get_by_label("Certification", exact=True).select_option(label="EMT-Basic")
    row.get_by_label("Expires").fill((today() + timedelta(days=20)).isoformat())
    page.get_by_role("button", name="Update", exact=True).click()
    page.goto("/admin/")
    expect(_steps(page).get_by_role("heading", level=2)).to_contain_text("3 of 4 done")
    _steps(page).get_by_role("link", name="Record a certification").click()
    page.get_by_role("link", name=re.compile("EMT-Basic")).first.click()
    files = page.get_by_role("region", name="Files")
    files.locator("input[type=file]").set_input_files(
        {"name": "card.png", "mimeType": "image/png", "buffer": picture()}
    )
    files.locator("form[enctype]").get_by_role("button").last.click()
    expect(page.get_by_role("link", name="Download card.png").first).to_be_visible()

    page.goto("/admin/")
    expect(_steps(page)).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("Within 30 days"))).to_contain_text("1")
    expect(page.get_by_role("link", name="Boje, Edda")).to_be_visible()


def test_put_away_and_found_again_in_settings(newcomer, cast):
    page = newcomer
    _steps(page).get_by_role("button", name="Put away").click()
    expect(page.get_by_role("status").first).to_contain_text("You find them in Settings.")
    expect(_steps(page)).to_have_count(0)
    page.goto("/admin/settings/")
    page.get_by_role("button", name="Show them on Home").click()
    expect(_steps(page)).to_be_visible()
    _steps(page).get_by_role("button", name="Put away").click()
    page.get_by_role("button", name="Undo").click()
    expect(_steps(page)).to_be_visible()
