"""An administrator merges somebody who stands in the records twice, and takes it back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from records import clock
from records.database import transaction
from records.models import Member
from tests.browser.accessibility import violations
from tests.browser.conftest import scrolls_sideways
from tests.browser.screens import EVERY_SCREEN
from tests.holdings import give

# WCAG 2.2, A and AA.


@pytest.fixture
def twin(cast):
    """Max once more: with the same card, and another certification."""
    with transaction() as session:
        made = Member(given_name="Maximilian", family_name="Miller", number="01004", created_at=clock.now(),
                      email="a.rather.long.address.of.maximilian.miller@mail.lakeside.example")  # fmt: skip
        session.add(made)
    for member in (cast.max, made):
        give(member, cast.emt, 300, number="E-17")
    give(made, cast.forklift, 400)
    return made


@pytest.fixture(params=EVERY_SCREEN)
def ada(request, cast, twin, sign_in):
    """Ada, before the profile of Max."""
    page = sign_in(request.getfixturevalue(request.param), cast.ada.email)
    page.goto(f"/admin/members/{cast.max.id}")
    return page


def _check(page):
    assert not scrolls_sideways(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert violations(page) == []


def _press(page, name, *, asks):
    page.get_by_role("button", name=name, exact=True).click()
    if asks and page.get_by_role("dialog").count():
        page.get_by_role("dialog").get_by_role("button", name="Ok").click()


def test_found_compared_merged_and_undone(cast, twin, ada, request):
    scripts = "without_javascript" not in request.node.callspec.params["ada"]
    ada.locator("summary", has_text="More").click()
    ada.get_by_role("link", name="Merge with another member…").click()
    expect(ada.get_by_role("link", name="Miller, Maximilian")).to_be_visible()
    if scripts:
        _check(ada)
    ada.get_by_role("link", name="Miller, Maximilian").click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Merge Maximilian Miller into Max Miller")
    if scripts:
        _check(ada)
    expect(ada.get_by_role("radio", name="Name: Max Miller")).to_be_checked()
    ada.get_by_role("radio", name="Name: Maximilian Miller").check()
    expect(ada.get_by_text("Both have these")).to_be_visible()
    _press(ada, "Merge", asks=scripts)
    expect(ada).to_have_url(re.compile(rf"/admin/members/{cast.max.id}$"))
    expect(ada.get_by_role("heading", level=1)).to_have_text("Maximilian Miller")
    expect(ada.get_by_text("What went over: 1 certification.")).to_be_visible()
    assert not scrolls_sideways(ada)
    ada.get_by_role("link", name="Open Maximilian Miller").click()
    expect(ada.get_by_text("Merged into Maximilian Miller on")).to_be_visible()
    if scripts:
        _check(ada)
    _press(ada, "Undo the merge", asks=scripts)
    expect(ada).to_have_url(re.compile(rf"/admin/members/{cast.max.id}$"))
    expect(ada.get_by_text("Max Miller and Maximilian Miller are two members again.")).to_be_visible()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Max Miller")
    ada.goto("/admin/merges/")
    expect(ada.get_by_role("table")).to_contain_text("Undone")
    if scripts:
        _check(ada)
