"""The cookie of a session, and those that a browser keeps beyond it: for the server alone, and on https bound to this
very host."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from flask import Flask, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.wrappers import Response


class Session(SecureCookieSession):
    """Signed and sent anew when something in it changed, not when a page says what it holds already."""

    def __setitem__(self, name: str, value: Any) -> None:
        """A list that was added to equals itself: of words alone it can be said that nothing changed."""
        if not isinstance(value, str) or self.get(name) != value:
            super().__setitem__(name, value)


def init_app(app: Flask) -> None:
    interface = SecureCookieSessionInterface()
    interface.session_class = Session
    app.session_interface = interface


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
