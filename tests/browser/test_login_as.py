"""An administrator logs in as a member in a browser: confirms, sees what the member sees, and comes back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import EVERY_SCREEN
from tests.cast import PASSWORD
from tests.holdings import give

BANNER = "Ada Lindgren, you are logged in as Max Miller, until"


@pytest.fixture(params=EVERY_SCREEN)
def ada(request, cast, sign_in):
    """Ada, before the profile of Max, who holds EMT-Basic."""
    give(cast.max, cast.emt, 400, number="E-17")
    page = sign_in(request.getfixturevalue(request.param), cast.ada.email)
    page.goto(f"/admin/members/{cast.max.id}")
    return page


def _confirm(page, password):
    page.get_by_label("Your own password").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Log in as Max Miller").click()


def _banner(page):
    return page.get_by_role("region", name="Logged in as somebody else")


def test_in_and_back_again(cast, ada):
    ada.get_by_role("button", name="Log in as", exact=True).click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("Log in as Max Miller")
    assert not scrolls_sideways(ada)
    _confirm(ada, "not the right one")
    expect(ada.get_by_text("This is not your current password.")).to_be_visible()
    _confirm(ada, PASSWORD)
    expect(ada).to_have_url(re.compile(r"/portfolio/$"))
    expect(ada.get_by_role("heading", level=1)).to_have_text("Max Miller")
    expect(_banner(ada)).to_contain_text(BANNER)
    assert not scrolls_sideways(ada)

    ada.goto("/portfolio/certifications")
    expect(ada.get_by_role("article")).to_contain_text("E-17")
    ada.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(_banner(ada)).to_be_in_viewport()
    open_menu(ada)
    expect(ada.get_by_role("link", name="Back office")).to_have_count(0)
    assert ada.goto("/admin/").status == 403
    expect(_banner(ada)).to_contain_text(BANNER)

    with ada.expect_navigation():
        ada.get_by_role("button", name="Return to Ada Lindgren").click()
    expect(ada).to_have_url(re.compile(rf"/admin/members/{cast.max.id}$"))
    expect(ada.get_by_text("You are no longer logged in as Max Miller.")).to_be_visible()
    expect(_banner(ada)).to_have_count(0)
    assert ada.goto("/account").status == 200


def test_the_member_reads_of_it(cast, ada, open_page, sign_in):
    ada.get_by_role("button", name="Log in as", exact=True).click()
    _confirm(ada, PASSWORD)
    with ada.expect_navigation():
        ada.get_by_role("button", name="Return to Ada Lindgren").click()
    theirs = sign_in(open_page(viewport=ada.viewport_size), cast.max.email)
    open_menu(theirs)
    theirs.get_by_role("link", name="Messages").click()
    expect(theirs.get_by_role("region", name="Who was logged in as you")).to_contain_text(
        "Ada Lindgren was logged in as you"
    )
    assert not scrolls_sideways(theirs)


def test_long_names_leave_the_way_back_in_sight(cast, phone, sign_in):
    from records.database import locked, transaction
    from records.models import Member

    with transaction():
        for member in (cast.ada, cast.max):
            locked(Member, member.id).family_name = "Wolfeschlegelsteinhausenbergerdorff " * 3
    sign_in(phone, cast.ada.email)
    phone.goto(f"/admin/members/{cast.max.id}")
    phone.get_by_role("button", name="Log in as", exact=True).click()
    phone.get_by_label("Your own password").fill(PASSWORD)
    with phone.expect_navigation():
        phone.get_by_role("main").get_by_role("button").click()
    expect(phone.get_by_role("button", name="Return to")).to_be_in_viewport()
    assert not scrolls_sideways(phone)
