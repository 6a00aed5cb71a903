"""Measuring: real servers, real pages, and no page that is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from flask import Flask

from bench import storm
from bench.asking import Browser, WrongAnswer, cost_of
from bench.bulk import measure as measure_bulk
from bench.drawing import Drawn
from bench.installation import Installation
from bench.measure import measure
from bench.pages import Page
from bench.processes import family_of, memory, processor_time, spent_since
from bench.results import Results
from records import clock
from tests.bench.conftest import MEMBERS


class _Greeting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"Good day, {self.headers['Cookie']}".encode()
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.fixture
def browser() -> Iterator[Browser]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Greeting)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Browser(server.server_port, "reader=Ada")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.once
def test_a_page_is_asked_for_with_the_cookies_of_its_reader(browser: Browser) -> None:
    cost = cost_of(browser, Page("greeting", "/", "reader=Ada"), seconds=0, spent=dict)
    assert (cost.asked, cost.size, cost.processor) == (5, len("Good day, reader=Ada"), 0)
    assert 0 < cost.p50 <= cost.p95 <= cost.p99


@pytest.mark.once
@pytest.mark.parametrize("page", [Page("lost", "/lost", "Good day"), Page("other", "/", "Good night")])
def test_what_is_not_the_page_is_not_measured(browser: Browser, page: Page) -> None:
    with pytest.raises(WrongAnswer, match=page.name):
        cost_of(browser, page, seconds=0, spent=dict)


@pytest.mark.once
def test_processes_tell_what_they_cost() -> None:
    own = [os.getpid()]
    before = processor_time(own)
    while spent_since(before, processor_time(own)) < 0.02:
        sum(range(10_000))
    assert spent_since({1: 5.0, 2: 1.0}, {2: 1.5, 3: 0.25}) == 0.75, "1 has ended, 3 is new"
    shared, most = memory(own)
    assert shared > 1_000_000
    assert most > 1_000_000
    assert family_of(os.getpid())[0] == os.getpid()
    assert os.getpid() in family_of(os.getppid())


@pytest.mark.long
def test_a_small_storm_lets_everybody_in(filled: tuple[Flask, Installation]) -> None:
    _, installation = filled
    lines = list(storm.run(installation, 6, seconds=0.3))
    assert lines[0].startswith("6 people: in after")
    assert lines[1].endswith("wrong answers: none")
    assert [line.partition(":")[0] for line in lines[2:5]] == [
        "member list, before", "member list, in the storm", "member list, after",
    ]  # fmt: skip


@pytest.mark.long
def test_everything_is_measured_on_a_small_installation(filled: tuple[Flask, Installation]) -> None:
    _, installation = filled
    results = Results("sqlite", MEMBERS)
    list(measure(installation, results, rounds=1, seconds=0.01))
    list(measure_bulk(installation, results, [*Drawn(MEMBERS, today=clock.now().date()).people()]))
    assert [page.name for page in results.pages if page.refused] == []
    assert all(page.statements and page.certfolio for page in results.pages)
    assert {work.name for work in results.works} == {
        "export, CSV", "import", "due reminders", "sign-in", "process start",
        "download, 1 MiB, X-Accel", "download, 50 MiB, X-Accel", "upload, 50 MiB, form", "upload, 50 MiB, safe on disk",
    }  # fmt: skip
