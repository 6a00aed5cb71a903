"""Certfolio that says how many requests it is working on: a browser that goes takes back nothing of what it sent, and
what comes of that late would stand in the next test's database."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING

from tests.browser.server import UNDER_WAY
from wsgi import app as app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _Counted:
    def __init__(self, application: WSGIApplication) -> None:
        self._application, self._number, self._turn = application, 0, Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == UNDER_WAY:
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [str(self._number).encode()]
        self._count(1)
        try:
            return self._application(environ, start_response)
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        with self._turn:
            self._number += more


app.wsgi_app = _Counted(app.wsgi_app)  # type: ignore[method-assign]  # because: Flask names this way to wrap it
