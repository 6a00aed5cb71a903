"""The one door for codes that were handed out, of proofs and of transcripts: open to anybody who holds one."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from records import codes, signin
from records.services import audit, verifying

_LONGEST = 60


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/verify", "verify", verify)
    blueprint.add_url_rule("/verify/<code>", "verified", verified)


def verify() -> Response:
    """The form; a code that was typed leads to its own address, which can be kept."""
    typed = codes.tidy(request.args.get("code", "")[:_LONGEST])
    if typed:
        return redirect(url_for("pages.verified", code=typed))  # type: ignore[return-value]  # because: werkzeug's type
    return _unlisted(make_response(render_template("records/verify.html", code="", verified=None, is_asked=False)))


def verified(code: str) -> Response:
    """What is behind the code; 404 with one sentence for anything else. Raises TooManyAttempts."""
    actor = signin.current_actor()
    found = verifying.verify(code, by=actor)
    if found is None:
        audit.refused(by=actor, method=request.method, path=url_for("pages.verify"), status=404)
    elif request.method == "GET":
        verifying.note_seen(found, by=actor)
    page = render_template("records/verify.html", code=code[:_LONGEST], verified=found, is_asked=True)
    return _unlisted(make_response(page, 200 if found else 404))


def _unlisted(page: Response) -> Response:
    """No search engine lists it, and no other site learns its address. The way back of an administrator who is logged
    in as a member is a form, which needs its origin.
    """
    page.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    if not signin.current_actor().is_acting:
        page.headers["Referrer-Policy"] = "no-referrer"
    return page
