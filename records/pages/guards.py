"""Guards of views: who may open a page at all. Closed unless one of these stands on the view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from records import signin
from records.errors import NotAllowed, SignedOut
from records.models import Account, Member, Organization
from records.web.error_pages import typed
from records.web.scripted import wants_json

P = ParamSpec("P")
R = TypeVar("R")


def account_required(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Somebody must be signed in; a member need not be chosen yet."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if signin.signed_in() is None:
            return to_sign_in()
        return view(*args, **kwargs)

    return guarded


def member_required(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Somebody must be signed in as a member of an organization."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        user = signin.signed_in()
        if user is None:
            return to_sign_in()
        if user.member is None:
            return redirect(url_for("pages.choose"))
        return view(*args, **kwargs)

    return guarded


def to_sign_in() -> Response:
    """To the sign-in page, and back here afterwards where this was a page to read, and of the reader's own.

    Raises SignedOut to a script, and where something was typed: the page that says so keeps it.
    """
    if wants_json() or typed():
        raise SignedOut()
    readable = request.method in ("GET", "HEAD") and not signin.was_logged_in_as()
    following = request.full_path.rstrip("?") if readable else None
    return redirect(url_for("pages.sign_in", next=following if following != "/" else None))


def this_account() -> Account:
    user = signin.signed_in()
    if user is None:
        raise NotAllowed()
    return user.account


def this_member() -> Member:
    user = signin.signed_in()
    if user is None or user.member is None:
        raise NotAllowed()
    return user.member


def this_organization() -> Organization:
    user = signin.signed_in()
    if user is None or user.organization is None:
        raise NotAllowed()
    return user.organization
