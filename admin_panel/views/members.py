"""Administration > User Management: the list of members, new ones, and who may sign in."""

from __future__ import annotations

from flask import Response as Answer
from flask import current_app, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.filters import indented, named
from admin_panel.forms.member import NewMemberForm, member_filters
from admin_panel.listing import Listing
from admin_panel.messages import report
from admin_panel.saved_views import views_of
from records import signin
from records.database import found, this_organization
from records.errors import Deactivated, InvalidInput, LastAdministrator, NoAccount, NoEmail, OwnMembership, Refusal
from records.errors.merging import MergedAway
from records.errors.second_factors import NoSecondFactor, OpensElsewhere, OwnSecondFactor
from records.models import Actor, Member
from records.pages.arriving import sent_key
from records.queries.binding import any_requirement, asked_for_any_requirement
from records.queries.capped import MOST_COUNTED
from records.queries.member_filters import Wanted
from records.queries.members import asked_for_list, member_list
from records.queries.positions import asked_for_positions, positions
from records.queries.saved_views import asked_for_kept_views
from records.queries.units import asked_for_choices, unit_choices
from records.reading.ahead import Question, read_ahead
from records.services import invitations, members, second_factors
from records.web.words import refusal_text

# What stays on the profile, with the sentence above it.
_KINDLY = (
    Deactivated,
    LastAdministrator,
    NoAccount,
    NoEmail,
    NoSecondFactor,
    OpensElsewhere,
    OwnMembership,
    OwnSecondFactor,
)


class MembersView(CoordinatorView):
    """Coordinators read it, as far as their scope goes; all else is for administrators."""

    icon = "people"
    first_page = "list"

    @expose("/")
    def list(self) -> str:
        by, wanted = signin.current_actor(), Wanted.read(request.args)
        tracks, asked = this_organization().tracks_certifications, wanted.asked()
        with read_ahead(*_around(by), *asked_for_list(wanted, by=by)):
            units, served, requires = unit_choices(by=by), positions(), tracks and any_requirement()
            views, listed = views_of("members", asked, by=by), member_list(wanted, by=by)
        filters = member_filters(
            wanted, units, served, tracks=tracks, requires=requires, may_lack_unit=by.covers_everyone
        )
        listing = Listing("members.list", filters, asked, files="members_at_once.export", views=views)
        return str(
            self.render(
                "admin_panel/members.html",
                listed=listed,
                wanted=wanted,
                listing=listing,
                units=(("", gettext("No unit")), *indented(units)),
                positions=named(served),
                tracks=tracks,
                requires=requires,
                most=MOST_COUNTED,
            )
        )

    @expose("/new")
    def new(self) -> Response:
        return self._form(NewMemberForm(unit_choices(by=_administrator())))

    @expose("/new", methods=["POST"])
    def create(self) -> Response:
        by, key = _administrator(), sent_key()
        form = NewMemberForm(unit_choices(by=by), request.form)
        try:
            identity, access = form.facts()
            if form.wants_invitation:
                member, path = members.create_and_invite(identity, access, by=by, key=key)
                return self._link(member, path, invited=True)
            member = members.create(identity, access, by=by, key=key)
        except InvalidInput as refusal:
            form.show(refusal.errors)
            return self._form(form, refusal.status)
        report(gettext("%(name)s was added.", name=member.name))
        return redirect(url_for("profile.show", member_id=member.id))

    @expose("/<int:member_id>/invite", methods=["POST"])
    def invite(self, member_id: int) -> Response:
        by = _administrator()
        member = found(Member, member_id)
        try:
            return self._link(member, invitations.invite(member, by=by), invited=True)
        except _KINDLY as refusal:
            return _stay(member_id, refusal)

    @expose("/<int:member_id>/reset", methods=["POST"])
    def reset(self, member_id: int) -> Response:
        by = _administrator()
        member = found(Member, member_id)
        try:
            return self._link(member, members.send_reset_link(member, by=by), invited=False)
        except _KINDLY as refusal:
            return _stay(member_id, refusal)

    @expose("/<int:member_id>/deactivate", methods=["POST"])
    def deactivate(self, member_id: int) -> Response:
        by = _administrator()
        member = found(Member, member_id)
        try:
            members.deactivate(member, by=by)
        except _KINDLY as refusal:
            return _stay(member_id, refusal)
        text = gettext("%(name)s is deactivated and signed out everywhere.", name=member.name)
        report(text, undo=url_for(".reactivate", member_id=member_id))
        return redirect(url_for("profile.show", member_id=member_id))

    @expose("/<int:member_id>/reactivate", methods=["POST"])
    def reactivate(self, member_id: int) -> Response:
        by = _administrator()
        member = found(Member, member_id)
        try:
            members.reactivate(member, by=by)
        except MergedAway as refusal:
            return _stay(member_id, refusal)
        report(gettext("%(name)s is active again.", name=member.name))
        return redirect(url_for("profile.show", member_id=member_id))

    @expose("/<int:member_id>/reset-second-factor", methods=["POST"])
    def reset_second_factor(self, member_id: int) -> Response:
        by = _administrator()
        member = found(Member, member_id)
        try:
            second_factors.reset(member, by=by)
        except _KINDLY as refusal:
            return _stay(member_id, refusal)
        report(gettext("%(name)s has no second factor now, and is signed out everywhere.", name=member.name))
        return redirect(url_for("profile.show", member_id=member_id))

    @expose("/<int:member_id>/end-sessions", methods=["POST"])
    def end_sessions(self, member_id: int) -> Response:
        by = _administrator()
        member = found(Member, member_id)
        members.end_sessions(member, by=by)
        report(gettext("%(name)s is signed out everywhere.", name=member.name))
        return redirect(url_for("profile.show", member_id=member_id))

    def _form(self, form: NewMemberForm, status: int = 200) -> Response:
        return Answer(
            str(self.render("admin_panel/member_new.html", form=form, key=sent_key())), status, mimetype="text/html"
        )

    def _link(self, member: Member, path: str | None, *, invited: bool) -> Response:
        """The one page that ever shows the link: it stands in no address, cookie or message."""
        link = current_app.config["PUBLIC_URL"] + path if path else None
        html = self.render("admin_panel/member_link.html", member=member, link=link, invited=invited)
        return Answer(str(html), mimetype="text/html")


def _around(by: Actor) -> list[Question]:
    """What the list asks besides its rows."""
    views = asked_for_kept_views("members", by=by)
    return [asked_for_choices(), asked_for_positions(), asked_for_any_requirement(), views]


def _administrator() -> Actor:
    """The asker, before anything is looked up: others learn nothing about who exists."""
    by = signin.current_actor()
    by.require_administrator()
    return by


def _stay(member_id: int, refusal: Refusal) -> Response:
    flash(refusal_text(refusal), "error")
    return redirect(url_for("profile.show", member_id=member_id))
