"""Signing in and out, in a browser: passwords, links from mails, several members, several browsers."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from records import clock
from records.database import every_organization, transaction
from records.models import Account, Member, Organization, SignIn
from tests.browser.accessibility import violations
from tests.browser.conftest import link_in, open_menu, scrolls_sideways
from tests.browser.screens import EVERY_SCREEN
from tests.cast import PASSWORD

NEW_PASSWORD = "seven purple lanterns drift"


@pytest.fixture(params=EVERY_SCREEN)
def any_page(request):
    return request.getfixturevalue(request.param)


def test_a_member_signs_in_and_out(cast, any_page, through_the_form):
    through_the_form(any_page, cast.max.email)
    expect(any_page).to_have_url(re.compile(r"/portfolio/$"))
    expect(any_page.get_by_role("heading", level=1)).to_have_text("Max Miller")
    open_menu(any_page)
    any_page.get_by_role("button", name="Sign out").click()
    expect(any_page.get_by_role("heading", level=1)).to_have_text("Sign in")
    any_page.goto("/portfolio/")
    expect(any_page).to_have_url(re.compile(r"/login\?next="))


def test_the_page_asked_for_opens_after_signing_in(cast, page):
    page.goto("/account")
    page.get_by_label("E-mail").fill(cast.max.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def test_a_wrong_password_says_so_and_keeps_the_address(cast, page, through_the_form):
    through_the_form(page, cast.max.email, "not my password")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("E-mail")).to_have_value(cast.max.email)
    expect(page.get_by_label("Password")).to_have_value("")


def test_staff_choose_a_face_and_keep_it(cast, page, through_the_form):
    through_the_form(page, cast.carl.email)
    expect(page).to_have_url(re.compile(r"/admin/"))
    page.get_by_role("link", name="Learner Workspace").click()
    expect(page).to_have_url(re.compile(r"/portfolio/$"))
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/portfolio/$"))
    page.goto("/account")
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Certifications")).to_be_visible()
    page.get_by_role("link", name="Back office").click()
    page.goto("/account")
    expect(page.get_by_role("link", name="Back office")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("link", name="Home")).to_be_visible()


def test_a_forgotten_password_is_set_by_a_mailed_link(cast, page, mails, through_the_form):
    page.goto("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill(cast.max.email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your mail")
    (mail,) = mails()
    page.goto(link_in(mail))
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    through_the_form(page, cast.max.email, NEW_PASSWORD)
    expect(page).to_have_url(re.compile(r"/portfolio/$"))
    page.goto(link_in(mail))
    expect(page.get_by_role("main")).to_contain_text("This link has been used")


def test_changing_the_password_signs_out_every_other_browser(cast, page, open_page, through_the_form):
    other = open_page()
    for each in (page, other):
        through_the_form(each, cast.max.email)
        expect(each).to_have_url(re.compile(r"/portfolio/$"))
    page.goto("/account")
    change = page.get_by_role("region", name="Change your password")
    change.get_by_label("Current password").fill(PASSWORD)
    change.get_by_label("New password").fill(NEW_PASSWORD)
    change.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status")).to_contain_text("Your password is changed")
    other.reload()
    expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_an_account_with_several_members_chooses(cast, phone, through_the_form):
    with every_organization(), transaction() as session:
        account = session.get(Account, cast.max.account_id)
        second = session.get(Member, cast.other_max.id)
        second.account_id, second.email = account.id, account.email
    through_the_form(phone, cast.max.email)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Choose where to go")
    phone.get_by_role("button", name=re.compile("Hillside Clinic")).click()
    expect(phone).to_have_url(re.compile(r"/portfolio/$"))
    expect(phone.get_by_role("main")).to_contain_text("Hillside Clinic")


def test_a_deactivated_member_is_out_at_the_next_click(cast, page, through_the_form):
    through_the_form(page, cast.max.email)
    expect(page).to_have_url(re.compile(r"/portfolio/$"))
    with every_organization(), transaction() as session:
        session.get(Member, cast.max.id).deactivated_at = clock.now()
    page.get_by_role("link", name="Certifications").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("path", ["/login", "/reset", "/account", "/nowhere", "/portfolio/"])
def test_no_page_scrolls_sideways_on_a_telephone(cast, phone, through_the_form, path):
    if path not in ("/login", "/reset"):
        through_the_form(phone, cast.max.email)
        expect(phone).to_have_url(re.compile(r"/portfolio/$"))
    phone.goto(path)
    assert not scrolls_sideways(phone)


def test_the_menu_folds_on_a_telephone_only(cast, phone_without_javascript, page_without_javascript, through_the_form):
    phone = through_the_form(phone_without_javascript, cast.max.email)
    learner = phone.get_by_role("link", name="Learner Workspace")
    expect(learner).to_be_hidden()
    open_menu(phone)
    expect(learner).to_be_visible()
    wide = through_the_form(page_without_javascript, cast.max.email)
    expect(wide.get_by_text("Menu", exact=True)).to_be_hidden()
    expect(wide.get_by_role("link", name="Learner Workspace")).to_be_visible()


def test_a_second_factor_is_set_up_and_asked_for_on_a_telephone(cast, phone, through_the_form):
    def is_sound():
        assert violations(phone) == []
        assert not scrolls_sideways(phone)

    with transaction() as session:
        session.get(Organization, cast.fire.id).requires_second_factor = True
    through_the_form(phone, cast.carl.email)
    expect(phone.get_by_role("main")).to_contain_text("asks its staff for a second factor")
    is_sound()
    phone.get_by_label("Current password").fill(PASSWORD)
    phone.get_by_role("button", name="Begin").click()
    secret = phone.locator(".secret").inner_text().replace(" ", "")
    is_sound()
    phone.get_by_role("textbox", name="Code").fill(pyotp.TOTP(secret).now())
    phone.get_by_role("button", name="Turn it on").click()
    codes = phone.locator(".recovery-codes li").all_inner_texts()
    is_sound()
    phone.get_by_role("link", name="I have kept them").click()
    expect(phone).to_have_url(re.compile(r"/admin/$"))
    phone.goto("/account/second-factor")
    is_sound()
    open_menu(phone)
    phone.get_by_role("button", name="Sign out").click()
    through_the_form(phone, cast.carl.email)
    expect(phone.get_by_role("heading", level=1)).to_have_text("One more step")
    is_sound()
    phone.get_by_role("textbox", name="Code").fill(codes[4].lower())
    phone.get_by_role("button", name="Sign in").click()
    expect(phone).to_have_url(re.compile(r"/admin/$"))


def test_a_password_that_is_old_is_asked_for_again_and_what_was_typed_goes_through(cast, phone, through_the_form):
    through_the_form(phone, cast.ada.email)
    expect(phone).to_have_url(re.compile(r"/admin/$"))
    with every_organization(), transaction() as session:
        session.execute(sa.update(SignIn).values(confirmed_at=clock.now() - timedelta(minutes=16)))
    phone.goto(f"/admin/members/{cast.max.id}")
    phone.get_by_label("Given name").fill("Maximilian")
    phone.get_by_label("Role", exact=True).select_option("administrator")
    phone.get_by_role("button", name="Update", exact=True).click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    assert violations(phone) == []
    assert not scrolls_sideways(phone)
    phone.get_by_label("Your own password").fill(PASSWORD)
    phone.get_by_role("button", name="Confirm and go on").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Maximilian Miller")
    expect(phone.get_by_label("Role", exact=True)).to_have_value("administrator")
