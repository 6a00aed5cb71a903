"""Face 1, for learners: light, server-rendered pages on one blueprint; nothing here needs JavaScript."""

from __future__ import annotations

from flask import Blueprint, Flask


def init_app(app: Flask) -> None:
    from portal import views

    blueprint = Blueprint("portal", __name__, url_prefix="/portfolio", template_folder="templates")
    views.add_to(blueprint)
    app.register_blueprint(blueprint)
