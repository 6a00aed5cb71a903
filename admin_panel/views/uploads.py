"""The upload wizard: choose files for a member, match each to certifications, submit."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext, ngettext

from admin_panel.base import CoordinatorView
from admin_panel.forms.upload import MatchForms, known_text, named
from admin_panel.messages import report, report_refused
from records import signin
from records.errors import Invalid
from records.models import Member, Preview, Upload
from records.pages.arriving import arrive_alone, arriving, in_order, left_out, new_key, sent_key
from records.pages.guards import this_organization
from records.pages.sending import send_bytes, send_preview
from records.queries.external_certificates import staged
from records.queries.uploads import certifications_of, choices_for, member_to_upload_for, upload_for, uploaded_file
from records.services import uploads
from records.web.limits import takes_files, takes_one_file
from records.web.words import refusal_text, short

# A message travels in the session's cookie, which holds only so much.
_MOST_LINES = 8


class UploadsView(CoordinatorView):
    needs_certification_tracking = True
    icon = "upload"
    first_page = "choose"
    lies_under = "members"

    @expose("/members/<int:member_id>/upload", methods=["GET", "POST"])
    @takes_files
    def choose(self, member_id: int) -> Any:
        """Step 1: which files."""
        member = member_to_upload_for(member_id, by=signin.current_actor())
        return self._start(member) if request.method == "POST" else self._choose_page(member, new_key())

    def _start(self, member: Member) -> Any:
        """Good files go on; each other one is named. A script that asks for JSON is told where to go on."""
        by, key = signin.current_actor(), sent_key()
        sent, refused = [file for file in request.files.getlist("files") if file.filename], []
        try:
            unwanted, order = left_out(key), in_order()
            uploads.require_number(len(sent) + sum(file.id not in unwanted for file in staged(key, by=by)))
            came = arriving()
            if came.failure is not None:
                raise came.failure
            refused = [refusal_text(refusal) for refusal in came.refused]
            upload = uploads.start(member, came.arrived, by=by, key=key, left_out=unwanted, order=order)
        except Invalid as refusal:
            return self._choose_page(member, key, refused or [refusal_text(refusal)])
        report_refused(refused)
        return redirect(url_for(".match", upload_id=upload.id))

    @expose("/members/<int:member_id>/upload/files", methods=["POST"])
    @takes_one_file
    def arrive(self, member_id: int) -> Any:
        """One file, while others are still being chosen."""
        member = member_to_upload_for(member_id, by=signin.current_actor())
        return arrive_alone(partial(uploads.stage, member))

    def _choose_page(self, member: Member, key: str, errors: list[str] | None = None) -> Any:
        page = self.render(
            "admin_panel/upload_choose.html",
            member=member,
            errors=errors or [],
            key=key,
            waiting=staged(key, by=signin.current_actor()),
            largest=this_organization().largest_file,
            most_files=uploads.MOST_FILES,
            most_bytes=this_organization().most_together,
        )
        return page, 422 if errors else 200

    @expose("/uploads/<int:upload_id>", methods=["GET", "POST"])
    def match(self, upload_id: int) -> Any:
        """Step 2: where each file goes."""
        upload = upload_for(upload_id, by=signin.current_actor())
        if request.method == "POST" and not {"also", "show"} & request.form.keys():
            return self._submit(upload)
        forms = MatchForms(upload, choices_for(upload.member), request.form)
        if request.method == "POST":
            forms.show_known()
        return self._match_page(upload, forms) if forms.groups else self._done_page(upload)

    def _submit(self, upload: Upload) -> Any:
        actor = signin.current_actor()
        forms = MatchForms(upload, choices_for(upload.member), request.form)
        left_out = forms.left_out
        refused = uploads.submit(upload, forms.matches(), by=actor)
        upload = upload_for(upload.id, by=actor)
        forms = MatchForms(upload, choices_for(upload.member), request.form)
        if not forms.groups:
            _report(upload, left_out)
            return redirect(url_for("profile.show", member_id=upload.member_id))
        forms.matches()
        forms.refuse(refused)
        return self._match_page(upload, forms), 422

    def _match_page(self, upload: Upload, forms: MatchForms) -> str:
        known = {one_id: known_text(facts) for one_id, facts in forms.now.items()}
        page = self.render("admin_panel/upload_match.html", forms=forms, known=known, **_shown(upload))
        return str(page)

    def _done_page(self, upload: Upload) -> str:
        return str(self.render("admin_panel/upload_done.html", **_shown(upload)))

    @expose("/uploads/<int:upload_id>/discard", methods=["POST"])
    def discard(self, upload_id: int) -> Any:
        upload = upload_for(upload_id, by=signin.current_actor())
        member_id = upload.member_id
        uploads.discard(upload, by=signin.current_actor())
        flash(gettext("The upload is discarded."), "info")
        return redirect(url_for("profile.show", member_id=member_id))

    @expose("/uploads/<int:upload_id>/file/<int:file_id>")
    def file(self, upload_id: int, file_id: int) -> Response:
        file = uploaded_file(upload_for(upload_id, by=signin.current_actor()), file_id)
        return send_bytes(file.stored_file, name=file.name, download=False)

    @expose("/uploads/<int:upload_id>/file/<int:file_id>/preview")
    def preview(self, upload_id: int, file_id: int) -> Any:
        """The drawn preview; 204 where there is none, with Retry-After while it is being drawn."""
        stored = uploaded_file(upload_for(upload_id, by=signin.current_actor()), file_id).stored_file
        if stored.has_preview:
            answer = send_preview(stored, name="preview.webp")
            answer.headers["Tells-Place"] = "yes" if stored.tells_place else "no"
            return answer
        return Response(status=204, headers={"Retry-After": "1"} if stored.preview == Preview.WAITING else {})


def _report(upload: Upload, left_out: list[str]) -> None:
    """What became of each file, as far as a message can hold it."""
    shown, name = _shown(upload), upload.member.name
    added = len(shown["submitted"])
    if not added:
        report(gettext("No file was used. The certifications of %(name)s stay as they were.", name=name), kind="info")
        return
    lines = [
        f"{short(file.name)} → {shown['certifications'][one]}"
        for file in shown["submitted"]
        for one in file.certification_ids
        if one in shown["certifications"]
    ]
    lines += [gettext("“%(name)s” was not used.", name=short(each)) for each in left_out]
    more = len(lines) - _MOST_LINES
    if more > 0:
        lines[_MOST_LINES:] = [ngettext("and %(num)d more", "and %(num)d more", more)]
    said = ngettext(
        "%(num)d file was added to the certifications of %(name)s.",
        "%(num)d files were added to the certifications of %(name)s.",
        added,
        name=name,
    )
    report(said, lines=lines)


def _shown(upload: Upload) -> dict[str, Any]:
    """What both pages of a running upload show of it."""
    submitted = [file for file in upload.files if file.submitted_at is not None]
    certifications = {one_id: named(one) for one_id, one in certifications_of(submitted).items()}
    return {"upload": upload, "member": upload.member, "submitted": submitted, "certifications": certifications}
