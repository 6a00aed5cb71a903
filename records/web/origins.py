"""What changes something is asked for by our own pages: a request that another site began is refused, whatever token
it has.

Browsers say where a request comes from (`Sec-Fetch-Site`); those that do not, and all of them on plain http, name at
least the origin of its page. Of "null", the origin of pages without a referrer, nothing follows: the token decides.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, current_app, request
from flask_wtf.csrf import CSRFError

BEGUN_BY_US = ("same-origin", "none")  # `none`: typed, or from a bookmark
_CHANGES_NOTHING = ("GET", "HEAD", "OPTIONS", "TRACE")


def init_app(app: Flask) -> None:
    app.before_request(_refuse_other_sites)


def _refuse_other_sites() -> None:
    if request.method not in _CHANGES_NOTHING and _is_of_another_site():
        raise CSRFError()


def _is_of_another_site() -> bool:
    """A proxy may hand on another Host than the one that readers know: that of PUBLIC_URL."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "null")
    if site is not None:
        return site not in BEGUN_BY_US
    ours = {request.host, urlsplit(current_app.config["PUBLIC_URL"]).netloc}
    return origin != "null" and origin.partition("://")[2] not in ours
