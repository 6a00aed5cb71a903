"""Saved views: all of them with what changes them, and the address that keeps the filters of a page."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.forms.saved_view import ViewForm
from admin_panel.messages import report as say
from admin_panel.saved_views import address_of, page_address, page_title, view_rows
from records import signin
from records.database import found
from records.errors import Invalid, Stale
from records.models import SavedView
from records.pages.forms import show_refusal
from records.queries.list_pages import page_named
from records.queries.saved_views import saved_views
from records.services import saved_views as verbs


class SavedViewsView(CoordinatorView):
    """Each view opens what its reader may see; the verbs decide who keeps, shares and deletes."""

    icon = "chart"
    first_page = "list"
    lies_under = "reports"

    @expose("/")
    def list(self) -> Response:
        return self._list()

    @expose("/of/<page>", methods=["POST"])
    def save(self, page: str) -> Response:
        """The filters of the page under a name; with them in the address, a deleted view comes back."""
        by, form = signin.current_actor(), ViewForm(request.values)
        try:
            view = verbs.save(page, form.name.data or "", request.values, share=bool(form.share.data), by=by)
        except Invalid as refusal:
            show_refusal(form, refusal)
            return self._refused(page, form, refusal.status)
        say(gettext("“%(name)s” was saved.", name=view.name))
        return redirect(url_for(".list") if "back" in request.args else address_of(view))

    @expose("/<int:view_id>", methods=["POST"])
    def change(self, view_id: int) -> Response:
        by, form = signin.current_actor(), ViewForm(request.form)
        try:
            name, share, seen = form.name.data or "", bool(form.share.data), form.seen.data or ""
            view = verbs.change(view_id, name=name, share=share, seen=seen, by=by)
        except (Invalid, Stale) as refusal:
            if isinstance(refusal, Stale):
                form.seen.data = verbs.mark_of(found(SavedView, view_id))
            show_refusal(form, refusal)
            return self._list({view_id: form}, refusal.status)
        say(gettext("“%(name)s” was saved.", name=view.name))
        return redirect(url_for(".list"))

    @expose("/<int:view_id>/delete", methods=["POST"])
    def delete(self, view_id: int) -> Response:
        by = signin.current_actor()
        gone = verbs.delete(view_id, by=by)
        share = "y" if gone["is_shared"] and by.administers else None
        undo = url_for(".save", page=gone["page"], name=gone["name"], share=share, back="y", **gone["asked"])
        say(gettext("The view “%(name)s” was deleted.", name=gone["name"]), undo=undo)
        return redirect(url_for(".list"))

    def _list(self, refused: Mapping[int, ViewForm] | None = None, status: int = 200) -> Response:
        by = signin.current_actor()
        rows = view_rows(saved_views(by=by), by=by, refused=refused or {})
        html = self.render("admin_panel/saved_views.html", rows=rows, opened=set(refused or ()))
        return Answer(str(html), status, mimetype="text/html")

    def _refused(self, page: str, form: ViewForm, status: int) -> Response:
        """What was typed on a page of its own, with what is wrong with it; the filters travel along."""
        asked = page_named(page, by=signin.current_actor()).kept(request.values)
        html = self.render(
            "admin_panel/saved_view_new.html",
            page=page, title=page_title(page), address=page_address(page, asked), asked=asked, form=form,
        )  # fmt: skip
        return Answer(str(html), status, mimetype="text/html")
