"""Renewals of many members at once: choosing the certification, members and dates, looking at what will happen, and
what came of it, with its undo."""

from __future__ import annotations

from typing import Any

from flask import Response as Answer
from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from admin_panel.base import CoordinatorView
from admin_panel.forms.renewal_batch import BatchForm
from admin_panel.messages import report
from records import clock, signin
from records.database import db, is_id
from records.errors import InvalidInput, Refusal, Stale
from records.errors.renewals import NothingToRecord, PlanChanged, RecordedAlready
from records.models import CertificationType, RenewalBatch
from records.pages.arriving import arrive_alone, arriving, in_order, left_out, new_key, status_of
from records.pages.guards import this_organization
from records.queries.certification_types import active_types
from records.queries.external_certificates import staged
from records.queries.renewal_batches import batch_for, batch_page, batches
from records.queries.renewal_candidates import all_sought, candidates, positions_to_choose
from records.queries.renewal_plans import MOST_MEMBERS, plan
from records.queries.renewal_proposals import proposals_waiting
from records.queries.units import unit_choices
from records.services import renewal_batches
from records.web.limits import takes_files, takes_one_file
from records.web.words import refusal_text

TYPE, MEMBERS, DATES, CHECK = 1, 2, 3, 4


class RenewalsView(CoordinatorView):
    icon = "renew"
    needs_certification_tracking = True
    first_page = "list"

    @expose("/")
    def list(self) -> str:
        by = signin.current_actor()
        found = batches(by=by, before_id=request.args.get("before", type=int))
        waiting = proposals_waiting(by=by)
        return str(self.render("admin_panel/renewals.html", batches=found, waiting=waiting))

    # The steps. What was given so far travels in the form, so that nothing is stored before the last one.

    @expose("/new")
    def new(self) -> Response:
        form = BatchForm()
        form.type.type_id.data = request.args.get("type", type=int)
        return self._page(form, MEMBERS if _type_of(form) else TYPE)

    @expose("/new", methods=["POST"])
    @takes_files
    def go_on(self) -> Response:
        form, do = BatchForm(request.form), request.form.get("do", "")
        refused = _take_in(form)
        if refused is not None:
            return self._page(form, DATES, refused)
        if do in ("", "type"):
            return self._page(form, TYPE)
        if do == "submit":
            return self._submit(form)
        if do == "check":
            return self._check(form)
        if _type_of(form) is None:
            return self._refused(form, "type_id")
        return self._dates(form) if do == "dates" else self._choose(form, do)

    @expose("/new/files", methods=["POST"])
    @takes_one_file
    def file(self) -> Response:
        """One file of a batch that is being filled in."""
        return arrive_alone(renewal_batches.stage)

    def _choose(self, form: BatchForm, do: str) -> Response:
        """The members' page, with whom its buttons tick."""
        ticks = do in ("tick-all", "tick-page", "untick")
        form.turn(request.form.get("here", "") if ticks else do)
        by, found = signin.current_actor(), []
        if do == "tick-all":
            found = [*all_sought(form.sought(), by=by)]
        elif do == "tick-page":
            found = [member.id for member in candidates(form.sought(), by=by).listed.members]
        form.chosen = [] if do == "untick" else list(dict.fromkeys([*form.chosen, *found]))[: MOST_MEMBERS + 1]
        if len(form.chosen) > MOST_MEMBERS:
            form.members_error = gettext("Choose at most %(most)s members at a time.", most=MOST_MEMBERS)
        return self._page(form, MEMBERS, 422 if form.members_error else 200)

    def _dates(self, form: BatchForm) -> Response:
        return self._refused(form, "members") if "members" in _wrong(form) else self._page(form, DATES)

    def _check(self, form: BatchForm) -> Response:
        form.propose_expiry(_type_of(form))
        return self._refused(form) if _wrong(form) else self._page(form, CHECK)

    def _submit(self, form: BatchForm) -> Response:
        try:
            batch = renewal_batches.make(form.given(), key=form.key, seen=form.seen, by=signin.current_actor())
        except (PlanChanged, NothingToRecord, Stale) as refusal:
            return self._page(form, CHECK, refusal.status, notice=refusal_text(refusal))
        except RecordedAlready as refusal:
            return self._anew(form, refusal)
        except InvalidInput as refusal:
            return self._complain(form, refusal.errors, refusal.status)
        size = len(batch_page(batch.id, by=signin.current_actor()).certifications)
        said = ngettext("%(num)d certification is recorded.", "%(num)d certifications are recorded.", size)
        report(said, undo=url_for(".undo", batch_id=batch.id))
        return redirect(url_for(".show", batch_id=batch.id))

    def _anew(self, form: BatchForm, refusal: RecordedAlready) -> Response:
        """All that was given, under another key, so that submitting it once more records it."""
        used, form.key = form.key, new_key()
        renewal_batches.restage(used, to=form.key, by=signin.current_actor())
        if _wrong(form):
            return self._refused(form)
        return self._page(form, CHECK, refusal.status, notice=refusal_text(refusal))

    def _refused(self, form: BatchForm, *only: str) -> Response:
        """With all that is wrong, or what is wrong with `only` these fields."""
        errors = {name: each for name, each in _wrong(form).items() if not only or name in only}
        return self._complain(form, errors, 422)

    def _complain(self, form: BatchForm, errors: dict[str, Refusal], status: int) -> Response:
        step = form.complain(errors, {name: refusal_text(each) for name, each in errors.items()})
        return self._page(form, step, status)

    def _page(self, form: BatchForm, step: int, status: int = 200, *, notice: str = "") -> Response:
        by, type_ = signin.current_actor(), _type_of(form)
        shown: dict[str, Any] = {"found": None, "plan": None}
        if step == TYPE:
            form.offer_types(active_types())
        elif step == MEMBERS:
            form.search.offer(unit_choices(by=by), positions_to_choose(), may_lack_unit=by.covers_everyone)
            shown["found"] = candidates(form.sought(), by=by)
        elif step == CHECK:
            shown["plan"] = plan(form.given(), by=by)
        html = self.render(
            "admin_panel/renewal_batch.html",
            form=form, step=step, type=type_, notice=notice, most=MOST_MEMBERS, most_files=renewal_batches.MOST_FILES,
            waiting=staged(form.key, by=by), largest=this_organization().largest_file,
            most_bytes=this_organization().most_together, **shown,
        )  # fmt: skip
        return Answer(str(html), status, mimetype="text/html")

    # Afterwards

    @expose("/<int:batch_id>")
    def show(self, batch_id: int) -> str:
        by = signin.current_actor()
        page = batch_page(batch_id, by=by)
        may_undo = bool(page.live) and page.batch.may_be_undone_by(by, at=clock.now())
        return str(self.render("admin_panel/renewal_batch_done.html", page=page, batch=page.batch, may_undo=may_undo))

    @expose("/<int:batch_id>/undo", methods=["POST"])
    def undo(self, batch_id: int) -> Response:
        batch: RenewalBatch = batch_for(batch_id, by=signin.current_actor())
        undone = renewal_batches.undo(batch, by=signin.current_actor())
        if undone.kept:
            said = ngettext(
                "Undone, but for %(num)d certification that somebody has changed since.",
                "Undone, but for %(num)d certifications that somebody has changed since.",
                len(undone.kept),
            )
            report(said, kind="warning")
        else:
            report(gettext("Undone: everything is as it was before."))
        return redirect(url_for(".show", batch_id=batch_id))


def _type_of(form: BatchForm) -> CertificationType | None:
    """The type that was chosen, where it can be."""
    type_ = db.session.get(CertificationType, form.type_id) if is_id(form.type_id) else None
    return None if type_ is None or type_.is_retired else type_


def _wrong(form: BatchForm) -> dict[str, Refusal]:
    try:
        renewal_batches.check(form.given(), unreadable=form.unreadable())
    except InvalidInput as refusal:
        return dict(refusal.errors)
    return {}


def _take_in(form: BatchForm) -> int | None:
    """Store the files that came along; the status of the answer where one did not arrive."""
    came, by, order = arriving(), signin.current_actor(), in_order()
    unwanted = left_out(form.key)
    if came.arrived or unwanted or order:
        kept = renewal_batches.stage(came.arrived, key=form.key, by=by, left_out=unwanted, order=order)
        came.refused += kept.refused
    refused = [came.failure] if came.failure else came.refused
    form.dates.files.errors = [refusal_text(each) for each in refused]
    if came.failure:
        return came.failure.status
    return status_of(came.refused) or None
