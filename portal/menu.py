"""The learner workspace's menu, for its navigation and for whoever jumps there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask, request, url_for
from flask_babel import gettext

from records.pages.guards import this_organization


@dataclass(frozen=True)
class Entry:
    """A page of the menu; `key` follows `g` on the keyboard; `besides` are the pages below it."""

    name: str
    endpoint: str
    icon: str
    key: str
    besides: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return url_for(self.endpoint)

    @property
    def is_open(self) -> bool:
        return request.endpoint in (self.endpoint, *(f"portal.{name}" for name in self.besides))


def init_app(app: Flask) -> None:
    app.jinja_env.globals["portal_menu"] = menu


def menu() -> Iterator[Entry]:
    """In its order, of the modules that are on."""
    tracks = this_organization().tracks_certifications
    certificates = ("requirements", "certificates", "certificate", "new_certificate", "edit_certificate", "viewers")
    proofs = ("proof", "prove_certification", "prove_certificate", "prove_credits")
    yield Entry(gettext("ePortfolio"), "portal.overview", "folder", "e", certificates)
    if tracks:
        yield Entry(gettext("Certifications"), "portal.certifications", "badge", "c", ("certification",))
    yield Entry(gettext("Credits"), "portal.credits", "credit", "k")
    yield Entry(gettext("Messages"), "portal.messages", "mail", "m")
    yield Entry(gettext("Proofs"), "portal.proofs", "qr", "p", proofs)
    if tracks:
        yield Entry(gettext("Calendar"), "portal.calendar", "calendar", "l")
