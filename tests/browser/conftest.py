"""Fixtures for tests that drive a real Chromium against a real server.

`page` is a desktop, `phone` a telephone, each also `…_without_javascript`; `open_page` makes others. Any error in a
page's console, any violation of its policy, any answer from 500 on and any missing part of a page fails the test.
`cast`, `app` and the database are those of the server: what a test writes through the verbs, the pages show.
"""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from sqlalchemy import select

from records import jobs
from records.database import db, every_organization
from records.models import Account, Member
from tests.beginnings import EMPTY, Beginnings, UnderAServer
from tests.browser.server import Server, WatchedServer
from tests.cast import PASSWORD
from tests.clients import SignedClient
from tests.conftest import make_app, upgrade

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
_PATIENCE = 10_000
_CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser")
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]  # fmt: skip

OpenPage = Callable[..., Page]
SignIn = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is marked `browser`."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# The server and its database


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedServer]:
    made = WatchedServer(tmp_path_factory.mktemp("server"))
    upgrade(make_app(made.data_dir, public_url=made.url))
    with made.running():
        yield made


@pytest.fixture(scope="session")
def app(server: Server) -> Flask:
    """An application in this process, on the server's data."""
    return make_app(server.data_dir, public_url=server.url, secret_key=server.secret_key)


@pytest.fixture
def light_passwords() -> None:
    """Not here: the server knows nothing of them."""


@pytest.fixture(scope="session")
def beginnings(server: WatchedServer, app: Flask) -> Beginnings:
    """Instead of those for all other tests: the server keeps running."""
    made = UnderAServer(server.data_dir, at_rest=server.wait_until_at_rest)
    made.keep(EMPTY)
    return made


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], None]:
    """Run every job once, here and now."""

    def run() -> None:
        jobs.run_all()
        db.session.rollback()

    return run


@pytest.fixture
def worker(server: Server) -> Iterator[None]:
    """The job worker, as a process of its own."""
    with server.process("-m", "flask", "--app", "wsgi", "jobs", "run"):
        yield


@pytest.fixture
def mails(server: Server, run_jobs: Callable[[], None]) -> Callable[[], list[EmailMessage]]:
    """Send what is due, and read all mail that was sent in this test, oldest first."""

    def read() -> list[EmailMessage]:
        run_jobs()
        files = sorted((server.data_dir / "outbox").glob("*"), key=lambda file: file.stat().st_mtime)
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    return read


def link_in(mail: EmailMessage) -> str:
    """The first address in a mail's text."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://\S+", body.get_content())
    assert found is not None
    return found.group()


# The browser


def chromium_path() -> str:
    """Chromium without windows, which does a page with half the work; else whichever there is."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if path is None:
        pytest.fail(f"These tests need Chromium: install the package {_CHROMIUM[0]}, or set CHROMIUM to its path.")
    return path


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def problems() -> list[str]:
    """What went wrong in the pages of this test. A test that means it to happen clears the list."""
    return []


@pytest.fixture
def open_page(chromium: Browser, server: Server, problems: list[str], cast: Any) -> Iterator[OpenPage]:
    """Makes pages, each in a browser of its own; options are those of Playwright's `new_context`."""
    contexts: list[BrowserContext] = []
    expect.set_options(timeout=_PATIENCE)

    def make(**options: Any) -> Page:
        context = chromium.new_context(base_url=server.url, **({"viewport": DESKTOP, "locale": "en-US"} | options))
        context.set_default_timeout(_PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watch(page, problems)
        return page

    yield make
    for context in contexts:
        context.close()
    assert problems == []


def watch(page: Page, problems: list[str]) -> None:
    def said(message: ConsoleMessage) -> None:
        # What failed to load is judged by its answer below: a page may well be a 404 or a 422.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            problems.append(f"console: {message.text}")

    def answered(response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and response.request.resource_type != "document"):
            problems.append(f"{response.status}: {response.url}")

    def failed(request: Request) -> None:
        if request.failure and "ERR_ABORTED" not in request.failure:  # as a download or a closed page does
            problems.append(f"{request.failure}: {request.url}")

    page.on("console", said)
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    page.on("response", answered)
    page.on("requestfailed", failed)


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


@pytest.fixture
def phone(open_page: OpenPage) -> Page:
    return open_page(viewport=PHONE, has_touch=True)


@pytest.fixture
def page_without_javascript(open_page: OpenPage) -> Page:
    return open_page(java_script_enabled=False)


@pytest.fixture
def phone_without_javascript(open_page: OpenPage) -> Page:
    return open_page(viewport=PHONE, has_touch=True, java_script_enabled=False)


@pytest.fixture
def sign_in(app: Flask, server: Server) -> SignIn:
    """Begin a session, and wait for where it leads to; the sign-in page itself has tests of its own."""

    def enter(page: Page, email: str) -> Page:
        client = SignedClient(app)
        with every_organization():
            member = db.session.scalars(select(Member).join(Account).where(Account.email == email)).one()
        client.enter(member)
        cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
        assert cookie is not None
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server.url}])
        page.goto("/")
        return page

    return enter


@pytest.fixture
def through_the_form() -> SignIn:
    """Go through the sign-in page, and wait for what comes then."""

    def enter(page: Page, email: str, password: str = PASSWORD) -> Page:
        page.goto("/login")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(password)
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in").click()
        return page

    return enter


def open_menu(page: Page) -> None:
    """Unfold the navigation where it is folded: on a telephone."""
    page.get_by_role("main").wait_for()
    menu = page.get_by_text("Menu", exact=True)
    if menu.is_visible():
        menu.click()


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window, once it has arrived."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
