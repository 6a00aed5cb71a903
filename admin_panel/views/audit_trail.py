"""Administration > Audit trail: who did what, read only."""

from __future__ import annotations

from flask import request
from flask_admin import expose

from admin_panel.base import StaffView
from records import signin
from records.models import AuditKind
from records.queries.audit_trail import audit_event, audit_trail
from records.web.events import KIND_WORDS


class AuditTrailView(StaffView):
    icon = "clock"

    @expose("/")
    def list(self) -> str:
        kind = request.args.get("kind", "")
        trail = audit_trail(
            by=signin.current_actor(),
            kind=kind,
            member_id=request.args.get("member", type=int),
            before_id=request.args.get("before", type=int),
        )
        return str(
            self.render(
                "admin_panel/audit_trail.html",
                trail=trail,
                kind=kind,
                kinds=[(kind.value, KIND_WORDS[kind]) for kind in AuditKind],
                member_id=request.args.get("member", type=int),
            )
        )

    @expose("/<int:event_id>/summary")
    def summary(self, event_id: int) -> str:
        event, member = audit_event(event_id, by=signin.current_actor())
        what = KIND_WORDS[AuditKind(event.kind)] if event.kind in set(AuditKind) else event.kind
        return self.render_summary("admin_panel/summaries/event.html", event=event, member=member, what=what)
