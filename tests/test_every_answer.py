"""What stands on every answer, of every address, static file and failure; and what stands in no address."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.access_table import TABLE
from tests.answers import HTTPS, what_is_wrong
from tests.asking import Asking
from tests.cast import PASSWORD, Cast
from tests.clients import SignedClient
from tests.conftest import make_app, upgrade
from tests.world import World, address

pytestmark = pytest.mark.once

Browse = Callable[..., SignedClient]
ROOT = Path(__file__).resolve().parents[1]
HANDED_OUT = {"/portfolio/calendar", "/portfolio/proofs/<int:proof_id>", "/portfolio/credits", "/verify/<code>"}


def test_every_answer_of_every_address_is_guarded_and_no_address_tells_a_secret(app: Flask, asking: Asking) -> None:
    world = asking.world
    clients: dict[str, SignedClient] = {name: world.client(app, name) for name in ("visitor", "max", "ada")}
    found: dict[tuple[str, ...], list[str]] = {}
    pages = 0
    for number, (rule, method) in enumerate(sorted(TABLE, key=lambda row: row[1])):
        path = address(app, rule, world, asking.cast)
        for name, client in clients.items():
            rarely = ("HEAD", "OPTIONS", "DELETE", "TRACE") if name == "visitor" and number % 5 == 0 else ()
            for asked in (method, *rarely) if method == "GET" or name == "visitor" else ():
                with client.open(path, method=asked, **HTTPS) as answer:
                    wrong = what_is_wrong(answer)
                    if name != "visitor" and answer.mimetype == "text/html":
                        pages += 1
                        wrong += secrets_in_addresses(answer, rule, world, client)
                    if wrong:
                        found[asked, rule, name, answer.status] = wrong
    assert not found
    assert pages > 100


def secrets_in_addresses(page: TestResponse, rule: str, made: World, client: SignedClient) -> list[str]:
    """Links, forms, pictures and ways on that hold an e-mail address or a secret, but for a link to write to somebody,
    and for what the page hands out."""
    with client.session_transaction() as kept:
        secrets = [kept["_user_id"], "csrf_token", PASSWORD]
    if rule not in HANDED_OUT:
        secrets += [str(made.arguments["token"]), str(made.arguments["code"]).replace("-", "")]
    texts = [*re.findall(r'\b(?:href|src|action)="([^"]*)"', page.text), page.headers.get("Location", "")]
    texts = [unquote(each) for each in texts if not each.startswith("mailto:")]
    return [text for text in texts if "@" in text or any(secret in text for secret in secrets)]


def test_every_static_file_is_guarded(app: Flask) -> None:
    application = make_app(Path(app.config["DATA_DIR"]) / "https", public_url="https://certs.example")
    client = SignedClient(application)
    names = application.extensions["static_names"].values()
    found = {}
    for path in names:
        for method, headers in (("GET", {}), ("HEAD", {}), ("POST", {}), ("GET", {"Range": "bytes=0-9"}),
                                ("GET", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"})):  # fmt: skip
            answer = client.open(path, method=method, headers=headers, buffered=True)
            if wrong := what_is_wrong(answer, is_static=True):
                found[method, path, answer.status_code] = wrong
    assert len(names) > 20
    assert not found


# Cookies


def test_every_cookie_is_bound_to_the_host_and_for_the_server_alone(tmp_path: Path) -> None:
    application = make_app(tmp_path / "data", public_url="https://certs.example")
    upgrade(application)
    client, said = SignedClient(application), []
    https = {"base_url": "https://certs.example", "headers": {"Referer": "https://certs.example/login"}}
    with application.app_context():
        ada = Cast.enter().ada.email
    said += client.get("/login", **https).headers.getlist("Set-Cookie")
    token = client.get_cookie("__Host-certfolio", "certs.example")
    assert token is not None
    page = client.get("/login", **https).text
    (csrf,) = set(re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page))
    for path, data in (("/theme", {"theme": "dark"}), ("/login", {"email": ada, "password": PASSWORD})):
        answer = client.post(path, data=data | {"csrf_token": csrf}, csrf=False, **https)
        assert answer.status_code == 302, path
        said += answer.headers.getlist("Set-Cookie")
    names = {each.partition("=")[0] for each in said}
    assert names == {"__Host-certfolio", "__Host-theme", "__Host-known_browser"}
    for each in said:
        flags = {part.strip().casefold() for part in each.split(";")[1:]}
        assert {"secure", "httponly", "path=/"} <= flags, each
        assert {"samesite=lax", "samesite=strict"} & flags, each
        assert not [flag for flag in flags if flag.startswith("domain")], each


def test_one_place_sets_cookies() -> None:
    setting = []
    for path in [path for package in ("records", "portal", "admin_panel") for path in (ROOT / package).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in ("set_cookie", "delete_cookie"):
                setting.append(path.relative_to(ROOT).as_posix())
    assert setting == ["records/web/cookies.py"]


# Addresses


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/portfolio",
        "//account",
        "/account//",
        "/admin//members/",
        "/logout/",
        "//evil.example/..//admin",
        "///admin",
        "/%2f/admin",
        "/\\evil.example//admin",
    ],
)
def test_a_foreign_host_never_comes_back_in_an_address(cast: Cast, browse: Browse, path: str) -> None:
    for headers in ({"Host": "evil.example"}, {"Host": "evil.example:80"}, {"X-Forwarded-Host": "evil.example"},
                    {"Forwarded": "host=evil.example"}, {"X-Original-URL": "//evil.example"}):  # fmt: skip
        for client in (browse(), browse(cast.ada)):
            answer = client.get(path, headers=headers)
            assert answer.status_code in (301, 302, 308, 404, 405)
            assert "//evil" not in answer.headers.get("Location", "") + answer.text
            assert re.match(r"/(?![/\\])", answer.headers.get("Location", "/"))
