"""Administration > Positions: what members serve as."""

from __future__ import annotations

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.exporting import rows_file
from admin_panel.forms.position import MergePositionForm, PositionForm
from admin_panel.messages import report
from admin_panel.reports.layout import Column, Kind
from admin_panel.short_lists import USE_WORDS, short_listing
from records import signin
from records.database import found
from records.errors import Invalid, Stale
from records.errors.requirements import PositionInUse
from records.models import Position
from records.pages.forms import show_refusal
from records.queries.positions import ListedPosition, listed, listed_positions
from records.queries.short_lists import ShortWanted, Use
from records.services import positions
from records.web.limits import exports


class PositionsView(StaffView):
    icon = "person"
    first_page = "list"

    @expose("/")
    def list(self) -> Response:
        return self._all(PositionForm())

    @expose("/export")
    @exports
    def export(self) -> Response:
        columns = [
            Column(gettext("Position"), lambda row: row.name),
            Column(gettext("Members"), lambda row: row.members, Kind.NUMBER),
            Column(gettext("Deactivated"), lambda row: row.deactivated, Kind.NUMBER),
            Column(gettext("Requirements"), lambda row: row.requirements, Kind.NUMBER),
        ]
        return rows_file(gettext("Positions"), columns, lambda: _listed(_wanted()))

    @expose("/", methods=["POST"])
    def create(self) -> Response:
        form = PositionForm(request.form)
        try:
            position = positions.create(form.name.data or "", by=signin.current_actor())
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._all(form, refusal.status)
        report(gettext("“%(name)s” was added.", name=position.name))
        return redirect(url_for(".list"))

    @expose("/<int:position_id>")
    def show(self, position_id: int) -> Response:
        return self._one(position_id)

    @expose("/<int:position_id>", methods=["POST"])
    def rename(self, position_id: int) -> Response:
        form = PositionForm(request.form)
        try:
            position, seen = found(Position, position_id), form.seen.data or ""
            positions.rename(position, form.name.data or "", seen=seen, by=signin.current_actor())
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._one(position_id, form=form, status=refusal.status)
        except Stale as refusal:
            return self._one(position_id, form=form, status=refusal.status, is_stale=True)
        report(gettext("“%(name)s” was saved.", name=found(Position, position_id).name))
        return redirect(url_for(".list"))

    @expose("/<int:position_id>/merge", methods=["POST"])
    def merge(self, position_id: int) -> Response:
        form, position = MergePositionForm(request.form), found(Position, position_id)
        name = position.name
        try:
            target = positions.merge(position, into=form.into.data, by=signin.current_actor())
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._one(position_id, merging=form, status=refusal.status)
        report(gettext("“%(name)s” is now part of “%(into)s”.", name=name, into=target.name))
        return redirect(url_for(".list"))

    @expose("/<int:position_id>/delete", methods=["POST"])
    def delete(self, position_id: int) -> Response:
        position = found(Position, position_id)
        name = position.name
        try:
            positions.delete(position, by=signin.current_actor())
        except PositionInUse as refusal:
            merging = MergePositionForm()
            show_refusal(merging, refusal)
            return self._one(position_id, merging=merging, status=refusal.status)
        report(gettext("“%(name)s” was deleted.", name=name))
        return redirect(url_for(".list"))

    def _all(self, form: PositionForm, status: int = 200) -> Response:
        wanted = _wanted()
        rows, listing = _listed(wanted), short_listing("positions.list", wanted, USE_WORDS)
        html = self.render("admin_panel/positions.html", positions=rows, form=form, listing=listing)
        return Answer(str(html), status, mimetype="text/html")

    def _one(
        self,
        position_id: int,
        *,
        form: PositionForm | None = None,
        merging: MergePositionForm | None = None,
        status: int = 200,
        is_stale: bool = False,
    ) -> Response:
        everything = listed_positions(by=signin.current_actor())
        position = listed(position_id, everything)
        form, merging = form or PositionForm(obj=position), merging or MergePositionForm()
        standing = [(str(form.name.label.text), position.name)] if is_stale else None
        if is_stale or not form.seen.data:
            form.seen.data = positions.mark_of(position)
        merging.offer([each for each in everything if each.id != position_id])
        html = self.render(
            "admin_panel/position.html", position=position, form=form, merging=merging, standing=standing
        )
        return Answer(str(html), status, mimetype="text/html")


def _wanted() -> ShortWanted:
    return ShortWanted.read(request.args, Use)


def _listed(wanted: ShortWanted) -> list[ListedPosition]:
    everything = listed_positions(by=signin.current_actor())
    return [each for each in everything if wanted.fits(Use.EMPTY if each.is_free else Use.USED, each.name)]
