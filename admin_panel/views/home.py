"""The back office's first page: what expired and what expires when, what waits for a decision; and, after it, where
the organization falls short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, url_for
from flask_admin import AdminIndexView, expose
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.figures import figures_page
from admin_panel.messages import report
from records import signin
from records.pages.guards import this_organization
from records.queries.approvals import asked_for_backlog, backlog
from records.queries.attention import MONTHS, MonthAhead, asked_for_attention, attention
from records.queries.capped import MOST_COUNTED
from records.queries.first_steps import asked_for_first_steps, first_steps
from records.queries.kept_figures import Figures, figures
from records.queries.renewal_proposals import asked_for_proposals_waiting, proposals_waiting
from records.queries.reports.frame import Report
from records.queries.reports.periods import Preset
from records.queries.shortfalls import SHORTFALLS
from records.reading.ahead import read_ahead
from records.services import organizations
from records.services.figures import count_anew
from records.web.charts import BarChart, Value, bar_chart
from records.web.words import month_name


class HomeView(CoordinatorView, AdminIndexView):
    icon = "home"

    def __init__(self) -> None:
        super().__init__(name=lazy_gettext("Home"), endpoint="admin", url="/admin", template="admin_panel/home.html")
        self.static_folder = None  # Flask-Admin's own styles and scripts: no page uses them, so none is served

    @expose("/")
    def index(self) -> str:
        organization, by = this_organization(), signin.current_actor()
        tracks, reviews = organization.tracks_certifications, by.reviews and organization.takes_external_certificates
        questions = [*asked_for_attention(by=by), asked_for_proposals_waiting(by=by)] if tracks else []
        questions += [asked_for_backlog(by=by)] if reviews else []
        questions += [asked_for_first_steps(by=by)] if by.administers else []
        with read_ahead(*questions):
            found = attention(by=by) if tracks else None
            facts = {
                "attention": found,
                "chart": _chart(found.months) if found and found.months is not None else None,
                "backlog": backlog(by=by) if reviews else None,
                "proposals": proposals_waiting(by=by) if tracks else None,
                "first": first_steps(by=by) if by.administers else None,
            }
        return str(self.render("admin_panel/home.html", most=MOST_COUNTED, **facts))

    @expose("/months")
    def months(self) -> Response:
        """A page of its own, of which Home takes the chart where it would have to count too many."""
        found = _figures(MONTHS)
        chart = _chart(found.shown) if found.shown else None
        return figures_page(self.render("admin_panel/months.html", kept=found, chart=chart), found)

    @expose("/months/again", methods=["POST"])
    def count_months_anew(self) -> Response:
        return _count_anew(MONTHS, ".months")

    @expose("/gaps")
    def gaps(self) -> Response:
        """A page of its own, of which Home takes the part in the middle."""
        found = _figures(SHORTFALLS)
        return figures_page(self.render("admin_panel/gaps.html", kept=found, shortfalls=found.shown), found)

    @expose("/gaps/again", methods=["POST"])
    def count_gaps_anew(self) -> Response:
        return _count_anew(SHORTFALLS, ".gaps")

    @expose("/first-steps/put-away", methods=["POST"])
    def put_first_steps_away(self) -> Response:
        organizations.put_first_steps_away(this_organization(), by=signin.current_actor())
        report(
            gettext("The first steps are put away. You find them in Settings."), undo=url_for(".bring_first_steps_back")
        )
        return redirect(url_for(".index"))

    @expose("/first-steps/bring-back", methods=["POST"])
    def bring_first_steps_back(self) -> Response:
        organizations.put_first_steps_away(this_organization(), by=signin.current_actor(), away=False)
        return redirect(url_for(".index"))


def _figures(report: Report) -> Figures:
    """Raises NotAllowed, ModuleOff."""
    by = signin.current_actor()
    report.require(by)
    with read_ahead(*report.asks()):
        return figures(report, report.read({}), by=by)


def _count_anew(report: Report, page: str) -> Response:
    by = signin.current_actor()
    report.require(by)
    count_anew(report, report.read({}), by=by)
    return redirect(url_for(page))


def _chart(months: Sequence[MonthAhead]) -> BarChart:
    title = gettext("Certifications that expire in the next 12 months")
    return bar_chart(title, (gettext("Month"), gettext("Certifications")), [*map(_bar, months)])


def _bar(month: MonthAhead) -> Value:
    first, last = month.first, month.last
    own: dict[str, Any] = {"period": Preset.OWN_DATES, "first": first.isoformat(), "last": last.isoformat()}
    return Value(
        label=month_name(first),
        name=f"{month_name(first)} {first.year}",
        number=month.count,
        amount=f"{month.count:,}",
        address=url_for("reports.show", report="expiring", **own),
    )
