"""Cookies that a browser keeps beyond its session: for the server alone, and on https bound to this very host."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from flask import current_app, request
from werkzeug.wrappers import Response


def kept(name: str) -> str:
    """What the browser keeps under this name, "" where nothing."""
    return request.cookies.get(_whole(name), "")


def keep(
    response: Response, name: str, value: str, *, lasts: timedelta, same_site: Literal["Lax", "Strict"] = "Lax"
) -> None:
    """Let the browser keep `value` for so long."""
    response.set_cookie(
        _whole(name),
        value,
        max_age=lasts,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite=same_site,
    )


def _whole(name: str) -> str:
    """`__Host-`: browsers take it over https only, for all paths, and send it to no other host."""
    return f"__Host-{name}" if current_app.config["SESSION_COOKIE_SECURE"] else name
