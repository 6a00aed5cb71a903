"""Every failure is a page in the product's skin, and none tells what stands behind it."""

from __future__ import annotations

import errno
import json
import re
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from records.database import db
from records.models import AuditEvent, AuditKind
from tests.cast import Cast
from tests.clients import SignedClient
from tests.conftest import make_app, upgrade
from tests.records.web.conftest import CANARY, FAILURES

WORDS_OF_MACHINES = ("Traceback", "SELECT", "INSERT", "sqlalchemy", "psycopg", "sqlite", "werkzeug", ".py", CANARY)


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("visitor", [False, True], ids=["signed in", "visitor"])
def test_a_failure_is_a_page_with_its_status_and_no_more(
    failing_client: SignedClient, failing: Flask, name: str, visitor: bool
) -> None:
    client = SignedClient(failing) if visitor else failing_client
    page = client.get(f"/fail/{name}")
    assert page.status_code == FAILURES[name][0]
    assert page.mimetype == "text/html"
    assert page.text.count("<h1") == page.text.count("<main") == 1
    assert 'lang="en"' in page.text
    words = re.sub(r'value="[^"]*"', "", page.text)  # a token may spell anything
    assert not [word for word in WORDS_OF_MACHINES if word in words]
    assert page.headers["X-Request-Id"]
    assert "nonce-" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", FAILURES)
def test_what_is_logged_of_a_failure_holds_no_values(
    failing_client: SignedClient, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = failing_client.get(f"/fail/{name}")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {line["id"] for line in lines} == {page.headers["X-Request-Id"]}
    assert lines[-1]["status"] == page.status_code
    assert CANARY not in json.dumps(lines)


@pytest.mark.parametrize("name", ["throttled", "database", "pool", "storage"])
def test_what_passes_says_when_to_come_back(failing_client: SignedClient, name: str) -> None:
    assert int(failing_client.get(f"/fail/{name}").headers["Retry-After"]) > 0


def test_an_error_page_names_the_request(failing_client: SignedClient) -> None:
    page = failing_client.get("/fail/bug")
    assert page.headers["X-Request-Id"] in page.text


def test_a_page_that_does_not_exist_is_not_found(app: Flask, cast: Cast) -> None:
    for path in ("/no-such-page", "/admin/no-such-page", "/scan/x", "/admin/../etc/passwd", "/static/records/x.css"):
        page = SignedClient(app).get(path)
        assert page.status_code == 404
        assert "<h1" in page.text


def test_a_method_that_a_page_does_not_know_is_not_allowed(app: Flask, cast: Cast) -> None:
    for method in ("DELETE", "PUT", "PATCH", "TRACE", "PROPFIND"):
        page = SignedClient(app).open("/account", method=method)
        assert page.status_code in (400, 405), method
        if page.status_code == 405:
            assert "GET" in page.headers["Allow"]
    assert SignedClient(app).get("/logout").status_code == 405


def test_trace_echoes_nothing(app: Flask) -> None:
    page = SignedClient(app).open("/login", method="TRACE", headers={"Cookie": f"x={CANARY}", "X-Echo": CANARY})
    assert page.status_code == 405
    assert CANARY not in page.text


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**30, "9" * 5000, "0" * 30, "-1", "1,2", "%00", "١"])
def test_an_id_that_cannot_be_one_is_not_found(cast: Cast, app: Flask, number: object) -> None:
    client = SignedClient(app)
    client.enter(cast.ada)
    for path in (f"/scan/{number}", f"/member/{number}/scans/download", f"/admin/members/{number}"):
        assert client.get(path).status_code == 404, path


def test_refusals_of_people_are_recorded_once_a_minute(cast: Cast, app: Flask) -> None:
    client = SignedClient(app)
    client.enter(cast.max)
    for _ in range(3):
        client.get("/admin/")
        client.get("/scan/4711")
    events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.REFUSED)).all()
    assert sorted(event.detail.after["status"] for event in events) == [403, 404]
    assert {event.actor_member_id for event in events} == {cast.max.id}


def test_forged_forms_and_too_many_tries_are_recorded(cast: Cast, app: Flask) -> None:
    client = SignedClient(app)
    client.enter(cast.max)
    assert client.post("/account/language", data={"language": "es"}, csrf=False).status_code == 400
    assert {client.get(f"/verify/7777-7777-7777-7777-77{guess}").status_code for guess in range(10, 40)} == {404, 429}
    events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.REFUSED)).all()
    assert {400, 429} <= {event.detail.after["status"] for event in events}
    assert {event.actor_member_id for event in events} == {cast.max.id}


@pytest.mark.parametrize("path", ["/", "/login", "/account", "/portfolio/", "/admin/", "/healthz", "/readyz"])
def test_with_the_database_down_pages_are_not_available_right_now(tmp_path: Path, path: str) -> None:
    application = make_app(tmp_path / "data", database_url="postgresql://nobody:x@127.0.0.1:1/nothing")
    client = SignedClient(application)
    with client.session_transaction() as kept:
        kept["_user_id"] = "x" * 43  # so that every page looks for its session
    page = client.get(path)
    assert page.status_code == (200 if path == "/healthz" else 503)
    if page.status_code == 503:
        assert int(page.headers["Retry-After"]) > 0
    words = re.sub(r'value="[^"]*"', "", page.text)  # a token may spell anything
    assert not [word for word in WORDS_OF_MACHINES if word in words]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    post = client.post("/login", data={"email": "a@example.org", "password": "x"})
    assert post.status_code == 503
    with application.app_context():
        db.engine.dispose()


def test_a_database_without_its_tables_is_not_ready(tmp_path: Path) -> None:
    application = make_app(tmp_path / "data")
    page = SignedClient(application).get("/readyz")
    assert page.status_code == 503
    assert page.json == {"status": "not ready"}
    with application.app_context():
        db.engine.dispose()


def test_while_an_upgrade_is_under_way_the_version_before_serves_and_the_new_one_waits(tmp_path: Path) -> None:
    application = make_app(tmp_path / "data")
    upgrade(application)
    for migration, status in (("9999", 200), ("0001", 503)):
        with application.app_context(), db.engine.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = :to"), {"to": migration})
        assert SignedClient(application).get("/readyz").status_code == status
    with application.app_context():
        db.engine.dispose()


def test_a_program_that_asks_whether_all_is_well_gets_a_short_answer(app: Flask) -> None:
    for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
        answer = SignedClient(app).get(path)
        assert (answer.status_code, answer.json) == (200, {"status": status})


def test_a_refusal_does_not_wait_for_others_to_have_written(cast: Cast, app: Flask) -> None:
    """Its event may go without a row then; the answer, and reading, do not wait."""
    client = SignedClient(app)
    client.enter(cast.max)
    with db.engine.connect().execution_options(writes=True) as another:
        another.execute(sa.text("UPDATE member SET suffix = suffix"))
        if another.dialect.name == "postgresql":
            another.execute(sa.text("LOCK TABLE audit_event IN EXCLUSIVE MODE"))
        began = time.monotonic()
        assert client.get("/scan/4711").status_code == 404
        assert client.get("/admin/").status_code == 403
        assert client.get("/portfolio/").status_code == 200
        assert time.monotonic() - began < 10


def test_a_log_that_leads_nowhere_fails_no_request(cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def flush(self) -> None:
            self.write("")

    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", Full())
        status = SignedClient(app).get("/login").status_code
    assert status == 200
