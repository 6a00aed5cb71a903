"""Every page of both faces, in every state: open to all, in light and dark, on a desktop and on a telephone.

The content is made once for all of these tests, which only look.
"""

from __future__ import annotations

import pytest

from tests.browser.accessibility import violations
from tests.browser.conftest import PHONE, scrolls_sideways
from tests.browser.content import ADMINISTRATOR, application, fill
from tests.browser.pages import CONTENT, ERRORS, FAILURES, MAIN, NO_PAGE, PAGES, VISITOR, VISITS
from tests.browser.server import Server
from tests.browser.walking import DARK, LIGHT, MODES, Mode, Walk, look
from tests.conftest import make_app, upgrade
from tests.examples import some

ZOOMED = 320  # what 1280 px are at 400 %
STOPS = 30  # of the Tab key on a page
_SHAPE = """() => ({
  h1: document.querySelectorAll("h1").length, main: document.querySelectorAll("main").length,
  lang: document.documentElement.lang, isTitled: !document.title.startsWith(" "),
})"""
_FOCUS = """() => {
  const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
  return {
    name: element.outerHTML.slice(0, 120), isPage: element === document.body,
    isSeen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
  };
}"""
# Texts that have become one with their ground, and badges without an edge: forced colours take backgrounds away.
_LOST = """() => [...document.querySelectorAll("main .badge")].filter(badge => {
  const style = getComputedStyle(badge);
  return style.color === style.backgroundColor || style.borderTopStyle === "none" || style.borderTopWidth === "0px";
}).map(badge => badge.outerHTML)"""
_MOVING = """() => [...document.querySelectorAll("*")].filter(element => {
  const style = getComputedStyle(element);
  const lasts = [...style.transitionDuration.split(","), ...style.animationDuration.split(",")].map(parseFloat);
  return lasts.some(seconds => seconds > 0.01);
}).map(element => element.outerHTML.slice(0, 120))"""


@pytest.fixture(autouse=True)
def fresh_database():
    """No: the walk keeps a server of its own."""


@pytest.fixture(scope="module")
def walk(chromium, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("walk"))
    app = application(server)
    upgrade(app)
    with app.app_context():
        content = fill()
    with server.running():
        walking = Walk(chromium, server, content)
        yield walking
        walking.close()


def test_every_get_rule_is_a_page_of_the_walk_or_says_why_not(tmp_path):
    rules = {rule.rule for rule in make_app(tmp_path).url_map.iter_rules() if "GET" in (rule.methods or ())}
    walked = {page.rule for page in PAGES}
    assert rules - walked - set(NO_PAGE) == set(), "give these rows in tests/browser/pages.py, or a reason in NO_PAGE"
    assert (walked | set(NO_PAGE)) - rules == set(), "there are no such pages any more"
    assert walked & set(NO_PAGE) == set()


def test_names_of_pages_are_their_own():
    names = [str(visit) for visit in VISITS]
    assert len(set(names)) == len(names)
    assert set(MAIN) <= set(names)


def require_well_made(walk, tab, modes, *, whole=False):
    """What every page keeps, whatever it shows."""
    shape = tab.evaluate(_SHAPE)
    assert shape == {"h1": 1, "main": 1, "lang": "en", "isTitled": True}
    found = {}
    for mode in modes:
        look(tab, mode)
        found[str(mode)] = violations(tab, whole=whole)
        assert not scrolls_sideways(tab), mode
    assert found == {str(mode): [] for mode in modes}
    for width in {PHONE["width"], ZOOMED} - {mode.width for mode in modes}:
        look(tab, Mode("light", width))
        assert not scrolls_sideways(tab), width
    assert walk.problems == []


def shown(walk, visit):
    """The page in its state; what it complains of is of this visit."""
    walk.problems.clear()
    tab, answer = walk.visit(visit)
    assert answer.status == visit.status
    assert tab.url.startswith(walk.server.url)
    if visit.state == ERRORS:
        assert tab.locator("[aria-invalid=true], .error-summary, .note.error, .error").first.is_visible()
    return tab


@pytest.mark.parametrize("visit", some([visit for visit in VISITS if visit.state == CONTENT]), ids=str)
def test_a_page_is_open_to_all(walk, visit):
    """The short form: a third of the pages, with content, in the dark; all, empty and with errors, in the long one."""
    require_well_made(walk, shown(walk, visit), (DARK,))


@pytest.mark.long
@pytest.mark.parametrize("visit", VISITS, ids=str)
def test_a_page_is_open_to_all_in_every_mode(walk, visit):
    require_well_made(walk, shown(walk, visit), MODES, whole=True)


@pytest.mark.parametrize("by", [VISITOR, ADMINISTRATOR], ids=["a visitor", "signed in"])
@pytest.mark.parametrize("status", FAILURES)
def test_what_fails_says_so_on_a_page_that_is_open_to_all(walk, status, by):
    walk.problems.clear()
    tab, answer = walk.fail(status, by)
    assert answer.status == status
    require_well_made(walk, tab, (LIGHT, DARK))


@pytest.mark.parametrize("visit", [visit for visit in VISITS if str(visit) in MAIN], ids=str)
def test_main_pages_show_where_the_keyboard_is_and_keep_still(walk, visit):
    tab = shown(walk, visit)
    look(tab, LIGHT)
    assert tab.evaluate(_MOVING) == []
    tab.emulate_media(forced_colors="active")
    try:
        assert tab.evaluate(_LOST) == []
        tab.emulate_media(forced_colors="none")
        for _ in range(STOPS):
            tab.keyboard.press("Tab")
            focus = tab.evaluate(_FOCUS)
            if focus["isPage"]:  # past the last stop
                break
            assert focus["isSeen"], focus["name"]
            assert focus["outline"] >= 2, focus["name"]
    finally:
        tab.emulate_media(forced_colors="none")
