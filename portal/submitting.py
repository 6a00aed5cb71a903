"""Submitting an external certificate, mending one, submitting a copy. One address each: a page, and with JavaScript
what a dialog shows."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal.sheets import Sheet
from records import signin
from records.errors import InvalidInput, Stale
from records.models import Actor, ExternalCertificate, State
from records.pages.arriving import arrive_alone, is_key, new_key
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_organization
from records.queries.credit_types import asked_for_credit_kinds
from records.queries.external_certificates import (
    made_with,
    own_certificate,
    staged,
    to_copy,
    why_none_are_taken,
)
from records.queries.messages import asked_for_unread
from records.queries.reviewers import administrators
from records.reading.ahead import read_ahead
from records.services import submissions
from records.services.certificate_steps import require_submissions
from records.services.submission_steps import MOST_FILES
from records.web.limits import takes_files, takes_one_file
from records.web.scripted import go_on
from records.web.words import refusal_text


def add_to(blueprint: Blueprint) -> None:
    both = ["GET", "POST"]
    blueprint.add_url_rule("/certificates/new", "new_certificate", new_certificate, methods=both)
    blueprint.add_url_rule("/certificates/files", "certificate_file", certificate_file, methods=["POST"])
    edit = "/certificates/<int:certificate_id>/edit"
    blueprint.add_url_rule(edit, "edit_certificate", edit_certificate, methods=both)


@member_required
@takes_files
def new_certificate() -> Any:
    """The "+". Its address carries the key of the form, so that who goes back finds the same form again."""
    session["face"] = PORTAL
    actor = signin.current_actor()
    if request.method == "POST":
        submissions.require_accepting()
        return _submit(_sent_copy())
    key, copy_of_id = request.args.get("key", ""), request.args.get("copy_of", type=int)
    if not is_key(key):
        return redirect(url_for(".new_certificate", key=new_key(), copy_of=copy_of_id))
    with read_ahead(asked_for_credit_kinds(), asked_for_unread(by=actor)):
        return _opened(key, copy_of_id, by=actor)


def _opened(key: str, copy_of_id: int | None, *, by: Actor) -> Any:
    refusal = why_none_are_taken()
    if refusal is not None:
        return render_template("portal/whom_to_ask.html", refusal=refusal, people=administrators())
    made = made_with(key, by=by)
    if made is not None:
        return _made_already(made)
    source = to_copy(copy_of_id, by=by)
    return _page(Sheet.opened(source, key=key, is_copy=source is not None))


def _sent_copy() -> Sheet:
    source = to_copy(request.form.get("copy_of", type=int), by=signin.current_actor())
    return Sheet.sent(source, is_copy=source is not None)


def _submit(sheet: Sheet) -> Response:
    sheet.take_in()
    if "more" in request.form or sheet.failure is not None:
        return _unfinished(sheet)
    source_id, actor = sheet.source.id if sheet.source else None, signin.current_actor()
    try:
        given = sheet.form.submission(sheet.refused)
        done = submissions.submit(given, sheet.files, by=actor, copy_of_id=source_id)
    except InvalidInput as refusal:
        return _refused(sheet, refusal)
    if done.is_new:
        return _submitted(done.title)
    made = own_certificate(done.certificate_id, by=actor)
    if not done.is_same:
        return _made_otherwise(made, sheet)
    return _submitted(made.title) if made.state == State.PENDING else _made_already(made)


def _submitted(title: str) -> Response:
    """To the list, where it stands as Pending; a second time, too."""
    said = gettext("“%(title)s” is submitted. Once a reviewer has decided, you get a message.", title=title)
    flash(said, "success")
    return go_on(url_for(".certificates"))


def _made_already(made: ExternalCertificate) -> Response:
    """The form has done its work: on to what it made."""
    if not made.may_be_changed_by(signin.current_actor()):
        flash(gettext("You have submitted this already."), "info")
        return go_on(url_for(".certificate", certificate_id=made.id))
    flash(gettext("You have submitted this already. Here you can change it."), "info")
    return go_on(url_for(".edit_certificate", certificate_id=made.id))


def _made_otherwise(made: ExternalCertificate, sheet: Sheet) -> Response:
    """The same form, other content: it becomes an edit of what pends, or else a form of its own."""
    actor = signin.current_actor()
    sheet.keep()
    if made.may_be_changed_by(actor):
        edit = Sheet(sheet.form, sheet.key, made, seen=made.digest())
        said = gettext(
            "You have submitted this form already, as “%(title)s”. What you changed since is kept here: press Save to"
            " change that certificate.",
            title=made.title,
        )
        return _page(edit, 409, notice=said)
    anew = Sheet(sheet.form, new_key(), sheet.source, sheet.is_copy, dropped=sheet.dropped)
    submissions.restage(sheet.key, to=anew.key, by=actor)
    said = gettext(
        "You have submitted this form already, as “%(title)s”, which can no longer be changed. What you changed since"
        " is kept here: press Save to submit it as another certificate.",
        title=made.title,
    )
    return _page(anew, 409, notice=said)


@member_required
@takes_files
def edit_certificate(certificate_id: int) -> Any:
    """Raises NotFound, NotOpen, and ModuleOff (to read) or ExternalCertificatesOff."""
    session["face"] = PORTAL
    if request.method == "POST":
        require_submissions()
    certificate = own_certificate(certificate_id, by=signin.current_actor())
    certificate.require_open()
    if request.method == "POST":
        return _save(Sheet.sent(certificate), certificate)
    return _page(Sheet.opened(certificate, key=new_key()))


def _save(sheet: Sheet, certificate: ExternalCertificate) -> Response:
    sheet.take_in()
    if "more" in request.form or sheet.failure is not None:
        return _unfinished(sheet)
    actor, certificate_id = signin.current_actor(), certificate.id
    try:
        given = sheet.form.submission(sheet.refused)
        changed = submissions.edit(certificate, given, sheet.files, seen=sheet.seen, by=actor)
    except InvalidInput as refusal:
        return _refused(sheet, refusal)
    except Stale:
        sheet.keep()
        sheet.source = own_certificate(certificate_id, by=actor)
        sheet.seen = sheet.source.digest()
        return _page(sheet, 409, is_stale=True)
    said = gettext("Saved. It waits for a reviewer.") if changed else gettext("There was nothing to save.")
    flash(said, "success")
    return go_on(url_for(".certificate", certificate_id=certificate_id))


def _refused(sheet: Sheet, refusal: InvalidInput) -> Response:
    sheet.keep()
    sheet.form.complain(refusal, sheet.refused)
    return _page(sheet, sheet.status or refusal.status)


def _unfinished(sheet: Sheet) -> Response:
    """Files came, and the form goes on: by the learner's wish, or because the storage failed."""
    sheet.form.refuse_files(sheet.refused)
    if sheet.failure is None:
        return _page(sheet, sheet.status or 200)
    sheet.form.form_errors.append(refusal_text(sheet.failure))
    return _page(sheet, sheet.failure.status)


def _page(sheet: Sheet, status: int = 200, **shown: Any) -> Response:
    sheet.offer()
    html = render_template(
        "portal/certificate_form.html",
        sheet=sheet,
        form=sheet.form,
        waiting=staged(sheet.key, by=signin.current_actor()),
        largest=this_organization().largest_file,
        most_files=MOST_FILES,
        most_bytes=this_organization().most_together,
        **shown,
    )
    return make_response(html, status)


@member_required
@takes_one_file
def certificate_file() -> Response:
    """One file of a form that is being filled in. Raises ExternalCertificatesOff, and as `arrive_alone`."""
    return arrive_alone(submissions.stage)
