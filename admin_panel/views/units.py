"""Administration > Units: the tree of stations, departments and teams."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.exporting import rows_file
from admin_panel.forms.unit import MergeForm, UnitForm
from admin_panel.messages import report
from admin_panel.reports.layout import Column, Kind
from admin_panel.short_lists import USE_WORDS, short_listing
from records import signin
from records.database import found
from records.errors import Invalid, Stale, UnitNotEmpty
from records.models import Unit
from records.pages.forms import show_refusal
from records.queries.short_lists import ShortWanted, Use
from records.queries.units import Branch, branch_of, unit_tree, without
from records.services import units
from records.web.limits import exports


class UnitsView(StaffView):
    icon = "tree"
    first_page = "list"

    @expose("/")
    def list(self) -> Response:
        return self._tree(UnitForm(data={"parent_id": request.args.get("under")}))

    @expose("/export")
    @exports
    def export(self) -> Response:
        columns = [
            Column(gettext("Unit"), lambda unit: unit.name),
            Column(gettext("Lies in"), lambda unit: " / ".join(unit.path[:-1])),
            Column(gettext("Members"), lambda unit: unit.members, Kind.NUMBER),
            Column(gettext("Deactivated"), lambda unit: unit.deactivated, Kind.NUMBER),
        ]
        return rows_file(gettext("Units"), columns, lambda: _listed(_wanted(), unit_tree(by=signin.current_actor())))

    @expose("/", methods=["POST"])
    def create(self) -> Response:
        form = UnitForm(request.form)
        try:
            unit = units.create(form.name.data or "", under=form.parent_id.data, by=signin.current_actor())
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._tree(form, refusal.status)
        report(gettext("“%(name)s” was added.", name=unit.name))
        return redirect(url_for(".list"))

    @expose("/<int:unit_id>")
    def show(self, unit_id: int) -> Response:
        return self._unit(unit_id)

    @expose("/<int:unit_id>", methods=["POST"])
    def change(self, unit_id: int) -> Response:
        form, by = UnitForm(request.form), signin.current_actor()
        try:
            name, under, seen = form.name.data or "", form.parent_id.data, form.seen.data or ""
            units.change(found(Unit, unit_id), name=name, under=under, seen=seen, by=by)
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._unit(unit_id, form=form, status=refusal.status)
        except Stale as refusal:
            return self._unit(unit_id, form=form, status=refusal.status, is_stale=True)
        report(gettext("“%(name)s” was saved.", name=found(Unit, unit_id).name))
        return redirect(url_for(".list"))

    @expose("/<int:unit_id>/merge", methods=["POST"])
    def merge(self, unit_id: int) -> Response:
        form, unit = MergeForm(request.form), found(Unit, unit_id)
        name = unit.name
        try:
            target = units.merge(unit, into=form.into.data, by=signin.current_actor())
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._unit(unit_id, merging=form, status=refusal.status)
        report(gettext("“%(name)s” is now part of “%(into)s”.", name=name, into=target.name))
        return redirect(url_for(".list"))

    @expose("/<int:unit_id>/delete", methods=["POST"])
    def delete(self, unit_id: int) -> Response:
        unit = found(Unit, unit_id)
        name = unit.name
        try:
            units.delete(unit, by=signin.current_actor())
        except UnitNotEmpty as refusal:
            merging = MergeForm()
            show_refusal(merging, refusal)
            return self._unit(unit_id, merging=merging, status=refusal.status)
        report(gettext("“%(name)s” was deleted.", name=name))
        return redirect(url_for(".list"))

    def _tree(self, form: UnitForm, status: int = 200) -> Response:
        wanted, everything = _wanted(), unit_tree(by=signin.current_actor())
        form.offer(everything)
        listing = short_listing("units.list", wanted, USE_WORDS)
        html = self.render("admin_panel/units.html", tree=_listed(wanted, everything), form=form, listing=listing)
        return Answer(str(html), status, mimetype="text/html")

    def _unit(
        self,
        unit_id: int,
        *,
        form: UnitForm | None = None,
        merging: MergeForm | None = None,
        status: int = 200,
        is_stale: bool = False,
    ) -> Response:
        tree = unit_tree(by=signin.current_actor())
        branch = branch_of(unit_id, tree)
        form, merging = form or UnitForm(obj=branch), merging or MergeForm()
        standing = _facts(form, branch) if is_stale else None
        if is_stale or not form.seen.data:
            form.seen.data = units.mark_of(branch)
        elsewhere = without(unit_id, tree)
        form.offer(elsewhere)
        merging.offer(elsewhere)
        html = self.render("admin_panel/unit.html", branch=branch, form=form, merging=merging, standing=standing)
        return Answer(str(html), status, mimetype="text/html")


def _facts(form: UnitForm, branch: Branch) -> list[tuple[str, str]]:
    return [
        (str(form.name.label.text), branch.name),
        (str(form.parent_id.label.text), " / ".join(branch.path[:-1]) or gettext("No other unit: at the top")),
    ]


def _wanted() -> ShortWanted:
    return ShortWanted.read(request.args, Use)


def _listed(wanted: ShortWanted, tree: Sequence[Branch]) -> list[Branch]:
    return [unit for unit in tree if wanted.fits(Use.EMPTY if unit.is_empty else Use.USED, *unit.path)]
