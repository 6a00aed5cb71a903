"""Merging two members who are one person: find the other one, compare, merge, and undo for 30 days."""

from __future__ import annotations

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.forms.merge import MergeForm, TwinSearchForm
from admin_panel.messages import report
from admin_panel.views.merge_words import LIKENESS_WORDS, counted, stayed
from records import signin
from records.database import found
from records.errors import Invalid, InvalidInput, NotAllowed, Refusal, Stale
from records.errors.merging import MergedWithThemselves
from records.models import Member, MemberMerge
from records.pages.forms import show_refusal
from records.queries.member_merges import Comparison, comparison_of, merge_list
from records.queries.twins import MOST, found_besides, likely_twins
from records.services import member_merges
from records.web.words import refusal_text


class MergesView(StaffView):
    icon = "people"
    first_page = "list"
    lies_under = "members"

    @expose("/merges/")
    def list(self) -> str:
        merges = merge_list(by=signin.current_actor())
        return str(
            self.render("admin_panel/merges.html", merges=merges, undoable=member_merges.is_undoable, counted=_counted)
        )

    @expose("/merges/<int:merge_id>/undo", methods=["POST"])
    def undo(self, merge_id: int) -> Response:
        merge = found(MemberMerge, merge_id)
        kept_id, kept, merged = merge.kept_id, merge.kept.name, merge.merged.name
        try:
            done = member_merges.undo(merge, by=signin.current_actor())
        except Refusal as refusal:
            if refusal.status != 409:
                raise
            report(refusal_text(refusal), kind="error")
            return redirect(url_for(".list"))
        kept = found(Member, kept_id).name
        lines = stayed(done.stays, done.fields, account_is_back=done.account_is_back, name=kept)
        report(gettext("%(name)s and %(other)s are two members again.", name=kept, other=merged), lines=lines)
        return redirect(url_for("profile.show", member_id=kept_id))

    @expose("/members/<int:member_id>/merge")
    def choose(self, member_id: int) -> str:
        """Who is it, too? Likely ones first, and a search for any other."""
        by, member = signin.current_actor(), found(Member, member_id)
        member.require_standing()
        form = TwinSearchForm(request.args)
        search = (form.search.data or "").strip()
        return str(
            self.render(
                "admin_panel/merge_choose.html",
                member=member,
                form=form,
                search=search,
                twins=likely_twins(member, by=by),
                others=found_besides(member, search, by=by),
                most=MOST,
                words=LIKENESS_WORDS,
            )
        )

    @expose("/members/<int:member_id>/merge/<int:other_id>")
    def compare(self, member_id: int, other_id: int) -> Response:
        compared = comparison_of(member_id, other_id, by=signin.current_actor())
        return self._page(compared, MergeForm(compared))

    @expose("/members/<int:member_id>/merge/<int:other_id>", methods=["POST"])
    def merge(self, member_id: int, other_id: int) -> Response:
        by = signin.current_actor()
        compared = comparison_of(member_id, other_id, by=by)
        form = MergeForm(compared, request.form)
        kept, merged = compared.kept, compared.merged
        try:
            done = member_merges.merge(kept, merged, form.choices(), seen=form.seen.data or "", by=by)
        except (Invalid, InvalidInput) as refusal:
            show_refusal(form, refusal)
            return self._page(comparison_of(member_id, other_id, by=by), form, refusal.status)
        except (Stale, NotAllowed, Refusal) as refusal:
            if refusal.status not in (403, 409):
                raise
            report(refusal_text(refusal), kind="error")
            compared = comparison_of(member_id, other_id, by=by)
            return self._page(compared, MergeForm(compared), refusal.status)
        _say(done)
        return redirect(url_for("profile.show", member_id=member_id))

    def _page(self, compared: Comparison, form: MergeForm, status: int = 200) -> Response:
        """The comparison; where the two cannot be merged at all, why, instead of the button."""
        html = self.render(
            "admin_panel/merge_compare.html", compared=compared, kept=compared.kept, merged=compared.merged, form=form,
            hindrance=_hindrance(compared), counted=counted(compared.counts), days=member_merges.DAYS,
        )  # fmt: skip
        return Answer(str(html), status, mimetype="text/html")


def _hindrance(compared: Comparison) -> str:
    try:
        member_merges.require_mergeable(compared.kept, compared.merged, by=signin.current_actor())
    except (NotAllowed, MergedWithThemselves) as refusal:
        return refusal_text(refusal)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return refusal_text(refusal)
    return ""


def _counted(merge: MemberMerge) -> str:
    return ", ".join(counted({table: len(rows) for table, rows in merge.moved["rows"].items()}))


def _say(done: MemberMerge) -> None:
    merge_id, name, went = done.id, done.merged.name, _counted(done)
    text = gettext("%(name)s was merged into this member.", name=name)
    lines = [gettext("What went over: %(what)s.", what=went)] if went else []
    report(text, lines=lines, undo=url_for("merges.undo", merge_id=merge_id))
