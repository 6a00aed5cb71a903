"""Reports: each with its filters, as a page, on paper and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import chain, islice
from typing import Any

from flask import redirect, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.exporting import list_file, rows_table
from admin_panel.figures import figures_page
from admin_panel.forms.report import asked_for_choices, filters_of
from admin_panel.listing import Listing
from admin_panel.reports import LAYOUTS
from admin_panel.reports.layout import fields_of, lines_of
from admin_panel.saved_views import view_rows, views_of
from records import clock, signin
from records.database import this_organization
from records.models import Actor
from records.queries.capped import MOST_COUNTED
from records.queries.kept_figures import figures
from records.queries.reports import REPORTS, Listed, Page, Paged, Rows, Sums, offered, report_named
from records.queries.saved_views import asked_for_kept_views, saved_views
from records.reading.ahead import read_ahead
from records.services.figures import count_anew
from records.tables import Table, reads
from records.web.limits import exports

# Of one report on paper; what is longer goes into a file.
MOST_PRINTED = 2000


class ReportsView(CoordinatorView):
    """Each report says for itself who may open it, and shows coordinators what is in their scope."""

    icon = "chart"
    first_page = "list"

    @expose("/")
    def list(self) -> str:
        by = signin.current_actor()
        cards = [(report.name, LAYOUTS[report.name]) for report in offered(by=by)]
        rows = view_rows(saved_views(by=by, of=REPORTS), by=by, refused={})
        return str(self.render("admin_panel/reports.html", cards=cards, rows=rows))

    @expose("/<report>")
    def show(self, report: str) -> Response:
        return self._report(report, request.args)

    @expose("/<report>/print")
    def print(self, report: str) -> Response:
        return self._report(report, request.args, printed=True)

    @expose("/<report>/again", methods=["POST"])
    def again(self, report: str) -> Response:
        """Let figures that are kept be counted anew, under the filters of the address."""
        by = signin.current_actor()
        named = report_named(report, by=by)
        asked = named.read(request.args)
        count_anew(named, asked, by=by)
        address: dict[str, Any] = {"report": report, **asked.fields()}
        return redirect(url_for(".show", **address))

    @expose("/<report>/export")
    @exports
    def export(self, report: str) -> Response:
        """The whole filter as a file; anything but XLSX is asked for as CSV."""
        report_named(report, by=signin.current_actor())
        return list_file(report, request.args)

    def _report(self, name: str, fields: Mapping[str, str], *, printed: bool = False) -> Response:
        by = signin.current_actor()
        report = report_named(name, by=by)
        asked, layout = report.read(fields), LAYOUTS[name]
        after, around = fields.get("after", ""), [*asked_for_choices(report), asked_for_kept_views(name, by=by)]
        first = report.asks()
        if first or asked["unit"] or isinstance(report.rows, Sums):  # these make their rows of what is around
            first = [*first, *around]
        with read_ahead(*first):
            found = figures(report, asked, by=by)
            rows: Rows = Listed(()) if found.shown is None else found.shown
            with read_ahead(*around, *(rows.asks(after) if isinstance(rows, Paged) and not printed else ())):
                filters, views = filters_of(report, asked, by=by), views_of(name, asked.fields(), by=by)
                page, count = _on_paper(rows) if printed else rows.page(after), rows.count()
        html = self.render(
            "admin_panel/report.html",
            report=report,
            layout=layout,
            asked=asked,
            columns=layout.columns(asked),
            lines_of=lines_of,
            rows=rows,
            page=page,
            count=count,
            most=MOST_COUNTED,
            kept=found,
            figures=() if found.shown is None else layout.figures(asked, by, rows),
            filters=filters,
            listing=Listing("reports.show", (), asked.fields(), files="reports.export", path={"report": name}),
            views=views,
            organization=this_organization(),
            now=found.as_of or clock.now(),
            is_further_on=bool(after),
            printed=printed,
        )
        return figures_page(html, found)


def _table(name: str, fields: Mapping[str, str], by: Actor) -> Table:
    report, layout = report_named(name, by=by), LAYOUTS[name]
    asked = report.read(fields)
    rows, columns = report.rows(asked, by), layout.columns(asked)
    count, shown = rows.count, fields_of(columns)
    if isinstance(rows, Paged) and shown:
        rows = rows.holding(shown)
    return rows_table(str(layout.title), columns, chain(rows, rows.totals), count)


for _name in LAYOUTS:
    reads(_name)(partial(_table, _name))


def _on_paper(rows: Rows) -> Page:
    """`following` says that there are more than are printed."""
    found = [*islice(rows, MOST_PRINTED + 1)]
    return Page(found[:MOST_PRINTED], "more" if len(found) > MOST_PRINTED else "")
