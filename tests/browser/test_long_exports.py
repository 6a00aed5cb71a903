"""A long workbook in a real browser: prepared in the background, seen to become ready, downloaded."""

from __future__ import annotations

import zipfile

import pytest
from playwright.sync_api import expect

from records.services.export_writing import write_exports
from tests.browser.accessibility import violations
from tests.browser.conftest import scrolls_sideways
from tests.browser.screens import TWO_SCREENS

_LOOKS_AGAIN_WITHIN = 20_000


@pytest.mark.parametrize("screen", TWO_SCREENS)
def test_a_long_list_is_prepared_and_waits_for_its_asker(request, screen, cast, sign_in):
    page = sign_in(request.getfixturevalue(screen), cast.ada.email)
    page.goto("/admin/exports/of/members?role=member")
    page.get_by_role("button", name="Prepare the workbook").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Export of “User Management”")
    expect(page.get_by_role("status").filter(has_text="Waits")).to_be_visible()
    assert not scrolls_sideways(page)
    write_exports()
    expect(page.get_by_role("link", name="Download")).to_be_visible(timeout=_LOOKS_AGAIN_WITHIN)  # by itself
    if screen == "page":  # the checks are a script themselves
        assert violations(page) == []
    page.goto("/admin/reports/")
    page.get_by_role("link", name="Your exports").click()
    row = page.get_by_role("row", name="User Management")
    expect(row).to_contain_text("Ready")
    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.startswith("Members ")
    sheet = zipfile.ZipFile(download.value.path()).read("xl/worksheets/sheet1.xml").decode()
    assert "Miller, Max" in sheet
    assert "Lindgren, Ada" not in sheet
