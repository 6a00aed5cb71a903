"""Approvals: the queue of external certificates, and the page on which one is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from admin_panel.base import StaffView
from admin_panel.exporting import list_file, rows_table
from admin_panel.forms.approval import ReviewForm, RevocationForm, queue_filters
from admin_panel.listing import Listing
from admin_panel.messages import report
from admin_panel.saved_views import views_of
from admin_panel.views.approval_words import amount_of, edited_fields, file_columns
from records import signin
from records.database import found
from records.errors import Invalid, InvalidInput, NotFound, Refusal
from records.models import Actor, ExternalCertificate, KeptReason
from records.pages.fields import ids_in
from records.pages.forms import show_refusal
from records.queries import approvals as queries
from records.queries.approval_filters import QueueWanted
from records.queries.approval_statements import PAGE
from records.queries.capped import MOST_COUNTED
from records.queries.credit_types import asked_for_listed_kinds, credit_types, listed_kinds
from records.queries.kept_reasons import asked_for_reasons, reasons_kept
from records.queries.review_pages import (
    ReviewPage,
    asked_for_page,
    certificate_for_review,
    edited_since,
    page_of,
    review_page,
)
from records.queries.saved_views import asked_for_kept_views
from records.queries.units import asked_for_choices, unit_choices
from records.reading.ahead import Question, read_ahead
from records.services import audit, kept_reasons, reviews, revocations
from records.tables import Table, reads
from records.web.limits import exports
from records.web.words import refusal_text

# Decides one certificate with what was typed, and says what became of it.
Deciding = Callable[[ExternalCertificate, ReviewForm, Actor], str]


class ApprovalsView(StaffView):
    """Open to administrators, and to training coordinators who were granted to review."""

    needs_external_certificates = True
    icon = "check"
    first_page = "list"

    def is_open_to(self, actor: Actor) -> bool:
        return actor.reviews

    @expose("/")
    def list(self) -> Response:
        return self._list()

    @expose("/export")
    @exports
    def export(self) -> Response:
        """Everything that the filters find."""
        return list_file("approvals", request.args)

    @expose("/approve", methods=["POST"])
    def approve_several(self) -> Response:
        """Those that are ticked, each decided on its own."""
        by = signin.current_actor()
        ids = ids_in(request.form.getlist("certificate"))
        outcome = reviews.approve_each(ids[:PAGE], by=by)
        refused = {each: refusal for each, refusal in outcome.items() if refusal is not None}
        if refused and all(isinstance(refusal, NotFound) for refusal in refused.values()) and refused == outcome:
            raise NotFound()
        if approved := len(outcome) - len(refused):
            report(ngettext("%(num)d certificate approved.", "%(num)d certificates approved.", approved))
        if outcome and not refused:
            return redirect(url_for(".list", **QueueWanted.read(request.args).asked()))
        return self._list(refused, status=409 if outcome else 422, nothing_ticked=not outcome)

    @expose("/<int:certificate_id>")
    def show(self, certificate_id: int) -> Response:
        return self._page(certificate_id)

    @expose("/<int:certificate_id>/summary")
    def summary(self, certificate_id: int) -> str:
        """Looking at it here is not opening it for review."""
        page = review_page(certificate_id, by=signin.current_actor())
        wanted = QueueWanted.read(request.args)
        facts = {"page": page, "certificate": page.certificate, "wanted": wanted}
        return self.render_summary("admin_panel/summaries/approval.html", **facts)

    @expose("/<int:certificate_id>/approve", methods=["POST"])
    def approve(self, certificate_id: int) -> Response:
        return self._decide(certificate_id, _approve)

    @expose("/<int:certificate_id>/request-changes", methods=["POST"])
    def request_changes(self, certificate_id: int) -> Response:
        return self._decide(certificate_id, _request_changes)

    @expose("/<int:certificate_id>/decline", methods=["POST"])
    def decline(self, certificate_id: int) -> Response:
        return self._decide(certificate_id, _decline)

    @expose("/<int:certificate_id>/revoke", methods=["POST"])
    def revoke(self, certificate_id: int) -> Response:
        by, form = signin.current_actor(), RevocationForm(request.form)
        certificate = certificate_for_review(certificate_id, by=by)
        member_id, keeps = certificate.member_id, bool(form.keep_certification.data)
        try:
            done = revocations.revoke(certificate, reason=form.reason.data or "", by=by, keep_certification=keeps)
        except Refusal as refusal:
            if refusal.status not in (409, 422):
                raise
            if isinstance(refusal, Invalid):
                show_refusal(form, refusal)
                return self._page(certificate_id, revocation=form, status=refusal.status)
            return self._page(certificate_id, status=refusal.status, conflict=refusal_text(refusal))
        _say_revoked(done, member_id)
        return redirect(url_for(".show", certificate_id=certificate_id))

    @expose("/texts/<int:text_id>/forget", methods=["POST"])
    def forget_text(self, text_id: int) -> Response:
        kept_reasons.forget(found(KeptReason, text_id), by=signin.current_actor())
        report(gettext("The text was removed. Decisions that used it keep their words."))
        return redirect(url_for(".list") + "#kept")

    def _list(
        self, refused: dict[int, Refusal] | None = None, *, status: int = 200, nothing_ticked: bool = False
    ) -> Response:
        by, wanted = signin.current_actor(), QueueWanted.read(request.args)
        with read_ahead(*_around(by), *queries.asked_for_queue(wanted, by=by)):
            types, units, kept = listed_kinds(), unit_choices(by=by), reasons_kept()
            views, queue = views_of("approvals", wanted.asked(), by=by), queries.queue(wanted, by=by)
        of_member = queries.member_asked_for(wanted, by=by)
        listing = Listing(
            "approvals.list",
            queue_filters(wanted, units, types, may_lack_unit=by.covers_everyone),
            wanted.asked(),
            files="approvals.export",
            views=views,
            kept=["state"],
            besides=[("member", gettext("Learner"), of_member.name)] if of_member else (),
        )
        html = self.render(
            "admin_panel/approvals.html",
            queue=queue,
            wanted=wanted,
            listing=listing,
            kept=kept,
            refused=queries.named(refused or {}, by=by),
            nothing_ticked=nothing_ticked,
            most=MOST_COUNTED,
        )
        return Answer(str(html), status, mimetype="text/html")

    def _decide(self, certificate_id: int, decide: Deciding) -> Response:
        by = signin.current_actor()
        certificate = certificate_for_review(certificate_id, by=by)
        form = ReviewForm(certificate, reasons_kept(), request.form)
        try:
            said = decide(certificate, form, by)
        except Refusal as refusal:
            if refusal.status not in (409, 422):
                raise
            return self._refused(certificate_id, form, refusal)
        report(said)
        if form.keeps_reason:
            _keep(form.reason, by)
        return self._to_next(certificate_id, by)

    def _refused(self, certificate_id: int, form: ReviewForm, refusal: Refusal) -> Response:
        """The page as it stands now, with the reason, and with everything that was typed."""
        if isinstance(refusal, Invalid | InvalidInput):
            form.show(refusal)
            return self._page(certificate_id, form, status=refusal.status)
        return self._page(certificate_id, form, status=refusal.status, conflict=refusal_text(refusal))

    def _to_next(self, certificate_id: int, by: Actor) -> Response:
        wanted = QueueWanted.read(request.args)
        decided = certificate_for_review(certificate_id, by=by)
        following = queries.next_to_decide(wanted, after=decided, by=by)
        if following is None:
            return redirect(url_for(".list", **wanted.asked()))
        return redirect(url_for(".show", certificate_id=following, **wanted.asked()))

    def _page(
        self,
        certificate_id: int,
        form: ReviewForm | None = None,
        *,
        revocation: RevocationForm | None = None,
        status: int = 200,
        conflict: str = "",
    ) -> Response:
        """Whoever gets to see the page has opened the certificate as it stands on it; that is noted."""
        by, wanted = signin.current_actor(), QueueWanted.read(request.args)
        page = _opened(certificate_id, by, wanted)
        certificate = page.certificate
        edited = edited_since(certificate, form.seen) if form else page.edited
        form = form or ReviewForm(certificate, page.kept)
        form.offer(page)
        types = {each.id: each.name for each in credit_types()} if edited else {}
        html = self.render(
            "admin_panel/approval.html",
            page=page,
            certificate=certificate,
            form=form,
            revocation=revocation or RevocationForm(),
            conflict=conflict,
            typed=request.form.get("reason", "").strip(),
            edited=edited,
            edited_fields=edited_fields(edited, types) if edited else [],
            wanted=wanted,
        )
        return Answer(str(html), status, mimetype="text/html")


def _opened(certificate_id: int, by: Actor, wanted: QueueWanted) -> ReviewPage:
    """The page, once it is on record that the asker has it open as it stands."""
    with read_ahead(*asked_for_page(certificate_id, by=by), planned_once=True):
        certificate = certificate_for_review(certificate_id, by=by)
        if not audit.opened(certificate, by=by):
            return page_of(certificate, by=by, wanted=wanted)
    return review_page(certificate_id, by=by, wanted=wanted)  # what was read before the writing is not known any more


def _around(by: Actor) -> list[Question]:
    """What the list asks besides its rows."""
    views = asked_for_kept_views("approvals", by=by)
    return [asked_for_listed_kinds(), asked_for_choices(), asked_for_reasons(), views]


@reads("approvals")
def _table(fields: Mapping[str, str], by: Actor) -> Table:
    wanted = QueueWanted.read(fields)
    return rows_table(
        gettext("External certificates"),
        file_columns(),
        queries.every_certificate(wanted, by=by),
        lambda most: queries.how_many_certificates(wanted, by=by, most=most),
    )


def _approve(certificate: ExternalCertificate, form: ReviewForm, by: Actor) -> str:
    title, name = certificate.title, certificate.member.name
    done = reviews.approve(certificate, form.approval(), seen=form.seen, by=by, track=form.certification())
    facts = {"title": title, "name": name, "amount": amount_of(found(ExternalCertificate, certificate.id))}
    if done.certification_id is not None:
        return gettext(
            "Approved: “%(title)s” of %(name)s, %(amount)s. It is recorded as a certification, too.", **facts
        )
    return gettext("Approved: “%(title)s” of %(name)s, %(amount)s.", **facts)


def _request_changes(certificate: ExternalCertificate, form: ReviewForm, by: Actor) -> str:
    title, name = certificate.title, certificate.member.name
    reviews.request_changes(certificate, reason=form.reason, by=by, seen=form.seen)
    return gettext("Changes requested: “%(title)s” of %(name)s.", title=title, name=name)


def _decline(certificate: ExternalCertificate, form: ReviewForm, by: Actor) -> str:
    title, name = certificate.title, certificate.member.name
    reviews.decline(certificate, reason=form.reason, by=by, seen=form.seen)
    return gettext("Declined: “%(title)s” of %(name)s.", title=title, name=name)


def _keep(text: str, by: Actor) -> None:
    """After the decision, which stands whatever becomes of this."""
    try:
        kept_reasons.keep(text, by=by)
    except Refusal as refusal:
        report(refusal_text(refusal), kind="warning")


def _say_revoked(done: revocations.Revoked, member_id: int) -> None:
    if done.certification_id is None:
        report(gettext("The certificate is revoked, and its credits are taken back."))
    elif done.is_deleted:
        undo = url_for("profile.restore", member_id=member_id, ids=done.certification_id)
        text = gettext("The certificate is revoked, and its credits are taken back. Its certification was deleted.")
        report(text, undo=undo)
    else:
        report(gettext("The certificate is revoked, and its credits are taken back. Its certification stays."))
