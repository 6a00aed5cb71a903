"""Your exports: long lists that are written to workbooks in the background, for whoever asked for them."""

from __future__ import annotations

from typing import Any

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.exporting import MOST_AT_ONCE
from admin_panel.messages import report
from admin_panel.saved_views import page_address, page_title
from records import clock, signin
from records.errors.exports import RightsChanged
from records.pages.sending import send_bytes
from records.queries.exports import own_export, own_exports
from records.queries.list_pages import page_named
from records.services import exports as verbs
from records.web.job_words import EXPORT_FAILURE_WORDS
from records.web.languages import locale_code
from records.web.limits import exports

# So many seconds later a page on which something moves is asked for again, by the browser itself.
_LOOK_AGAIN = 5


class ExportsView(CoordinatorView):
    """Everybody's own: the queries and verbs see to it."""

    icon = "download"
    first_page = "list"
    lies_under = "reports"

    @expose("/")
    def list(self) -> Response:
        found = own_exports(by=signin.current_actor())
        return self._answer("admin_panel/exports.html", any(each.is_in_progress for each in found), exports=found)

    @expose("/of/<page>")
    def offer(self, page: str) -> Response:
        """Of a list that is too long to wait for: what becomes of it, and the button that begins it."""
        asked = page_named(page, by=signin.current_actor()).kept(request.args)
        facts: dict[str, Any] = {"page": page, "asked": asked, "address": page_address(page, asked)}
        return self._answer("admin_panel/export_new.html", **facts)

    @expose("/of/<page>", methods=["POST"])
    @exports
    def begin(self, page: str) -> Response:
        export = verbs.begin(page, request.form, language=locale_code(), by=signin.current_actor())
        return redirect(url_for(".show", export_id=export.id))

    @expose("/<int:export_id>")
    def show(self, export_id: int) -> Response:
        export = own_export(export_id, by=signin.current_actor())
        address = page_address(export.page, export.asked)
        return self._answer("admin_panel/export.html", export.is_in_progress, export=export, address=address)

    @expose("/<int:export_id>/download")
    @exports
    def download(self, export_id: int) -> Answer:
        """By the rights that the asker has now. Raises RightsChanged, ExportNotReady, NotFound where it is over."""
        by = signin.current_actor()
        export = own_export(export_id, by=by)
        page_named(export.page, by=by)
        stored = export.its_file(at=clock.now())
        if export.rights != verbs.rights_of(by):
            raise RightsChanged()
        return send_bytes(stored, name=export.file_name, download=True)

    @expose("/<int:export_id>/cancel", methods=["POST"])
    def cancel(self, export_id: int) -> Response:
        export = verbs.cancel(export_id, by=signin.current_actor())
        report(gettext("The export of “%(list)s” is cancelled.", list=page_title(export.page)))
        return redirect(url_for(".show", export_id=export_id))

    @expose("/<int:export_id>/again", methods=["POST"])
    def again(self, export_id: int) -> Response:
        verbs.again(export_id, by=signin.current_actor())
        return redirect(url_for(".show", export_id=export_id))

    def _answer(self, template: str, moves: bool = False, **facts: Any) -> Response:
        html = self.render(template, most=MOST_AT_ONCE, title_of=page_title, failures=EXPORT_FAILURE_WORDS, **facts)
        answer = Answer(str(html), mimetype="text/html")
        if moves:
            answer.headers["Refresh"] = str(_LOOK_AGAIN)
        return answer
