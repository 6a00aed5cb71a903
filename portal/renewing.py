"""Proposing a renewal of a certification of one's own, and taking the proposal back. It changes nothing by itself."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from portal.forms.renewal import RenewalForm, form_for
from records import signin
from records.errors import InvalidInput, Refusal
from records.errors.renewals import NotProposable, ProposedAlready
from records.models import Certification
from records.pages.arriving import (
    arrive_alone,
    arriving,
    in_order,
    left_out,
    new_key,
    sent_key,
    status_of,
)
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_organization
from records.queries.external_certificates import staged
from records.queries.portfolio import own_certification
from records.queries.renewal_proposals import open_proposal_of, own_proposal
from records.services import renewal_proposals
from records.web.limits import takes_files, takes_one_file
from records.web.scripted import go_on
from records.web.words import refusal_text, today


def add_to(blueprint: Blueprint) -> None:
    address = "/certifications/<int:certification_id>/renew"
    blueprint.add_url_rule(address, "propose_renewal", propose_renewal, methods=["GET", "POST"])
    blueprint.add_url_rule(f"{address}/files", "renewal_file", renewal_file, methods=["POST"])
    withdraw = "/renewals/<int:proposal_id>/withdraw"
    blueprint.add_url_rule(withdraw, "withdraw_renewal", withdraw_renewal, methods=["POST"])


@member_required
@takes_files
def propose_renewal(certification_id: int) -> Response:
    """Raises ModuleOff, NotProposable, and NotFound alike for others' and for none."""
    session["face"] = PORTAL
    certification = own_certification(certification_id, by=signin.current_actor())
    if open_proposal_of(certification) is not None:
        return _proposed_already(certification_id)
    if not certification.may_be_proposed_on(today()):
        raise NotProposable()
    if request.method == "POST":
        return _propose(certification)
    return _page(certification, form_for(certification), new_key())


@member_required
def withdraw_renewal(proposal_id: int) -> Response:
    """Raises ModuleOff, NotFound, ProposalDecided."""
    by = signin.current_actor()
    proposal = own_proposal(proposal_id, by=by)
    certification_id = proposal.certification_id
    renewal_proposals.withdraw(proposal, by=by)
    flash(gettext("Your proposal is withdrawn. Nobody decides on it any more."), "success")
    return redirect(url_for(".certification", certification_id=certification_id))


def _propose(certification: Certification) -> Response:
    form, by, certification_id = RenewalForm(request.form), signin.current_actor(), certification.id
    key = sent_key()
    unwanted = left_out(key)
    try:
        refused, failure = _take_in(certification, key, unwanted)
        if failure is not None or "more" in request.form:
            return _unfinished(certification, form, key, refused, failure)
        given = form.proposal(key, left_out=unwanted, refused=refused)
        renewal_proposals.propose(certification, given, by=by)
    except ProposedAlready:
        return _proposed_already(certification_id)
    except InvalidInput as refusal:
        form.complain(refusal, refused)
        return _page(certification, form, key, status_of(refused) or refusal.status)
    flash(gettext("Your renewal is proposed. Once somebody has decided, you get a message."), "success")
    return go_on(url_for(".certification", certification_id=certification_id))


def _take_in(certification: Certification, key: str, unwanted: frozenset[int]) -> tuple[list[Refusal], Refusal | None]:
    """Store the files of the request: each that did not arrive, and what kept them all from it."""
    came = arriving()
    order, by = in_order(), signin.current_actor()
    if came.arrived or unwanted or order:
        kept = renewal_proposals.stage(certification, came.arrived, key=key, by=by, left_out=unwanted, order=order)
        came.refused += kept.refused
    return came.refused, came.failure


def _unfinished(
    certification: Certification, form: RenewalForm, key: str, refused: list[Refusal], failure: Refusal | None
) -> Response:
    """Files came, and the form goes on: by the learner's wish, or because the storage failed."""
    form.refuse_files(refused)
    if failure is None:
        return _page(certification, form, key, status_of(refused) or 200)
    form.form_errors.append(refusal_text(failure))
    return _page(certification, form, key, failure.status)


def _proposed_already(certification_id: int) -> Response:
    flash(gettext("You have proposed a renewal of this certification already."), "info")
    return go_on(url_for(".certification", certification_id=certification_id))


def _page(certification: Certification, form: RenewalForm, key: str, status: int = 200) -> Response:
    html = render_template(
        "portal/renewal_form.html",
        certification=certification,
        form=form,
        key=key,
        waiting=staged(key, by=signin.current_actor()),
        largest=this_organization().largest_file,
        most_files=renewal_proposals.MOST_FILES,
        most_bytes=this_organization().most_together,
    )
    return make_response(html, status)


@member_required
@takes_one_file
def renewal_file(certification_id: int) -> Response:
    """One file of a proposal that is being filled in. Raises ModuleOff, NotFound, NotProposable, ProposedAlready,
    and as `arrive_alone`."""
    certification = own_certification(certification_id, by=signin.current_actor())
    return arrive_alone(partial(renewal_proposals.stage, certification))
