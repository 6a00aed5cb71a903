"""The back office's first page: what expired, and what expires next."""

from __future__ import annotations

from flask_admin import AdminIndexView, expose

from admin_panel.base import CoordinatorView
from records import signin
from records.queries.attention import attention


class HomeView(CoordinatorView, AdminIndexView):
    icon = "home"

    def __init__(self) -> None:
        super().__init__(name="Home", endpoint="admin", url="/admin", template="admin_panel/home.html")

    @expose("/")
    def index(self) -> str:
        user = signin.signed_in()
        tracks = bool(user and user.organization and user.organization.tracks_certifications)
        shown = attention(by=signin.current_actor()) if tracks else None
        return str(self.render("admin_panel/home.html", attention=shown))
