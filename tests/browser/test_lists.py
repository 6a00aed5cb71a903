"""Lists in a real browser: the line of tools, chips, saved views and ticked rows, with a script and without one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from records.database import db
from records.models import Member
from records.services import audit
from tests.browser.accessibility import violations
from tests.browser.conftest import scrolls_sideways
from tests.browser.screens import SCHEMES, TWO_SCREENS, WITH_JAVASCRIPT
from tests.certificates import credit_type, submitted
from tests.requirements import position

# WCAG 2.2, A and AA.
LIST = "/admin/members/"


@pytest.fixture
def ada(request, cast, sign_in):
    """Ada on the list of members."""
    page = sign_in(request.getfixturevalue(request.param), cast.ada.email)
    page.goto(LIST)
    return page


def _rows(page):
    return page.locator("tbody").get_by_role("row")


def _member(member):
    db.session.rollback()
    return db.session.get(Member, member.id, populate_existing=True)


@pytest.mark.parametrize("ada", TWO_SCREENS, indirect=True)
def test_filters_are_applied_shown_and_taken_away_one_by_one(ada):
    ada.get_by_text("Filters", exact=True).click()
    ada.get_by_label("Unit", exact=True).first.select_option(label="Station North")
    ada.get_by_label("Role").select_option(label="Member")
    expect(_rows(ada)).to_have_count(6)  # nothing happens before it is asked for
    ada.get_by_role("button", name="Apply").click()
    expect(_rows(ada)).to_have_count(1)
    assert not scrolls_sideways(ada)
    chips = ada.get_by_role("list", name="Filters in force")
    chips.get_by_role("link", name="Unit: Station North").click()
    expect(_rows(ada)).to_have_count(3)
    expect(chips.get_by_role("link", name="Role: Member")).to_be_visible()
    chips.get_by_role("link", name="Clear all").click()
    expect(_rows(ada)).to_have_count(6)


@pytest.mark.parametrize("ada", TWO_SCREENS, indirect=True)
def test_a_view_is_kept_and_opened_again(ada):
    ada.goto(f"{LIST}?role=member")
    ada.get_by_text("Views", exact=True).click()
    ada.get_by_label("Name", exact=True).fill("Members only")
    ada.get_by_role("button", name="Save", exact=True).click()
    expect(ada.get_by_role("status").first).to_contain_text("“Members only” was saved.")
    ada.goto(LIST)
    ada.get_by_text("Views", exact=True).click()
    ada.get_by_role("navigation", name="Saved views").get_by_role("link", name="Members only").click()
    expect(ada.get_by_role("link", name="Role: Member")).to_be_visible()
    ada.get_by_text("Members only", exact=True).first.click()
    ada.get_by_role("link", name="Rename, share or delete views").click()
    ada.get_by_role("button", name="Delete “Members only”").click()
    expect(ada.get_by_role("heading", name="None yet.")).to_be_visible()


@pytest.mark.parametrize("ada", TWO_SCREENS, indirect=True)
@pytest.mark.parametrize("kind", ["CSV", "XLSX"])
def test_the_list_is_taken_as_a_file(ada, kind):
    ada.get_by_text("Export", exact=True).first.click()
    with ada.expect_download() as download:
        ada.get_by_role("link", name=f"{kind} of this list").click()
    assert download.value.suggested_filename.endswith(f".{kind.lower()}")


@pytest.mark.parametrize("ada", TWO_SCREENS, indirect=True)
def test_ticked_members_get_a_unit(cast, ada):
    for name in ("Una Unassigned", "Mia Söderström"):
        ada.get_by_role("checkbox", name=f"Tick {name}").check()
    bar = ada.get_by_role("form", name="With those that are ticked")
    bar.locator("#several-unit").click()
    bar.get_by_label("Unit", exact=True).select_option(label="\u2003Engine 1")
    bar.get_by_role("button", name="Assign this unit").click()
    expect(ada.get_by_role("status").first).to_contain_text("The unit of 2 members is set.")
    assert {_member(each).unit_id for each in (cast.una, cast.mia)} == {cast.engine.id}


@pytest.mark.parametrize("ada", ["page"], indirect=True)
def test_a_file_of_those_who_are_ticked_leaves_the_bar_in_use(ada):
    ada.get_by_role("checkbox", name="Tick Mia Söderström").check()
    bar = ada.locator("#several")
    bar.locator("#several-export").click()
    for kind in ("CSV", "XLSX"):
        with ada.expect_download() as download:
            bar.get_by_role("button", name=f"{kind} of those that are ticked").click()
        assert download.value.suggested_filename.endswith(f".{kind.lower()}")


@pytest.mark.parametrize("ada", ["page"], indirect=True)
def test_the_bar_counts_and_the_head_knows_three_states(cast, ada):
    bar = ada.locator("#several")
    every = ada.get_by_role("checkbox", name="Tick all on this page")
    expect(bar).to_be_hidden()
    ada.get_by_role("checkbox", name="Tick Max Miller").check()
    expect(bar).to_contain_text("1 selected")
    expect(every).to_have_js_property("indeterminate", value=True)
    ada.get_by_role("checkbox", name="Tick Mia Söderström").click(modifiers=["Shift"])
    expect(bar).to_contain_text("4 selected")
    every.check()
    expect(bar).to_contain_text("6 selected")
    bar.get_by_role("button", name="Untick all").click()
    expect(bar).to_be_hidden()
    assert ada.evaluate("document.activeElement.matches('[data-tick]')")


@pytest.mark.parametrize("ada", ["page"], indirect=True)
def test_deactivating_asks_and_can_be_undone(cast, ada):
    ada.get_by_role("checkbox", name="Tick Max Miller").check()
    ada.locator("#several").get_by_role("button", name="Deactivate").click()
    ada.get_by_role("button", name="Cancel").click()
    assert _member(cast.max).is_active
    ada.locator("#several").get_by_role("button", name="Deactivate").click()
    ada.get_by_role("button", name="Ok").click()
    expect(ada.get_by_role("status").first).to_contain_text("1 member is deactivated")
    assert not _member(cast.max).is_active
    ada.get_by_role("button", name="Undo").click()
    expect(ada.get_by_role("status").first).to_contain_text("1 member is active again.")


@pytest.mark.parametrize("ada", TWO_SCREENS, indirect=True)
@pytest.mark.parametrize("address", [LIST, "/admin/certification-types/", "/admin/approvals/"])
def test_enter_on_a_tick_box_sends_nothing(cast, ada, address):
    audit.opened(submitted(cast, credit_type()), by=cast.actor(cast.ada))
    ada.goto(address)
    sent = []
    ada.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    box = ada.locator("input[data-tick]").first
    box.check()
    box.press("Enter")
    ada.wait_for_timeout(300)
    assert sent == []
    expect(ada.get_by_role("dialog")).to_be_hidden()
    with ada.expect_request(lambda request: request.method == "POST"):  # and its buttons go on working
        ada.locator("#several button:visible").first.click()
        if ada.get_by_role("button", name="Ok").is_visible():
            ada.get_by_role("button", name="Ok").click()


@pytest.mark.parametrize("ada", ["page"], indirect=True)
def test_escape_closes_a_panel_and_returns_to_its_button(ada):
    button = ada.locator("#filters-button")
    button.press("Enter")
    ada.get_by_label("Role").focus()
    ada.keyboard.press("Escape")
    expect(ada.get_by_label("Role")).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.parametrize("ada", ["page"], indirect=True)
def test_the_head_stays_in_sight_and_covers_no_focused_row(ada):
    ada.set_viewport_size({"width": 1280, "height": 420})
    ada.locator("tbody a").last.focus()
    ada.evaluate("scrollTo(0, document.body.scrollHeight)")
    head = ada.get_by_role("columnheader", name="Name").bounding_box()
    assert head["y"] >= 0
    ada.locator("tbody th a").first.focus()
    first = ada.locator("tbody th a").first.bounding_box()
    head = ada.get_by_role("columnheader", name="Name").bounding_box()
    assert first["y"] >= head["y"] + head["height"]


@pytest.mark.parametrize("ada", ["page"], indirect=True)
def test_a_rows_actions_lead_on(cast, ada):
    ada.get_by_role("row", name="Miller, Max").locator("summary").click()
    ada.get_by_role("button", name="Log in as").click()
    expect(ada.get_by_role("heading", level=1)).to_contain_text("Max Miller")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ada", WITH_JAVASCRIPT, indirect=True)
def test_the_pages_are_accessible(cast, ada, scheme):
    position(cast, "Driver", cast.max)
    ada.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for address in ("members/?role=member", "audit-trail/?kind=position.created", "certification-types/", "units/",
                    "positions/", "views/"):  # fmt: skip
        ada.goto(f"/admin/{address}")
        assert violations(ada) == []
        assert not scrolls_sideways(ada)
    ada.goto(LIST)
    for button in ("#filters-button", "#views-button", "#export-button"):
        ada.locator(button).click()
        assert violations(ada) == []
        assert not scrolls_sideways(ada)
    ada.keyboard.press("Escape")
    ada.get_by_role("checkbox", name="Tick Max Miller").check()
    ada.locator("#several-position").click()
    assert violations(ada) == []
    assert not scrolls_sideways(ada)
