"""What a real server and a real job worker say while everything goes wrong, and who is in none of it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import time
from pathlib import Path
from typing import Any

import pytest
import requests

from records.database import db, lock, organization_scope, transaction
from records.services import invitations
from tests.browser.server import Server
from tests.cast import PASSWORD, Cast
from tests.certificates import credit_type
from tests.conftest import make_app, upgrade
from tests.holdings import give
from tests.samples import picture

WRONG = "canary-wrong-password"
TYPED = {
    "title": "Canarytitle",
    "file": "canaryfile.png",
    "number": "CANARYNUMBER-4711",
    "query": "canaryquery",
    "header": "canaryheader",
    "email": "canary@example.org",
    "new password": "canary new long password",
    "of the database": "canaryofthedatabase",
}
SLOW = 120
Said = tuple[list[str], set[str], list[str]]


class Loud(Server):
    """It says all that it can, and finds no mail server."""

    secret_key = ""

    @property
    def environment(self) -> dict[str, str]:
        mail = "smtp://canaryuser:canarypass@127.0.0.1:1"
        return super().environment | {"LOG_LEVEL": "DEBUG", "MAIL_URL": mail, "SECRET_KEY": self.secret_key}


class Browser:
    """Keeps cookies, sends the token of a page with its forms, and remembers every address that it was led to."""

    def __init__(self, server: Server) -> None:
        self.url, self.http = server.url, requests.Session()
        self.led_to: list[str] = []
        self.secrets: set[str] = set()

    def get(self, path: str, **more: Any) -> requests.Response:
        return self._kept(self.http.get(self.url + path, timeout=SLOW, **more))

    def post(self, path: str, data: dict[str, Any], *, form: str = "", **more: Any) -> requests.Response:
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.get(form or path).text)
        token = found.group(1) if found else "canary-forged"
        self.secrets.add(token)
        sent = {"csrf_token": token} | data
        return self._kept(self.http.post(self.url + path, data=sent, timeout=SLOW, allow_redirects=False, **more))

    def _kept(self, answer: requests.Response) -> requests.Response:
        self.secrets |= {str(cookie.value) for cookie in self.http.cookies}
        self.led_to += [each.headers["Location"] for each in (*answer.history, answer) if "Location" in each.headers]
        return answer


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """All lines of server and worker, what may not stand in them, and all addresses that browsers were led to."""
    server = Loud(tmp_path_factory.mktemp("loud"))
    application = make_app(server.data_dir)
    server.secret_key = application.config["SECRET_KEY"]
    upgrade(application)
    with application.app_context():
        cast = Cast.enter()
        with organization_scope(cast.fire.id):
            personal, links = _prepared(cast)
        db.session.remove()
        db.engine.dispose()
    _break(server.data_dir)
    with server.running():
        browsers = list(_everything_wrong(server, links, str(cast.max.email)))
    with server.process("-m", "flask", "--app", "wsgi", "jobs", "run", "--once") as worker:
        worker.wait(timeout=SLOW)
    lines = server.log.read_text().splitlines()
    secrets = {secret for browser in browsers for secret in browser.secrets if len(secret) > 8}
    secrets |= {path.rpartition("/")[2] for path in links.values()}
    words = {PASSWORD, WRONG, "argon2", "canaryuser", "canarypass", *TYPED.values(), *personal, *secrets}
    return lines, words, [address for browser in browsers for address in browser.led_to]


def _prepared(cast: Cast) -> tuple[set[str], dict[str, str]]:
    with transaction():
        lock(cast.fire).reminds_at = time(0)  # so that something is due at whatever hour this runs
    give(cast.max, cast.emt, 30, number=TYPED["number"])
    credit_type()
    links = {"invitation": invitations.invite(cast.mia, by=cast.actor(cast.ada))}
    people = (cast.ada, cast.max, cast.mia, cast.ken)
    emails = {str(each.email) for each in people}
    return emails | {each.family_name for each in people} | {"Hillside", "Lakeside"}, links


def _break(data_dir: Path) -> None:
    """From here on the database refuses two tables, in words that hold what was given."""
    with closing(sqlite3.connect(data_dir / "certfolio.db")) as database:
        for table in ("proof", "reminder"):
            words = f"RAISE(ABORT, '{TYPED['of the database']}')"
            database.execute(f"CREATE TRIGGER broken_{table} BEFORE INSERT ON {table} BEGIN SELECT {words}; END")
        database.commit()


def _everything_wrong(server: Server, links: dict[str, str], email: str) -> Iterator[Browser]:
    stranger = Browser(server)
    for address in (TYPED["email"], *[email] * 11):  # until it is throttled
        stranger.post("/login", {"email": address, "password": WRONG})
    yield stranger
    visitor = Browser(server)
    visitor.get(links["invitation"])
    visitor.post(links["invitation"], {"password": WRONG})
    visitor.post("/reset", {"email": email})
    visitor.get(f"/reset/{TYPED['query']}", headers={"Referer": f"{server.url}{links['invitation']}"})
    visitor.get(f"/verify?code={TYPED['query']}")
    visitor.get(f"/calendar/{TYPED['query']}.ics")
    yield visitor
    member = Browser(server)
    assert member.post("/login", {"email": "ada.lindgren@lakeside.example", "password": PASSWORD}).status_code == 302
    file = {"files": (TYPED["file"], picture(), "image/png")}
    form = {"title": TYPED["title"], "credits": "nonsense", "number": TYPED["number"]}
    member.post("/portfolio/certificates/new", form, files=file)
    member.post("/account/password", {"current": WRONG, "password": TYPED["new password"]}, form="/account")
    member.post("/account/email", {"email": TYPED["email"], "current": PASSWORD, "csrf_token": WRONG}, form="/account")
    member.post("/portfolio/credits/proof", {"ends_on": "2030-01-01"})
    injected = {"User-Agent": f"{TYPED['header']}\x1b[31m", "X-Request-Id": TYPED["header"], "Accept-Language": "\x9b"}
    for path in (f"/admin/members/?q={TYPED['query']}", f"/scan/1?{TYPED['query']}=1",
                 f"/{TYPED['query']}", f"/{TYPED['query']}%0d%0a%7b%22event%22%3a1%7d",
                 f"/%1b[2J{TYPED['query']}", "/admin/members/%00"):  # fmt: skip
        member.get(path, headers=injected)
    member.http.put(f"{server.url}/account", data={"title": TYPED["title"]}, timeout=SLOW)
    member.post("/admin/imports/", {}, files={"file": ("canary.csv", b"Name,Type\n\x00Canary", "text/csv")})
    yield member


def test_no_line_holds_a_name_a_secret_or_what_was_typed(said: Said) -> None:
    lines, words, _ = said
    assert not {word: line for line in lines for word in words if word.casefold() in line.casefold()}


def test_every_line_is_one_of_json_that_says_when_and_who_speaks(said: Said) -> None:
    lines = [json.loads(line) for line in said[0]]
    assert not [line for line in lines if not {"event", "level", "logger", "timestamp"} <= line.keys()]
    assert not [line for line in lines if line["event"] == "request" and not line["id"]]
    assert len({line["id"] for line in lines if line["event"] == "request"}) > 40


def test_what_went_wrong_is_all_there(said: Said) -> None:
    lines = [json.loads(line) for line in said[0]]
    assert {line["status"] for line in lines if line["event"] == "request"} >= {200, 302, 400, 404, 405, 422, 429, 500}
    (failure,) = [line for line in lines if line["event"] == "failure"]
    assert failure["error"] == "IntegrityError"
    assert any("records/services/proof_steps.py" in frame for each in failure["exception"] for frame in each["frames"])
    (job,) = [line for line in lines if line["event"] == "job failed"]
    assert (job["job"], job["exception"][-1]["type"]) == ("send_reminders", "IntegrityError")
    assert [line for line in lines if "was not sent" in line["event"] and line["job"] == "send_messages"]
    assert [line for line in lines if line["event"] == "uncaught" and line["level"] == "critical"]


def test_nobody_is_led_to_an_address_with_a_secret(said: Said) -> None:
    _, words, led_to = said
    assert led_to
    assert not {word: address for address in led_to for word in words if word in address}
