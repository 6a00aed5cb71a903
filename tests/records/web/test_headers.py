"""Headers on every kind of answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from records.web.static import static_url
from tests.answers import HTTPS, what_is_wrong
from tests.cast import Cast
from tests.clients import SignedClient
from tests.conftest import make_app
from tests.records.web.conftest import FAILURES

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Browse = Callable[..., SignedClient]

PAGES = ["/login", "/", "/account", "/admin/", "/portfolio/certifications", "/no-such-page", "/scan/1", "/logout",
         "/healthz", "/readyz", "/admin/settings/", "/reset", "/invitation/x"]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_is_guarded(cast: Cast, browse: Browse, path: str) -> None:
    for client in (browse(), browse(cast.ada)):
        headers = client.get(path).headers
        assert {name: headers[name] for name in ALWAYS} == ALWAYS
        assert headers["Cache-Control"] == "no-store"
        assert "Cookie" in headers["Vary"]
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "base-uri 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert "http:" not in policy
        assert "Strict-Transport-Security" not in headers
        assert "Server" not in headers


def test_scripts_run_by_a_nonce_that_is_new_each_time(cast: Cast, browse: Browse) -> None:
    nonces = set()
    for _ in range(5):
        page = browse(cast.ada).get("/admin/")
        (nonce,) = re.findall(r"script-src 'nonce-([^']+)'", page.headers["Content-Security-Policy"])
        scripts = re.findall(r"<script[^>]*>", page.text)
        assert scripts
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        assert len(nonce) >= 22
        nonces.add(nonce)
    assert len(nonces) == 5


def test_static_files_are_guarded_and_kept_for_ever(app: Flask, browse: Browse) -> None:
    with app.app_context():
        address = static_url("records/skin/base.css")
    for headers in ({}, {"If-None-Match": "x"}, {"Range": "bytes=0-9"}):
        headers = browse().get(address, headers=headers, buffered=True).headers
        assert {name: headers[name] for name in ALWAYS} == ALWAYS
        assert "immutable" in headers["Cache-Control"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers
        assert "Set-Cookie" not in headers


def test_an_unchanged_static_file_is_not_sent_again(app: Flask, browse: Browse) -> None:
    with app.app_context():
        address = static_url("records/skin/base.css")
    first = browse().get(address, buffered=True)
    again = browse().get(address, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert again.status_code == 304
    assert again.data == b""
    assert {name: again.headers[name] for name in ALWAYS} == ALWAYS
    refused = browse().post(address, buffered=True)
    assert refused.status_code == 405
    assert {name: refused.headers[name] for name in ALWAYS} == ALWAYS


@pytest.mark.parametrize(
    "path",
    ["/static/../config.py", "/static/records/../../wsgi.py", "/static/%2e%2e/config.py", "/static/records/",
     "/static/", "/static/records/skin/base.css", "/admin/static/../../config.py", "/admin/static/..%2f..%2fconfig.py",
     "/.git/HEAD", "/.env", "/config.py", "/migrations/", "/instance/", "/metrics", "/console", "/docs",
     "/openapi.json"],
)  # fmt: skip
def test_nothing_but_the_static_files_is_served_under_their_exact_names(browse: Browse, path: str) -> None:
    assert browse().get(path).status_code in (301, 302, 308, 404)


def test_over_https_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    application = make_app(tmp_path / "data", public_url="https://certs.example")
    client = SignedClient(application)
    with application.app_context():
        address = static_url("records/skin/base.css")
    for path in ("/healthz", "/no-such-page", address):
        assert client.get(path, buffered=True).headers["Strict-Transport-Security"].startswith("max-age=63072000"), path


def test_every_failure_is_guarded(failing_client: SignedClient) -> None:
    failed = {name: failing_client.get(f"/fail/{name}", **HTTPS) for name in FAILURES}
    found = {name: wrong for name, answer in failed.items() if (wrong := what_is_wrong(answer))}
    assert not found
    assert {answer.status_code for answer in failed.values()} == {status for status, _ in FAILURES.values()}


# Proxies


def seen_address(application: Flask, hops: str) -> tuple[str, str, bool]:
    from flask import jsonify, request

    application.add_url_rule("/seen", "seen", lambda: jsonify(request.remote_addr, request.host, request.is_secure))
    headers = {"X-Forwarded-For": hops, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    answer: list[object] = SignedClient(application).get("/seen", headers=headers).json or []
    return str(answer[0]), str(answer[1]), bool(answer[2])


def test_forwarding_headers_are_ignored_unless_proxies_are_trusted(tmp_path: Path) -> None:
    application = make_app(tmp_path / "data")
    assert seen_address(application, "203.0.113.9") == ("127.0.0.1", "localhost", False)


def test_as_many_proxies_are_believed_as_are_trusted(tmp_path: Path) -> None:
    application = make_app(tmp_path / "data", trusted_proxies=1)
    assert seen_address(application, "203.0.113.66, 203.0.113.9") == ("203.0.113.9", "evil.example", True)
