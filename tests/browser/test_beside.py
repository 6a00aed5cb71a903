"""Details beside a list in a real browser: opened, changed, closed, kept by the address, and said where they fail."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import scrolls_sideways
from tests.holdings import give
from tests.requirements import require

# WCAG 2.2, A and AA.
WIDE = {"width": 1440, "height": 900}


@pytest.fixture
def world(cast):
    give(cast.max, cast.emt, 20, number="E-77")
    require(cast)


@pytest.fixture
def ada(open_page, cast, world, sign_in):
    page = sign_in(open_page(viewport=WIDE, reduced_motion="reduce"), cast.ada.email)
    page.goto("/admin/members/")
    return page


@pytest.fixture
def on_phone(phone, cast, world, sign_in):
    page = sign_in(phone, cast.ada.email)
    page.goto("/admin/members/")
    return page


def _control(page, name):
    return page.get_by_role("link", name=f"Details of {name}")


def _panel(page):
    return page.get_by_role("complementary", name="Details")


def _row(page, name):
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))


def test_a_row_opens_beside_the_list_and_focus_goes_in_and_returns(ada):
    expect(_panel(ada)).to_have_count(0)
    _control(ada, "Miller, Max").click()
    panel = _panel(ada)
    expect(panel.get_by_role("heading", level=2)).to_have_text("Miller, Max")
    expect(panel.get_by_role("heading", level=2)).to_be_focused()
    expect(panel).to_contain_text("EMT-Basic")
    expect(panel).to_contain_text("Cleared")
    expect(_row(ada, "Miller, Max")).to_have_attribute("aria-current", "true")
    expect(ada.get_by_role("heading", level=1)).to_be_in_viewport()
    assert not scrolls_sideways(ada)
    assert violations(ada) == []
    ada.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(_control(ada, "Miller, Max")).to_be_focused()
    expect(_row(ada, "Miller, Max")).not_to_have_attribute("aria-current", "true")
    assert "#" not in ada.url


def test_the_keyboard_opens_it_too_and_the_name_stays_a_link_to_the_page(ada, cast):
    _control(ada, "Miller, Max").focus()
    ada.keyboard.press("Enter")
    expect(_panel(ada)).to_contain_text("E-mail")
    ada.get_by_role("button", name="Close details").click()
    expect(_panel(ada)).to_be_hidden()
    ada.get_by_role("link", name="Miller, Max", exact=True).click()
    expect(ada).to_have_url(re.compile(rf"/admin/members/{cast.max.id}$"))


def test_an_empty_place_of_a_row_opens_it_and_its_own_controls_do_not(ada):
    _row(ada, "Miller, Max").get_by_text("1004").click()
    expect(_panel(ada).get_by_role("heading", level=2)).to_have_text("Miller, Max")
    tick = _row(ada, "Lindgren, Ada").get_by_role("checkbox")
    tick.check()
    expect(tick).to_be_checked()
    expect(_panel(ada).get_by_role("heading", level=2)).to_have_text("Miller, Max")


def test_the_next_and_the_previous_row_keep_it_open(ada):
    _control(ada, "Lindgren, Ada").click()
    panel = _panel(ada)
    expect(panel).to_contain_text("1 of 6")
    expect(panel.get_by_role("button", name="Previous row")).to_be_disabled()
    panel.get_by_role("button", name="Next row").click()
    expect(panel.get_by_role("heading", level=2)).to_have_text("Miller, Max")
    expect(panel).to_contain_text("2 of 6")
    expect(panel.get_by_role("button", name="Next row")).to_be_focused()
    expect(_row(ada, "Miller, Max")).to_have_attribute("aria-current", "true")
    panel.get_by_role("button", name="Previous row").click()
    expect(panel.get_by_role("heading", level=2)).to_have_text("Lindgren, Ada")
    ada.go_back()  # one step closes it, however many rows were looked at
    expect(panel).to_be_hidden()
    expect(ada).to_have_url(re.compile(r"/admin/members/$"))


def test_a_reload_shows_it_again_and_forward_opens_what_back_closed(ada):
    _control(ada, "Miller, Max").click()
    expect(_panel(ada)).to_contain_text("EMT-Basic")
    ada.reload()
    expect(_panel(ada)).to_contain_text("EMT-Basic")
    ada.go_back()
    expect(_panel(ada)).to_have_count(0)
    ada.go_forward()
    expect(_panel(ada).get_by_role("heading", level=2)).to_have_text("Miller, Max")
    ada.reload()
    ada.get_by_role("button", name="Close details").click()
    expect(_panel(ada)).to_have_count(0)


def test_columns_without_room_step_aside_and_come_back(ada):
    ada.set_viewport_size({"width": 1180, "height": 900})
    last = ada.get_by_role("columnheader", name="Last seen")
    expect(last).to_be_visible()
    _control(ada, "Miller, Max").click()
    expect(last).to_be_hidden()
    expect(_control(ada, "Miller, Max")).to_be_visible()
    assert not scrolls_sideways(ada)
    ada.keyboard.press("Escape")
    expect(last).to_be_visible()


def test_what_cannot_be_loaded_is_said_and_can_be_tried_again(ada, problems):
    ada.route("**/summary", lambda route: route.abort())
    _control(ada, "Miller, Max").click()
    panel = _panel(ada)
    expect(panel.get_by_role("status")).to_have_text("The details could not be loaded.")
    expect(panel.get_by_role("link", name="Open the page")).to_have_attribute("href", re.compile("/summary$"))
    ada.unroute("**/summary")
    panel.get_by_role("button", name="Try again").click()
    expect(panel).to_contain_text("EMT-Basic")
    expect(panel.get_by_role("status")).to_have_text("")
    expect(panel.get_by_role("button", name="Try again")).to_be_hidden()
    problems.clear()


def test_a_row_that_is_out_of_sight_meanwhile_says_so(open_page, cast, world, sign_in, problems):
    page = sign_in(open_page(viewport=WIDE), cast.nora.email)
    page.goto("/admin/members/")
    page.route("**/summary", lambda route: route.fulfill(status=404, body="Not found"))
    _control(page, "Miller, Max").click()
    expect(_panel(page).get_by_role("status")).to_have_text("This is no longer here, or no longer yours to see.")
    problems.clear()


def test_while_it_loads_it_says_so(ada):
    held = []
    ada.route("**/summary", lambda route: held.append(route))
    _control(ada, "Miller, Max").click()
    expect(_panel(ada).get_by_role("status")).to_have_text("Loading…")
    held[0].continue_()
    expect(_panel(ada)).to_contain_text("EMT-Basic")


def test_on_a_telephone_it_is_a_dialog_over_the_page(on_phone):
    _control(on_phone, "Miller, Max").click()
    dialog = on_phone.get_by_role("dialog", name="Details")
    expect(dialog.get_by_role("heading", level=2)).to_be_focused()
    expect(dialog).to_contain_text("EMT-Basic")
    box = dialog.bounding_box()
    assert (round(box["width"]), round(box["height"])) == (390, 844)
    assert not scrolls_sideways(on_phone)
    assert violations(on_phone) == []
    on_phone.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(_control(on_phone, "Miller, Max")).to_be_focused()
    _control(on_phone, "Miller, Max").click()
    on_phone.go_back()
    expect(dialog).to_be_hidden()


def test_it_moves_where_there_is_room_when_the_window_changes(ada):
    _control(ada, "Miller, Max").click()
    expect(_panel(ada)).to_contain_text("EMT-Basic")
    ada.set_viewport_size({"width": 800, "height": 900})
    expect(ada.get_by_role("dialog", name="Details")).to_contain_text("EMT-Basic")
    ada.set_viewport_size(WIDE)
    expect(_panel(ada)).to_contain_text("EMT-Basic")
    expect(ada.get_by_role("dialog", name="Details")).to_be_hidden()


def test_without_javascript_the_control_leads_to_a_page(page_without_javascript, cast, world, sign_in):
    page = sign_in(page_without_javascript, cast.ada.email)
    page.goto("/admin/members/")
    _control(page, "Miller, Max").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Max Miller")
    expect(page.get_by_role("main")).to_contain_text("EMT-Basic")
    page.get_by_role("link", name="Open profile").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Max Miller")


def test_an_action_starts_from_the_panel(ada):
    _control(ada, "Miller, Max").click()
    _panel(ada).get_by_role("button", name="Log in as").click()
    expect(ada.get_by_role("heading", level=1)).to_contain_text("Log in as")
