"""Deleting a file from a certification, and undoing that."""

from __future__ import annotations

from flask import redirect, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.messages import report
from admin_panel.views import in_place
from records import signin
from records.errors import AttachedAgain
from records.queries.profiles import scan_to_change
from records.services import scans
from records.web.scripted import wants_json
from records.web.words import refusal_text


class ScansView(CoordinatorView):
    needs_certification_tracking = True
    icon = "file"
    first_page = "delete"
    lies_under = "members"

    @expose("/<int:scan_id>/delete", methods=["POST"])
    def delete(self, scan_id: int) -> Response:
        by = signin.current_actor()
        scan = scan_to_change(scan_id, by=by)
        name, certification_id, member_id = scan.name, scan.its_certification.id, scan.member_id
        scans.delete(scan, by=by)
        said, undo = gettext("“%(name)s” was deleted.", name=name), url_for("scans.restore", scan_id=scan_id)
        if answer := in_place.done(certification_id, said, undo=undo):
            return answer
        report(said, undo=undo)
        return redirect(url_for("profile.show", member_id=member_id))

    @expose("/<int:scan_id>/restore", methods=["POST"])
    def restore(self, scan_id: int) -> Response:
        by = signin.current_actor()
        scan = scan_to_change(scan_id, by=by)
        name, certification_id, member_id = scan.name, scan.its_certification.id, scan.member_id
        try:
            scans.restore(scan, by=by)
        except AttachedAgain as refusal:
            if wants_json():
                return in_place.refused(refusal)
            report(refusal_text(refusal), kind="error")
            return redirect(url_for("profile.show", member_id=member_id))
        said = gettext("“%(name)s” is back.", name=name)
        if answer := in_place.done(certification_id, said):
            return answer
        report(said)
        return redirect(url_for("profile.show", member_id=member_id))
