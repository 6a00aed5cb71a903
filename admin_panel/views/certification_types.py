"""Administration > Certification Types."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.exporting import rows_file
from admin_panel.forms.certification_type import CertificationTypeForm, form_for
from admin_panel.forms.fields import show
from admin_panel.forms.starting_types import STARTING_SETS, chosen, there_already
from admin_panel.messages import report, report_many
from admin_panel.reports.layout import Column, Kind
from admin_panel.short_lists import KEPT_WORDS, short_listing
from records import signin
from records.database import found
from records.errors import InvalidInput, NotAllowed, Stale
from records.models import CertificationType
from records.pages.fields import ids_in
from records.queries.certification_types import MOST_HOLDERS, Listed, all_types, listed_types
from records.queries.equivalences import counts_as
from records.queries.short_lists import Kept, ShortWanted
from records.queries.summaries import type_summary
from records.services import certification_types
from records.services.many import each as each_one
from records.web.limits import exports

MOST_AT_ONCE = 200
_VERBS: dict[str, Callable[..., None]] = {
    "retire": certification_types.retire,
    "reinstate": certification_types.reinstate,
}


class CertificationTypesView(CoordinatorView):
    """All staff may read; the verbs decide who changes."""

    needs_certification_tracking = True
    icon = "badge"

    @expose("/")
    def list(self) -> str:
        wanted, counting = _wanted(), counts_as()
        listed, names = _listed(wanted), {each.id: each.name for each in all_types()}
        return str(
            self.render(
                "admin_panel/certification_types.html",
                listing=short_listing("certification_types.list", wanted, KEPT_WORDS),
                active=[each for each in listed if not each.type.is_retired],
                retired=[each for each in listed if each.type.is_retired],
                counts_as={
                    each: [name for other, name in names.items() if other in counting[each]] for each in counting
                },
                most=MOST_HOLDERS,
                may_change=signin.current_actor().may_change_certification_types,
            )
        )

    @expose("/export")
    @exports
    def export(self) -> Response:
        return rows_file(gettext("Certification types"), _columns(), lambda: _listed(_wanted()))

    @expose("/several", methods=["POST"])
    def several(self) -> Response:
        """Retire or reinstate those that are ticked, each decided on its own."""
        _require_allowed()
        by, what = signin.current_actor(), request.values.get("do", "")
        ids = ids_in(request.values.getlist("chosen"))[:MOST_AT_ONCE] if what in _VERBS else []
        names = {each.id: each.name for each in all_types()}
        outcome = each_one(ids, lambda type_id: _VERBS[what](found(CertificationType, type_id), by=by))
        done = [type_id for type_id, refusal in outcome.items() if refusal is None]
        undo = url_for(".several", do="reinstate", chosen=done) if done and what == "retire" else None
        report_many(outcome, done=_done(what, len(done)), name=lambda type_id: names[type_id], undo=undo)
        return redirect(url_for(".list", **_wanted().asked()))

    @expose("/new")
    def new(self) -> Response:
        _require_allowed()
        return self._page(None, form_for(None))

    @expose("/new", methods=["POST"])
    def create(self) -> Response:
        form = CertificationTypeForm(request.form)
        try:
            type_ = certification_types.create(form.facts(), by=signin.current_actor())
        except InvalidInput as refusal:
            return self._refused(None, form, refusal)
        report(gettext("“%(name)s” was added.", name=type_.name))
        return redirect(url_for(".list"))

    @expose("/start")
    def starting(self) -> Response:
        _require_allowed()
        return self._starting()

    @expose("/start", methods=["POST"])
    def add_starting(self) -> Response:
        """Each ticked suggestion becomes a type; what is there already stays as it is."""
        by, words = signin.current_actor(), request.form.getlist("type")
        _require_allowed()
        if not words:
            return self._starting(422, nothing_ticked=True)
        added = [
            certification_types.create(facts, by=by).name
            for facts in chosen(words, [each.name for each in all_types()])
        ]
        report(ngettext("%(num)d type was added.", "%(num)d types were added.", len(added)), lines=added)
        return redirect(url_for(".list"))

    @expose("/<int:type_id>")
    def show(self, type_id: int) -> Response:
        _require_allowed()
        type_ = found(CertificationType, type_id)
        return self._page(type_, _as_it_stands(type_))

    @expose("/<int:type_id>/summary")
    def summary(self, type_id: int) -> str:
        found = type_summary(type_id, by=signin.current_actor())
        return self.render_summary("admin_panel/summaries/certification_type.html", found=found, type=found.type)

    @expose("/<int:type_id>", methods=["POST"])
    def change(self, type_id: int) -> Response:
        form, by = CertificationTypeForm(request.form), signin.current_actor()
        type_ = found(CertificationType, type_id)
        try:
            changed = certification_types.change(type_, form.facts(), by=by, version=form.version.data or 0)
        except InvalidInput as refusal:
            return self._refused(type_, form, refusal)
        except Stale:
            type_ = found(CertificationType, type_id)
            form.version.raw_data, form.version.data = None, type_.version
            return self._page(type_, form, 409, standing=_as_it_stands(type_))
        name = found(CertificationType, type_id).name
        report(gettext("“%(name)s” was saved.", name=name) if changed else gettext("There was nothing to save."))
        return redirect(url_for(".list"))

    @expose("/<int:type_id>/retire", methods=["POST"])
    def retire(self, type_id: int) -> Response:
        type_ = found(CertificationType, type_id)
        name = type_.name
        certification_types.retire(type_, by=signin.current_actor())
        text = gettext("“%(name)s” is retired. Certifications of it stay as they are.", name=name)
        report(text, undo=url_for(".reinstate", type_id=type_id))
        return redirect(url_for(".list"))

    @expose("/<int:type_id>/reinstate", methods=["POST"])
    def reinstate(self, type_id: int) -> Response:
        type_ = found(CertificationType, type_id)
        name = type_.name
        certification_types.reinstate(type_, by=signin.current_actor())
        report(gettext("“%(name)s” can be chosen again.", name=name))
        return redirect(url_for(".list"))

    @expose("/<int:type_id>/delete", methods=["POST"])
    def delete(self, type_id: int) -> Response:
        type_ = found(CertificationType, type_id)
        name = type_.name
        certification_types.delete(type_, by=signin.current_actor())
        report(gettext("“%(name)s” was deleted.", name=name))
        return redirect(url_for(".list"))

    def _starting(self, status: int = 200, *, nothing_ticked: bool = False) -> Response:
        taken = there_already(each.name for each in all_types())
        html = self.render(
            "admin_panel/starting_types.html", sets=STARTING_SETS, taken=taken, nothing_ticked=nothing_ticked
        )
        return Answer(str(html), status, mimetype="text/html")

    def _refused(self, type_: CertificationType | None, form: CertificationTypeForm, refusal: InvalidInput) -> Response:
        for name, error in refusal.errors.items():
            show(form.field_of(name), error)
        return self._page(type_, form, refusal.status)

    def _page(
        self,
        type_: CertificationType | None,
        form: CertificationTypeForm,
        status: int = 200,
        *,
        standing: CertificationTypeForm | None = None,
    ) -> Response:
        """`standing`: the values that somebody else saved meanwhile."""
        types = all_types()
        for each in filter(None, [form, standing]):
            each.offer(type_, types)
        html = self.render("admin_panel/certification_type.html", type=type_, form=form, standing=standing)
        return Answer(str(html), status, mimetype="text/html")


def _wanted() -> ShortWanted:
    return ShortWanted.read(request.args, Kept)


def _done(what: str, number: int) -> str:
    if what == "retire":
        return ngettext("%(num)d type is retired.", "%(num)d types are retired.", number)
    return ngettext("%(num)d type can be chosen again.", "%(num)d types can be chosen again.", number)


def _listed(wanted: ShortWanted) -> list[Listed]:
    return [
        each
        for each in listed_types()
        if wanted.fits(Kept.RETIRED if each.type.is_retired else Kept.CURRENT, each.type.name, each.type.issuer)
    ]


def _columns() -> list[Column]:
    return [
        Column(gettext("Name"), lambda row: row.type.name),
        Column(gettext("Issuer"), lambda row: row.type.issuer),
        Column(gettext("Description"), lambda row: row.type.description),
        Column(gettext("Usual term, in months"), lambda row: row.type.usual_term, Kind.NUMBER),
        Column(gettext("Days of grace"), lambda row: row.type.grace_days, Kind.NUMBER),
        Column(gettext("Held by"), lambda row: min(row.holders, MOST_HOLDERS), Kind.NUMBER),
        Column(gettext("Retired"), lambda row: row.type.retired_at, Kind.MOMENT),
    ]


def _as_it_stands(type_: CertificationType) -> CertificationTypeForm:
    return form_for(type_, counts_as().get(type_.id, frozenset()))


def _require_allowed() -> None:
    if not signin.current_actor().may_change_certification_types:
        raise NotAllowed()
