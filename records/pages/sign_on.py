"""Signing in with an organization's own provider: its address, the way there, and coming back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, session, url_for

from records import signin
from records.errors import N_, Invalid, NotFound
from records.errors.sign_on import SignOnRefused
from records.pages.forms import SignOnForm, show_refusal
from records.services import audit, signing_on
from records.services.signing_on import Answer, Pending
from records.web.links import own_page, public_address
from records.web.origins import BEGUN_BY_US
from records.web.words import refusal_text

_KEPT = "sign_on"


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/sign-on", "sign_on", sign_on, methods=["GET", "POST"])
    blueprint.add_url_rule("/sign-on/<address>", "sign_on_offer", offer)
    blueprint.add_url_rule("/sign-on/<address>/start", "sign_on_start", start)
    blueprint.add_url_rule("/sign-on/<address>/back", "sign_on_back", back)


def sign_on() -> Any:
    """Where somebody types their organization's address. Which organizations there are is said nowhere."""
    form = SignOnForm()
    if form.validate_on_submit():
        try:
            offered = signing_on.offered(form.typed, by=signin.current_actor())
        except NotFound:
            show_refusal(form, Invalid(N_("No organization signs in at this address."), field="address"))
        else:
            return redirect(url_for("pages.sign_on_offer", address=offered.address, next=_following() or None))
    return render_template("records/sign_on.html", form=form), 422 if form.errors else 200


def offer(address: str) -> Any:
    if signin.signed_in() is not None:
        return redirect(url_for("pages.home"))
    offered = signing_on.offered(address, by=signin.current_actor())
    return render_template("records/sign_on_offer.html", offered=offered, following=_following() or None)


def start(address: str) -> Any:
    """To the provider. Nothing is written; what must be known again waits in this browser's signed cookie.

    Another site that leads here signs nobody in: the person presses the button first.
    """
    if signin.signed_in() is not None:
        return redirect(url_for("pages.home"))
    if request.headers.get("Sec-Fetch-Site", "none") not in BEGUN_BY_US:
        return redirect(url_for("pages.sign_on_offer", address=address))
    try:
        url, pending = signing_on.start(
            address, back=back_address(address), following=_following(), by=signin.current_actor()
        )
    except SignOnRefused as refusal:
        return _refused(refusal, address)
    session[_KEPT] = pending.as_facts()
    return redirect(url)


def back(address: str) -> Any:
    """Coming back from the provider: what this browser kept is used up, whatever becomes of it."""
    kept = session.pop(_KEPT, None)
    if signin.signed_in() is not None:
        return redirect(url_for("pages.home"))
    came = {name: request.args.get(name, "") for name in ("state", "code")}
    answer = Answer(address, came["state"], came["code"], request.args.get("iss", ""))
    pending = Pending(**kept) if kept else None
    try:
        token = signing_on.arrive(pending, answer, back=back_address(address), by=signin.current_actor())
    except SignOnRefused as refusal:
        return _refused(refusal, address)
    signin.hand_out(token)
    return redirect((pending and own_page(pending.next)) or url_for("pages.home"))


def back_address(address: str) -> str:
    """What the provider has to know as our address: each organization has its own."""
    return public_address("pages.sign_on_back", address=address.lower())


def _following() -> str:
    return own_page(request.args.get("next", "")) or ""


def _refused(refusal: SignOnRefused, address: str) -> tuple[str, int]:
    audit.refused(by=signin.current_actor(), method=request.method, path=request.path, status=refusal.status)
    page = render_template("records/sign_on_refused.html", sentence=refusal_text(refusal), address=address)
    return page, refusal.status
