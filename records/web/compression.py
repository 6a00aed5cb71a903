"""Pages travel compressed, where that gives nothing away.

The size of a compressed answer tells whoever listens on the way whether a guess in it repeats a secret of the page, if
they can have the reader's browser ask with one guess after another (BREACH). Such requests come from another site, and
browsers mark where a request comes from: only those that our own pages or the reader began are compressed.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.wrappers import Request

from records.web.origins import BEGUN_BY_US

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_KINDS = ("text/html", "application/json")
_LEVEL = 6
_WORTH_IT = 500  # bytes


def init_app(app: Flask) -> None:
    """Of what changes answers, the last registered runs first: this goes before the others."""
    app.after_request(_compress)


def takes_gzip(environ: WSGIEnvironment) -> bool:
    """Whether whoever asks reads gzip."""
    return Request(environ).accept_encodings.quality("gzip") > 0


def compressed(content: bytes, level: int = _LEVEL) -> bytes:
    """The same bytes for the same content at any time."""
    return gzip.compress(content, level, mtime=0)


def _compress(response: Response) -> Response:
    """Whole pages only: what streams keeps streaming, and stored files are sent as they are."""
    if response.mimetype not in _KINDS or response.is_streamed or "ETag" in response.headers:
        return response
    response.vary.update(("Accept-Encoding", "Sec-Fetch-Site"))
    if request.headers.get("Sec-Fetch-Site") in BEGUN_BY_US and takes_gzip(request.environ):
        content = response.get_data()
        if len(content) >= _WORTH_IT:
            response.set_data(compressed(content))
            response.headers["Content-Encoding"] = "gzip"
    return response
