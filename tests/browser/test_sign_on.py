"""The whole way through an organization's own provider, as an administrator sets it up and a member goes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, SignIn
from tests.cast import Cast
from tests.providers import CLIENT_ID, SECRET, Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider().running() as running:
        yield running


def test_it_is_set_up_tried_and_gone(
    page: Page, open_page: OpenPage, sign_in: SignIn, cast: Cast, provider: Provider, problems: list[str]
) -> None:
    sign_in(page, cast.ada.email or "")
    page.goto("/admin/settings/")
    page.get_by_role("link", name="Set up single sign-on").click()
    for label, text in (("Sign-on address", "lakeside-fire"), ("Words on the button", "Sign in with Lakeside ID"),
                        ("Issuer", provider.issuer), ("Client ID", CLIENT_ID), ("Client secret", SECRET)):  # fmt: skip
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Members can sign in with it").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Single sign-on was saved.")).to_be_visible()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("The provider answers.")).to_be_visible()

    subject = provider.know("max-at-the-provider", email=cast.max.email, email_verified=True)
    theirs = open_page()
    theirs.goto("/portfolio/credits")
    theirs.get_by_role("link", name="Sign in with your organization").click()
    theirs.get_by_label("Your organization's sign-on address").fill("lakeside-fire")
    theirs.get_by_role("button", name="Continue").click()
    theirs.get_by_role("link", name="Sign in with Lakeside ID").click()
    theirs.wait_for_url(f"{provider.issuer}/**")
    theirs.locator("input[name=sub]").fill(subject)
    theirs.get_by_role("button", name="Authorize").click()
    theirs.wait_for_url("**/portfolio/credits")
    problems[:] = [each for each in problems if "127.0.0.1" in each and provider.issuer not in each]
    theirs.goto("/account")
    expect(theirs.get_by_text("You came in through your organization")).to_be_visible()
    expect(theirs.get_by_label("Current password")).to_have_count(0)
