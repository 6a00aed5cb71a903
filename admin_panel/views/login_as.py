"""Log in as: an administrator enters the portal as a member, after confirming their own password."""

from __future__ import annotations

from flask import Response as Answer
from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.forms.login_as import LogInAsForm
from records import signin
from records.database import found
from records.errors import NotAllowed, WrongPassword
from records.models import Member
from records.pages.forms import show_refusal
from records.services import login_as


class LogInAsView(StaffView):
    icon = "person"
    first_page = "enter"
    lies_under = "members"

    @expose("/<int:member_id>/log-in-as", methods=["POST"])
    def enter(self, member_id: int) -> Response:
        """Without a password, the page that asks for it."""
        by, user = signin.current_actor(), signin.signed_in()
        if user is None:
            raise NotAllowed()
        member = found(Member, member_id)
        member.require_entered_by(by)
        if "password" not in request.form:
            return self._page(member, LogInAsForm())
        form = LogInAsForm(request.form)
        if not form.validate():
            return self._page(member, form, 422)
        try:
            token = login_as.enter(member, password=form.password.data or "", token=user.token, by=by)
        except WrongPassword as refusal:
            show_refusal(form, refusal)
            return self._page(found(Member, member_id), form, refusal.status)
        signin.hand_out(token)
        flash(gettext("You are logged in as %(name)s now.", name=found(Member, member_id).name), "success")
        return redirect(url_for("portal.overview"))

    def _page(self, member: Member, form: LogInAsForm, status: int = 200) -> Response:
        html = self.render("admin_panel/log_in_as.html", member=member, form=form)
        return Answer(str(html), status, mimetype="text/html")
