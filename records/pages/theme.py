"""Light or dark: by the system's preference, or as a person chose for this browser."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from records.errors import Invalid
from records.web import cookies
from records.web.links import page_before

SYSTEM, LIGHT, DARK = "system", "light", "dark"
THEMES = (SYSTEM, LIGHT, DARK)
# What a telephone paints its bar with: the token `--page`.
PAGE_COLOURS = {LIGHT: "#f6f7f9", DARK: "#0f1419"}

_COOKIE = "theme"
_KEPT_FOR = timedelta(days=365)


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/theme", "choose_theme", choose_theme, methods=["POST"])


def chosen_theme() -> str:
    """One of THEMES; SYSTEM where nothing was chosen. It asks no database, so that error pages know it, too."""
    theme = cookies.kept(_COOKIE)
    return theme if theme in THEMES else SYSTEM


def choose_theme() -> Response:
    """Keep the choice in this browser, and back to the page. Raises Invalid."""
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        raise Invalid()
    response = redirect(page_before() or url_for("pages.home"))
    cookies.keep(response, _COOKIE, theme, lasts=_KEPT_FOR)
    return response
