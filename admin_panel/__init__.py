"""Face 2, for staff: a Flask-Admin back office. This file reads like its menu."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme

from records.web.headers import csp_nonce


def init_app(app: Flask) -> None:
    from admin_panel.views.home import HomeView

    app.register_blueprint(Blueprint("admin_panel", __name__, template_folder="templates"))
    admin = Admin(
        name="Certfolio",
        url="/admin",
        theme=Bootstrap4Theme(base_template="admin_panel/layout.html"),
        index_view=HomeView(),
        csp_nonce_generator=csp_nonce,
    )
    admin.init_app(app)
