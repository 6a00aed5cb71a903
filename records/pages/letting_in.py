"""Letting somebody in: the session's cookie, that of a browser which is known, and the page that asks for a code."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from records import signin
from records.errors.second_factors import HalfwayOver, WrongCode
from records.pages.forms import CodeForm, show_refusal
from records.services import halfway
from records.services.browsers import KEPT_FOR
from records.services.entering import SignedInNow
from records.web import cookies
from records.web.links import own_page
from records.web.words import refusal_text

_BROWSER = "known_browser"


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/login/code", "second_step", second_step, methods=["GET", "POST"])


def let_in(opened: SignedInNow) -> Response:
    """To the page that was asked for (`next`), or first to the one that asks for a code."""
    following = own_page(request.args.get("next", ""))
    if opened.owes_code:
        signin.hand_out_half(opened.token)
        return redirect(url_for("pages.second_step", next=following))
    signin.hand_out(opened.token)
    return remembering(redirect(following or url_for("pages.home")), opened.browser)


def second_step() -> Any:
    """Whoever is halfway. It opens nothing else, and ten minutes later not even this."""
    if signin.signed_in() is not None:
        return redirect(url_for("pages.home"))
    form, token = CodeForm(), signin.halfway_token()
    try:
        halfway.require_open(token)
        if form.validate_on_submit():
            return let_in(
                halfway.finish(token, code=form.code.data or "", browser=browser(), by=signin.current_actor())
            )
    except WrongCode as refusal:
        show_refusal(form, refusal)
    except HalfwayOver as refusal:
        if token:
            flash(refusal_text(refusal), "error")
        return redirect(url_for("pages.sign_in", next=own_page(request.args.get("next", ""))))
    return render_template("records/second_step.html", form=form), 422 if form.errors else 200


def browser() -> str:
    """The cookie of a browser that is known, "" where it is not."""
    return cookies.kept(_BROWSER)


def remembering(response: Response, browser: str) -> Response:
    """The response, by which this browser is known from now on."""
    cookies.keep(response, _BROWSER, browser, lasts=KEPT_FOR, same_site="Strict")
    return response
