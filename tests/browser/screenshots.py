"""Pictures of every page, in every state and mode, into a folder outside this tree: `make screenshots OUT=<folder>`.

The server, its content and the way to each page are those of the walk over every page.
"""

from __future__ import annotations

import html
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from flask_migrate import upgrade
from playwright.sync_api import sync_playwright

from records.services import previews
from tests.browser.conftest import chromium_path
from tests.browser.content import ADMINISTRATOR, application, fill
from tests.browser.pages import FAILURES, VISITS
from tests.browser.server import ROOT, Server
from tests.browser.walking import MODES, Walk, look

_GALLERY = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Every page</title>
<style>body{{font:16px system-ui;margin:2rem;background:#888}}section{{overflow-x:auto;white-space:nowrap}}
img{{height:28rem;object-fit:cover;object-position:top;margin:0 1rem 1rem 0;vertical-align:top}}</style>
<h1>Every page</h1>
{sections}
</html>
"""


def main(arguments: Sequence[str]) -> int:
    """Takes the folder; returns what the process ends with."""
    if len(arguments) != 1 or not arguments[0]:
        print("Say where the pictures go: make screenshots OUT=<folder outside this tree>", file=sys.stderr)
        return 2
    out = Path(arguments[0]).expanduser().resolve()
    if out == ROOT or ROOT in out.parents:
        print(f"{out} is inside this tree: choose a folder outside it.", file=sys.stderr)
        return 2
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        names = _take(Server(Path(folder)), out)
    (out / "index.html").write_text(_gallery(names))
    print(f"{len(names) * len(MODES)} pictures of {len(names)} pages: {out / 'index.html'}")
    return 0


def _take(server: Server, out: Path) -> list[str]:
    """Write all pictures, each named by its page, state and mode; returns the names without the mode."""
    app = application(server)
    with app.app_context():
        upgrade()
        content = fill()
        previews.draw_previews()
    names = []
    with server.running(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"])
        walk = Walk(browser, server, content)
        ways = [(str(visit), walk.visit, (visit,)) for visit in VISITS]
        ways += [(f"failing {status}", walk.fail, (status, ADMINISTRATOR)) for status in FAILURES]
        for name, way, to in ways:
            tab, _ = way(*to)
            names.append(name.replace(" ", "-"))
            for mode in MODES:
                look(tab, mode)
                tab.wait_for_load_state("networkidle")
                tab.screenshot(path=out / f"{names[-1]}-{mode}.png", full_page=True)
            print(".", end="", flush=True)
        for problem in walk.problems:
            print(f"\n{problem}", end="", file=sys.stderr)
        browser.close()
    print()
    return names


def _gallery(names: Sequence[str]) -> str:
    sections = []
    for name in names:
        files = [f"{html.escape(name)}-{mode}.png" for mode in MODES]
        pictures = "".join(f'<a href="{file}"><img src="{file}" alt="{file}" loading="lazy"></a>' for file in files)
        sections.append(f"<h2>{html.escape(name)}</h2><section>{pictures}</section>")
    return _GALLERY.format(sections="\n".join(sections))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
