"""A deadline: many learners in a few minutes, each reads five pages and submits one file. See README.md here.

python -m bench.deadline --data DATA_DIR [--database …] [--learners 500] [--minutes 0.5] [--pause 2]
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import os
import re
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from random import Random
from threading import Lock, Thread

from bench.forms import TYPE, value_of, with_file
from bench.installation import Installation
from bench.learners import TITLE, Learner, apart, let_in, problems
from bench.processes import processor_time, spent_since
from bench.server import WholeServer

FILE_SIZE = 200_000  # bytes
OVERVIEW, CREDITS, FORM, LIST = "overview", "credits", "the form", "certificates"
_PATHS = {
    OVERVIEW: "/portfolio/", CREDITS: "/portfolio/credits", FORM: "/portfolio/certificates/new",
    LIST: "/portfolio/certificates",
}  # fmt: skip
SUBMIT = "submitting"
IDLE_ROUNDS = 20
MOST_TIMES = 10  # what a read's p95 may be of its p50 while nobody else asks
_PATIENCE = 120  # seconds


class Unexpected(Exception):
    """An answer that is not what a learner needs."""


@dataclass
class Seen:
    """What learners saw: milliseconds by page, errors, the SHA-256 of the file of each whose form was accepted."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    sent: dict[int, str] = field(default_factory=dict)
    latest: float = 0.0  # seconds: how much later than meant somebody arrived
    lock: Lock = field(default_factory=Lock)

    def note(self, page: str, seconds: float) -> None:
        with self.lock:
            self.times[page].append(1000 * seconds)


class Browser:
    """One learner's: keeps cookies, follows where it is led, over one connection."""

    def __init__(self, port: int, learner: Learner, seen: Seen) -> None:
        self._there = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
        self._cookies = dict([learner.cookie.split("=", 1)])
        self._seen = seen

    def read(self, page: str) -> str:
        """Raises Unexpected."""
        began, path = time.perf_counter(), _PATHS[page]
        for _ in range(2):
            status, led_to, body = self._ask("GET", path)
            if status not in (302, 303):
                break
            path = led_to
        if status != 200 or "</html>" not in body:
            raise Unexpected(f"{page}: {status}")
        self._seen.note(page, time.perf_counter() - began)
        return body

    def submit(self, form: str, file: bytes) -> None:
        """Raises Unexpected."""
        body, began = with_file(_filled(form), file), time.perf_counter()
        status, _, _ = self._ask("POST", _PATHS[FORM], body, {"Content-Type": TYPE})
        if status not in (302, 303):
            raise Unexpected(f"{SUBMIT}: {status}")
        self._seen.note(SUBMIT, time.perf_counter() - began)

    def close(self) -> None:
        self._there.close()

    def _ask(
        self, method: str, path: str, body: bytes | None = None, heads: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._there.request(method, path, body, {"Cookie": cookies, **(heads or {})})
        answer = self._there.getresponse()
        for each in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = each.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()


def visit(port: int, learner: Learner, seen: Seen, *, pause: float) -> None:
    """Five pages and a file, with pauses of so many seconds on average; what goes wrong is noted."""
    browser, draw = Browser(port, learner, seen), Random(learner.member_id)
    try:
        for page in (OVERVIEW, LIST, CREDITS):
            browser.read(page)
            time.sleep(pause * 2 * draw.random())
        form = browser.read(FORM)
        time.sleep(pause * 2 * draw.random())
        file = scan_of(learner)
        browser.submit(form, file)
        seen.sent[learner.member_id] = hashlib.sha256(file).hexdigest()
        if TITLE not in browser.read(LIST):
            raise Unexpected("the list does not show what was submitted")
    except (Unexpected, OSError, http.client.HTTPException) as error:
        seen.errors.append(f"member {learner.member_id}: {type(error).__name__} {error}")
    finally:
        browser.close()


def scan_of(learner: Learner) -> bytes:
    """A page of PDF that nobody else has."""
    start = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\n"
    )
    noise = Random(learner.member_id).randbytes(FILE_SIZE - len(start) - 200)
    held = b"4 0 obj<</Length %d>>stream\n%b\nendstream endobj\n" % (len(noise), noise)
    return start + held + b"trailer<</Root 1 0 R/Size 5>>\n%%EOF\n"


def _filled(form: str) -> dict[str, str]:
    """Raises Unexpected where the form is none."""
    credit_type = re.search(r'<select[^>]*name="credit_type_id".*?<option[^>]*value="(\d+)"', form, re.DOTALL)
    if credit_type is None:
        raise Unexpected("the form has no credit type")
    return {
        "csrf_token": value_of(form, "csrf_token"), "key": value_of(form, "key"), "title": TITLE, "credits": "2",
        "credit_type_id": credit_type[1], "issuer": "", "number": "", "note": "", "expires_on": "",
        "earned_on": (datetime.now(UTC).date() - timedelta(days=2)).isoformat(),
    }  # fmt: skip


def idle(port: int, learner: Learner, rounds: int) -> dict[str, float]:
    """p50 of each page, in milliseconds, where nobody else asks; each round by a connection of its own, so that every
    web process answers some and knows the pages afterwards. Raises Unexpected."""
    seen = Seen()
    for _ in range(rounds):
        browser = Browser(port, learner, seen)
        for page in _PATHS:
            browser.read(page)
        browser.close()
    return {page: statistics.median(times) for page, times in seen.times.items()}


def crowd(port: int, learners: list[Learner], seen: Seen, *, seconds: float, pause: float) -> None:
    """All of them, each at a time of their own, however many are there: nobody waits for another to be done."""
    draw, began, running = Random(len(learners)), time.monotonic(), []
    for at, learner in sorted(((seconds * draw.random(), learner) for learner in learners), key=itemgetter(0)):
        time.sleep(max(0.0, began + at - time.monotonic()))
        seen.latest = max(seen.latest, time.monotonic() - began - at)
        running.append(Thread(target=visit, args=(port, learner, seen), kwargs={"pause": pause}))
        running[-1].start()
    for each in running:
        each.join()


def told(seen: Seen, before: dict[str, float], found: list[str]) -> Iterator[str]:
    """A table, then what went wrong."""
    yield "| page | asked | p50 idle | p50 | p95 | p99 | most | p95 in times of p50 idle |"
    yield "|---|---|---|---|---|---|---|---|"
    for page, times in seen.times.items():
        ordered, alone = sorted(times), before.get(page)
        p50, p95, p99 = (ordered[int(share * (len(ordered) - 1))] for share in (0.5, 0.95, 0.99))
        ratio = f"{p95 / alone:.1f}{' ✗' if p95 > MOST_TIMES * alone else ''}" if alone else ""
        first = f"{alone:.1f}" if alone else ""
        yield f"| {page} | {len(times)} | {first} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {ordered[-1]:.0f} | {ratio} |"
    yield ""
    yield f"{len(seen.errors)} errors; {len(seen.sent)} files sent; {len(found)} that do not stand as they were sent"
    yield from (seen.errors + found)[:20]


def run(
    installation: Installation, *, learners: int, seconds: float, pause: float, rounds: int = IDLE_ROUNDS
) -> tuple[Seen, list[str]]:
    """Run the scenario on `installation`, which it changes, and tell; what was seen, and what is wrong in the end."""
    people, seen = apart(let_in, installation, learners + 1), Seen()
    with WholeServer(installation) as server:
        before = idle(server.port, people.pop(), rounds)
        spent, began = processor_time(server.family), time.monotonic()
        crowd(server.port, people, seen, seconds=seconds, pause=pause)
        took, busy = time.monotonic() - began, spent_since(spent, processor_time(server.family))
    found = apart(problems, installation, seen.sent)
    print(f"{learners} learners in {took:.0f} s, the processor busy with the server for {busy:.0f} s; "
          f"nobody later than {seen.latest:.1f} s; load of the machine {os.getloadavg()[0]:.1f}")  # fmt: skip
    print(*told(seen, before, found), sep="\n", flush=True)
    return seen, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="as make bench fills it; a copy is used")
    parser.add_argument("--database", default="")
    parser.add_argument("--learners", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two pages of a learner, on average")
    asked = parser.parse_args()
    copy = Installation(asked.data.resolve(), asked.database).copied()
    copy.flask("db", "upgrade")
    copy.flask("reminders", "send")  # those of the whole past: a service that is at work has sent them long ago
    seen, found = run(copy, learners=asked.learners, seconds=60 * asked.minutes, pause=asked.pause)
    sys.exit(bool(seen.errors or found or len(seen.sent) < asked.learners))


if __name__ == "__main__":
    main()
