"""Administration > Audit trail: who did what, read only."""

from __future__ import annotations

from collections.abc import Mapping

from flask import request
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.exporting import list_file
from admin_panel.forms.audit_trail import trail_filters
from admin_panel.listing import Listing
from admin_panel.saved_views import views_of
from records import signin
from records.database import found
from records.models import Actor, AuditEvent, AuditKind, Member
from records.queries.audit_filters import TrailWanted
from records.queries.audit_names import Names
from records.queries.audit_trail import audit_event, audit_trail, every_event, how_many_events
from records.tables import Cell, Table, reads
from records.web.event_facts import Change, changes, record_name
from records.web.events import KIND_WORDS
from records.web.limits import exports
from records.web.words import moment


class AuditTrailView(StaffView):
    icon = "clock"
    first_page = "list"

    @expose("/")
    def list(self) -> str:
        by, wanted = signin.current_actor(), TrailWanted.read(request.args)
        asked = wanted.asked()
        member = found(Member, int(wanted.member)) if wanted.member else None
        listing = Listing(
            "audit_trail.list",
            trail_filters(wanted),
            asked,
            files="audit_trail.export",
            views=views_of("audit-trail", asked, by=by),
            besides=[("member", gettext("Member"), member.name)] if member else (),
        )
        trail = audit_trail(wanted, by=by)
        return str(
            self.render(
                "admin_panel/audit_trail.html",
                trail=trail,
                listing=listing,
                wanted=wanted,
                kind_word=_kind_word,
                changes=changes,
                record_name=record_name,
                who=_who,
            )
        )

    @expose("/<int:event_id>/summary")
    def summary(self, event_id: int) -> str:
        event, names = audit_event(event_id, by=signin.current_actor())
        return self.render_summary(
            "admin_panel/summaries/event.html",
            event=event,
            member=names.get(("member", event.member_id or 0)),
            record=record_name(event, names),
            changes=changes(event, names),
            what=_kind_word(event),
            who=_who,
        )

    @expose("/export")
    @exports
    def export(self) -> Response:
        """All events that the filters find."""
        return list_file("audit-trail", request.args)


def _kind_word(event: AuditEvent) -> str:
    return str(KIND_WORDS[AuditKind(event.kind)]) if event.kind in set(AuditKind) else event.kind


def _who(event: AuditEvent) -> str:
    if event.detail.actor_name:
        return event.detail.actor_name
    return gettext("Erased member") if event.detail.erased_at else gettext("A visitor")


@reads("audit-trail")
def _table(fields: Mapping[str, str], by: Actor) -> Table:
    wanted = TrailWanted.read(fields)
    header = [gettext("When"), gettext("Who"), gettext("Logged in as them"), gettext("What"), gettext("Member"),
              gettext("Record"), gettext("Before"), gettext("After"), gettext("Address"), gettext("Event"),
              gettext("Number in the chain"), gettext("SHA-256")]  # fmt: skip
    events = every_event(wanted, by=by)
    rows = (_cells(event, names) for event, names in events)
    return Table(gettext("Audit trail"), header, rows, count=lambda most: how_many_events(wanted, by=by, most=most))


def _cells(event: AuditEvent, names: Names) -> list[Cell]:
    changed, detail = changes(event, names), event.detail
    member = names.get(("member", event.member_id or 0))
    return [
        moment(event.at), _who(event), detail.administrator_name, _kind_word(event),
        member.name if member else "", record_name(event, names), _side(changed, "was"), _side(changed, "now"),
        detail.address, event.id, event.sequence or "", event.hash or "",
    ]  # fmt: skip


def _side(changed: list[Change], side: str) -> str:
    """One side of all changes, in one cell."""
    return "; ".join(f"{each.label}: {getattr(each, side)}" for each in changed if getattr(each, side))
