"""Requirements: who must hold what. All staff read them, administrators change them."""

from __future__ import annotations

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.forms.picking import is_searching
from admin_panel.forms.requirement import Offered, RequirementForm, form_for
from admin_panel.messages import report
from records import signin
from records.database import found
from records.errors import InvalidInput, Stale
from records.models import Actor, Requirement
from records.pages.forms import show_refusal
from records.pages.guards import this_organization
from records.queries.exemptions import exemptions
from records.queries.requirements import rule, rules
from records.queries.summaries import rule_summary
from records.services import requirements
from records.web.requirement_words import PHASE_WORDS, sentence


class RequirementsView(CoordinatorView):
    needs_certification_tracking = True
    icon = "check"
    first_page = "list"
    lies_under = "matrix"

    @expose("/")
    def list(self) -> str:
        rows = rules(by=signin.current_actor())
        return str(
            self.render(
                "admin_panel/requirements.html",
                active=[row for row in rows if not row.requirement.is_retired],
                retired=[row for row in rows if row.requirement.is_retired],
                sentence=sentence,
            )
        )

    @expose("/new")
    def new(self) -> Response:
        _administrator()
        return self._page(None, form_for(None))

    @expose("/new", methods=["POST"])
    def create(self) -> Response:
        by, form = _administrator(), RequirementForm(request.form)
        if is_searching(request.form):
            return self._page(None, form)
        try:
            requirement = requirements.create(form.facts(), by=by)
        except InvalidInput as refusal:
            show_refusal(form, refusal)
            return self._page(None, form, refusal.status)
        report(gettext("“%(name)s” was added.", name=requirement.name))
        return redirect(url_for(".list"))

    @expose("/<int:requirement_id>")
    def show(self, requirement_id: int) -> Response:
        requirement = found(Requirement, requirement_id)
        return self._page(requirement, form_for(requirement) if signin.current_actor().administers else None)

    @expose("/<int:requirement_id>/summary")
    def summary(self, requirement_id: int) -> str:
        found = rule_summary(requirement_id, by=signin.current_actor())
        return self.render_summary("admin_panel/summaries/requirement.html", found=found, said=sentence(found.row))

    @expose("/<int:requirement_id>", methods=["POST"])
    def change(self, requirement_id: int) -> Response:
        by, form = _administrator(), RequirementForm(request.form)
        requirement = found(Requirement, requirement_id)
        if is_searching(request.form):
            return self._page(requirement, form)
        try:
            changed = requirements.change(requirement, form.facts(), by=by, version=form.version.data or 0)
        except InvalidInput as refusal:
            show_refusal(form, refusal)
            return self._page(found(Requirement, requirement_id), form, refusal.status)
        except Stale:
            requirement = found(Requirement, requirement_id)
            form.version.raw_data, form.version.data = None, requirement.version
            return self._page(requirement, form, 409, standing=form_for(requirement))
        name = found(Requirement, requirement_id).name
        report(gettext("“%(name)s” was saved.", name=name) if changed else gettext("There was nothing to save."))
        return redirect(url_for(".list"))

    @expose("/<int:requirement_id>/retire", methods=["POST"])
    def retire(self, requirement_id: int) -> Response:
        by, requirement = _administrator(), found(Requirement, requirement_id)
        name = requirement.name
        requirements.retire(requirement, by=by)
        text = gettext("“%(name)s” is retired: it binds nobody any more.", name=name)
        report(text, undo=url_for(".reinstate", requirement_id=requirement_id))
        return redirect(url_for(".list"))

    @expose("/<int:requirement_id>/reinstate", methods=["POST"])
    def reinstate(self, requirement_id: int) -> Response:
        by, requirement = _administrator(), found(Requirement, requirement_id)
        name = requirement.name
        requirements.reinstate(requirement, by=by)
        report(gettext("“%(name)s” stands again.", name=name))
        return redirect(url_for(".list"))

    @expose("/<int:requirement_id>/delete", methods=["POST"])
    def delete(self, requirement_id: int) -> Response:
        by, requirement = _administrator(), found(Requirement, requirement_id)
        name = requirement.name
        requirements.delete(requirement, by=by)
        report(gettext("“%(name)s” was deleted.", name=name))
        return redirect(url_for(".list"))

    def _page(
        self,
        requirement: Requirement | None,
        form: RequirementForm | None,
        status: int = 200,
        *,
        standing: RequirementForm | None = None,
    ) -> Response:
        """`form` is None for those who only read; `standing` are the values that somebody else saved meanwhile."""
        by, search = signin.current_actor(), request.args.get("search", "")[:200]
        takes = this_organization().takes_external_certificates
        offered = Offered.to(by, takes_credits=takes, find=form.find.data or "") if form else None
        for each in filter(None, [form, standing]):
            if offered is not None:
                each.offer(offered, by=by)
        html = self.render(
            "admin_panel/requirement.html",
            row=rule(requirement.id, by=by) if requirement else None,
            requirement=requirement,
            form=form,
            found=offered.found if offered else None,
            standing=standing.standing() if standing else None,
            exempt=exemptions(by=by, requirement_id=requirement.id, search=search) if requirement else None,
            search=search,
            sentence=sentence,
            phase_words=PHASE_WORDS,
        )
        return Answer(str(html), status, mimetype="text/html")


def _administrator() -> Actor:
    """The asker, before anything is looked up."""
    by = signin.current_actor()
    by.require_administrator()
    return by
