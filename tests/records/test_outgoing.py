"""The door to addresses that people typed in: nothing behind this server is asked, and nothing is waited for long."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import requests
from flask import Flask

from records import outgoing
from tests.providers import Liar

Asks = Callable[[str], requests.Response]


@pytest.fixture
def ask(app: Flask) -> Iterator[Asks]:
    with requests.Session() as session:
        outgoing.guard(session)
        yield session.get


@pytest.fixture
def in_production(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "ENVIRONMENT", "production")


def resolve(monkeypatch: pytest.MonkeyPatch, *numbers: str) -> list[tuple[str, int]]:
    """Every name has these numbers from now on; nobody is connected to. Returns whom a connection was tried to."""
    tried: list[tuple[str, int]] = []

    def looked_up(host: str, port: Any, *_args: Any, **_options: Any) -> list[Any]:
        found = [host] if _is_number(host) else numbers
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
                for each in found]  # fmt: skip

    def connect(_socket: socket.socket, address: Any) -> None:
        tried.append(address[:2])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(socket.socket, "connect", connect)
    return tried


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example", "ftp://login.example", "file:///etc/passwd", "gopher://login.example", "login.example",
        "https://", "https://user@login.example", "https://user:secret@login.example", "https://login.example#part",
        "https://login.example:99999", "https://[::1", "javascript:alert(1)", "", "https://login.example/\nHost: x",
        "http://127.0.0.1.evil.example", "http://localhost.evil.example",
    ],
)  # fmt: skip
def test_an_address_that_is_no_https_address_is_not_asked(ask: Asks, url: str) -> None:
    with pytest.raises(outgoing.Forbidden):
        outgoing.require_allowed(url)
    with pytest.raises((outgoing.Forbidden, requests.RequestException)):
        ask(url)


PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
    "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("number", PRIVATE)
def test_nothing_of_a_private_network_is_connected_to(
    ask: Asks, in_production: None, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    tried = resolve(monkeypatch, number)
    with pytest.raises(outgoing.Forbidden):
        ask("https://login.example/")
    with pytest.raises(outgoing.Forbidden):
        ask(f"https://[{number}]/" if ":" in number else f"https://{number}/")
    assert tried == []


def test_one_private_number_among_public_ones_is_enough(
    ask: Asks, in_production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = resolve(monkeypatch, "93.184.216.34", "10.0.0.1")
    with pytest.raises(outgoing.Forbidden):
        ask("https://login.example/")
    assert tried == []


def test_the_number_that_was_looked_at_is_the_one_that_is_asked(
    ask: Asks, in_production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that has a public number when it is looked up, and a private one a moment later (rebinding)."""
    tried = resolve(monkeypatch, "93.184.216.34")
    first = socket.getaddrinfo
    turns = iter([first])

    def rebinding(host: str, *args: Any, **options: Any) -> Any:
        if _is_number(host):
            return first(host, *args, **options)
        return next(turns)(host, *args, **options)  # a second look-up of the name ends the test

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(requests.ConnectionError):
        ask("https://login.example/")
    assert set(tried) == {("93.184.216.34", 443)}


def test_this_machine_is_asked_in_development_and_tests_alone(
    ask: Asks, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Liar().running() as there:
        assert ask(f"{there.issuer}/jwks").ok
        monkeypatch.setitem(app.config, "ENVIRONMENT", "production")
        for url in (there.issuer, there.issuer.replace("http:", "https:")):
            with pytest.raises(outgoing.Forbidden):
                ask(url)
        assert there.asked == ["/jwks"]


def test_the_operator_names_hosts_of_a_private_network(
    ask: Asks, app: Flask, in_production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = resolve(monkeypatch, "10.0.0.1")
    monkeypatch.setitem(app.config, "SIGN_ON_PRIVATE_HOSTS", frozenset({"login.internal"}))
    for host in ("login.internal", "LOGIN.internal."):
        with pytest.raises(requests.ConnectionError):
            ask(f"https://{host}/")
    assert set(tried) == {("10.0.0.1", 443)}
    for host in ("other.internal", "login.internal.evil.example"):
        with pytest.raises(outgoing.Forbidden):
            ask(f"https://{host}/")
    with pytest.raises(outgoing.Forbidden):
        ask("http://login.internal/")


def test_no_redirect_is_followed(ask: Asks) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/jwks")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with Liar(respond={"/away": elsewhere}).running() as there:
        with pytest.raises(outgoing.TooMuch):
            ask(f"{there.issuer}/away")
        assert there.asked == ["/away"]


def test_an_endless_answer_is_cut_off(ask: Asks) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"x" * 65536)

    with Liar(respond={"/endless": endless}).running() as there, pytest.raises(outgoing.TooMuch):
        ask(f"{there.issuer}/endless")


def _drips(handler: BaseHTTPRequestHandler, start: bytes, part: bytes) -> None:
    with contextlib.suppress(OSError):
        handler.wfile.write(start)
        while True:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(0.02)


_HEAD = b"HTTP/1.0 200 OK\r\n"


@pytest.mark.parametrize(("start", "part"), [(_HEAD + b"\r\n", b"x"), (_HEAD + b"X: ", b"x"), (b"", b"H")])
def test_an_answer_that_drips_ends_in_time(
    ask: Asks, monkeypatch: pytest.MonkeyPatch, start: bytes, part: bytes
) -> None:
    """Each part comes soon enough; all together would never end: in the body, in the headers, in the first line."""
    monkeypatch.setattr(outgoing, "_WHOLE", 0.4)
    with Liar(respond={"/slow": lambda handler: _drips(handler, start, part)}).running() as there:
        began = time.monotonic()
        with contextlib.suppress(requests.RequestException):
            ask(f"{there.issuer}/slow")
        assert time.monotonic() - began < 3


def test_a_host_that_says_nothing_is_not_waited_for(ask: Asks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "WAIT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(requests.Timeout):
            ask(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        assert time.monotonic() - began < 3


def test_what_is_packed_is_not_unpacked(ask: Asks) -> None:
    def packed(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["Accept-Encoding"] == "identity"
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", "4")
        handler.end_headers()
        handler.wfile.write(b"\x1f\x8b\x08\x00")

    with Liar(respond={"/packed": packed}).running() as there:
        assert ask(f"{there.issuer}/packed").content == b"\x1f\x8b\x08\x00"


def test_no_proxy_of_the_environment_is_asked(ask: Asks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with Liar().running() as there:
        assert ask(f"{there.issuer}/jwks").ok
