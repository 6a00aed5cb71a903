"""Measuring pages: Certfolio and the limit answer from the same data in one run, in turns, so that whatever the machine
does besides hits both alike."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from bench.asking import Browser, Cost, WrongAnswer, cost_of, typical
from bench.installation import Installation
from bench.limit.app import cookie_of
from bench.pages import Page, facts_of, pages_by_account
from bench.postgresql import process_of
from bench.processes import family_of, memory, processor_time
from bench.results import OnePage, Process, Results
from bench.server import Server, certfolio, limit, sign_in

CERTFOLIO, LIMIT = "certfolio", "limit"
_TOO_SLOW = 1500.0  # ms: what takes longer is asked for in one round only


def measure(installation: Installation, results: Results, *, rounds: int, seconds: float) -> Iterator[str]:
    """Measure all pages into `results`; says what it did, page by page."""
    facts = facts_of(installation)
    by_account = pages_by_account(facts)
    counts = _statements(installation, by_account)
    with certfolio(installation) as ours, limit(installation) as theirs:
        run = _Run(installation, ours, theirs, Browser(theirs.port, cookie_of(facts.administrator)), rounds, seconds)
        for account, pages in by_account.items():
            browser = Browser(ours.port, sign_in(ours.port, account))
            for page in pages:
                measured = run.measured(browser, page, counts.get(page.name, 0))
                results.pages.append(measured)
                yield told(measured)
        for name, server in ((CERTFOLIO, ours), (LIMIT, theirs)):
            results.processes[name] = Process(*memory(server.workers), server.started_in)


def told(page: OnePage) -> str:
    if page.certfolio is None:
        return f"{page.name}: {page.refused}"
    beside = f", {page.ratio:.1f} times the limit's {page.limit.p50:.2f} ms" if page.ratio and page.limit else ""
    cost = page.certfolio
    return f"{page.name}: p50 {cost.p50:.1f} ms, CPU {cost.processor:.1f} ms, {page.statements} statements{beside}"


class _Run:
    """Two servers, and who asks them."""

    def __init__(
        self, installation: Installation, ours: Server, theirs: Server, browser: Browser, rounds: int, seconds: float
    ) -> None:
        self._ours, self._theirs, self._of_limit = ours, theirs, browser
        self._rounds, self._seconds = rounds, seconds
        self._database = process_of(installation.database) if installation.database else None

    def measured(self, browser: Browser, page: Page, statements: int) -> OnePage:
        result = OnePage(page.name, statements=statements, most=page.most)
        beside = Page(page.name, page.limit, "<h1>")
        ours: list[Cost] = []
        theirs: list[Cost] = []
        try:
            for _ in range(self._rounds):
                ours.append(self._cost(browser, page, self._ours))
                if page.limit:
                    theirs.append(self._cost(self._of_limit, beside, self._theirs))
                if ours[0].p50 > _TOO_SLOW:
                    break
        except (WrongAnswer, OSError, http.client.HTTPException) as refusal:
            result.refused = str(refusal) or type(refusal).__name__
        result.certfolio = typical(ours) if ours else None
        result.limit = typical(theirs) if theirs else None
        return result

    def _cost(self, browser: Browser, page: Page, server: Server) -> Cost:
        return cost_of(browser, page, seconds=self._seconds, spent=lambda: processor_time(self._behind(server)))

    def _behind(self, server: Server) -> list[int]:
        return server.workers + (family_of(self._database) if self._database else [])


def _statements(installation: Installation, by_account: dict[str, list[Page]]) -> dict[str, int]:
    """Counted in a process of its own, because it becomes a Certfolio on this installation."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_count, installation, by_account).result()


def _count(installation: Installation, by_account: dict[str, list[Page]]) -> dict[str, int]:
    from bench.inside import Inside  # because: it is needed in this process alone

    inside = Inside(installation)
    counts: dict[str, int] = {}
    for account, pages in by_account.items():
        client = inside.signed_in(account)
        counts |= {page.name: inside.statements(client, page) for page in pages}
    return counts
