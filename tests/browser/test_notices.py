"""Notices of expiry in a real browser: the member reads and acknowledges, staff see the proof and snooze."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from records import mail
from records.database import locked, transaction
from records.models import Certification
from tests.browser.accessibility import violations
from tests.browser.conftest import scrolls_sideways
from tests.holdings import give, today
from tests.notices import at, remind


@pytest.fixture
def told(cast) -> int:
    """Max was told of an EMT-Basic that expires in 20 days."""
    certification_id = give(cast.max, cast.emt, 20, number="A-1")
    with transaction():
        locked(Certification, certification_id).recorded_on = today() - timedelta(days=200)
    remind(today())
    with at(today(), 10):  # whatever the time of day is now
        mail.send_messages()
    return certification_id


@pytest.fixture(params=["page", "phone"])
def screen(request):
    return request.getfixturevalue(request.param)


def accessible(page):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way to another
        assert violations(page) == []
    assert not scrolls_sideways(page)


def test_a_member_reads_acknowledges_and_stops_the_mail(screen, cast, told, sign_in):
    page = sign_in(screen, cast.max.email)
    page.goto("/portfolio/messages")
    letter = page.get_by_role("article", name="EMT-Basic expires in 20 days")
    expect(letter).to_contain_text("EMT-Basic (A-1): expires on")
    accessible(page)
    letter.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status")).to_contain_text("You acknowledged this notice.")
    page.get_by_label("Certifications of mine expire").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Your choice is saved.")
    page.get_by_role("article").get_by_role("link", name="Open the certification").click()
    notices = page.get_by_role("region", name="Notices")
    expect(notices).to_contain_text("30 days before it expires")
    expect(notices.get_by_role("button", name="Acknowledge")).to_have_count(0)
    accessible(page)


def test_a_coordinator_sees_the_proof_and_snoozes(screen, cast, told, sign_in):
    page = sign_in(screen, cast.nora.email)
    page.goto(f"/admin/members/{cast.max.id}")
    proof = page.get_by_role("region", name="Notices")
    expect(proof).to_contain_text(cast.max.email)
    expect(proof).to_contain_text("mailed")
    proof.get_by_role("link", name="EMT-Basic").click()
    notices = page.get_by_role("region", name="Notices")
    notices.get_by_label("No notice before").fill((today() + timedelta(days=8)).isoformat())
    notices.get_by_role("button", name="Snooze").click()
    expect(page.get_by_role("alert")).to_contain_text("Give a reason.")
    accessible(page)
    notices.get_by_label("Reason").fill("The course is booked.")
    notices.get_by_role("button", name="Snooze").click()
    expect(notices).to_contain_text("The course is booked.")
    accessible(page)
    notices.get_by_role("button", name="End the snooze").click()
    expect(page.get_by_role("status").filter(has_text="notices go out again")).to_be_visible()


def test_an_administrator_sets_the_time_of_day_and_the_digests_day(page, cast, sign_in):
    sign_in(page, cast.ada.email)
    page.goto("/admin/settings/")
    page.get_by_label("Time of day for notices").fill("18:30")
    page.get_by_label("Weekly digest on").select_option(label="Friday")
    accessible(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Weekly digest on")).to_have_value("4")
    expect(page.get_by_label("Time of day for notices")).to_have_value("18:30")
