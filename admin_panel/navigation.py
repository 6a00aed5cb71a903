"""The back office's menu, written once for each language and each choice of pages that somebody may open."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flask import Flask, request
from flask_admin import Admin

from records.web.languages import texts_now

_TEMPLATE = "admin_panel/_menu.html"
_MOST_KEPT = 1000


def init_app(app: Flask, admin: Admin) -> None:
    """What is kept follows from the program alone: nobody has to throw it away."""

    @lru_cache(_MOST_KEPT)
    def written(_texts: Any, _root: str, shown: frozenset[str], opened: str) -> Any:
        groups = [
            (item.name if item.is_category() else "", [each for each in _entries(item) if each.endpoint in shown])
            for item in admin.menu()
        ]
        menu = app.jinja_env.get_template(_TEMPLATE).module.menu  # type: ignore[attr-defined]  # because: macros are attributes
        return menu([group for group in groups if group[1]], opened)

    def navigation(view: Any) -> Any:
        """The menu of who asks; the entry of the page that is open, or that leads to it, says so."""
        shown = frozenset(each.endpoint for item in admin.menu() for each in _entries(item) if each.is_visible())
        return written(texts_now(), request.script_root, shown, (view.lies_under or view.endpoint) if view else "")

    app.jinja_env.globals["back_office_navigation"] = navigation


def _entries(item: Any) -> list[Any]:
    """The views of an item: a group has several."""
    return [each._view for each in item._children] if item.is_category() else [item._view]
