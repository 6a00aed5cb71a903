"""A reviewer at work: several certificates decided by keyboard, and one from a telephone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from records.database import db, locked, transaction
from records.models import ExternalCertificate, Member, State
from records.services import kept_reasons
from tests import certificates
from tests.browser.conftest import open_menu, scrolls_sideways
from tests.browser.screens import WITHOUT_JAVASCRIPT
from tests.certificates import submitted

URL = "/admin/approvals/"


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


def queued(cast, type_, *titles):
    return [submitted(cast, type_, title=title).id for title in titles]


def on(page: Page, title: str) -> None:
    """The page of this certificate, so far loaded that keys decide."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.locator("form[data-decision][data-armed]").wait_for()


def states(*ids):
    db.session.rollback()
    return [db.session.get_one(ExternalCertificate, each).state for each in ids]


def test_several_are_decided_by_keyboard_alone(page, cast, ceu, sign_in):
    ids = queued(cast, ceu, "One", "Two", "Three", "Four")
    kept_reasons.keep("The certificate shows no name.", by=cast.actor(cast.ada))
    sign_in(page, cast.ada.email)
    page.goto(f"{URL}{ids[0]}")
    on(page, "One")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    page.keyboard.press("a")
    on(page, "Two")
    expect(page.get_by_role("status").first).to_contain_text("Approved: “One” of Max Miller")
    # d needs a reason: it leads to its field, and Ctrl+Enter sends the decision.
    page.keyboard.press("d")
    reason = page.get_by_label("Reason")
    expect(reason).to_be_focused()
    page.keyboard.type("a name is missing, and d is a letter")
    page.keyboard.press("Control+Enter")
    on(page, "Three")
    # n goes on without a decision, round to the oldest again.
    page.keyboard.press("n")
    on(page, "Four")
    page.keyboard.press("c")
    page.keyboard.press("Tab")
    texts = page.get_by_label("Insert a kept text")
    expect(texts).to_be_focused()
    page.keyboard.press("T")  # a native pull-down finds its option by the first letter
    expect(page.get_by_label("Reason")).to_have_value("The certificate shows no name.")
    page.keyboard.press("Control+Enter")
    on(page, "Three")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="The queue is empty")).to_be_visible()
    assert states(*ids) == [State.APPROVED, State.DECLINED, State.APPROVED, State.CHANGES_REQUESTED]
    declined, asked = (db.session.get_one(ExternalCertificate, each) for each in (ids[1], ids[3]))
    assert declined.reason == "a name is missing, and d is a letter"
    assert asked.reason == "The certificate shows no name."


def test_keys_leave_alone_what_is_not_theirs(page, cast, ceu, sign_in):
    ids = queued(cast, ceu, "One", "Two")
    sign_in(page, cast.ada.email)
    page.goto(f"{URL}{ids[0]}")
    on(page, "One")
    page.get_by_label("Awarded credits").focus()
    for key in ("a", "c", "d", "n"):
        page.keyboard.press(key)
    expect(page.get_by_label("Awarded credits")).to_have_value("acdn2.5")
    page.keyboard.press("Escape")
    for key in ("Control+a", "Alt+a", "Shift+A"):
        page.keyboard.press(key)
    page.get_by_label("Single keys decide").uncheck()
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("a")
    page.reload()
    on(page, "One")
    expect(page.get_by_label("Single keys decide")).not_to_be_checked()
    page.keyboard.press("a")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("One")
    assert states(*ids) == [State.PENDING, State.PENDING]


def test_a_checklist_is_answered_by_keyboard_and_tab_follows_the_decision(page, cast, sign_in):
    type_ = certificates.credit_type("CPD", checklist=["Is it genuine?", "Is it signed?"])
    kept_reasons.keep("No name.", by=cast.actor(cast.ada))
    (certificate_id,) = queued(cast, type_, "One")
    sign_in(page, cast.ada.email)
    page.goto(f"{URL}{certificate_id}")
    on(page, "One")
    # a leads to what has no answer yet: Space is Yes, an arrow chooses No.
    page.keyboard.press("a")
    expect(page.get_by_role("radiogroup", name="Is it genuine?").get_by_label("Yes")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("a")
    expect(page.get_by_role("radiogroup", name="Is it signed?").get_by_label("Yes")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radiogroup", name="Is it signed?").get_by_label("No")).to_be_checked()
    order = []
    for _step in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", "the focus is seen"
    assert order == [
        "credits", "reason", "kept", "keep", "Also record it as a certification",
        "Approve", "Request changes", "Decline",
    ]  # fmt: skip
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="The queue is empty")).to_be_visible()
    assert states(certificate_id) == [State.APPROVED]
    answers = db.session.get_one(ExternalCertificate, certificate_id).answers
    assert [each["yes"] for each in answers] == [True, False]


def test_a_decision_from_a_telephone(phone, cast, ceu, sign_in):
    (certificate_id,) = queued(cast, ceu, "A certificate with a title that is rather long for a telephone")
    sign_in(phone, cast.ada.email)
    open_menu(phone)
    phone.get_by_role("link", name="Approvals", exact=True).click()
    row = phone.get_by_role("row").filter(has_text="rather long")
    expect(row).to_contain_text("Pending")
    assert not scrolls_sideways(phone)
    row.get_by_role("link").first.click()
    picture = phone.get_by_role("img", name=re.compile("certificate 1.png"))
    expect(picture).to_be_visible()
    assert picture.evaluate("picture => picture.naturalWidth > 0")
    assert not scrolls_sideways(phone)
    phone.get_by_label("Awarded credits").fill("2")
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("alert")).to_contain_text("Say why other credits are awarded than were claimed.")
    expect(phone.get_by_label("Awarded credits")).to_have_value("2")
    phone.get_by_label("Reason").fill("Half an hour was a break.")
    phone.get_by_text("Also record it as a certification").click()
    phone.get_by_label("Certification", exact=True).select_option(label="EMT-Basic")
    expect(phone.get_by_label("Issued")).to_have_value("2025-03-01")
    expect(phone.get_by_label("Expires")).to_have_value("2027-03-01")
    assert not scrolls_sideways(phone)
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("heading", name="The queue is empty")).to_be_visible()
    expect(phone.get_by_role("status").first).to_contain_text("It is recorded as a certification, too.")
    assert states(certificate_id) == [State.APPROVED]


@pytest.mark.parametrize("screen", WITHOUT_JAVASCRIPT)
def test_without_javascript_everything_can_be_decided(request, screen, cast, ceu, sign_in):
    page: Page = request.getfixturevalue(screen)
    with transaction():
        locked(Member, cast.carl.id).reviews = True
    first, second, third = queued(cast, ceu, "One", "Two", "Three")
    kept_reasons.keep("No name.", by=cast.actor(cast.ada))
    sign_in(page, cast.carl.email)
    page.goto(f"{URL}{first}")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_hidden()
    page.get_by_label("Insert a kept text").select_option(label="No name.")
    page.get_by_role("button", name="Decline").click()
    page.get_by_role("button", name="Request changes").click()
    expect(page.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Reason").fill("Page two, please.")
    page.get_by_role("button", name="Request changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Three")
    page.goto(URL)
    page.get_by_role("checkbox", name="Approve Three").check()
    page.get_by_role("button", name="Approve ticked").click()
    expect(page.get_by_role("heading", name="The queue is empty")).to_be_visible()
    assert states(first, second, third) == [State.DECLINED, State.CHANGES_REQUESTED, State.APPROVED]
    assert db.session.get_one(ExternalCertificate, first).reason == "No name."


def test_all_that_were_opened_are_ticked_at_once(page, cast, ceu, sign_in):
    opened, unopened = queued(cast, ceu, "Opened", "Unopened")
    sign_in(page, cast.ada.email)
    page.goto(f"{URL}{opened}")
    page.goto(URL)
    page.get_by_role("button", name="Tick all that I have opened").click()
    expect(page.get_by_role("checkbox", name="Approve Opened")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Approve Unopened")).not_to_be_checked()
    page.get_by_role("checkbox", name="Approve Unopened").check()
    page.get_by_role("button", name="Approve ticked").click()
    expect(page.get_by_role("alert")).to_contain_text("“Unopened” of Max Miller: Open it first")
    expect(page.get_by_role("status").first).to_contain_text("1 certificate approved.")
    assert states(opened, unopened) == [State.APPROVED, State.PENDING]
