"""Erasing a member: what goes and what stays, before it happens; and the file with all that is kept of a member."""

from __future__ import annotations

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.forms.erasing import EraseForm
from admin_panel.messages import report
from admin_panel.views.merge_words import counted
from records import signin
from records.database import found
from records.errors import Refusal
from records.models import Member
from records.pages.forms import show_refusal
from records.pages.personal_data import everything_of
from records.queries.erasing import require_erasable, staying, tally
from records.services import erasing
from records.web.limits import exports
from records.web.words import refusal_text


class ErasingView(StaffView):
    icon = "person"
    first_page = "show"
    lies_under = "members"

    @expose("/<int:member_id>/erase")
    def show(self, member_id: int) -> Response:
        return self._page(_member(member_id), EraseForm())

    @expose("/<int:member_id>/erase", methods=["POST"])
    def erase(self, member_id: int) -> Response:
        member, form = _member(member_id), EraseForm(request.form)
        typed = {"reason": form.reason.data or "", "confirmed": form.confirmed.data or ""}
        try:
            erasing.erase(member, **typed, by=signin.current_actor(), called=gettext("Erased member"))
        except Refusal as refusal:
            if refusal.status not in (409, 422):
                raise
            show_refusal(form, refusal)
            return self._page(_member(member_id), form, refusal.status)
        report(gettext("The member was erased. Their files are gone within the hour."))
        return redirect(url_for("profile.show", member_id=member_id))

    @expose("/<int:member_id>/data", methods=["POST"])
    @exports
    def download(self, member_id: int) -> Response:
        return everything_of(_member(member_id))

    def _page(self, member: Member, form: EraseForm, status: int = 200) -> Response:
        """Where the member cannot be erased, why, instead of the form."""
        html = self.render(
            "admin_panel/erase.html", member=member, form=form, hindrance=_hindrance(member),
            goes=counted(tally(member)), stays=staying(member),
        )  # fmt: skip
        return Answer(str(html), status, mimetype="text/html")


def _member(member_id: int) -> Member:
    """The asker is an administrator: others learn nothing about who exists. Raises NotAllowed, NotFound."""
    signin.current_actor().require_administrator()
    return found(Member, member_id)


def _hindrance(member: Member) -> str:
    try:
        require_erasable(member, by=signin.current_actor())
    except Refusal as refusal:
        return refusal_text(refusal)
    return ""
