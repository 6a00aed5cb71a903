"""The second factor of one's own account: set up, recovery codes, switching off; and who must set one up first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from records import one_time_codes, signin
from records.errors import Refusal
from records.errors.second_factors import SecondFactorFirst, SetUpOver
from records.pages.forms import BothForm, CodeForm, LanguageForm, SecondFactorForm, show_refusal
from records.pages.guards import account_required, this_account, this_member
from records.pages.letting_in import browser
from records.qr import qr
from records.services import accounts, second_factors
from records.web.scripted import wants_json
from records.web.words import refusal_text

_PAGES = ("second_factor", "begin_second_factor", "turn_second_factor_on")
# What opens to staff who must set one up first, besides its pages.
_OPEN = {
    f"pages.{name}"
    for name in (*_PAGES, "sign_in", "second_step", "sign_out", "choose", "choose_theme", "choose_language",
                 "return_to_own", "healthz", "readyz", "logo", "verify", "verified", "calendar")
}  # fmt: skip


def add_to(blueprint: Blueprint) -> None:
    at = "/account/second-factor"
    blueprint.add_url_rule(at, "second_factor", show)
    blueprint.add_url_rule(f"{at}/begin", "begin_second_factor", begin, methods=["POST"])
    blueprint.add_url_rule(f"{at}/on", "turn_second_factor_on", turn_on, methods=["POST"])
    blueprint.add_url_rule(f"{at}/codes", "make_recovery_codes", make_recovery_codes, methods=["POST"])
    blueprint.add_url_rule(f"{at}/off", "switch_second_factor_off", switch_off, methods=["POST"])


@account_required
def show() -> Any:
    return _page()


@account_required
def begin() -> Any:
    def act(form: SecondFactorForm) -> Response:
        second_factors.begin(this_account(), password=form.current.data or "", by=signin.current_actor())
        return redirect(url_for("pages.second_factor"))

    return _done(SecondFactorForm(), "begin_form", act)


@account_required
def turn_on() -> Any:
    def act(form: CodeForm) -> str:
        made = second_factors.turn_on(
            this_account(), code=form.code.data or "", browser=browser(), by=signin.current_actor()
        )
        signin.hand_out(made.token)
        flash(gettext("Your second factor is on. You were signed out everywhere else."), "success")
        return render_template("records/recovery_codes.html", codes=made.codes)

    try:
        return _done(CodeForm(), "code_form", act)
    except SetUpOver as refusal:
        flash(refusal_text(refusal), "error")
        return redirect(url_for("pages.second_factor"))


@account_required
def make_recovery_codes() -> Any:
    def act(form: BothForm) -> str:
        codes = second_factors.make_recovery_codes(this_account(), **_both(form))
        return render_template("records/recovery_codes.html", codes=codes)

    return _done(BothForm(prefix="codes-"), "codes_form", act)


@account_required
def switch_off() -> Any:
    def act(form: BothForm) -> Response:
        signin.hand_out(second_factors.switch_off(this_account(), **_both(form)))
        flash(gettext("Your second factor is off. You were signed out everywhere else."), "success")
        return redirect(url_for("pages.second_factor"))

    return _done(BothForm(prefix="off-"), "off_form", act)


def _both(form: BothForm) -> dict[str, Any]:
    return {"password": form.current.data or "", "code": form.code.data or "", "by": signin.current_actor()}


def _done(form: FlaskForm, name: str, act: Callable[[Any], Any]) -> Any:
    """What `act` answers; where the form is wrong, the page with the words beside its fields."""
    if form.validate_on_submit():
        try:
            return act(form)
        except Refusal as refusal:
            if refusal.field is None:
                raise
            show_refusal(form, refusal)
    return _page(422, **{name: form})


def _page(status: int = 200, **sent: FlaskForm) -> Any:
    account = this_account()
    standing = second_factors.standing_of(account)
    forms = {
        "begin_form": SecondFactorForm(formdata=None),
        "code_form": CodeForm(formdata=None),
        "codes_form": BothForm(formdata=None, prefix="codes-"),
        "off_form": BothForm(formdata=None, prefix="off-"),
    }
    shown: dict[str, Any] = {
        "qr": qr(one_time_codes.address(standing.secret, account.email)),
        "grouped": " ".join(standing.secret[at : at + 4] for at in range(0, len(standing.secret), 4)),
    } if standing.secret else {}  # fmt: skip
    user = signin.signed_in()
    if user is not None and user.owes_second_factor:  # what else stays open to them stands on this page, too
        shown["language_form"] = LanguageForm(formdata=None, language=this_member().language or "")
        shown["several"] = len(accounts.members_of(account, by=signin.current_actor())) > 1
    return render_template("records/second_factor.html", standing=standing, **forms | sent, **shown), status


def set_up_first() -> Response | None:
    """Before every request. Raises SecondFactorFirst where a page cannot be led to."""
    user = signin.signed_in() if request.endpoint and request.endpoint not in _OPEN else None
    if user is None or not user.owes_second_factor:
        return None
    if request.method not in ("GET", "HEAD") or wants_json():
        raise SecondFactorFirst()
    return redirect(url_for("pages.second_factor"))
