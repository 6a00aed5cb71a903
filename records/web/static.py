"""Static files under names that carry a hash of their bytes, so that browsers may keep them for ever."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from http import HTTPStatus
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.headers import Headers

from flask import Flask, current_app
from whitenoise import WhiteNoise
from whitenoise.responders import Response, StaticFile

from records.web.compression import compressed, takes_gzip
from records.web.headers import ON_ALL, OVER_HTTPS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PACKAGES = ("records", "portal", "admin_panel")
_PREFIX = "/static/"
_HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
_NOTHING_RUNS = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
_SHRINKING = (".css", ".js", ".svg")


def init_app(app: Flask) -> None:
    always = ON_ALL | _NOTHING_RUNS | (OVER_HTTPS if app.config["SESSION_COOKIE_SECURE"] else {})
    server = _Server(
        app.wsgi_app,
        max_age=60,
        allow_all_origins=False,
        immutable_file_test=lambda _path, url: bool(_HASHED.search(url)),
    )
    names: dict[str, str] = {}
    for package in _PACKAGES:
        for path in sorted(_folder(package).rglob("*.*")):
            name = f"{package}/{path.relative_to(_folder(package)).as_posix()}"
            names[name] = _hashed(name, path)
            server.add_file_to_dictionary(names[name], str(path))
    app.extensions["static_names"] = names
    app.wsgi_app = _guarded(server, always)  # type: ignore[method-assign, assignment]  # because: Flask's documented way to add middleware
    app.jinja_env.globals["static"] = static_url


def static_url(name: str) -> str:
    """The address of a static file, such as `records/skin/base.css`. Raises KeyError where there is none."""
    address: str = current_app.extensions["static_names"][name]
    return address


class _Server(WhiteNoise):
    """Sends what shrinks compressed, from memory: nothing is written beside the program's files."""

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> StaticFile:
        plain: StaticFile = super().get_static_file(path, url, stat_cache)
        return _Shrunk(path, plain.alternatives[0][2]) if path.endswith(_SHRINKING) else plain


class _Shrunk(StaticFile):
    """A file and its compressed bytes; a part of it, or 304, is as without them."""

    def __init__(self, path: str, headers: list[tuple[str, str]]) -> None:
        super().__init__(path, [*headers, ("Vary", "Accept-Encoding")])
        self._compressed = compressed(Path(path).read_bytes(), level=9)

    def get_response(self, method: str, request_headers: WSGIEnvironment) -> Response:
        response = super().get_response(method, request_headers)
        if response.status != HTTPStatus.OK or not takes_gzip(request_headers):
            return response
        headers = Headers(list(response.headers))
        headers["Content-Encoding"], headers["Content-Length"] = "gzip", str(len(self._compressed))
        if response.file is None:
            return Response(response.status, headers.items(), None)
        response.file.close()
        return Response(response.status, headers.items(), BytesIO(self._compressed))


def _folder(package: str) -> Path:
    """`<package>/static/<package>`."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"no package {package}")
    return Path(spec.origin).parent / "static" / package


def _hashed(name: str, path: Path) -> str:
    stem, _, ending = name.rpartition(".")
    return f"{_PREFIX}{stem}.{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}.{ending}"


def _guarded(server: WSGIApplication, always: dict[str, str]) -> WSGIApplication:
    """`server` with these headers on answers that lack them: pages have theirs already."""

    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            present = {name.lower() for name, _ in headers}
            missing = [(name, value) for name, value in always.items() if name.lower() not in present]
            return start_response(status, headers + missing, *exc_info)

        return server(environ, start)

    return guarded
