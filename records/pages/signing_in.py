"""Signing in and out, choosing a member, invitations and password resets."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from records import signin
from records.errors import Refusal
from records.errors.signing_in import ManyAtOnce
from records.pages.faces import BACK_OFFICE, chosen_face
from records.pages.forms import InvitationForm, NewPasswordForm, ResetRequestForm, SignInForm, show_refusal
from records.pages.guards import account_required, this_account
from records.pages.letting_in import browser, let_in, remembering
from records.services import accounts, invitations


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/", "home", home)
    blueprint.add_url_rule("/login", "sign_in", sign_in, methods=["GET", "POST"])
    blueprint.add_url_rule("/logout", "sign_out", sign_out, methods=["POST"])
    blueprint.add_url_rule("/choose", "choose", choose, methods=["GET", "POST"])
    blueprint.add_url_rule("/reset", "request_reset", request_reset, methods=["GET", "POST"])
    blueprint.add_url_rule("/reset/<secret>", "reset", reset, methods=["GET", "POST"])
    blueprint.add_url_rule("/invitation/<secret>", "invitation", invitation, methods=["GET", "POST"])


def home() -> Response:
    """To the face that the member chose last; staff begin in the back office."""
    user = signin.signed_in()
    if user is None:
        return redirect(url_for("pages.sign_in"))
    if user.member is None:
        return redirect(url_for("pages.choose"))
    return redirect(url_for("admin.index" if chosen_face() == BACK_OFFICE else "portal.overview"))


def sign_in() -> Any:
    if signin.signed_in() is not None:
        return redirect(url_for("pages.home"))
    form = SignInForm()
    if form.validate_on_submit():
        try:
            opened = accounts.sign_in(
                form.email.data or "",
                form.password.data or "",
                browser=browser(),
                by=signin.current_actor(),
            )
        except ManyAtOnce as refusal:
            show_refusal(form, refusal)
            return _sign_in_page(form), refusal.status, {"Retry-After": str(refusal.retry_after)}
        except Refusal as refusal:
            if refusal.status == 429:
                raise
            show_refusal(form, refusal)
        else:
            return let_in(opened)
    return _sign_in_page(form), 422 if form.errors else 200


def _sign_in_page(form: SignInForm) -> str:
    return render_template("records/sign_in.html", form=form, acted_as=signin.was_logged_in_as())


def _end_session() -> None:
    """The session of this browser, if it has one, is over."""
    user = signin.signed_in()
    if user is not None:
        accounts.sign_out(user.token, by=signin.current_actor())
    signin.take_back()


def sign_out() -> Response:
    _end_session()
    response = redirect(url_for("pages.sign_in"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@account_required
def choose() -> Any:
    user, account = signin.signed_in(), this_account()
    members = accounts.members_of(account, by=signin.current_actor())
    if request.method == "POST" and user is not None:
        member_id = request.form.get("member", type=int) or 0
        signin.hand_out(accounts.choose_member(user.token, member_id, by=signin.current_actor()))
        return redirect(url_for("pages.home"))
    return render_template("records/choose.html", members=members)


def request_reset() -> Any:
    form = ResetRequestForm()
    if form.validate_on_submit():
        accounts.request_password_reset(form.email.data or "", by=signin.current_actor())
        return render_template("records/reset_requested.html", email=form.email.data)
    return render_template("records/request_reset.html", form=form), 422 if form.errors else 200


def reset(secret: str) -> Any:
    email, form = accounts.reset_link(secret).account.email, NewPasswordForm()
    if form.validate_on_submit():
        try:
            known = accounts.reset_password(
                secret, form.password.data or "", browser=browser(), by=signin.current_actor()
            )
        except Refusal as refusal:
            if refusal.field is None:
                raise
            show_refusal(form, refusal)
        else:
            _end_session()
            flash(gettext("Your password is changed. Sign in with the new one."), "success")
            return remembering(redirect(url_for("pages.sign_in")), known)
    return render_template("records/reset.html", form=form, email=email), 422 if form.errors else 200


def invitation(secret: str) -> Any:
    facts, form = invitations.invited(secret), InvitationForm()
    if form.validate_on_submit():
        try:
            opened = invitations.accept(secret, form.password.data or "", browser=browser(), by=signin.current_actor())
        except Refusal as refusal:
            if refusal.field is None:
                raise
            show_refusal(form, refusal)
        else:
            _end_session()
            response = let_in(opened)
            flash(gettext("Welcome to %(organization)s.", organization=facts.organization), "success")
            return response
    return render_template("records/invitation.html", form=form, invited=facts), 422 if form.errors else 200
