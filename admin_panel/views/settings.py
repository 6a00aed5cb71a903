"""Settings: the organization's name, logo, time zone, limits, modules and reviewers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.forms.settings import LogoForm, SettingsForm, form_of
from admin_panel.messages import report
from records import signin
from records.database import this_organization
from records.errors import N_, Invalid, InvalidInput, Refusal, Stale
from records.pages.forms import show_refusal
from records.queries.first_steps import first_steps
from records.queries.retention import due_by_rule
from records.queries.reviewers import coordinators
from records.queries.scanning import scanner_state
from records.services import files, organizations, reviewers, sign_ons
from records.web.limits import takes_files


class SettingsView(StaffView):
    icon = "gear"
    first_page = "show"

    @expose("/")
    def show(self) -> Response:
        return self._page(form_of(this_organization()))

    @expose("/", methods=["POST"])
    def change(self) -> Response:
        form, by = SettingsForm(request.form), signin.current_actor()
        try:
            organizations.change_settings(this_organization(), form.facts(), version=form.seen, by=by)
        except (Invalid, InvalidInput) as refusal:
            show_refusal(form, refusal)
            return self._page(form, status=refusal.status)
        except Stale as refusal:
            standing = form_of(this_organization())
            form.version.raw_data, form.version.data = None, standing.version.data
            return self._page(form, status=refusal.status, standing=standing)
        report(gettext("The settings were saved."))
        return redirect(url_for(".show"))

    @expose("/reviewers", methods=["POST"])
    def choose_reviewers(self) -> Response:
        """Only ticks that were set or taken away count: what others did meanwhile to the rest stays."""
        chosen, was = (set(request.form.getlist(name, type=int)) for name in ("reviewer", "was"))
        changed = reviewers.choose(chosen, shown=chosen ^ was, by=signin.current_actor())
        report(gettext("The reviewers were saved.") if changed else gettext("There was nothing to save."))
        return redirect(url_for(".show", _anchor="reviewers"))

    @expose("/logo", methods=["POST"])
    @takes_files
    def set_logo(self) -> Response:
        sent, by = request.files.get("logo"), signin.current_actor()
        try:
            if sent is None or not sent.filename:
                raise Invalid(N_("Choose a picture first."), field="logo")
            with sent.stream as stream:
                arrived = files.take_in(stream, name=sent.filename, organization=this_organization())
            organizations.set_logo(this_organization(), arrived, by=by)
        except Invalid as refusal:
            return self._logo_refused(refusal)
        report(gettext("The logo was saved."))
        return redirect(url_for(".show"))

    @expose("/logo/remove", methods=["POST"])
    def remove_logo(self) -> Response:
        organizations.set_logo(this_organization(), None, by=signin.current_actor())
        report(gettext("The logo was removed."))
        return redirect(url_for(".show"))

    def _logo_refused(self, refusal: Refusal) -> Response:
        logo = LogoForm()
        refusal.field = "logo"
        show_refusal(logo, refusal)
        return self._page(form_of(this_organization()), status=refusal.status, logo=logo)

    def _page(self, form: SettingsForm, *, status: int = 200, **others: Any) -> Response:
        """`standing`: the settings that somebody else saved meanwhile."""
        for each in (form, others.get("standing")):
            if each is not None:
                each.offer()
        others.setdefault("logo", LogoForm())
        others["largest_logo"] = min(organizations.LARGEST_LOGO, this_organization().largest_file)
        others["coordinators"] = coordinators() if this_organization().takes_external_certificates else None
        others["due"] = _due()
        others["scanning"] = scanner_state()
        others["first"] = first_steps(by=signin.current_actor())
        others["sign_on"] = sign_ons.of_this_organization()
        html = self.render("admin_panel/settings.html", form=form, **others)
        return Answer(str(html), status, mimetype="text/html")


def _due() -> list[str]:
    """What the rules that are on take next, in words."""
    due = due_by_rule(this_organization())
    words: dict[str, Callable[[int], str]] = {
        "erase_members_years": lambda n: ngettext("%(num)d member", "%(num)d members", n),
        "remove_scans_years": lambda n: ngettext("%(num)d file", "%(num)d files", n),
        "empty_views_months": lambda n: ngettext("who looked in %(num)d case", "who looked in %(num)d cases", n),
    }
    return [word(due[name]) for name, word in words.items() if name in due]
