"""Settings > Single sign-on: an organization's own provider."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.forms.sign_on import SignOnForm, form_of
from admin_panel.messages import report
from records import signin
from records.database import found, this_organization
from records.errors import InvalidInput, Stale
from records.errors.sign_on import SignOnRefused
from records.models import Member
from records.pages.forms import show_refusal
from records.services import sign_ons
from records.web.links import public_address
from records.web.words import refusal_text


class SignOnView(StaffView):
    icon = "key"
    first_page = "show"
    lies_under = "settings"

    @expose("/settings/sign-on")
    def show(self) -> Response:
        return self._page(self._standing())

    @expose("/settings/sign-on", methods=["POST"])
    def change(self) -> Response:
        form, by = SignOnForm(request.form), signin.current_actor()
        try:
            sign_ons.change(this_organization(), form.facts(), version=form.seen, by=by)
        except InvalidInput as refusal:
            show_refusal(form, refusal)
            return self._page(form, refusal.status)
        except Stale as refusal:
            standing = self._standing()
            form.version.raw_data, form.version.data = None, standing.version.data
            return self._page(form, refusal.status, standing=standing.standing())
        report(gettext("Single sign-on was saved."))
        return redirect(url_for(".show"))

    @expose("/settings/sign-on/try", methods=["POST"])
    def try_out(self) -> Response:
        """The way back is of no account here: nobody is sent anywhere."""
        try:
            page = sign_ons.try_out(back=public_address("pages.sign_on"), by=signin.current_actor())
        except SignOnRefused as refusal:
            report(refusal_text(refusal), kind="error")
        else:
            report(gettext("The provider answers. Its sign-in page is %(address)s.", address=page[:200]))
        return redirect(url_for(".show"))

    @expose("/members/<int:member_id>/forget-sign-on", methods=["POST"])
    def forget(self, member_id: int) -> Response:
        member = found(Member, member_id)
        sign_ons.forget(member, by=signin.current_actor())
        report(gettext("At their next sign-on, %(name)s is found by their e-mail address again.", name=member.name))
        return redirect(url_for("profile.show", member_id=member_id))

    def _standing(self) -> SignOnForm:
        return form_of(sign_ons.of_this_organization(), organization=this_organization().name)

    def _page(
        self, form: SignOnForm, status: int = 200, *, standing: Sequence[tuple[str, str]] | None = None
    ) -> Response:
        """`standing`: the values that somebody else saved meanwhile."""
        sign_on = sign_ons.of_this_organization()
        html = self.render("admin_panel/sign_on.html", form=form, sign_on=sign_on, standing=standing)
        return Answer(str(html), status, mimetype="text/html")
