"""One's own account: password, e-mail, open sessions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, refresh
from werkzeug.wrappers import Response

from records import signin
from records.errors import Refusal
from records.models import LinkPurpose
from records.pages.forms import ChangeEmailForm, ChangePasswordForm, LanguageForm, show_refusal
from records.pages.guards import account_required, member_required, this_account
from records.services import accounts, email_changes, languages
from records.services.outbox import peek


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/account", "account", account)
    blueprint.add_url_rule("/account/password", "change_password", change_password, methods=["POST"])
    blueprint.add_url_rule("/account/email", "change_email", change_email, methods=["POST"])
    blueprint.add_url_rule("/account/language", "choose_language", choose_language, methods=["POST"])
    blueprint.add_url_rule("/account/sessions", "end_sessions", end_sessions, methods=["POST"])
    blueprint.add_url_rule("/email/<any(old, new):which>/<secret>", "confirm_email", confirm_email,
                           methods=["GET", "POST"])  # fmt: skip


@account_required
def account() -> Any:
    return _page(ChangePasswordForm(formdata=None), ChangeEmailForm(formdata=None))


def _page(
    password_form: ChangePasswordForm, email_form: ChangeEmailForm, language_form: LanguageForm | None = None
) -> Any:
    user = signin.signed_in()
    if language_form is None and user and user.member:
        language_form = LanguageForm(formdata=None, language=user.member.language or "")
    refused = any(form.errors for form in (password_form, email_form, language_form) if form)
    return render_template(
        "records/account.html",
        password_form=password_form,
        email_form=email_form,
        language_form=language_form,
        sessions=accounts.open_sessions(this_account(), by=signin.current_actor()),
        several=len(accounts.members_of(this_account(), by=signin.current_actor())) > 1,
    ), 422 if refused else 200


@account_required
def change_password() -> Any:
    form = ChangePasswordForm()
    if form.validate_on_submit():
        try:
            token = accounts.change_password(
                this_account(),
                current=form.current.data or "",
                new=form.password.data or "",
                by=signin.current_actor(),
            )
        except Refusal as refusal:
            if refusal.field is None:
                raise
            show_refusal(form, refusal)
        else:
            signin.hand_out(token)
            flash(gettext("Your password is changed. You were signed out everywhere else."), "success")
            return redirect(url_for("pages.account"))
    return _page(form, ChangeEmailForm(formdata=None))


@account_required
def change_email() -> Any:
    form = ChangeEmailForm()
    if form.validate_on_submit():
        try:
            email_changes.request(
                this_account(),
                new_email=form.email.data or "",
                password=form.current.data or "",
                by=signin.current_actor(),
            )
        except Refusal as refusal:
            if refusal.field is None:
                raise
            show_refusal(form, refusal)
        else:
            flash(gettext("We sent a link to both addresses. Your e-mail changes once both are confirmed."), "success")
            return redirect(url_for("pages.account"))
    return _page(ChangePasswordForm(formdata=None), form)


@member_required
def choose_language() -> Any:
    """The answer is written in the language that was chosen."""
    form = LanguageForm()
    try:
        changed = languages.choose(form.language.data or "", by=signin.current_actor())
    except Refusal as refusal:
        if refusal.field is None:
            raise
        show_refusal(form, refusal)
        return _page(ChangePasswordForm(formdata=None), ChangeEmailForm(formdata=None), form)
    refresh()
    if changed:
        flash(gettext("Your language is saved."), "success")
    else:
        flash(gettext("There was nothing to save."), "info")
    return redirect(url_for("pages.account"))


@account_required
def end_sessions() -> Response:
    """All, where none is named. What is no number names one that nobody has."""
    sign_in_id = request.form.get("session", 0, type=int) if "session" in request.form else None
    accounts.end_sessions(this_account(), sign_in_id=sign_in_id, by=signin.current_actor())
    flash(gettext("Signed out there.") if sign_in_id is not None else gettext("Signed out everywhere."), "success")
    return redirect(url_for("pages.account"))


def confirm_email(which: str, secret: str) -> Any:
    """Opening the link asks; only the button confirms, so that a mail scanner's visit changes nothing."""
    purpose = LinkPurpose.OLD_EMAIL if which == "old" else LinkPurpose.NEW_EMAIL
    if request.method == "POST":
        done = email_changes.confirm(secret, purpose, by=signin.current_actor())
        return render_template("records/email_confirmed.html", done=done)
    return render_template("records/confirm_email.html", link=peek(secret, purpose))
