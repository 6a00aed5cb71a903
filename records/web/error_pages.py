"""The words of error pages: what happened, what to do next, and which steps lead there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from werkzeug.exceptions import HTTPException

from records import signin
from records.storage import megabytes
from records.web.links import page_before

TITLES = {
    400: lazy_gettext("That request could not be read"),
    401: lazy_gettext("You are signed out"),
    403: lazy_gettext("You may not do this"),
    404: lazy_gettext("Not found"),
    405: lazy_gettext("That cannot be done here"),
    409: lazy_gettext("This cannot be done right now"),
    413: lazy_gettext("Too large"),
    422: lazy_gettext("Please check what you entered"),
    429: lazy_gettext("Please wait a little"),
    500: lazy_gettext("Something went wrong"),
    503: lazy_gettext("Not available right now"),
    507: lazy_gettext("The storage is full"),
}

SENTENCES = {
    400: lazy_gettext("The form may have been open for too long."),
    403: lazy_gettext("Your role does not allow this."),
    404: lazy_gettext("There is nothing here, or it is not yours to see."),
    405: lazy_gettext("This address does not take what was sent to it."),
    409: lazy_gettext("Things have changed since your page was opened."),
    413: lazy_gettext("What you sent is larger than your organization accepts."),
    500: lazy_gettext("The fault is ours, and it is recorded. Nothing was changed."),
    503: lazy_gettext("A part of Certfolio cannot be reached right now."),
}

_NEXT = {
    400: lazy_gettext("Go back, reload the page and try again."),
    401: lazy_gettext("Nothing was saved. Copy what you typed, sign in, and enter it again."),
    403: lazy_gettext("An administrator of your organization can help."),
    404: lazy_gettext("Check the address, or look for it by its name."),
    405: lazy_gettext("Go back and use the buttons on the page."),
    409: lazy_gettext("Go back and reload the page: it shows how things stand now."),
    422: lazy_gettext("Nothing was saved. Go back, change what is wrong and send it again."),
    429: lazy_gettext("Nothing is lost. Waiting is enough."),
    500: lazy_gettext("Try again. If it happens again, tell an administrator."),
    507: lazy_gettext("Nothing that is stored is in danger. An administrator can make room."),
}

_TRY_AGAIN = (429, 500, 503)
_GO_BACK = (400, 403, 405, 409, 413, 422, 507)
_WHOM_TO_ASK = (403, 507)
_QUOTED = (500, 503, 507)
# What is sent with a form, but was never typed for others to read; and what the page sent along by itself.
_NEVER_SHOWN = ("csrf", "password", "secret", "token", "current", "code")
_NEVER_TYPED = ("key", "seen", "shown", "version")
_MOST_TYPED, _LONGEST_TYPED = 40, 5000


@dataclass(frozen=True)
class Step:
    """A link on an error page. `is_back`: a script goes back in the browser's history instead."""

    words: str
    address: str
    icon: str
    is_back: bool = False


@dataclass(frozen=True)
class ErrorPage:
    """`retry_after` in seconds, 0 where waiting does not help."""

    status: int
    title: str
    sentence: str
    retry_after: int = 0

    @property
    def next(self) -> str:
        """What to do next, in a sentence or two; "" where the steps say it."""
        if self.status == 413:
            return gettext("Choose smaller files, or fewer at a time.") + _limit()
        if self.status == 503 and self.retry_after:
            return ngettext("Try again in %(num)d second.", "Try again in %(num)d seconds.", self.retry_after)
        if self.status == 404 and signin.signed_in() is None:
            return gettext("Check the address, or sign in and look for it by its name.")
        return str(_NEXT.get(self.status, ""))

    @property
    def names_administrators(self) -> bool:
        return self.status in _WHOM_TO_ASK and signin.signed_in() is not None

    @property
    def quotes_the_request(self) -> bool:
        return self.status in _QUOTED

    def steps(self) -> Iterator[Step]:
        """The first is the one to take."""
        before, user = page_before(), signin.signed_in()
        if self.status in _TRY_AGAIN:
            reads = request.method in ("GET", "HEAD")
            again = request.full_path.rstrip("?") if reads else before or url_for("pages.home")
            yield Step(gettext("Try again"), again, "renew")
        elif self.status in _GO_BACK and before:
            yield Step(gettext("Back to where you were"), before, "left", is_back=True)
        if self.status == 404 and request.endpoint == "pages.reset":
            yield Step(gettext("Ask for a new link"), url_for("pages.request_reset"), "mail")
        if user is None:
            yield Step(gettext("Sign in"), url_for("pages.sign_in"), "person")
        else:
            yield Step(gettext("Go to the start page"), url_for("pages.home"), "home")

    def typed(self) -> list[str]:
        """What a person wrote into the form that was refused, to copy: nothing is lost, whatever the browser keeps."""
        return [] if self.status == 413 else typed()


def typed() -> list[str]:
    """What a person wrote into the form of the request; no secrets."""
    if request.method != "POST":
        return []
    try:
        fields = list(request.form.items(multi=True))[:_MOST_TYPED]
    except HTTPException:  # the form cannot be read, and whoever needs it says so
        return []
    named = [(name.lower(), text) for name, text in fields if name not in _NEVER_TYPED]
    shown = [text for name, text in named if not any(word in name for word in _NEVER_SHOWN)]
    return [text[:_LONGEST_TYPED] for text in shown if any(letter.isalpha() for letter in text) and len(text) > 3]


def _limit() -> str:
    user = signin.signed_in()
    if user is None or user.organization is None:
        return ""
    largest, together = (megabytes(size) for size in (user.organization.largest_file, user.organization.most_together))
    return " " + gettext("One file may have up to %(size)s, all of one form %(most)s.", size=largest, most=together)
