"""Numbers for Prometheus, of a server with two web processes and two job workers, as people start it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from records import jobs
from records.database import db
from tests.browser.server import Server, free_port
from tests.conftest import make_app, upgrade

TOKEN = "a-token-of-the-settings"
LINE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)")


@dataclass
class Watched:
    url: str

    def get(self, path: str, method: str = "GET", token: str = "") -> requests.Response:
        """By a connection of its own, so that either process may answer."""
        headers = {"Connection": "close"} | ({"Authorization": f"Bearer {token}"} if token else {})
        return requests.request(method, self.url + path, headers=headers, timeout=60)

    def numbers(self) -> dict[str, float]:
        """By name and labels, as they stand in a line."""
        answer = self.get("/metrics", token=TOKEN)
        assert answer.status_code == 200
        found = (LINE.fullmatch(line) for line in answer.text.splitlines() if not line.startswith("#"))
        return {f"{each['name']}{each['labels'] or ''}": float(each["value"]) for each in found if each}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    data_dir: Path = tmp_path_factory.mktemp("watched")
    application = make_app(data_dir)
    upgrade(application)
    with application.app_context():
        db.engine.dispose()
    (data_dir / "metrics").mkdir()
    (data_dir / "metrics" / "counter_1.db").write_bytes(b"of a process that is no more")
    port = free_port()
    server = Server(data_dir, SECRET_KEY="x" * 40, METRICS_TOKEN=TOKEN, HOST="127.0.0.1", PORT=str(port))
    command = ("-m", "flask", "--app", "wsgi", "serve", "--workers", "2", "--job-workers", "2")
    with server.process(*command) as process:
        found = Watched(f"http://127.0.0.1:{port}")
        until = time.monotonic() + 90
        while not _answers(found):
            assert time.monotonic() < until
            assert process.poll() is None, server.log.read_text()
            time.sleep(0.2)
        yield found


def _answers(server: Watched) -> bool:
    try:
        return server.get("/readyz").status_code == 200
    except requests.ConnectionError:
        return False


def test_only_who_has_the_token_reads_them(watched: Watched) -> None:
    assert watched.get("/metrics").status_code == 404
    assert watched.get("/metrics", token=TOKEN + "x").status_code == 404
    assert watched.get("/metrics", token="café").status_code == 404
    answer = watched.get("/metrics", token=TOKEN)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")


def test_requests_are_added_up_over_all_processes_by_what_was_asked_for(watched: Watched) -> None:
    asked = 'certfolio_requests_totalendpoint="pages.sign_in",method="{}",status="{}"'
    before = watched.numbers()
    for _ in range(16):
        assert watched.get("/login").status_code == 200
    watched.get("/login", method="PROPFIND")
    for _ in range(6):  # whichever process answers
        now = watched.numbers()
        assert now[asked.format("GET", 200)] - before.get(asked.format("GET", 200), 0) == 16
        took = 'certfolio_request_seconds_countendpoint="pages.sign_in"'
        assert now[took] - before.get(took, 0) == 16


def test_they_name_nobody(watched: Watched) -> None:
    watched.get("/nobody@lakeside.example")
    watched.get("/admin/members/4711?name=nobody")
    watched.get("/login", method="NOBODY")
    text = watched.get("/metrics", token=TOKEN).text
    assert 'certfolio_requests_total{endpoint="",method="other"' in text
    assert "nobody" not in text.lower()
    assert "4711" not in text


def test_jobs_and_what_they_stand_on_are_told(watched: Watched) -> None:
    until, done = time.monotonic() + 90, "certfolio_job_success_timestamp_seconds"
    regular = {name for name, each in jobs.registered().items() if not each.every_seconds}
    while not all((numbers := watched.numbers())[f'{done}job="{name}"'] for name in regular):
        assert time.monotonic() < until
        time.sleep(0.5)
    assert numbers["certfolio_database_up"] == numbers["certfolio_storage_up"] == 1
    for name in regular:
        assert numbers[f'certfolio_job_failuresjob="{name}"'] == 0
        assert numbers[f'certfolio_job_due_timestamp_secondsjob="{name}"'] > time.time() - 60
        assert f'certfolio_job_runningjob="{name}"' in numbers
    assert numbers['certfolio_job_waitingjob="draw_previews"'] == 0
