"""Requirements > Coverage: how many are cleared in the days to come, and what renewals change."""

from __future__ import annotations

from flask import request
from flask_admin import expose
from flask_babel import gettext

from admin_panel.base import CoordinatorView
from admin_panel.forms.matrix import CoverageForm
from records import signin
from records.queries.coverage import Coverage, Question, coverage
from records.queries.positions import positions
from records.web.charts import LineChart, line_chart
from records.web.words import month_name


class CoverageView(CoordinatorView):
    needs_certification_tracking = True
    icon = "check"
    first_page = "show"
    lies_under = "matrix"

    @expose("/")
    def show(self) -> str:
        by = signin.current_actor()
        found = coverage(Question.read(request.args, request.args.getlist("renew")), by=by)
        form = CoverageForm(found.question, found.ruled.demands, found.ruled.types.values())
        form.offer(found.units, positions(), may_lack_unit=by.covers_everyone)
        return str(self.render("admin_panel/coverage.html", coverage=found, chart=_chart(found), form=form))


def _chart(found: Coverage) -> LineChart:
    lines = {"renewed": [each.renewed for each in found.line]} if found.question.renewed else {}
    lines["now"] = [each.count for each in found.line]
    return line_chart(gettext("Over time"), lines, [f"{month_name(each.on)} {each.on.year}" for each in found.line])
