"""Every refusal and failure gets a page in the product's skin; nobody ever gets a stack trace or SQL."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, InternalError, OperationalError, TimeoutError
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import HTTPException

from records import signin
from records.database import db, is_sqlite
from records.errors import Invalid, NotFound, Refusal, SignedOut, Stale, StorageFull
from records.services import audit
from records.storage import is_full
from records.web.error_pages import SENTENCES, TITLES, ErrorPage
from records.web.scripted import answer, wants_json
from records.web.words import refusal_text

log = structlog.get_logger("certfolio.error")

_RETRY_SECONDS = 30
_DISK_FULL = ("disk is full", "No space left")


def init_app(app: Flask) -> None:
    app.register_error_handler(Refusal, _refusal)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(StaleDataError, lambda _error: _refusal(Stale()))
    app.register_error_handler(ObjectDeletedError, _deleted_meanwhile)
    for unreachable in (OperationalError, InterfaceError, InternalError, TimeoutError):
        app.register_error_handler(unreachable, _database_down)
    for unstorable in (DataError, OverflowError):
        app.register_error_handler(unstorable, _unstorable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _failure)
    app.after_request(_say_when)


def _say_when(response: Response) -> Response:
    """When to come back, also where a page of its own says that a part is down, such as a form with its files."""
    if response.status_code == 503:
        response.headers.setdefault("Retry-After", str(_RETRY_SECONDS))
    return response


def _refusal(error: Refusal) -> Response:
    if error.status in (403, 404, 429):
        _audit(error.status)
    title = gettext("This has changed") if isinstance(error, Stale) else ""
    return _page(error.status, refusal_text(error), title=title, retry_after=error.retry_after)


def _deleted_meanwhile(_error: ObjectDeletedError) -> Response:
    """Somebody deleted the record while this request had it in hand."""
    db.session.rollback()
    return _refusal(NotFound())


def _forged(_error: CSRFError) -> Response:
    if wants_json() and signin.signed_in() is None:
        return _refusal(SignedOut())
    _audit(400)
    return _page(400, str(SENTENCES[400]))


def _http(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    if error.code == 401:
        return redirect(url_for("pages.sign_in"))
    response = _page(error.code, str(SENTENCES.get(error.code, error.name)))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "Content-Range"):
            response.headers[name] = value
    return response


def _database_down(error: Exception) -> Response:
    """Also a database that takes nothing in, such as one that another server took over from (InternalError)."""
    _leave_the_database_alone()
    log.error("database", error=type(error).__name__)
    if any(words in str(getattr(error, "orig", "")) for words in _DISK_FULL):
        return _refusal(StorageFull())
    return _page(503, str(SENTENCES[503]))


def _leave_the_database_alone() -> None:
    """The page of this answer must not wait once more for a server that gave none; SQLite reads while writing waits."""
    db.session.rollback()
    if not is_sqlite():
        signin.set_aside()


def _unstorable(error: Exception) -> Response:
    """A value that no column holds, such as a number of twenty digits or a NUL byte, got past a form."""
    db.session.rollback()
    log.warning("unstorable", error=type(error).__name__)
    return _refusal(Invalid())


def _failure(error: Exception) -> Response:
    db.session.rollback()
    if isinstance(error, OSError) and is_full(error):
        return _refusal(StorageFull())
    log.error("failure", error=type(error).__name__, exc_info=True)
    return _page(500, str(SENTENCES[500]))


def _audit(status: int) -> None:
    try:
        audit.refused(by=signin.current_actor(), method=request.method, path=_path(), status=status)
    except Exception:  # because: the refusal must reach its asker even where it cannot be recorded
        _leave_the_database_alone()
        log.error("audit", exc_info=True)


def _path() -> str:
    """The path that was asked for, without the secret that it holds: of a mailed link, a proof or a calendar."""
    arguments = request.view_args or {}
    secret = arguments.get("secret") or arguments.get("code") or arguments.get("token")
    return request.path.replace(str(secret), "…") if secret else request.path


def _page(status: int, sentence: str, *, title: str = "", retry_after: int = 0) -> Response:
    wait = retry_after or (_RETRY_SECONDS if status == 503 else 0)
    if wants_json():
        response = answer(status, error=sentence)
    else:
        title = title or str(TITLES.get(status, gettext("That did not work")))
        response = make_response(_html(ErrorPage(status, title, sentence, wait)), status)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _html(page: ErrorPage) -> str:
    try:
        return render_template("records/error.html", page=page)
    except Exception:  # because: with the database down even the navigation may fail to render
        signin.set_aside()
        return render_template("records/error_bare.html", page=page)
