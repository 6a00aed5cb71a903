"""Response headers: a strict policy with one nonce a request, and nothing kept by shared caches."""

from __future__ import annotations

import secrets

from flask import Flask, Response, current_app, g, request


def init_app(app: Flask) -> None:
    app.after_request(_add)
    app.jinja_env.globals["csp_nonce"] = csp_nonce


def csp_nonce() -> str:
    """The nonce of this request, for every script element."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


ON_ALL = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
OVER_HTTPS = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}


def _add(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    for name, value in ON_ALL.items():
        headers.setdefault(name, value)  # a page may be stricter
    if headers.get("Cache-Control", "no-cache") == "no-cache":  # as Flask says of files by itself
        headers["Cache-Control"] = "no-store"
    response.vary.add("Cookie")
    if request.is_secure or current_app.config["SESSION_COOKIE_SECURE"]:
        headers.update(OVER_HTTPS)
    return response


def _policy() -> str:
    return (
        "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
        f"script-src 'nonce-{csp_nonce()}'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
        "connect-src 'self'; frame-src 'self'; manifest-src 'self'"
    )
