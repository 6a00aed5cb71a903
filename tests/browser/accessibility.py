"""What axe finds on a page: the rules stand here alone."""

from __future__ import annotations

from importlib.resources import files

from playwright.sync_api import Page

# WCAG 2.2, A and AA, and what axe calls best practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = (files("axe_playwright_python") / "axe.min.js").read_text()
# What a page shows over and over is looked at a few times: contrast alone takes a second on some lists.
_REPEATED = ["tbody > tr:nth-child(n + 9)"]
# What sticks to the edge of the window hides what is below it, until one scrolls: it goes where it belongs first.
_UNSTICK = """() => document.querySelectorAll("body *").forEach(element => {
  if (getComputedStyle(element).position === "sticky") element.style.position = "static";
})"""
_RUN = """([tags, repeated]) => axe.run({exclude: repeated.map(each => [each])}, {
  runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], selectors: false,
}).then(found => found.violations.flatMap(
    each => each.nodes.map(node => `${each.id}: ${node.html}\\n  ${node.failureSummary.split("\\n")[1]}`)))"""


def violations(page: Page, *, whole: bool = True) -> list[str]:
    """A line for each place that breaks a rule: the rule, the markup and what is wrong with it.

    Only the first rows of each table where not the `whole` page is looked at.
    """
    page.wait_for_load_state()
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_AXE)
        page.evaluate(_UNSTICK)
    found: list[str] = page.evaluate(_RUN, [TAGS, [] if whole else _REPEATED])
    return found
