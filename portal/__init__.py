"""Face 1, for learners: light, server-rendered pages on one blueprint; nothing here needs JavaScript."""

from __future__ import annotations

from flask import Blueprint, Flask


def init_app(app: Flask) -> None:
    from portal import (
        calendar,
        certificates,
        certifications,
        credits,
        finding,
        menu,
        messages,
        overview,
        proofs,
        renewing,
        requirements,
        submitting,
        viewers,
    )

    blueprint = Blueprint("portal", __name__, url_prefix="/portfolio", template_folder="templates")
    for module in (
        overview,
        certifications,
        requirements,
        certificates,
        submitting,
        renewing,
        credits,
        messages,
        viewers,
        proofs,
        calendar,
        finding,
    ):
        module.add_to(blueprint)
    app.register_blueprint(blueprint)
    menu.init_app(app)
    messages.init_app(app)
