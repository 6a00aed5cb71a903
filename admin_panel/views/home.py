"""The back office's first page."""

from __future__ import annotations

from flask_admin import AdminIndexView, expose

from admin_panel.base import CoordinatorView


class HomeView(CoordinatorView, AdminIndexView):
    def __init__(self) -> None:
        super().__init__(name="Home", endpoint="admin", url="/admin", template="admin_panel/home.html")

    @expose("/")
    def index(self) -> str:
        return str(self.render("admin_panel/home.html"))
