"""Going to every page in every state and every mode, with one signed-in tab a person.

Shared by the walk that tests the pages and by the script that takes their pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, Response, Route
from playwright.sync_api import Page as Tab
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import RequestEntityTooLarge

from records.errors import Invalid, NotAllowed, NotFound, Stale, StorageFull, TooManyAttempts
from tests.browser.conftest import DESKTOP, PHONE, watch
from tests.browser.content import PASSWORD, application
from tests.browser.pages import ERRORS, VISITOR, Visit
from tests.browser.server import Server

_FAILING = "/failing/"
_RAISED: Mapping[int, Exception] = {
    403: NotAllowed(), 404: NotFound(), 409: Stale(), 413: RequestEntityTooLarge(), 422: Invalid(),
    429: TooManyAttempts(900), 500: RuntimeError(), 503: OperationalError("", {}, Exception()), 507: StorageFull(),
}  # fmt: skip
# Fills a form as it was asked to and sends it past the browser's own checks and the page's scripts.
_SEND = """fields => {
  const form = [...document.querySelectorAll("main form[method=post]")]
    .find(form => Object.keys(fields).every(name => form.elements[name]));
  for (const [name, value] of Object.entries(fields)) {
    const control = form.elements[name];
    if (control.type === "file") continue;
    if (control instanceof HTMLInputElement || "options" in control || control.type === "textarea") {
      control.value = value;
    } else {
      const hidden = Object.assign(document.createElement("input"), {type: "hidden", name, value});
      form.append(hidden);
    }
  }
  HTMLFormElement.prototype.submit.call(form);
}"""


@dataclass(frozen=True)
class Mode:
    scheme: str
    width: int

    def __str__(self) -> str:
        return f"{self.scheme}-{self.width}"


LIGHT, DARK = Mode("light", DESKTOP["width"]), Mode("dark", PHONE["width"])
MODES = (LIGHT, Mode("dark", DESKTOP["width"]), Mode("light", PHONE["width"]), DARK)


@dataclass
class Walk:
    """Who walks: `content` is what `fill` returned. `problems` is what the tabs complained of."""

    browser: Browser
    server: Server
    content: Mapping[str, object]
    problems: list[str] = field(default_factory=list)
    tabs: dict[str, Tab] = field(default_factory=dict)
    failing: Flask = field(init=False)

    def __post_init__(self) -> None:
        self.failing = _failing(self.server)

    def visit(self, visit: Visit) -> tuple[Tab, Response]:
        """The tab that shows the page in this state, and the answer that brought it."""
        tab = self.tab(visit.by)
        answer = tab.goto(visit.page.address(self.content))
        if visit.state == ERRORS:
            with tab.expect_navigation() as sent:
                tab.evaluate(_SEND, dict(visit.page.wrong or {}))
            answer = sent.value
        assert answer is not None
        return tab, answer

    def fail(self, status: int, by: str) -> tuple[Tab, Response]:
        """The page that says what failed: the application's own answer, where its server would have to break first."""
        tab = self.tab(by)
        answer = tab.goto(f"{_FAILING}{status}")
        assert answer is not None
        self.problems[:] = [each for each in self.problems if _FAILING not in each]
        return tab, answer

    def tab(self, who: str) -> Tab:
        if who not in self.tabs:
            context = self.browser.new_context(base_url=self.server.url, reduced_motion="reduce", locale="en-US")
            context.set_default_timeout(20_000)
            context.route(f"**{_FAILING}*", self._answer)
            tab = self.tabs[who] = context.new_page()
            watch(tab, self.problems)
            if who != VISITOR:
                tab.goto("/login")
                tab.get_by_label("E-mail").fill(who)
                tab.get_by_label("Password").fill(PASSWORD)
                with tab.expect_navigation():
                    tab.get_by_role("button", name="Sign in").click()
        return self.tabs[who]

    def close(self) -> None:
        for tab in self.tabs.values():
            tab.context.close()

    def _answer(self, route: Route) -> None:
        client = self.failing.test_client()
        for cookie in route.request.frame.page.context.cookies():
            client.set_cookie(cookie["name"], cookie["value"])
        answer = client.get(route.request.url)
        route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.data)


def look(tab: Tab, mode: Mode, *, height: int | None = None) -> None:
    """Show what the tab shows in this mode, without loading it again."""
    size = DESKTOP if mode.width == DESKTOP["width"] else PHONE
    tab.emulate_media(color_scheme="dark" if mode.scheme == "dark" else "light")
    tab.set_viewport_size({"width": mode.width, "height": height or size["height"]})


def _failing(server: Server) -> Flask:
    """The application with addresses that raise what its own pages never mean to."""
    app = application(server)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(status: int) -> Any:
        raise _RAISED[status]

    app.add_url_rule(f"{_FAILING}<int:status>", "failing", fail)
    return app
