"""The back office's first page: what waits for a decision, what expired, and what expires next."""

from __future__ import annotations

from flask_admin import AdminIndexView, expose

from admin_panel.base import CoordinatorView
from records import signin
from records.pages.guards import this_organization
from records.queries.approvals import MOST_COUNTED, backlog
from records.queries.attention import attention
from records.queries.renewal_proposals import proposals_waiting


class HomeView(CoordinatorView, AdminIndexView):
    icon = "home"

    def __init__(self) -> None:
        super().__init__(name="Home", endpoint="admin", url="/admin", template="admin_panel/home.html")
        self.static_folder = None  # Flask-Admin's own styles and scripts: no page uses them, so none is served

    @expose("/")
    def index(self) -> str:
        organization, by = this_organization(), signin.current_actor()
        return str(
            self.render(
                "admin_panel/home.html",
                attention=attention(by=by) if organization.tracks_certifications else None,
                backlog=backlog(by=by) if by.reviews and organization.takes_external_certificates else None,
                proposals=proposals_waiting(by=by) if organization.tracks_certifications else None,
                most=MOST_COUNTED,
            )
        )
