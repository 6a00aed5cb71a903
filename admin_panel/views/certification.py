"""One certification: corrections, what its issuer did, its files."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response as Answer
from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.forms.certification import CertificationForm
from admin_panel.forms.snooze import SnoozeForm
from admin_panel.views import in_place
from admin_panel.views.profile_words import Line, lines_of
from records import signin
from records.errors import Invalid, InvalidInput, Refusal, Stale
from records.models import Certification
from records.pages.arriving import arrive_alone, in_order, left_out, new_key, sent_key, stored
from records.pages.forms import show_refusal
from records.pages.guards import this_organization
from records.queries.external_certificates import staged
from records.queries.notices import notices_of
from records.queries.profiles import certification_for
from records.queries.renewal_proposals import open_proposal_of
from records.services import certifications, notices, scans, uploads
from records.web.limits import takes_files, takes_one_file
from records.web.scripted import wants_json
from records.web.words import day, refusal_text


class CertificationView(CoordinatorView):
    """Reached from a row of the profile."""

    needs_certification_tracking = True
    icon = "badge"
    first_page = "show"
    lies_under = "members"

    @expose("/<int:certification_id>")
    def show(self, certification_id: int) -> Response:
        certification = certification_for(certification_id, by=signin.current_actor())
        return self._page(certification, CertificationForm.of(certification))

    @expose("/<int:certification_id>", methods=["POST"])
    def change(self, certification_id: int) -> Response:
        by, form = signin.current_actor(), CertificationForm(request.form)
        certification = certification_for(certification_id, by=by)
        member_id = certification.member_id
        try:
            changed = certifications.change(certification, form.changes(), by=by, version=form.version.data or 0)
        except Stale as refusal:
            certification = certification_for(certification_id, by=by)
            conflict = lines_of(form.merge(certification), {}, ())
            return self._page(certification, form, refusal.status, conflict=conflict)
        except (Invalid, InvalidInput) as refusal:
            show_refusal(form, refusal)
            return self._page(certification_for(certification_id, by=by), form, refusal.status)
        flash(gettext("The certification was saved.") if changed else gettext("There was nothing to save."), "success")
        return redirect(url_for("profile.show", member_id=member_id))

    @expose("/<int:certification_id>/files", methods=["POST"])
    @takes_files
    def add_files(self, certification_id: int) -> Response:
        """From the row, in place or not, and from the certification's own page."""
        by = signin.current_actor()
        certification = certification_for(certification_id, by=by)
        member_id = certification.member_id
        certification.member.require_certifications_changed_by(by)
        key = sent_key()
        try:
            added = self._take_in(certification, key, by)
        except Refusal as refusal:
            if wants_json():
                return in_place.refused(refusal)
            certification = certification_for(certification_id, by=by)
            form = CertificationForm.of(certification)
            return self._page(certification, form, refusal.status, file_error=refusal_text(refusal), key=key)
        said = ngettext("%(num)d file added.", "%(num)d files added.", added)
        return in_place.done(certification_id, said) or self._back(member_id, said)

    @expose("/<int:certification_id>/files/one", methods=["POST"])
    @takes_one_file
    def file(self, certification_id: int) -> Response:
        """One file of the form on the certification's page, before that is sent."""
        certification = certification_for(certification_id, by=signin.current_actor())
        return arrive_alone(partial(scans.stage, certification))

    @expose("/<int:certification_id>/snooze", methods=["POST"])
    def snooze(self, certification_id: int) -> Response:
        by, form = signin.current_actor(), SnoozeForm(request.form)
        certification = certification_for(certification_id, by=by)
        try:
            notices.snooze(certification, form.request(), by=by)
        except Refusal as refusal:
            if refusal.status not in (409, 422):
                raise
            show_refusal(form, refusal)
            certification = certification_for(certification_id, by=by)
            return self._page(certification, CertificationForm.of(certification), refusal.status, snooze=form)
        until = day(form.until_on.data)
        flash(gettext("No notice goes out before %(day)s. On that day it is reminded of again.", day=until), "success")
        return redirect(url_for(".show", certification_id=certification_id, _anchor="notices"))

    @expose("/<int:certification_id>/snooze/end", methods=["POST"])
    def end_snooze(self, certification_id: int) -> Response:
        by = signin.current_actor()
        notices.end_snooze(certification_for(certification_id, by=by), by=by)
        flash(gettext("The snooze is over: notices go out again."), "success")
        return redirect(url_for(".show", certification_id=certification_id, _anchor="notices"))

    def _take_in(self, certification: Certification, key: str, by: Any) -> int:
        """Raises FileTooLarge, FileEmpty, StorageFull, StorageUnavailable; and as the verb."""
        sent = [file for file in request.files.getlist("files") if file.filename]
        unwanted = left_out(key)
        uploads.require_number(len(sent) + sum(file.id not in unwanted for file in staged(key, by=by)))
        arrived = [stored(file) for file in sent]
        return len(scans.attach_files(certification, arrived, by=by, key=key, left_out=unwanted, order=in_order()))

    @staticmethod
    def _back(member_id: int, said: str) -> Response:
        flash(said, "success")
        return redirect(url_for("profile.show", member_id=member_id))

    def _page(
        self,
        certification: Certification,
        form: CertificationForm,
        status: int = 200,
        *,
        conflict: list[Line] | None = None,
        file_error: str = "",
        key: str = "",
        snooze: SnoozeForm | None = None,
    ) -> Response:
        member = certification.member
        html = self.render(
            "admin_panel/certification.html",
            certification=certification,
            member=member,
            form=form,
            conflict=conflict,
            file_error=file_error,
            key=key or new_key(),
            waiting=staged(key, by=signin.current_actor()) if key else (),
            largest=this_organization().largest_file,
            most_files=uploads.MOST_FILES,
            most_bytes=this_organization().most_together,
            notices=notices_of(certification),
            snooze=snooze or SnoozeForm(),
            proposal=open_proposal_of(certification),
            may_change=member.certifications_may_be_changed_by(signin.current_actor()),
        )
        return Answer(str(html), status, mimetype="text/html")
