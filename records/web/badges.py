"""The badges of standings, which lists show many times: each is written once in each language."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from flask import Flask, current_app
from markupsafe import Markup

from records.web.languages import texts_now

_TEMPLATE = "records/components/badges.html"
_MOST_HELD = 200


def init_app(app: Flask) -> None:
    app.jinja_env.filters["standing_badge"] = standing_badge


def standing_badge(standing: str) -> Markup:
    """What the macro of this name writes."""
    return _badge(str(standing), texts_now())


@lru_cache(_MOST_HELD)
def _badge(standing: str, _texts: Any) -> Markup:
    macros: Any = current_app.jinja_env.get_template(_TEMPLATE).module
    return cast(Markup, macros.standing_badge(standing))
