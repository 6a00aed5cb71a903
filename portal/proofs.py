"""Proofs that the learner hands out: the list, one with its link and QR code, handing one out, withdrawing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal.forms.proof import ProofForm
from records import signin
from records.errors import ExternalCertificatesOff, NothingToProve, Refusal
from records.models import State
from records.pages.arriving import new_key, sent_key
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_member, this_organization
from records.qr import qr
from records.queries.external_certificates import own_certificate
from records.queries.portfolio import own_certification
from records.queries.proofs import own_proof, own_proofs
from records.services import proofs as verbs
from records.services import transcripts
from records.web.links import proof_address


@dataclass(frozen=True)
class Subject:
    """What is to be proven: its name, the page it stands on, and the verb, which takes the chosen day and gives the
    id of the proof."""

    kind: str
    name: str
    page: str
    hand_out: Callable[[ProofForm], int]


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/proofs", "proofs", proofs)
    blueprint.add_url_rule("/proofs/<int:proof_id>", "proof", proof)
    withdraw = "/proofs/<int:proof_id>/withdraw"
    blueprint.add_url_rule(withdraw, "withdraw_proof", withdraw_proof, methods=["POST"])
    for path, name, view in (
        ("/certifications/<int:certification_id>/proof", "prove_certification", prove_certification),
        ("/certificates/<int:certificate_id>/proof", "prove_certificate", prove_certificate),
        ("/credits/proof", "prove_credits", prove_credits),
    ):
        blueprint.add_url_rule(path, name, view, methods=["GET", "POST"])


@member_required
def proofs() -> str:
    """Newest first."""
    session["face"] = PORTAL
    page = own_proofs(by=signin.current_actor(), before_id=request.args.get("before", type=int))
    return render_template("portal/proofs.html", page=page, member=this_member())


@member_required
def proof(proof_id: int) -> str:
    """One with its link and QR code, fit to be shown or printed. Raises ActingAlready, NotFound."""
    session["face"] = PORTAL
    actor = signin.current_actor()
    actor.require_not_acting()
    own = own_proof(proof_id, by=actor)
    address = proof_address(own.code) if own.code and own.is_open else None
    return render_template(
        "portal/proof.html", own=own, member=this_member(), address=address, qr=qr(address) if address else None
    )


@member_required
def withdraw_proof(proof_id: int) -> Response:
    """Raises ActingAlready, NotFound, ProofWithdrawn."""
    actor = signin.current_actor()
    verbs.withdraw(own_proof(proof_id, by=actor).proof, by=actor)
    flash(gettext("The proof is withdrawn. Whoever opens its link now reads that it is not valid."), "success")
    return redirect(url_for(".proofs"))


@member_required
def prove_certification(certification_id: int) -> str | Response | tuple[str, int]:
    """Raises ActingAlready, ModuleOff, NotFound."""
    actor = signin.current_actor()
    actor.require_not_acting()
    record = own_certification(certification_id, by=actor)
    page = url_for(".certification", certification_id=certification_id)
    return _answered(
        Subject("certification", record.title, page,
                lambda form: verbs.hand_out(record, ends_on=form.ends_on.data, by=actor, key=sent_key()).id)
    )  # fmt: skip


@member_required
def prove_certificate(certificate_id: int) -> str | Response | tuple[str, int]:
    """Raises ActingAlready, ModuleOff, NotFound, NothingToProve."""
    actor = signin.current_actor()
    actor.require_not_acting()
    record = own_certificate(certificate_id, by=actor)
    if record.state != State.APPROVED:
        raise NothingToProve()
    page = url_for(".certificate", certificate_id=certificate_id)
    return _answered(
        Subject("certificate", record.title, page,
                lambda form: verbs.hand_out(record, ends_on=form.ends_on.data, by=actor, key=sent_key()).id)
    )  # fmt: skip


@member_required
def prove_credits() -> str | Response | tuple[str, int]:
    """Raises ActingAlready, ExternalCertificatesOff."""
    actor = signin.current_actor()
    actor.require_not_acting()
    if not this_organization().takes_external_certificates:
        raise ExternalCertificatesOff()
    return _answered(
        Subject("transcript", gettext("Transcript of credits"), url_for(".credits"),
                lambda form: transcripts.hand_out(ends_on=form.ends_on.data, by=actor, key=sent_key()))
    )  # fmt: skip


def _answered(subject: Subject) -> str | Response | tuple[str, int]:
    """The form; once it is sent and right, the way to what was handed out."""
    session["face"] = PORTAL
    if request.method != "POST":
        return render_template("portal/proof_form.html", form=ProofForm.opened(), key=new_key(), subject=subject)
    form = ProofForm(request.form).bounded()
    try:
        form.require_readable()
        proof_id = subject.hand_out(form)
    except Refusal as refusal:
        form.complain(refusal)
        return render_template("portal/proof_form.html", form=form, key=sent_key(), subject=subject), refusal.status
    return redirect(url_for(".proof", proof_id=proof_id))
