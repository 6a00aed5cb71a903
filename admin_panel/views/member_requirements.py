"""What a member's requirements come to, as staff see it."""

from __future__ import annotations

from flask import request
from flask_admin import expose

from admin_panel.base import CoordinatorView
from records import signin
from records.queries.findings import clearance_for
from records.queries.matrix import day_in


class MemberRequirementsView(CoordinatorView):
    needs_certification_tracking = True
    icon = "check"
    first_page = "show"
    lies_under = "members"

    @expose("/<int:member_id>/requirements")
    def show(self, member_id: int) -> str:
        clearance = clearance_for(member_id, by=signin.current_actor(), on=day_in(request.args.get("on", "")))
        return str(self.render("admin_panel/member_requirements.html", clearance=clearance, member=clearance.member))
