"""Administration > Credit Types."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.exporting import rows_file
from admin_panel.forms.credit_type import CreditTypeForm, form_for
from admin_panel.forms.fields import show
from admin_panel.messages import report
from admin_panel.reports.layout import Column, Kind
from admin_panel.short_lists import KEPT_WORDS, short_listing
from records import signin
from records.database import found
from records.errors import InvalidInput, Stale
from records.models import CreditType
from records.queries.credit_types import MOST_CERTIFICATES, ListedCreditType, listed_credit_types
from records.queries.short_lists import Kept, ShortWanted
from records.services import credit_types
from records.web.event_words import PERIOD_WORDS
from records.web.limits import exports


class CreditTypesView(StaffView):
    """For administrators, while the organization takes external certificates."""

    needs_external_certificates = True
    icon = "credit"

    @expose("/")
    def list(self) -> str:
        wanted = _wanted()
        listed = _listed(wanted)
        return str(
            self.render(
                "admin_panel/credit_types.html",
                listing=short_listing("credit_types.list", wanted, KEPT_WORDS),
                active=[each for each in listed if not each.type.is_retired],
                retired=[each for each in listed if each.type.is_retired],
                most=MOST_CERTIFICATES,
                period_words=PERIOD_WORDS,
            )
        )

    @expose("/export")
    @exports
    def export(self) -> Response:
        return rows_file(gettext("Credit types"), _columns(), lambda: _listed(_wanted()))

    @expose("/new")
    def new(self) -> Response:
        return self._page(None, form_for(None))

    @expose("/new", methods=["POST"])
    def create(self) -> Response:
        form = CreditTypeForm(request.form)
        try:
            type_ = credit_types.create(form.facts(), by=signin.current_actor())
        except InvalidInput as refusal:
            return self._refused(None, form, refusal)
        report(gettext("“%(name)s” was added.", name=type_.name))
        return redirect(url_for(".list"))

    @expose("/<int:credit_type_id>")
    def show(self, credit_type_id: int) -> Response:
        type_ = found(CreditType, credit_type_id)
        return self._page(type_, form_for(type_))

    @expose("/<int:credit_type_id>", methods=["POST"])
    def change(self, credit_type_id: int) -> Response:
        form, by = CreditTypeForm(request.form), signin.current_actor()
        type_ = found(CreditType, credit_type_id)
        try:
            changed = credit_types.change(type_, form.facts(), by=by, version=form.version.data or 0)
        except InvalidInput as refusal:
            return self._refused(type_, form, refusal)
        except Stale:
            type_ = found(CreditType, credit_type_id)
            form.version.raw_data, form.version.data = None, type_.version
            return self._page(type_, form, 409, standing=form_for(type_).standing())
        name = found(CreditType, credit_type_id).name
        report(gettext("“%(name)s” was saved.", name=name) if changed else gettext("There was nothing to save."))
        return redirect(url_for(".list"))

    @expose("/<int:credit_type_id>/retire", methods=["POST"])
    def retire(self, credit_type_id: int) -> Response:
        type_ = found(CreditType, credit_type_id)
        name = type_.name
        credit_types.retire(type_, by=signin.current_actor())
        text = gettext("“%(name)s” is retired. Certificates and credits of it stay as they are.", name=name)
        report(text, undo=url_for(".reinstate", credit_type_id=credit_type_id))
        return redirect(url_for(".list"))

    @expose("/<int:credit_type_id>/reinstate", methods=["POST"])
    def reinstate(self, credit_type_id: int) -> Response:
        type_ = found(CreditType, credit_type_id)
        name = type_.name
        credit_types.reinstate(type_, by=signin.current_actor())
        report(gettext("“%(name)s” can be chosen again.", name=name))
        return redirect(url_for(".list"))

    @expose("/<int:credit_type_id>/delete", methods=["POST"])
    def delete(self, credit_type_id: int) -> Response:
        type_ = found(CreditType, credit_type_id)
        name = type_.name
        credit_types.delete(type_, by=signin.current_actor())
        report(gettext("“%(name)s” was deleted.", name=name))
        return redirect(url_for(".list"))

    def _refused(self, type_: CreditType | None, form: CreditTypeForm, refusal: InvalidInput) -> Response:
        for name, error in refusal.errors.items():
            show(form[name], error)
        return self._page(type_, form, refusal.status)

    def _page(
        self,
        type_: CreditType | None,
        form: CreditTypeForm,
        status: int = 200,
        *,
        standing: Sequence[tuple[str, str]] | None = None,
    ) -> Response:
        """`standing`: the values that somebody else saved meanwhile."""
        html = self.render("admin_panel/credit_type.html", type=type_, form=form, standing=standing)
        return Answer(str(html), status, mimetype="text/html")


def _wanted() -> ShortWanted:
    return ShortWanted.read(request.args, Kept)


def _listed(wanted: ShortWanted) -> list[ListedCreditType]:
    return [
        each
        for each in listed_credit_types()
        if wanted.fits(Kept.RETIRED if each.type.is_retired else Kept.CURRENT, each.type.name, each.type.unit)
    ]


def _columns() -> list[Column]:
    return [
        Column(gettext("Name"), lambda row: row.type.name),
        Column(gettext("Unit"), lambda row: row.type.unit),
        Column(gettext("Accepts uploads"), lambda row: gettext("Yes") if row.type.accepts_uploads else gettext("No")),
        Column(gettext("Period"), lambda row: PERIOD_WORDS[row.type.period]),
        Column(gettext("From"), lambda row: row.type.starts_on, Kind.DAY),
        Column(gettext("Ends"), lambda row: row.type.ends_on, Kind.DAY),
        Column(gettext("Goal"), lambda row: row.type.goal, Kind.CREDITS),
        Column(gettext("Largest amount"), lambda row: row.type.largest_claim, Kind.CREDITS),
        Column(gettext("Certificates"), lambda row: min(row.certificates, MOST_CERTIFICATES), Kind.NUMBER),
        Column(gettext("Retired"), lambda row: row.type.retired_at, Kind.MOMENT),
    ]
