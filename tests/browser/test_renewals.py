"""Renewals in a real browser: a crew renewed at once and undone, and a renewal proposed, accepted, declined."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from records.services import renewal_proposals
from tests import samples
from tests.browser.accessibility import violations
from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import EVERY_SCREEN, SCHEMES, WITH_JAVASCRIPT
from tests.holdings import give, today
from tests.renewals import allow_proposals, batch, in_days, proposed

# WCAG 2.2, A and AA.
SHEET = {"name": "sheet.jpg", "mimeType": "image/jpeg", "buffer": samples.picture(colour="teal")}


def _accessible(page):
    assert violations(page) == []
    assert not scrolls_sideways(page)


@pytest.mark.parametrize("screen", EVERY_SCREEN)
def test_a_crew_is_renewed_at_once_and_undone_as_one(request, cast, sign_in, screen):
    give(cast.max, cast.emt, 20, number="N-1")
    page = sign_in(request.getfixturevalue(screen), cast.ada.email)
    page.get_by_role("link", name="Renew for many members").click()
    page.get_by_label("Certification", exact=True).select_option(label="EMT-Basic")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Choose Max Miller").check()
    page.get_by_role("searchbox", name="Search").fill("söder")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("1 member chosen")).to_be_visible()
    page.get_by_label("Choose Mia Söderström").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Issued")).to_have_value(today().isoformat())
    page.get_by_label("Files", exact=True).set_input_files([SHEET])
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="2 certifications will be recorded")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Miller, Max"))).to_contain_text("Renewal")
    expect(page.get_by_role("row", name=re.compile("Söderström"))).to_contain_text("New")
    page.get_by_label("Certification Num of Max Miller").fill("N-2")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("2 certifications are recorded.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Miller, Max"))).to_contain_text("N-2")
    assert not scrolls_sideways(page)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Undone: everything is as it was before.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Miller, Max"))).to_contain_text("Deleted")


@pytest.mark.parametrize("screen", EVERY_SCREEN)
def test_a_member_proposes_and_a_coordinator_accepts(request, cast, sign_in, open_page, screen):
    allow_proposals(cast.emt)
    give(cast.max, cast.emt, 20, number="N-1")
    page = sign_in(request.getfixturevalue(screen), cast.max.email)
    open_menu(page)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Certifications").click()
    page.get_by_role("link", name="EMT-Basic").click()
    page.get_by_role("link", name="Propose a renewal").click()
    page.get_by_label("Expires").fill(in_days(730).isoformat())
    page.get_by_label("Upload").set_input_files([SHEET])
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("heading", name="Renewal proposed")).to_be_visible()
    assert not scrolls_sideways(page)
    staff = sign_in(open_page(), cast.nora.email)
    staff.get_by_role("link", name=re.compile("Proposed renewals")).click()
    staff.get_by_role("link", name="EMT-Basic of Max Miller", exact=True).click()
    expect(staff.get_by_role("img", name="File sheet.jpg")).to_be_visible()
    staff.get_by_label("Certification Num").fill("N-2")
    staff.get_by_role("button", name="Accept").click()
    expect(staff.get_by_text("The renewal of “EMT-Basic” of Max Miller is recorded.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Renewal accepted")).to_be_visible()
    page.get_by_role("link", name=re.compile("Go to its renewal")).click()
    expect(page.get_by_text("N-2")).to_be_visible()
    expect(page.get_by_role("link", name="Download sheet.jpg")).to_be_visible()


@pytest.mark.parametrize("screen", WITH_JAVASCRIPT)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_back_offices_pages_are_accessible(request, cast, sign_in, screen, scheme):
    allow_proposals(cast.emt)
    proposal = proposed(cast, give(cast.max, cast.emt, 20))
    made = batch(cast, cast.forklift, cast.max, cast.mia)
    page = sign_in(request.getfixturevalue(screen), cast.ada.email)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way to another
    for address in ("/admin/renewals/", f"/admin/renewals/{made.id}", "/admin/renewals/proposed/",
                    f"/admin/renewals/proposed/{proposal.id}", f"/admin/certification-types/{cast.emt.id}",
                    "/admin/renewals/new"):  # fmt: skip
        page.goto(address)
        _accessible(page)
    page.get_by_label("Certification", exact=True).select_option(label="EMT-Basic")
    for button in ("Continue", "Tick all", "Continue", "Continue"):
        page.get_by_role("button", name=button).first.click()
        _accessible(page)
    expect(page.get_by_role("button", name="Submit")).to_be_visible()


@pytest.mark.parametrize("screen", WITH_JAVASCRIPT)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_members_pages_are_accessible(request, cast, sign_in, screen, scheme):
    allow_proposals(cast.emt, cast.forklift)
    waiting, declined = give(cast.max, cast.emt, 20), give(cast.max, cast.forklift, -20)
    proposed(cast, waiting)
    refused = proposed(cast, declined)
    renewal_proposals.decline(refused, reason="The photo is blurred.", version=1, by=cast.actor(cast.ada))
    page = sign_in(request.getfixturevalue(screen), cast.max.email)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for certification_id in (waiting, declined):
        page.goto(f"/portfolio/certifications/{certification_id}")
        _accessible(page)
    page.get_by_role("link", name="Propose a renewal").click()
    _accessible(page)
