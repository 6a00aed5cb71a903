"""Who must hold what, in a real browser: a position, a rule with a member that a search finds, an exemption."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import TWO_SCREENS
from tests.holdings import today
from tests.requirements import position


@pytest.fixture(params=TWO_SCREENS)
def administrator(request, cast, sign_in):
    return sign_in(request.getfixturevalue(request.param), cast.ada.email)


@pytest.fixture
def is_sound(request):
    """Nothing scrolls sideways; and, where scripts run, which axe needs, nobody is shut out."""
    runs_scripts = "without_javascript" not in request.node.name

    def is_sound(page):
        assert not scrolls_sideways(page)
        assert not runs_scripts or violations(page) == []

    return is_sound


def _through_the_menu(page, name):
    open_menu(page)
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_from_a_position_to_a_rule_to_an_exemption(administrator, cast, is_sound):
    page = administrator
    _through_the_menu(page, "Positions")
    page.get_by_label("Name").fill("Driver")
    page.get_by_role("button", name="Add position").click()
    expect(page.get_by_role("table", name="Positions")).to_contain_text("Driver")
    is_sound(page)

    page.goto(f"/admin/members/{cast.max.id}")
    page.get_by_role("group", name="Positions").get_by_label("Driver").check()
    page.get_by_role("button", name="Update", exact=True).click()
    expect(page.get_by_role("group", name="Positions").get_by_label("Driver")).to_be_checked()

    _through_the_menu(page, "Requirements")
    page.get_by_role("link", name="New requirement").first.click()
    page.get_by_label("Name").first.fill("Driving")
    page.get_by_role("group", name="Positions").get_by_label("Driver").check()
    find = page.get_by_role("searchbox", name="Find a member")
    find.fill("mia")
    find.press("Enter")
    page.get_by_role("group", name="Members by name").get_by_label("Söderström, Mia").check()
    page.get_by_role("group", name="Certification types").get_by_label("Forklift licence").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter the date from which it stands.")
    expect(page.get_by_label("Name").first).to_have_value("Driving")
    is_sound(page)
    page.get_by_label("From", exact=True).fill("2026-01-01")
    page.get_by_role("button", name="Save").click()
    said = "Everyone who serves as Driver, and besides Mia Söderström, must hold Forklift licence, from 1 Jan 2026."
    expect(page.get_by_role("main")).to_contain_text(said)
    is_sound(page)

    page.get_by_role("link", name="Driving", exact=True).click()
    page.get_by_role("link", name="New exemption").click()
    find = page.get_by_role("searchbox", name="Find a member")
    find.fill("miller")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("radio", name="Miller, Max").check()
    page.get_by_label("Reason").fill("On leave.")
    page.get_by_label("Ends").fill((today() + timedelta(days=30)).isoformat())
    is_sound(page)
    page.get_by_role("button", name="Exempt").click()
    expect(page.get_by_role("table", name="Current and coming exemptions")).to_contain_text("Miller, Max")
    is_sound(page)


@pytest.mark.parametrize("screen", ["page", "phone"])
def test_only_what_the_choice_asks_for_is_shown(request, sign_in, cast, is_sound, screen):
    position(cast, "Driver")
    page = sign_in(request.getfixturevalue(screen), cast.ada.email)
    page.emulate_media(reduced_motion="reduce", color_scheme="dark")
    page.goto("/admin/requirements/rules/new")
    expect(page.get_by_role("group", name="Positions")).to_be_visible()
    expect(page.get_by_label("At least")).to_be_hidden()
    page.get_by_label("How many").select_option(label="At least so many of them")
    expect(page.get_by_label("At least")).to_be_visible()
    page.get_by_label("Must").select_option(label="Earn credits in each period")
    expect(page.get_by_role("group", name="Certification types")).to_be_hidden()
    expect(page.get_by_label("Credits in each period")).to_be_visible()
    page.get_by_label("Who").select_option(label="Everyone")
    expect(page.get_by_role("group", name="Positions")).to_be_hidden()
    is_sound(page)
