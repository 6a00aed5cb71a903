"""A member's profile: identity, unit, role and certifications on one page, saved by one verb."""

from __future__ import annotations

from collections.abc import Sequence

from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.forms.profile_page import ProfileForm, merged, typed_for
from admin_panel.messages import report
from admin_panel.views.profile_words import Line, lines_of
from records import signin
from records.database import is_id
from records.errors import Invalid, InvalidInput, LastAdministrator, Refusal, Stale
from records.models import Actor, ErasureReason, ExternalCertificate, Member
from records.pages.fields import ids_in
from records.pages.guards import this_organization
from records.queries.approvals import asked_for_certificates_of, certificates_of
from records.queries.erasing import erasure_of
from records.queries.findings import asked_for_clearance, badge_of
from records.queries.member_merges import asked_for_standing_merges_of, standing_merges_of
from records.queries.notices import asked_for_notices_of_member, notices_of_member
from records.queries.profile_fields import changed_since
from records.queries.profiles import Profile, asked_for_profile, deleted_certifications, profile_of
from records.queries.summaries import member_summary
from records.reading.ahead import Question, read_ahead
from records.services import certifications, member_merges, profiles
from records.services.profiles import Updated
from records.web.event_words import ERASURE_WORDS
from records.web.words import refusal_text

# So many deletions can be undone from the message that reports them; more, from Deleted certifications.
_MOST_UNDONE = 100


class ProfileView(CoordinatorView):
    """Coordinators see it for members in scope; the verb decides what they may save."""

    icon = "person"
    first_page = "show"
    lies_under = "members"

    @expose("/<int:member_id>")
    def show(self, member_id: int) -> Response:
        by = signin.current_actor()
        with read_ahead(*_around(member_id), planned_once=True):
            profile = profile_of(member_id, by=by)
            if profile.member.is_erased:
                return self._erased(profile.member)
            return self._page(profile, ProfileForm(profile, by=by))

    @expose("/<int:member_id>/summary")
    def summary(self, member_id: int) -> str:
        found = member_summary(member_id, by=signin.current_actor())
        return self.render_summary("admin_panel/summaries/member.html", found=found, member=found.member)

    @expose("/<int:member_id>", methods=["POST"])
    def update(self, member_id: int) -> Response:
        by = signin.current_actor()
        profile = profile_of(member_id, by=by)
        form = ProfileForm(profile, by=by, typed=request.form)
        if "add_row" in request.form:
            form.add_row()
            form.shown = form.seen
            return self._page(profile, form)
        try:
            done = profiles.update(profile.member, form.changes(), by=by, seen=form.seen)
        except Stale:
            return self._conflict(member_id, by)
        except (Invalid, InvalidInput, LastAdministrator) as refusal:
            return self._refused(member_id, refusal, by)
        _say(done, member_id)
        closing = "close" in request.form
        return redirect(url_for("members.list") if closing else url_for("profile.show", member_id=member_id))

    @expose("/<int:member_id>/certifications/restore", methods=["POST"])
    def restore(self, member_id: int) -> Response:
        by = signin.current_actor()
        ids = ids_in(request.values.get("ids", "").split(","))
        member = profile_of(member_id, by=by).member
        try:
            restored = certifications.restore(member, ids[:_MOST_UNDONE], by=by)
        except Refusal as refusal:
            if refusal.status != 409:
                raise
            report(refusal_text(refusal), kind="error")
            return self._page(profile := profile_of(member_id, by=by), ProfileForm(profile, by=by), 409)
        said = ngettext("%(num)d certification restored.", "%(num)d certifications restored.", len(restored))
        report(said if restored else gettext("There was nothing to restore."))
        return redirect(url_for("profile.show", member_id=member_id))

    @expose("/<int:member_id>/deleted")
    def deleted(self, member_id: int) -> str:
        member, tombstones = deleted_certifications(member_id, by=signin.current_actor())
        return str(self.render("admin_panel/deleted_certifications.html", member=member, tombstones=tombstones))

    def _erased(self, member: Member) -> Response:
        erasure = erasure_of(member)
        why = ERASURE_WORDS[ErasureReason(erasure.reason)] if erasure else ""
        html = self.render("admin_panel/erased.html", member=member, erasure=erasure, reason=why)
        return Response(str(html), mimetype="text/html")

    def _conflict(self, member_id: int, by: Actor) -> Response:
        """What somebody else saved meanwhile, and all that was typed."""
        profile = profile_of(member_id, by=by)
        seen = ProfileForm(profile, by=by, typed=request.form).seen
        changes = changed_since(seen, profile.shown, profile.member) if seen.fields else []
        form = ProfileForm(profile, by=by, typed=merged(request.form, seen, profile.shown))
        lost = {
            change.certification_id: typed_for(request.form, change.certification_id or 0, seen)
            for change in changes
            if change.field == "deleted"
        }
        return self._page(profile, form, 409, conflict=lines_of(changes, lost, profile.units, profile.positions))

    def _refused(self, member_id: int, refusal: Refusal, by: Actor) -> Response:
        profile = profile_of(member_id, by=by)
        form = ProfileForm(profile, by=by, typed=request.form)
        form.show(refusal)
        form.shown = form.seen
        return self._page(profile, form, refusal.status)

    def _page(
        self, profile: Profile, form: ProfileForm, status: int = 200, conflict: list[Line] | None = None
    ) -> Response:
        by = signin.current_actor()
        html = self.render(
            "admin_panel/profile.html",
            profile=profile,
            member=profile.member,
            form=form,
            conflict=conflict,
            may_change=profile.member.certifications_may_be_changed_by(by),
            upload_url=url_for("uploads.choose", member_id=profile.member.id),
            members_url=url_for("members.list"),
            external=_external(profile, by),
            is_cleared=badge_of(profile.member),
            notices=notices_of_member(profile.member) if profile.tracks else None,
            merges=standing_merges_of(profile.member, by=by),
            undoable=member_merges.is_undoable,
        )
        return Response(str(html), status, mimetype="text/html")


def _around(member_id: int) -> list[Question]:
    """What the page asks."""
    if not is_id(member_id):
        return []
    return [
        *asked_for_profile(member_id),
        *asked_for_clearance(member_id),
        asked_for_certificates_of(member_id),
        *asked_for_notices_of_member(member_id),
        asked_for_standing_merges_of(member_id),
    ]


def _external(profile: Profile, by: Actor) -> tuple[Sequence[ExternalCertificate], bool] | None:
    """The member's latest external certificates, for those who review them."""
    if not by.reviews or not this_organization().takes_external_certificates:
        return None
    return certificates_of(profile.member, by=by)


def _say(done: Updated, member_id: int) -> None:
    """Say what was saved; deletions with their Undo."""
    parts = [gettext("The member's details were saved.")] if done.member else []
    if done.added:
        parts.append(ngettext("%(num)d certification added.", "%(num)d certifications added.", len(done.added)))
    if done.corrected:
        parts.append(ngettext("%(num)d certification changed.", "%(num)d certifications changed.", len(done.corrected)))
    if done.deleted:
        parts.append(ngettext("%(num)d certification deleted.", "%(num)d certifications deleted.", len(done.deleted)))
    undo = None
    if 0 < len(done.deleted) <= _MOST_UNDONE:
        undo = url_for("profile.restore", member_id=member_id, ids=",".join(str(each) for each in sorted(done.deleted)))
    text = " ".join(parts) or gettext("There was nothing to save.")
    report(text, undo=undo, kind="success" if parts else "info")
