"""Addresses that leave the program: on paper, in a QR code, in a calendar. They begin with PUBLIC_URL.

And addresses that came in: which are pages of ours.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, has_request_context, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

_MOST_KNOWN = 2000
_ANY_ID = 7_777_777_777_777_777


def init_app(app: Flask) -> None:
    app.before_request(_stay_here)
    app.jinja_env.globals.update(
        public_address=public_address, proof_address=proof_address, url_for=address, each_address=each_address
    )


def _stay_here() -> None:
    """A missing or doubled slash leads on within this host: routing repeats the Host that it was told, whosever."""
    aside = request.routing_exception
    if isinstance(aside, RequestRedirect):
        aside.new_url = urlsplit(aside.new_url)._replace(scheme="", netloc="").geturl()


def address(endpoint: str, **values: Any) -> str:
    """What `url_for` says, for templates: the addresses without a value are worked out once."""
    if values or not has_request_context():
        return url_for(endpoint, **values)
    if endpoint.startswith("."):
        endpoint = f"{request.blueprint}{endpoint}" if request.blueprint else endpoint[1:]
    known = _known()
    key = (request.script_root, endpoint)  # nothing else of a request is part of them
    if key not in known:
        known[key] = url_for(endpoint)
    return known[key]


def _known() -> dict[Any, str]:
    """What was worked out in this process, each by all that it follows from."""
    known: dict[Any, str] = current_app.extensions.setdefault("plain_addresses", {})
    if len(known) > _MOST_KNOWN:
        known.clear()
    return known


def each_address(endpoint: str, name: str, **others: Any) -> str:
    """The address with `%s` in place of the id or the plain word `name`: the rows of a list need but put theirs in."""
    known, key = _known(), (request.script_root, request.blueprint, endpoint, name, *others.items())
    if key not in known:
        values: dict[str, Any] = others | {name: _ANY_ID}
        known[key] = url_for(endpoint, **values).replace("%", "%%").replace(str(_ANY_ID), "%s")
    return known[key]


def public_address(endpoint: str, **values: Any) -> str:
    """The whole address of a page, whatever the request's own Host says."""
    return str(current_app.config["PUBLIC_URL"]) + url_for(endpoint, **values)


def proof_address(code: str) -> str:
    """Where anybody verifies this code, however it is grouped."""
    return public_address("pages.verified", code=code.replace("-", ""))


def own_page(address: str) -> str | None:
    """`address` if it is a page of ours to read, never another site's address; else None."""
    plain = address.startswith("/") and not address.startswith("//") and address.isprintable() and "\\" not in address
    adapter = current_app.create_url_adapter(request)
    if not plain or adapter is None:
        return None
    try:
        adapter.match(address.partition("?")[0], method="GET")
    except HTTPException:  # no page of ours, or one under another address
        return None
    return address


def page_before() -> str | None:
    """The page of ours from which this request came, None where the browser does not say, or says nothing readable."""
    try:
        came_from = urlsplit(request.referrer or "")
    except ValueError:  # no address at all
        return None
    if came_from.netloc != request.host:
        return None
    return own_page(came_from.path + (f"?{came_from.query}" if came_from.query else ""))
