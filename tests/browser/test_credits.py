"""Credits in a real browser: figures, goals, the chart, the entries behind them, exports, and a transcript verified."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import expect

from records.services import revocations
from tests import certificates
from tests.browser.accessibility import violations
from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import EVERY_SCREEN, SCHEMES, TWO_SCREENS, WITH_JAVASCRIPT, WITHOUT_JAVASCRIPT
from tests.certificates import approved
from tests.holdings import today

# WCAG 2.2, A and AA.


@pytest.fixture
def ledger(cast):
    """Two types, one with a goal; an award of today, one of two years ago, and one that was reversed."""
    ceu = certificates.credit_type("CEU", goal=Decimal(20))
    cpd = certificates.credit_type("CPD", unit="points", position=1)
    long_title = "Incident command for mutual aid operations at scenes of several agencies"
    approved(cast, ceu, earned_on=today(), credits=Decimal("2.5"), title="Ladder rescue")
    approved(cast, ceu, earned_on=today() - timedelta(days=800), credits=Decimal(4), title=long_title)
    gone = approved(cast, ceu, earned_on=today(), credits=Decimal(8), title="Not genuine")
    approved(cast, cpd, earned_on=today(), credits=Decimal("1234.56"), title="Leadership")
    revocations.revoke(gone, reason="Not genuine.", by=cast.actor(cast.ada))


@pytest.fixture(params=EVERY_SCREEN)
def learner(request, cast, ledger, sign_in):
    """Max on the Credits page, the way that the menu leads."""
    page = sign_in(request.getfixturevalue(request.param), cast.max.email)
    open_menu(page)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Credits").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Credits")
    return page


def test_totals_lead_to_the_entries_behind_them(learner):
    ceu = learner.get_by_role("region", name="CEU")
    expect(ceu).to_contain_text("2.5 of 20 hours, 17.5 to go")
    expect(ceu.get_by_role("progressbar")).to_have_attribute("value", "12")
    ceu.get_by_text("Show as table").click()
    expect(ceu.get_by_role("table", name="CEU by month, in hours").get_by_role("row")).to_have_count(13)
    ceu.get_by_role("link", name="All time").click()
    entries = learner.get_by_role("table", name="Entries")
    expect(learner.get_by_text("4 entries, together 6.5 hours")).to_be_visible()
    expect(entries).to_contain_text("Reversal")
    expect(entries).to_contain_text("-8 hours")
    expect(entries).not_to_contain_text("Leadership")
    assert not scrolls_sideways(learner)


@pytest.mark.parametrize("learner", WITH_JAVASCRIPT, indirect=True)
def test_a_choice_shows_its_entries_at_once(learner):
    learner.get_by_label("Credit type").select_option(label="CPD")
    expect(learner).to_have_url(re.compile(r"type=\d+"))
    expect(learner.get_by_text("1 entry, together 1,234.56 points")).to_be_visible()


@pytest.mark.parametrize("learner", WITHOUT_JAVASCRIPT, indirect=True)
def test_without_javascript_a_press_shows_them(learner):
    learner.get_by_label("Credit type").select_option(label="CPD")
    learner.get_by_role("button", name="Show").click()
    expect(learner.get_by_text("1 entry, together 1,234.56 points")).to_be_visible()


def test_an_entry_leads_to_its_certificate(learner):
    learner.get_by_role("table", name="Entries").get_by_role("link", name="Ladder rescue").click()
    expect(learner.get_by_role("heading", level=1)).to_have_text("Ladder rescue")


@pytest.mark.parametrize("learner", TWO_SCREENS, indirect=True)
@pytest.mark.parametrize("kind", ["CSV", "XLSX"])
def test_entries_are_exported(learner, kind):
    with learner.expect_download() as download:
        learner.get_by_role("link", name=kind).click()
    assert re.fullmatch(rf"Credits Max Miller [\d-]{{10}}\.{kind.lower()}", download.value.suggested_filename)
    assert Path(download.value.path()).stat().st_size > 100


@pytest.mark.parametrize("learner", TWO_SCREENS, indirect=True)
def test_a_transcript_is_made_and_anybody_verifies_it(learner, open_page):
    with learner.expect_download() as download:
        learner.get_by_role("button", name="Make a transcript").click()
    with pypdfium2.PdfDocument(Path(download.value.path())) as document:
        code = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){4}", document[0].get_textpage().get_text_range())[0]
    visitor = open_page()
    visitor.goto("/verify")
    visitor.get_by_label("Code").fill(code.lower())
    visitor.get_by_role("button", name="Verify").click()
    expect(visitor.get_by_role("status")).to_contain_text("everything on it still stands")
    expect(visitor.get_by_role("main")).to_contain_text("6.5 hours CEU")
    assert violations(visitor) == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("learner", WITH_JAVASCRIPT, indirect=True)
def test_the_page_is_accessible(learner, scheme):
    learner.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way to another
    assert violations(learner) == []
    assert not scrolls_sideways(learner)


def test_administrators_set_up_credit_types_and_reviewers(cast, page, sign_in):
    sign_in(page, cast.ada.email)
    page.get_by_role("link", name="Credit Types").click()
    page.get_by_role("link", name="New credit type").click()
    expect(page.get_by_label("First day")).to_be_hidden()
    page.get_by_label("Name").fill("CPD hours")
    page.get_by_label("Unit").fill("hours")
    page.get_by_label("Period", exact=True).select_option(label="Own dates")
    page.get_by_label("First day").fill("2025-09-01")
    page.get_by_label("Last day").fill("2026-08-31")
    page.get_by_label("Goal per period").fill("40.5")
    assert violations(page) == []
    page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="CPD hours")
    expect(row).to_contain_text("from 1 Sep 2025 to 31 Aug 2026")
    expect(row).to_contain_text("40.5")
    assert violations(page) == []
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Nora Núñez").check()
    page.get_by_role("button", name="Save reviewers").click()
    expect(page.get_by_label("Nora Núñez")).to_be_checked()
    expect(page.get_by_label("Carl Okafor")).not_to_be_checked()
    assert violations(page) == []
