"""Reports in a real browser: from the menu to a figure, to the list behind it, to a file, to paper, to a saved view."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import expect

from tests import certificates
from tests.browser.accessibility import violations
from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import PAPERS, SCHEMES, TWO_SCREENS, WITH_JAVASCRIPT
from tests.certificates import approved
from tests.holdings import give, today

# WCAG 2.2, A and AA.


@pytest.fixture
def world(cast):
    """Each of three holds one that expires soon; Max let another expire, and was awarded credits."""
    for number, member in enumerate((cast.max, cast.mia, cast.una)):
        give(member, cast.emt, 20 + 30 * number, number=f"E-2024-{number}")
    give(cast.max, cast.forklift, -20, number="F-1")
    approved(cast, certificates.credit_type(), earned_on=today(), credits=Decimal("2.5"))


@pytest.fixture
def ada(request, cast, world, sign_in):
    """Ada on the list of reports, the way that the menu leads."""
    page = sign_in(request.getfixturevalue(request.param), cast.ada.email)
    page.goto("/admin/")
    open_menu(page)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Reports").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports")
    return page


@pytest.mark.parametrize("ada", TWO_SCREENS, indirect=True)
def test_a_figure_leads_to_its_list_and_the_list_to_the_record(ada):
    ada.get_by_role("link", name="Standing by unit and type").click()
    ada.get_by_label("A line for each").select_option(label="Unit")
    ada.get_by_role("button", name="Show").click()
    north = ada.get_by_role("row", name="Station North")
    expect(north.get_by_role("cell").nth(5)).to_have_text("1")  # expired
    assert not scrolls_sideways(ada)
    north.get_by_role("cell").nth(5).get_by_role("link").click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Standing by member")
    expect(ada.get_by_label("Standing", exact=True)).to_have_value("expired")
    row = ada.get_by_role("row", name="Miller, Max")
    expect(row).to_contain_text("F-1")
    expect(row).to_contain_text("Expired")
    row.get_by_role("link", name="Forklift licence").click()
    expect(ada.get_by_label("Certification Num")).to_have_value("F-1")


@pytest.mark.parametrize("ada", TWO_SCREENS, indirect=True)
def test_filters_are_kept_as_a_view_that_is_deleted_and_comes_back(ada):
    ada.get_by_role("link", name="Expiring").click()
    rows = ada.locator("tbody").get_by_role("row")
    expect(rows).to_have_count(3)
    ada.get_by_label("Time").select_option(label="Next 30 days")
    expect(ada.get_by_label("From")).to_be_hidden()
    ada.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)
    ada.get_by_text("Views", exact=True).click()
    ada.get_by_role("button", name="Save", exact=True).click()
    expect(ada.get_by_role("alert")).to_contain_text("Enter a name.")
    ada.get_by_label("Name").fill("Soon")
    ada.get_by_label("Shared with all staff").check()
    ada.get_by_role("button", name="Save", exact=True).click()
    expect(ada.get_by_role("status").first).to_contain_text("“Soon” was saved.")
    expect(rows).to_have_count(1)
    ada.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Reports").click()
    ada.get_by_role("button", name="Delete “Soon”").click()
    expect(ada.get_by_text("None yet.")).to_be_visible()
    ada.get_by_role("button", name="Undo").click()
    row = ada.get_by_role("row", name="Soon")
    expect(row).to_contain_text("Shared")
    assert not scrolls_sideways(ada)
    row.get_by_role("link", name="Soon").click()
    expect(rows).to_have_count(1)


@pytest.mark.parametrize("ada", ["page"], indirect=True)
def test_own_dates_appear_when_they_are_chosen(ada):
    ada.goto("/admin/reports/expiring")
    ada.get_by_label("Time").select_option(label="Own dates")
    expect(ada.get_by_label("From")).to_be_visible()
    ada.get_by_label("From").fill("2020-01-01")
    ada.get_by_label("To", exact=True).fill(today().isoformat())
    ada.get_by_role("button", name="Show").click()
    expect(ada.locator("tbody").get_by_role("row")).to_have_count(1)
    expect(ada.get_by_role("row", name="Forklift licence")).to_be_visible()


@pytest.mark.parametrize("ada", TWO_SCREENS, indirect=True)
@pytest.mark.parametrize("kind", ["CSV", "XLSX"])
def test_a_report_is_taken_as_a_file(ada, kind):
    ada.get_by_role("link", name="Credits by unit and period").click()
    with ada.expect_download() as download:
        ada.get_by_role("link", name=kind).click()
    assert download.value.suggested_filename == f"Credits by unit and period {today().isoformat()}.{kind.lower()}"
    assert Path(download.value.path()).stat().st_size > 50


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("ada", ["page"], indirect=True)
def test_paper_says_what_it_is_and_repeats_its_head_on_each_page(cast, ada, paper):
    for number in range(60):
        give((cast.nora, cast.carl)[number % 2], cast.emt, 25, number=f"N-{number}")
    ada.goto("/admin/reports/expiring?period=next_60")
    ada.get_by_role("link", name="Print").click()
    expect(ada.get_by_role("button", name="Print")).to_be_visible()
    with pypdfium2.PdfDocument(ada.pdf(format=paper)) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    assert len(texts) > 1
    for words in ("Lakeside Fire & Rescue", "Next 60 days", "As of", "Ada Lindgren"):
        assert words in texts[0]
    for text in texts:
        for column in ("Certification", "Num", "Standing"):
            assert column in text
        assert "Back office" not in text
    assert sum(text.count("N-") for text in texts) == 60


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ada", WITH_JAVASCRIPT, indirect=True)
def test_the_pages_are_accessible(ada, scheme):
    ada.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way to another
    for address in ("", "expiring", "standing?group=unit", "credits", "activity", "expiring/print"):
        ada.goto(f"/admin/reports/{address}")
        assert violations(ada) == []
        assert not scrolls_sideways(ada)
    ada.goto("/admin/reports/expiring")
    ada.get_by_text("Views", exact=True).click()
    ada.get_by_label("Name").fill("Soon")
    ada.get_by_role("button", name="Save", exact=True).click()
    expect(ada.get_by_role("status").first).to_contain_text("“Soon” was saved.")
    assert violations(ada) == []
    ada.goto("/admin/reports/")
    ada.get_by_text("Change", exact=True).click()
    assert violations(ada) == []
    assert not scrolls_sideways(ada)
