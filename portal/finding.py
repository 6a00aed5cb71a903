"""Search or jump to: the learner's own certifications and certificates, pages, actions."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext

from portal.menu import menu
from records import signin
from records.pages.faces import PORTAL
from records.pages.finding import Kind, Place, answer, fitting
from records.pages.guards import member_required
from records.queries.certificate_list import Listed, own_certificates
from records.queries.external_certificates import why_none_are_taken
from records.web.words import day


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/find", "find", find)


@member_required
def find() -> Response:
    session["face"] = PORTAL
    text = request.args.get("q", "")
    own = [_own(each) for each in own_certificates(by=signin.current_actor())] if text.strip() else []
    return answer(
        [
            Kind(gettext("Your certificates"), fitting(own, text)),
            Kind(gettext("Actions"), fitting(_actions(), text)),
            Kind(gettext("Pages"), fitting((Place(each.name, each.address, each.icon) for each in menu()), text)),
        ],
        text,
    )


def _own(listed: Listed) -> Place:
    if listed.own is not None:
        held = listed.own.certification
        about = " · ".join(filter(None, (held.number, gettext("expires %(day)s", day=day(held.expires_on)))))
        return Place(held.type.name, url_for("portal.certification", certification_id=held.id), "badge", about)
    certificate = listed.certificate
    if certificate is None:
        raise ValueError("a row of the list is of one kind or the other")
    address = url_for("portal.certificate", certificate_id=certificate.id)
    return Place(certificate.title, address, "file", day(certificate.earned_on))


def _actions() -> Iterator[Place]:
    if why_none_are_taken() is None:
        yield Place(gettext("Add certificate"), url_for("portal.new_certificate"), "plus")
    yield Place(gettext("Hand out a proof of your credits"), url_for("portal.prove_credits"), "qr")
