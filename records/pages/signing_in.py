"""Signing in and out, choosing a member, invitations and password resets."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from records import signin
from records.errors import Refusal
from records.models import LinkPurpose
from records.pages.forms import InvitationForm, NewPasswordForm, ResetRequestForm, SignInForm, show_refusal
from records.pages.guards import account_required, this_account
from records.services import accounts, invitations
from records.services.outbox import peek

_KNOWN_BROWSER = "known_browser"
_KNOWN_FOR = 400 * 24 * 3600


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
    staff = user.member.is_staff and session.get("face") != "portal"
    return redirect(url_for("admin.index" if staff else "portal.overview"))


def sign_in() -> Any:
    if signin.signed_in() is not None:
        return redirect(url_for("pages.home"))
    form = SignInForm()
    if form.validate_on_submit():
        try:
            opened = accounts.sign_in(
                form.email.data or "",
                form.password.data or "",
                browser=request.cookies.get(_KNOWN_BROWSER, ""),
                by=signin.current_actor(),
            )
        except Refusal as refusal:
            if refusal.status == 429:
                raise
            show_refusal(form, refusal)
        else:
            signin.hand_out(opened.token)
            return _remembering(redirect(_following() or url_for("pages.home")), opened.browser)
    return render_template("records/sign_in.html", form=form), 422 if form.errors else 200


def _remembering(response: Response, browser: str) -> Response:
    config = current_app.config
    response.set_cookie(
        _KNOWN_BROWSER,
        browser,
        max_age=_KNOWN_FOR,
        secure=config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
        path=url_for("pages.sign_in"),
    )
    return response


def _following() -> str | None:
    """The page that was asked for before signing in: a path here, never another site's address."""
    path = request.args.get("next", "")
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else None


def sign_out() -> Response:
    user = signin.signed_in()
    if user is not None:
        accounts.sign_out(user.token, by=signin.current_actor())
    signin.take_back()
    response = redirect(url_for("pages.sign_in"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@account_required
def choose() -> Any:
    user, account = signin.signed_in(), this_account()
    members = accounts.members_of(account)
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
    link, form = peek(secret, LinkPurpose.PASSWORD_RESET), NewPasswordForm()
    email = link.account.email
    if form.validate_on_submit():
        try:
            accounts.reset_password(secret, form.password.data or "", by=signin.current_actor())
        except Refusal as refusal:
            if refusal.field is None:
                raise
            show_refusal(form, refusal)
        else:
            signin.take_back()
            flash(gettext("Your password is changed. Sign in with the new one."), "success")
            return redirect(url_for("pages.sign_in"))
    return render_template("records/reset.html", form=form, email=email), 422 if form.errors else 200


def invitation(secret: str) -> Any:
    link, form = peek(secret, LinkPurpose.INVITATION), InvitationForm()
    facts = invitations.invited(link)
    if form.validate_on_submit():
        try:
            token = invitations.accept(secret, form.password.data or "", by=signin.current_actor())
        except Refusal as refusal:
            if refusal.field is None:
                raise
            show_refusal(form, refusal)
        else:
            signin.hand_out(token)
            flash(gettext("Welcome to %(organization)s.", organization=facts.organization), "success")
            return redirect(url_for("pages.home"))
    return render_template("records/invitation.html", form=form, invited=facts), 422 if form.errors else 200
