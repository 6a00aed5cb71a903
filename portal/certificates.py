"""The learner's certificates: the list, one of them, and taking one back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from records import signin
from records.pages.faces import PORTAL
from records.pages.guards import member_required
from records.queries.certificate_history import history_of
from records.queries.certificate_list import Wanted, asked_for_own_certificates
from records.queries.certificate_list import certificates as listed
from records.queries.credit_types import asked_for_credit_kinds
from records.queries.external_certificates import (
    certification_from,
    own_certificate,
    why_none_are_taken,
)
from records.queries.messages import asked_for_unread
from records.queries.reviewers import administrators
from records.reading.ahead import read_ahead
from records.services import submissions
from records.services.certificate_steps import require_submissions


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/certificates", "certificates", certificates)
    blueprint.add_url_rule("/certificates/<int:certificate_id>", "certificate", certificate)
    withdraw = "/certificates/<int:certificate_id>/withdraw"
    blueprint.add_url_rule(withdraw, "withdraw_certificate", withdraw_certificate, methods=["POST"])


@member_required
def certificates() -> str:
    """Tracked certifications and external certificates in one list, as far as each module is on."""
    session["face"] = PORTAL
    by = signin.current_actor()
    questions = *asked_for_own_certificates(by=by), asked_for_credit_kinds(), asked_for_unread(by=by)
    with read_ahead(*questions, planned_once=True):
        refusal, listing = why_none_are_taken(), listed(Wanted.read(request.args), by=by)
        return render_template(
            "portal/certificates.html",
            listing=listing,
            types=tuple((str(each.id), each.name) for each in listing.types),
            refusal=refusal,
            people=administrators() if refusal else [],
        )


@member_required
def certificate(certificate_id: int) -> str:
    """One of the learner's own external certificates. Raises ModuleOff, NotFound."""
    session["face"] = PORTAL
    actor = signin.current_actor()
    shown = own_certificate(certificate_id, by=actor)
    return render_template(
        "portal/certificate.html",
        certificate=shown,
        history=history_of(shown),
        certification=certification_from(shown),
        may_change=shown.may_be_changed_by(actor),
        may_copy=shown.may_be_copied_by(actor) and why_none_are_taken() is None,
    )


@member_required
def withdraw_certificate(certificate_id: int) -> Response:
    """Raises ExternalCertificatesOff, NotFound, NotOpen."""
    require_submissions()
    actor = signin.current_actor()
    taken_back = own_certificate(certificate_id, by=actor)
    submissions.withdraw(taken_back, by=actor)
    flash(gettext("“%(title)s” is withdrawn. Nobody reviews it any more.", title=taken_back.title), "success")
    return redirect(url_for(".certificate", certificate_id=certificate_id))
