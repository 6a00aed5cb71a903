"""Reports: each with its filters, as a page, on paper and as a file; and the views that staff keep of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import Any

from flask import Response as Answer
from flask import redirect, request, send_file, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.forms.report import FilterForm, ViewForm, ViewRow
from admin_panel.messages import report as say
from admin_panel.reports import LAYOUTS
from records import clock, signin
from records.database import this_organization
from records.errors import Invalid
from records.models import SavedView
from records.pages.forms import show_refusal
from records.queries.reports import Page, offered, report_named
from records.queries.saved_views import saved_views
from records.services import saved_views as views
from records.tables import CSV, MIME, XLSX, Cell, write

# Of one report on paper; what is longer goes into a file.
MOST_PRINTED = 2000


class ReportsView(CoordinatorView):
    """Each report says for itself who may open it, and shows coordinators what is in their scope."""

    icon = "chart"
    first_page = "list"

    @expose("/")
    def list(self) -> Response:
        return self._list()

    @expose("/<report>")
    def show(self, report: str) -> Response:
        return self._report(report, request.args)

    @expose("/<report>/print")
    def print(self, report: str) -> Response:
        return self._report(report, request.args, printed=True)

    @expose("/<report>/export")
    def export(self, report: str) -> Response:
        """The whole filter as a file; anything but XLSX is asked for as CSV."""
        by = signin.current_actor()
        found = report_named(report, by=by)
        asked, layout = found.read(request.args), LAYOUTS[report]
        rows, columns = found.rows(asked, by), layout.columns(asked)
        kind = XLSX if request.args.get("format") == XLSX else CSV

        def cells() -> Iterator[list[Cell]]:
            for row in chain(rows, rows.totals):
                yield [column.cell(row) for column in columns]

        title = str(layout.title)
        out = TemporaryFile()  # noqa: SIM115  # because: the answer closes it once it is sent
        write(out, kind, [column.label for column in columns], cells(), title=title)
        out.seek(0)
        name = f"{title} {asked.on.isoformat()}.{kind}"
        return send_file(out, mimetype=MIME[kind], as_attachment=True, download_name=name)

    @expose("/<report>/views", methods=["POST"])
    def save(self, report: str) -> Response:
        """The filters of the page under a name; with them in the address, a deleted view comes back."""
        by, form = signin.current_actor(), ViewForm(request.values)
        try:
            view = views.save(report, form.name.data or "", request.values, share=bool(form.share.data), by=by)
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._report(report, request.values, form=form, status=refusal.status)
        say(gettext("“%(name)s” was saved.", name=view.name))
        return redirect(url_for(".list") if "back" in request.args else _address(view))

    @expose("/views/<int:view_id>", methods=["POST"])
    def change(self, view_id: int) -> Response:
        by, form = signin.current_actor(), ViewForm(request.form)
        try:
            view = views.change(view_id, name=form.name.data or "", share=bool(form.share.data), by=by)
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._list(refused={view_id: form}, status=refusal.status)
        say(gettext("“%(name)s” was saved.", name=view.name))
        return redirect(url_for(".list"))

    @expose("/views/<int:view_id>/delete", methods=["POST"])
    def delete(self, view_id: int) -> Response:
        by = signin.current_actor()
        gone = views.delete(view_id, by=by)
        share = "y" if gone["is_shared"] and by.administers else None
        undo = url_for(".save", report=gone["report"], name=gone["name"], share=share, back="y", **gone["asked"])
        say(gettext("The view “%(name)s” was deleted.", name=gone["name"]), undo=undo)
        return redirect(url_for(".list"))

    def _list(self, *, refused: Mapping[int, ViewForm] | None = None, status: int = 200) -> Response:
        by = signin.current_actor()
        rows = [_row(view, (refused or {}).get(view.id), by.administers, by.member_id) for view in saved_views(by=by)]
        html = self.render(
            "admin_panel/reports.html",
            cards=[(report.name, LAYOUTS[report.name]) for report in offered(by=by)],
            rows=rows,
            opened=set(refused or ()),
        )
        return Answer(str(html), status, mimetype="text/html")

    def _report(
        self,
        name: str,
        fields: Mapping[str, str],
        *,
        printed: bool = False,
        form: ViewForm | None = None,
        status: int = 200,
    ) -> Response:
        by = signin.current_actor()
        report = report_named(name, by=by)
        asked, layout = report.read(fields), LAYOUTS[name]
        rows = report.rows(asked, by)
        filters = FilterForm(report, asked, by=by)
        page = Page([*islice(rows, MOST_PRINTED)]) if printed else rows.page(fields.get("after", ""))
        html = self.render(
            "admin_panel/report.html",
            report=report,
            layout=layout,
            asked=asked,
            columns=layout.columns(asked),
            rows=rows,
            page=page,
            count=rows.count(),
            figures=layout.figures(asked, by),
            filters=filters,
            said=filters.told_words(asked),
            views=[(view, _address(view)) for view in saved_views(by=by, report=name)],
            form=form or ViewForm(),
            organization=this_organization(),
            now=clock.now(),
            is_further_on=bool(fields.get("after")),
            printed=printed,
        )
        return Answer(str(html), status, mimetype="text/html")


def _address(view: SavedView) -> str:
    return url_for("reports.show", report=view.report, **view.asked)


def _row(view: SavedView, refused: ViewForm | None, administers: bool, member_id: int | None) -> ViewRow:
    is_own = view.member_id == member_id
    form: Any = refused or ViewForm(data={"name": view.name, "share": view.is_shared})
    may_change = is_own or (administers and view.is_shared)
    title = str(LAYOUTS[view.report].title)
    return ViewRow(view, title, _address(view), form if may_change else None, is_own)
