"""A fresh password before anything grave.

A verb refuses what is grave where the password is old (`Actor.require_fresh_password`). The answer is a page that asks
for it and holds all that was sent; with the password, the same request comes again and goes on.
"""

from __future__ import annotations

from flask import Flask, Response, make_response, render_template, request

from records import signin
from records.errors import Invalid, PasswordFirst
from records.errors.signing_in import ManyAtOnce
from records.pages.forms import ConfirmForm, show_refusal
from records.services import confirming
from records.web.links import own_page, page_before
from records.web.scripted import answer, wants_json
from records.web.words import refusal_text

_PREFIX = "confirm-"
_WAY_BACK = _PREFIX + "back"


def init_app(app: Flask) -> None:
    app.before_request(_confirm)
    app.register_error_handler(PasswordFirst, _ask)


def _ask(refusal: PasswordFirst) -> Response:
    if wants_json():
        return answer(refusal.status, error=refusal_text(refusal))
    return _page(_form(), refusal.status)


def _confirm() -> Response | None:
    """Where the password comes along, the session is fresh before the request goes on."""
    user = signin.signed_in() if _PREFIX + "password" in request.form else None
    if user is None:
        return None
    form = _form()
    if not form.validate():
        return _page(form, 422)
    try:
        token = confirming.confirm(
            user.token, password=form.password.data or "", code=form.code.data or "", by=signin.current_actor()
        )
    except (Invalid, ManyAtOnce) as refusal:
        show_refusal(form, refusal)
        page = _page(form, refusal.status)
        if refusal.retry_after:
            page.headers["Retry-After"] = str(refusal.retry_after)
        return page
    signin.exchange(token)
    return None


def _form() -> ConfirmForm:
    return ConfirmForm(prefix=_PREFIX, meta={"csrf": False})  # because: the whole request was checked for it


def _page(form: ConfirmForm, status: int) -> Response:
    held = [(name, text) for name, text in request.form.items(multi=True)
            if name != "csrf_token" and not name.startswith(_PREFIX)]  # fmt: skip
    back = own_page(request.form.get(_WAY_BACK, "")) or page_before()
    return make_response(render_template("records/confirm.html", form=form, held=held, back=back), status)
