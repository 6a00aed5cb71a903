"""Settings > Background work: what runs by itself, and how it stands."""

from __future__ import annotations

from flask import redirect, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.messages import report
from records import signin
from records.queries.background import MOST_WAITING, background_work, stands_still
from records.services import background
from records.web.job_words import FAILURE_WORDS, JOB_WORDS


class BackgroundView(StaffView):
    icon = "clock"
    first_page = "show"
    lies_under = "settings"

    @expose("/settings/background")
    def show(self) -> str:
        work = background_work()
        facts = {"names": JOB_WORDS, "failures": FAILURE_WORDS, "most": MOST_WAITING}
        return str(self.render("admin_panel/background.html", work=work, is_late=stands_still(work), **facts))

    @expose("/settings/background/<job>/run", methods=["POST"])
    def run(self, job: str) -> Response:
        background.run_now(job, by=signin.current_actor())
        report(gettext("“%(job)s” runs as soon as a worker is free.", job=JOB_WORDS[job]))
        return redirect(url_for(".show"))
