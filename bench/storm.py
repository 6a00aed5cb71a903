"""A storm: many people sign in at the same moment, others read meanwhile. See README.md here.

python -m bench.storm --data DATA_DIR [--database …] [--people 100]
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread, Timer
from urllib.parse import urlencode

from bench.asking import Browser, share_of
from bench.few_rows import ADMINISTRATOR, LEARNER, PASSWORD
from bench.forms import value_of
from bench.installation import Installation
from bench.pages import Page
from bench.server import certfolio, cookies_of, sign_in

_READ = Page("member list", "/admin/members/", "@example.org")
_ALONE = 5.0  # seconds for which the page is read without a storm, and again after it
_PATIENCE = 120
MOST_TIMES = 2  # what a page's p95 may be in a storm, of its own without


@dataclass
class Storm:
    """`waited`: seconds until each was in, with the times that they were told to wait. `refused`: how often."""

    waited: list[float] = field(default_factory=list)
    refused: int = 0
    wrong: list[int] = field(default_factory=list)


def storm(port: int, people: int) -> Storm:
    """All at once; whoever is told to come again does, when they were told."""
    seen, together = Storm(), Event()
    running = [Thread(target=_come_in, args=(port, together, seen)) for _ in range(people)]
    for each in running:
        each.start()
    together.set()
    for each in running:
        each.join()
    return seen


def _come_in(port: int, together: Event, seen: Storm) -> None:
    """By the form, once it is open."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)) as there:
        there.request("GET", "/login")
        page = there.getresponse()
        token, cookies = value_of(page.read().decode(), "csrf_token"), cookies_of(page)
        together.wait()
        given, began = urlencode({"email": LEARNER, "password": PASSWORD, "csrf_token": token}), time.monotonic()
        heads = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookies}
        while True:
            there.request("POST", "/login", given, heads)
            answer = there.getresponse()
            answer.read()
            if answer.status != 503:
                break
            seen.refused += 1
            time.sleep(int(answer.headers["Retry-After"]))
        seen.waited.append(time.monotonic() - began)
        if answer.status not in (302, 303):
            seen.wrong.append(answer.status)


def read(browser: Browser, is_over: Event) -> list[float]:
    """Milliseconds of each time that the page is asked for, again and again until `is_over`."""
    times = []
    with closing(browser.open()) as connection:
        while not is_over.is_set():
            began = time.perf_counter()
            status, _ = browser.ask(connection, _READ)
            times.append(1000 * (time.perf_counter() - began))
            if status != 200:
                raise RuntimeError(f"{_READ.name}: {status}")
    return sorted(times)


def _alone(browser: Browser, seconds: float) -> list[float]:
    is_over = Event()
    Timer(seconds, is_over.set).start()
    return read(browser, is_over)


def run(installation: Installation, people: int, seconds: float = _ALONE) -> Iterator[str]:
    """Run it; says what was seen, line by line."""
    with certfolio(installation) as server:
        browser = Browser(server.port, sign_in(server.port, ADMINISTRATOR))
        _alone(browser, seconds / 5)  # warms
        before, is_over, during = _alone(browser, seconds), Event(), list[float]()
        reading = Thread(target=lambda: during.extend(read(browser, is_over)))
        reading.start()
        seen = storm(server.port, people)
        is_over.set()
        reading.join()
        after = _alone(browser, seconds)
    yield f"{people} people: in after {statistics.median(seen.waited):.1f} s (p50), {max(seen.waited):.1f} s the last"
    yield f"told to come again: {seen.refused} times; wrong answers: {seen.wrong or 'none'}"
    alone = share_of(sorted(before + after), 0.95)
    for name, times in (("before", before), ("in the storm", during), ("after", after)):
        p95 = share_of(times, 0.95)
        yield f"{_READ.name}, {name}: asked {len(times)} times, p50 {statistics.median(times):.1f} ms, p95 {p95:.1f} ms"
    ratio = share_of(during, 0.95) / alone
    yield f"p95 in the storm: {ratio:.1f} times that without{' ✗' if ratio > MOST_TIMES else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="as make bench fills it; a copy is used")
    parser.add_argument("--database", default="")
    parser.add_argument("--people", type=int, default=100)
    asked = parser.parse_args()
    copy = Installation(asked.data.resolve(), asked.database).copied()
    copy.flask("db", "upgrade")
    print(*run(copy, asked.people), sep="\n")
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
