"""Requirements in a real browser: the matrix by keyboard, coverage, and a learner's page, small and large."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import violations
from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import SCHEMES, TWO_SCREENS, WITH_JAVASCRIPT
from tests.clearances import exempt, require
from tests.holdings import give, today


@pytest.fixture
def rules(cast):
    """Every outcome: met for long and for ten days, missing, exempt, not required."""
    life = require("Life support", cast.emt, position=1)
    require("Yard work in the harbour with heavy machines", cast.forklift, units=[cast.south], position=2)
    give(cast.max, cast.emt, 10)
    give(cast.mia, cast.emt, 400)
    exempt(cast.una, life, cast.ada)


def _matrix(page, sign_in, cast):
    sign_in(page, cast.ada.email)
    open_menu(page)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Requirements").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Requirements")
    return page.get_by_role("table")


def test_gaps_of_any_date_are_found_and_lead_to_the_record(cast, rules, page, sign_in):
    table = _matrix(page, sign_in, cast)
    expect(table.get_by_role("row", name="Miller, Max")).to_contain_text("Cleared")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("As of", exact=True).fill((today() + timedelta(days=11)).isoformat())
    page.get_by_label("Show", exact=True).select_option(label="Not cleared")
    page.get_by_role("button", name="Apply").click()
    expect(table.get_by_role("row", name="Miller, Max")).to_contain_text("Not cleared")
    table.get_by_role("link", name=re.compile("Miller, Max, Life support: Missing")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Requirements of Max Miller")
    expect(page.get_by_role("article", name="Life support")).to_contain_text("Missing")
    assert violations(page) == []


def test_arrow_keys_move_between_cells_and_tab_leaves_the_table(cast, rules, page, sign_in):
    table = _matrix(page, sign_in, cast)
    first = table.get_by_role("link", name="Núñez, Nora", exact=True)
    first.focus()
    page.keyboard.press("ArrowDown")
    expect(table.get_by_role("link", name="Miller, Max", exact=True)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(table.get_by_role("link", name=re.compile("Miller, Max, Life support: Met"))).to_be_focused()
    page.keyboard.press("End")
    expect(table.get_by_role("link", name=re.compile("Miller, Max, Yard work"))).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('[data-cell]')") is None


def test_everybody_is_exported(cast, rules, page, sign_in):
    _matrix(page, sign_in, cast)
    page.get_by_text("Export", exact=True).click()
    for kind in ("CSV", "XLSX"):
        with page.expect_download() as download:
            page.get_by_role("link", name=kind).click()
        assert download.value.suggested_filename == f"Requirements {today().isoformat()}.{kind.lower()}"
        assert Path(download.value.path()).stat().st_size > 100


@pytest.mark.parametrize("screen", TWO_SCREENS)
def test_coverage_shows_what_renewals_change(cast, rules, sign_in, request, screen):
    page = sign_in(request.getfixturevalue(screen), cast.ada.email)
    page.goto("/admin/requirements/coverage/")
    page.get_by_label("Count").select_option(label="Life support")
    page.get_by_role("button", name="Show", exact=True).click()
    ahead = page.get_by_role("table", name="In the days to come")
    expect(ahead.get_by_role("row", name="in 30 days")).to_contain_text(re.compile(r"1\s*$"))
    page.get_by_label(re.compile("Miller, Max")).check()
    page.get_by_role("button", name="Show with those renewed").click()
    expect(ahead.get_by_role("row", name="in 30 days")).to_contain_text(re.compile(r"1\s*2\s*$"))
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("screen", ["page", "phone"])
def test_a_learner_sees_what_is_required_and_what_lapses_next(cast, rules, sign_in, request, screen):
    page = sign_in(request.getfixturevalue(screen), cast.max.email)
    block = page.get_by_role("region", name="Requirements")
    expect(block).to_contain_text("Cleared")
    block.get_by_role("link", name="All requirements").click()
    expect(page.get_by_role("main")).to_contain_text("Lapses next: Life support")
    page.get_by_role("link", name="EMT-Basic").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("EMT-Basic")
    page.go_back()
    assert violations(page) == []
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("screen", WITH_JAVASCRIPT)
def test_the_matrix_and_coverage_are_accessible(cast, rules, sign_in, request, screen, scheme):
    page = request.getfixturevalue(screen)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way to another
    _matrix(page, sign_in, cast)
    assert violations(page) == []
    assert not scrolls_sideways(page)
    page.goto(f"/admin/requirements/coverage/?renew={cast.max.id}")
    assert violations(page) == []
    assert not scrolls_sideways(page)
