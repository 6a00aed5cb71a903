"""The one door to addresses that people typed in: what may be asked, for how long, and how much of the answer is read.

Whoever types an address must not reach what only this server can reach (server-side request forgery). So an address is
https, carries no name or password, and its host is looked up here and asked at the very number that was looked at:
one of the public internet, unless the operator named the host in SIGN_ON_PRIVATE_HOSTS. Development and tests may
ask this machine itself, by http too.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import socket
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import current_app
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

WAIT = 5.0  # seconds: for a connection, and for each part of an answer
_WHOLE = 10.0  # seconds that an exchange takes at most, however it drips
_MOST_BYTES = 512 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What older versions of Python take for public.
_NOT_PUBLIC = [ipaddress.ip_network(each) for each in ("192.0.0.0/24", "64:ff9b:1::/48")]
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):
    """The address is not one that may be asked."""


class TooMuch(requests.RequestException):
    """The answer is larger than any honest one, took too long, or leads elsewhere."""


def guard(session: requests.Session) -> None:
    """From now on `session` asks through this door only: without proxies, redirects, or passwords from files."""
    session.trust_env = False
    session.headers["Accept-Encoding"] = "identity"  # what is not packed cannot unpack into something huge
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Door())


def require_allowed(url: str) -> None:
    """Whether `url` looks like an address that may be asked; its host is looked up when it is. Raises Forbidden."""
    try:
        address = urlsplit(url)
        host, _port = address.hostname or "", address.port
    except ValueError:
        raise Forbidden() from None
    if not host or "@" in address.netloc or address.fragment or not url.isprintable() or " " in url:
        raise Forbidden()
    if address.scheme != "https" and not (address.scheme == "http" and _may_ask_itself() and _is_itself(host)):
        raise Forbidden()


def _may_ask_itself() -> bool:
    return current_app.config["ENVIRONMENT"] in ("development", "testing")


def _is_itself(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _looked_up(host: str, port: int) -> str:
    """The number at which `host` is asked. Raises Forbidden where any of its numbers may not be."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    numbers = [str(entry[4][0]) for entry in found]
    named = host.rstrip(".").lower() in current_app.config["SIGN_ON_PRIVATE_HOSTS"]
    if not named and not all(_may_be_asked(ipaddress.ip_address(number.partition("%")[0])) for number in numbers):
        raise Forbidden()
    return numbers[0]


def _may_be_asked(number: _Ip) -> bool:
    number = _within(number)
    if number.is_loopback:
        return _may_ask_itself()
    return number.is_global and not number.is_multicast and not any(number in each for each in _NOT_PUBLIC)


def _within(number: _Ip) -> _Ip:
    """The number of the old kind that one of the new kind stands for, where it does."""
    if isinstance(number, ipaddress.IPv4Address):
        return number
    if number in _NAT64:
        return ipaddress.IPv4Address(int(number) & 0xFFFFFFFF)
    return number.ipv4_mapped or number.sixtofour or number


class _Looked(HTTPConnection):
    """Connects to the number that was looked at, and is cut off when its time is over, whatever it waits for."""

    _twin: socket.socket | None = None
    _end: threading.Timer | None = None

    def _new_conn(self) -> socket.socket:
        name = self.host
        self.host = _looked_up(name, self.port)
        try:
            made = super()._new_conn()
        finally:
            self.host = name
        self._twin = made.dup()
        self._end = threading.Timer(_WHOLE, _cut, [self._twin])
        self._end.daemon = True
        self._end.start()
        return made

    def close(self) -> None:
        super().close()
        if self._end is not None and self._twin is not None:
            self._end.cancel()
            self._twin.close()


def _cut(twin: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is over already
        twin.shutdown(socket.SHUT_RDWR)


class _LookedTls(_Looked, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Looked


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _LookedTls


class _Door(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def send(self, request: requests.PreparedRequest, *_args: Any, **options: Any) -> requests.Response:
        """Raises Forbidden, and RequestException as ever."""
        require_allowed(request.url or "")
        response = super().send(request, stream=True, timeout=WAIT, verify=options.get("verify", True))
        with response.raw as raw:
            response.raw = io.BytesIO(_read(raw))
        if response.is_redirect:
            raise TooMuch("it leads elsewhere")
        return response


def _read(raw: Any) -> bytes:
    """The whole answer, as it came."""
    until, read = time.monotonic() + _WHOLE, bytearray()
    try:
        while part := raw.read1(decode_content=False):
            read += part
            if len(read) > _MOST_BYTES or time.monotonic() > until:
                raise TooMuch("it does not end")
    except HTTPError as error:
        raise requests.ConnectionError(error) from None
    return bytes(read)
