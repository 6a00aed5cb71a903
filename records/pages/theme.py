"""Light or dark: by the system's preference, or as a person chose for this browser."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from records.errors import Invalid
from records.web.links import page_before

SYSTEM, LIGHT, DARK = "system", "light", "dark"
THEMES = (SYSTEM, LIGHT, DARK)
# What a telephone paints its bar with: the token `--page`.
PAGE_COLOURS = {LIGHT: "#f6f7f9", DARK: "#0f1419"}

_COOKIE = "theme"
_KEPT_FOR = 365 * 24 * 60 * 60


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/theme", "choose_theme", choose_theme, methods=["POST"])


def chosen_theme() -> str:
    """One of THEMES; SYSTEM where nothing was chosen. It asks no database, so that error pages know it, too."""
    theme = request.cookies.get(_COOKIE, "")
    return theme if theme in THEMES else SYSTEM


def choose_theme() -> Response:
    """Keep the choice in this browser, and back to the page. Raises Invalid."""
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        raise Invalid()
    response = redirect(page_before() or url_for("pages.home"))
    response.set_cookie(
        _COOKIE,
        theme,
        max_age=_KEPT_FOR,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response
