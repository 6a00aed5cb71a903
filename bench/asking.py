"""Asking for a page again and again over one connection, and what the answers cost."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from bench.pages import Page
from bench.processes import spent_since

PATIENCE = 10.0  # seconds
_AT_LEAST = 5  # times


class WrongAnswer(Exception):
    """A page that is not the page: it would be measured in vain."""


@dataclass(frozen=True)
class Cost:
    """Of one page: milliseconds, and how often it was asked for. `processor`: all processes behind it together."""

    p50: float
    p95: float
    p99: float
    processor: float
    asked: int
    size: int


@dataclass(frozen=True)
class Browser:
    """One connection to a server, with the cookies of somebody who signed in."""

    port: int
    cookies: str

    def open(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def check(self, page: Page) -> int:
        """How many bytes the page has. Raises WrongAnswer."""
        with closing(self.open()) as connection:
            status, body = self.ask(connection, page)
        if status != 200 or page.expect not in body.decode(errors="replace"):
            raise WrongAnswer(f"{page.name} ({page.path}): {status}, without “{page.expect}”")
        return len(body)

    def ask(self, connection: http.client.HTTPConnection, page: Page) -> tuple[int, bytes]:
        connection.request("GET", page.path, headers={"Cookie": self.cookies})
        answer = connection.getresponse()
        return answer.status, answer.read()


def cost_of(browser: Browser, page: Page, *, seconds: float, spent: Callable[[], dict[int, float]]) -> Cost:
    """Ask for `page` for so many seconds, and a few times at least, as far as that takes no longer than PATIENCE.
    `spent` says the processor's time of each process so far."""
    size, times = browser.check(page), list[float]()
    with closing(browser.open()) as connection:
        browser.ask(connection, page)  # connects, and warms what the check did not reach
        before, start = spent(), time.perf_counter()
        while (lasted := time.perf_counter() - start) < seconds or (len(times) < _AT_LEAST and lasted < PATIENCE):
            began = time.perf_counter()
            status, _ = browser.ask(connection, page)
            times.append(1000 * (time.perf_counter() - began))
            if status != 200:
                raise WrongAnswer(f"{page.name}: {status}")
        busy = 1000 * spent_since(before, spent()) / len(times)
    times.sort()
    return Cost(statistics.median(times), share_of(times, 0.95), share_of(times, 0.99), busy, len(times), size)


def typical(costs: list[Cost]) -> Cost:
    """Of several rounds the median of each figure."""
    return Cost(
        p50=statistics.median(each.p50 for each in costs),
        p95=statistics.median(each.p95 for each in costs),
        p99=statistics.median(each.p99 for each in costs),
        processor=statistics.median(each.processor for each in costs),
        asked=sum(each.asked for each in costs),
        size=costs[-1].size,
    )


def share_of(times: list[float], share: float) -> float:
    """The time that this share of the sorted `times` does not exceed."""
    return times[min(len(times) - 1, int(share * len(times)))]
