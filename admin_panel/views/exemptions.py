"""Exemptions: of one member, and the page that grants one. Those of one requirement stand on its page."""

from __future__ import annotations

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.forms.exemption import ExemptionForm
from admin_panel.forms.picking import is_searching
from admin_panel.messages import report
from admin_panel.short_lists import state_listing
from records import signin
from records.errors import InvalidInput, NotFound
from records.models import Actor, Member
from records.pages.fields import ids_in
from records.pages.forms import show_refusal
from records.queries.exemptions import Phase, exemption_for, exemptions
from records.queries.member_picks import found_members, members_with
from records.queries.requirements import requirements
from records.queries.short_lists import ShortWanted
from records.services import exemptions as verbs
from records.web.requirement_words import PHASE_WORDS
from records.web.words import today


class ExemptionsView(CoordinatorView):
    needs_certification_tracking = True
    lies_under = "matrix"
    first_page = "list"

    @expose("/")
    def list(self) -> str:
        by = signin.current_actor()
        member = _member_asked_for(by)
        wanted = ShortWanted.read(request.args, Phase)
        return str(
            self.render(
                "admin_panel/exemptions.html",
                exempt=exemptions(by=by, member_id=member.id if member else None, search=wanted.search),
                member=member,
                search=wanted.search,
                listing=state_listing("exemptions.list", ShortWanted(wanted.search)),
                phase_words=PHASE_WORDS,
            )
        )

    @expose("/new")
    def new(self) -> Response:
        _administrator()
        form = ExemptionForm(
            data={
                "requirement_id": _id_in("requirement"),
                "member_id": _id_in("member"),
                "starts_on": today(),
            }
        )
        return self._page(form)

    @expose("/new", methods=["POST"])
    def grant(self) -> Response:
        by, form = _administrator(), ExemptionForm(request.form)
        if is_searching(request.form):
            return self._page(form)
        try:
            exemption = verbs.grant(form.facts(), by=by)
        except InvalidInput as refusal:
            show_refusal(form, refusal)
            return self._page(form, refusal.status)
        listed = exemption_for(exemption.id, by=by)
        said = gettext("%(name)s is exempt from “%(what)s”.", name=listed.member.name, what=listed.requirement.name)
        report(said)
        return redirect(url_for("requirements.show", requirement_id=exemption.requirement_id) + "#exempt-head")

    @expose("/<int:exemption_id>/withdraw", methods=["POST"])
    def withdraw(self, exemption_id: int) -> Response:
        by = _administrator()
        listed = exemption_for(exemption_id, by=by)
        name, requirement_id = listed.member.name, listed.requirement.id
        verbs.withdraw(listed.exemption, by=by)
        report(gettext("The exemption of %(name)s is withdrawn.", name=name))
        return redirect(url_for("requirements.show", requirement_id=requirement_id) + "#exempt-head")

    def _page(self, form: ExemptionForm, status: int = 200) -> Response:
        by = signin.current_actor()
        members = found_members(form.find.data or "", by=by)
        form.offer(requirements(), members, by=by)
        html = self.render("admin_panel/exemption_new.html", form=form, found=members)
        return Answer(str(html), status, mimetype="text/html")


def _member_asked_for(by: Actor) -> Member | None:
    """The member of `?member=`. Raises NotFound where the asker may not know of such a one."""
    asked = request.args.get("member", "")
    if not asked:
        return None
    members = members_with(ids_in([asked]), by=by)
    if not members:
        raise NotFound()
    return members[0]


def _id_in(name: str) -> int | None:
    return next(iter(ids_in([request.args.get(name, "")])), None)


def _administrator() -> Actor:
    """The asker, before anything is looked up."""
    by = signin.current_actor()
    by.require_administrator()
    return by
