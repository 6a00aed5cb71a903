"""The shell in a browser: theme, navigation, the command palette, single letters, dialogs and messages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import scrolls_sideways
from tests.holdings import give

THEME = "document.documentElement.dataset.theme ?? 'system'"


@pytest.fixture
def office(page, cast, sign_in):
    """Ada in the back office, on the list of members."""
    sign_in(page, cast.ada.email)
    page.goto("/admin/members/")
    return page


def palette(page):
    return page.get_by_role("dialog", name="Search or jump to")


def axe_finds_nothing(page):
    assert violations(page) == []


# The theme


def test_the_theme_is_chosen_in_place_and_kept(page, cast, sign_in):
    page.goto("/login")
    page.get_by_label("E-mail").fill("typed")
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_label("E-mail")).to_have_value("typed")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    sign_in(page, cast.ada.email)
    assert page.evaluate(THEME) == "dark"
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    page.get_by_role("button", name="System").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    page.reload()
    assert page.evaluate(THEME) == "system"


def test_the_theme_is_kept_without_javascript(page_without_javascript, cast, sign_in):
    page = sign_in(page_without_javascript, cast.max.email)
    page.goto("/portfolio/certificates?status=active")
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(re.compile(r"/portfolio/certificates\?status=active$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


# The navigation on a telephone


def test_the_menu_folds_and_esc_closes_it(phone, cast, sign_in):
    sign_in(phone, cast.ada.email)
    settings = phone.get_by_role("link", name="Settings")
    expect(settings).to_be_hidden()
    phone.get_by_text("Menu", exact=True).click()
    settings.focus()
    phone.keyboard.press("Escape")
    expect(settings).to_be_hidden()
    expect(phone.locator("summary:focus")).to_have_text("Menu")
    assert not scrolls_sideways(phone)


# The palette


@pytest.mark.parametrize(
    ("typed", "name", "address"),
    [
        ("mill", "Miller, Max", r"/admin/members/\d+$"),
        ("forklift", "Forklift licence", r"/admin/certification-types/\d+$"),
        ("audit", "Audit trail", r"/admin/audit-trail/$"),
        ("renew for", "Renew for many members", r"/admin/renewals/new"),
    ],
)
def test_the_palette_finds_and_enter_goes_there(office, typed, name, address):
    office.keyboard.press("s")
    expect(palette(office)).to_be_visible()
    office.keyboard.type(typed)
    expect(palette(office).get_by_role("status")).to_have_text("1 result")
    expect(palette(office).get_by_role("option", selected=True)).to_contain_text(name)
    office.keyboard.press("Enter")
    expect(office).to_have_url(re.compile(address))


def test_arrows_move_esc_closes_and_the_focus_returns(office):
    button = office.get_by_role("link", name="Search or jump to")
    button.focus()
    office.keyboard.press("Enter")
    field = palette(office).get_by_role("combobox")
    expect(field).to_be_focused()
    options = palette(office).get_by_role("option")
    expect(options.first).to_have_attribute("aria-selected", "true")
    office.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", options.nth(1).get_attribute("id"))
    office.keyboard.press("ArrowUp")
    office.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    axe_finds_nothing(office)
    office.keyboard.press("Escape")
    expect(palette(office)).to_be_hidden()
    expect(button).to_be_focused()


def test_an_answer_that_comes_late_is_dropped(office):
    def late(route):
        if "q=m&" in route.request.url + "&":
            office.wait_for_timeout(600)
        route.continue_()

    office.route("**/admin/find?*", late)
    office.keyboard.press("s")
    office.keyboard.type("m")
    office.wait_for_timeout(250)
    office.keyboard.type("iller")
    expect(palette(office).get_by_role("option")).to_have_count(1)
    office.wait_for_timeout(700)
    expect(palette(office).get_by_role("option")).to_have_count(1)


def test_a_learner_finds_their_own(page, cast, sign_in):
    give(cast.max, cast.emt, 200)
    sign_in(page, cast.max.email)
    page.keyboard.press("s")
    expect(palette(page)).to_be_visible()
    page.keyboard.type("emt")
    page.keyboard.press("Enter")  # before the answer is there
    expect(page).to_have_url(re.compile(r"/portfolio/certifications/\d+$"))


def test_without_javascript_the_button_is_a_link_to_the_same_results(phone_without_javascript, cast, sign_in):
    page = sign_in(phone_without_javascript, cast.ada.email)
    page.get_by_role("link", name="Search or jump to").click()
    page.get_by_label("What are you looking for?").fill("miller")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Miller, Max").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Max Miller")


# Single letters


def test_letters_go_to_pages_and_along_rows(office):
    office.keyboard.press("j")
    expect(office.locator("main tbody a:focus")).to_have_text("Lindgren, Ada")
    office.keyboard.press("j")
    expect(office.locator("main tbody a:focus")).to_have_text("Miller, Max")
    office.keyboard.press("k")
    expect(office.locator("main tbody a:focus")).to_have_text("Lindgren, Ada")
    office.keyboard.press("o")
    expect(office.get_by_role("heading", level=1)).to_have_text("Ada Lindgren")
    office.keyboard.press("g")
    office.keyboard.press("m")
    expect(office.get_by_role("heading", level=1)).to_have_text("User Management")
    office.keyboard.press("n")
    expect(office).to_have_url(re.compile(r"/admin/members/new$"))


def test_letters_in_a_field_or_with_a_modifier_are_left_alone(office):
    office.get_by_role("main").get_by_label("Search").fill("")
    office.keyboard.type("s?jn")
    expect(office.get_by_role("main").get_by_label("Search")).to_have_value("s?jn")
    office.locator("main").focus()
    for keys in ("Control+k", "/", "'", "Alt+s", "Control+j"):
        taken = "addEventListener('keydown', (event) => { window.taken = event.defaultPrevented; }, { once: true })"
        office.evaluate(taken)
        office.keyboard.press(keys)
        assert office.evaluate("window.taken") is False, keys
    expect(office.locator("dialog[open]")).to_have_count(0)


def test_single_letters_can_be_switched_off_for_good(office):
    office.keyboard.press("?")
    shortcuts = office.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts.get_by_text("User Management")).to_be_visible()
    axe_finds_nothing(office)
    shortcuts.get_by_label("Single letters work").uncheck()
    office.keyboard.press("Escape")
    for _ in range(2):
        office.keyboard.press("s")
        office.keyboard.press("?")
        office.wait_for_timeout(300)
        expect(office.locator("dialog[open]")).to_have_count(0)
        office.reload()
    office.get_by_role("link", name="Search or jump to").click()
    expect(palette(office)).to_be_visible()


# Dialogs and messages


def test_a_question_keeps_the_focus_and_gives_it_back(office, cast):
    give(cast.max, cast.emt, 200, files={"front.png": b"x"})
    office.goto(f"/admin/members/{cast.max.id}")
    button = office.get_by_role("button", name="Delete file front.png")
    button.focus()
    office.keyboard.press("Enter")
    dialog = office.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Ok")).to_be_focused()
    for _ in range(5):
        office.keyboard.press("Tab")
        assert office.evaluate("!document.hasFocus() || document.activeElement.closest('dialog, body') !== null")
        assert not office.evaluate("Boolean(document.activeElement.closest('.shell'))")
    dialog.get_by_role("button", name="Cancel").click()
    expect(button).to_be_focused()


def test_a_message_stays_until_it_is_closed(office, cast):
    office.goto(f"/admin/members/{cast.mia.id}")
    office.get_by_role("button", name="Deactivate").click()
    office.get_by_role("dialog").get_by_role("button", name="Ok").click()
    message = office.get_by_role("status").first
    expect(message).to_contain_text("is deactivated")
    expect(message.get_by_role("button", name="Undo")).to_be_visible()
    office.mouse.wheel(0, 2000)
    expect(message).to_be_in_viewport()
    message.get_by_role("button", name="Close this message").click()
    expect(office.get_by_text("is deactivated")).to_have_count(0)
    expect(office.get_by_role("main")).to_be_focused()


# Errors


def test_an_error_page_leads_on(office, problems):
    office.goto("/admin/members/999999")
    expect(office.get_by_role("heading", level=1)).to_have_text("Not found")
    axe_finds_nothing(office)
    office.get_by_role("main").get_by_role("link", name="Search or jump to").click()
    expect(palette(office)).to_be_visible()


def test_a_visitor_s_error_page_offers_to_sign_in(phone):
    phone.goto("/nowhere")
    axe_finds_nothing(phone)
    assert not scrolls_sideways(phone)
    phone.get_by_role("link", name="Sign in").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Sign in")
