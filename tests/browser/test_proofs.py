"""Proofs and calendars in a real browser: handed out on a telephone, opened by a stranger, withdrawn."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.request import urlopen

import icalendar
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import EVERY_SCREEN, TWO_SCREENS, WITH_JAVASCRIPT
from tests.holdings import give, today


def _accessible(page):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert violations(page) == [], scheme
    assert not scrolls_sideways(page)


@pytest.fixture(params=EVERY_SCREEN)
def learner(request, cast, sign_in):
    """Max, with one certification."""
    give(cast.max, cast.emt, 200, number="E-77")
    return sign_in(request.getfixturevalue(request.param), cast.max.email)


@pytest.fixture
def confirm():
    """Press a button that asks first: by a dialog, or, without JavaScript, unfolded in its place."""

    def press(page, name):
        folded = page.get_by_text(f"{name} …", exact=True)
        if folded.count():
            folded.first.click()
            page.get_by_role("button", name=name).first.click()
        else:
            page.get_by_role("button", name=name).first.click()
            page.get_by_role("button", name="Ok").click()

    return press


@pytest.mark.parametrize("learner", TWO_SCREENS, indirect=True)
def test_a_proof_is_handed_out_read_by_a_stranger_and_withdrawn(learner, open_page, confirm, tmp_path):
    open_menu(learner)
    learner.get_by_role("navigation", name="Main").get_by_role("link", name="Certifications").click()
    learner.get_by_role("main").get_by_role("link", name="EMT-Basic").first.click()
    learner.get_by_role("link", name="Hand out a proof").click()
    learner.get_by_label("Ends on").fill((today() + timedelta(days=30)).isoformat())
    learner.get_by_role("button", name="Hand out a proof").click()
    expect(learner.get_by_role("heading", level=1)).to_have_text("EMT-Basic")
    link = learner.get_by_label("Link", exact=True).input_value()
    learner.get_by_role("img", name="QR code").screenshot(path=tmp_path / "qr.png")
    assert [each.text for each in zxingcpp.read_barcodes(Image.open(tmp_path / "qr.png"))] == [link]

    visitor = open_page()
    visitor.goto(link)
    expect(visitor.get_by_role("main")).to_contain_text("Max Miller")
    expect(visitor.get_by_role("main")).to_contain_text("Valid")
    expect(visitor.get_by_role("main")).not_to_contain_text("E-77")

    open_menu(learner)
    learner.get_by_role("navigation", name="Main").get_by_role("link", name="Proofs").click()
    expect(learner.get_by_role("article")).to_contain_text("1 time, last on")
    confirm(learner, "Withdraw")
    expect(learner.get_by_role("status").first).to_contain_text("The proof is withdrawn.")
    expect(learner.get_by_role("article")).to_contain_text("Withdrawn")
    visitor.reload()
    expect(visitor.get_by_role("alert")).to_have_text("This code is not valid.")
    expect(visitor.get_by_role("main")).not_to_contain_text("Max Miller")


@pytest.mark.parametrize("learner", WITH_JAVASCRIPT, indirect=True)
def test_the_pages_are_accessible(learner, open_page):
    learner.goto("/portfolio/proofs")
    _accessible(learner)
    learner.goto("/portfolio/credits/proof")
    _accessible(learner)
    learner.get_by_role("button", name="Hand out a proof").click()
    learner.get_by_label("Link", exact=True).wait_for()
    _accessible(learner)
    visitor = open_page(viewport=learner.viewport_size)
    visitor.goto(learner.get_by_label("Link", exact=True).input_value())
    _accessible(visitor)
    visitor.goto("/verify/WRONG")
    _accessible(visitor)
    learner.goto("/portfolio/proofs")
    _accessible(learner)


@pytest.mark.parametrize("learner", ["page"], indirect=True)
def test_a_link_is_copied_by_one_press(learner):
    learner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    learner.goto("/portfolio/credits/proof")
    learner.get_by_role("button", name="Hand out a proof").click()
    learner.get_by_role("button", name="Copy Link").click()
    expect(learner.get_by_role("button", name="Copied Link")).to_be_visible()
    link = learner.get_by_label("Link", exact=True).input_value()
    assert learner.evaluate("navigator.clipboard.readText()") == link


@pytest.mark.parametrize("learner", TWO_SCREENS, indirect=True)
def test_a_calendar_address_is_made_read_and_ended(learner, confirm):
    open_menu(learner)
    learner.get_by_role("navigation", name="Main").get_by_role("link", name="Calendar").click()
    learner.get_by_role("button", name="Make an address").click()
    address = learner.get_by_label("Address", exact=True).input_value()
    with urlopen(address) as answer:  # because: the server of this test
        (event,) = icalendar.Calendar.from_ical(answer.read()).walk("VEVENT")
    assert event["dtstart"].dt == today() + timedelta(days=200)
    learner.reload()
    expect(learner.get_by_text("Last read")).to_be_visible()
    expect(learner.get_by_role("main")).not_to_contain_text("Not yet")
    expect(learner.get_by_role("link", name="Open in my calendar program")).to_have_attribute(
        "href", re.compile("^webcal://")
    )
    confirm(learner, "End")
    expect(learner.get_by_role("button", name="Make an address")).to_be_visible()


@pytest.mark.parametrize("learner", WITH_JAVASCRIPT, indirect=True)
def test_the_calendars_page_is_accessible(learner):
    learner.goto("/portfolio/calendar")
    _accessible(learner)
    learner.get_by_role("button", name="Make an address").click()
    learner.get_by_label("Address", exact=True).wait_for()
    _accessible(learner)
