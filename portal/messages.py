"""The learner's messages, what of them is mailed, and who was logged in as them."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from records import signin
from records.models import Actor, MessageKind
from records.pages.faces import PORTAL
from records.pages.guards import member_required, this_member, this_organization
from records.queries.messages import Inbox, inbox, mail_offered, unread_count, visits
from records.queries.notices import to_acknowledge
from records.services import messages as verbs
from records.services import notices


def add_to(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/messages", "messages", messages)
    blueprint.add_url_rule("/messages/read", "read_messages", read_messages, methods=["POST"])
    blueprint.add_url_rule(
        "/messages/<int:message_id>/acknowledge", "acknowledge_message", acknowledge_message, methods=["POST"]
    )
    blueprint.add_url_rule("/messages/mail", "choose_mail", choose_mail, methods=["POST"])


def init_app(app: Flask) -> None:
    app.jinja_env.globals["unread_messages"] = unread_messages


def unread_messages() -> int:
    """How many wait unread for the one who asks, for the navigation; asked once a request."""
    if "unread_messages" not in g:
        g.unread_messages = unread_count(by=signin.current_actor())
    return int(g.unread_messages)


@member_required
def messages() -> str:
    """Newest first. Opening the list marks nothing as read."""
    session["face"] = PORTAL
    by = signin.current_actor()
    letters = inbox(by=by, before_id=request.args.get("before", type=int))
    return render_template(
        "portal/messages.html",
        member=this_member(),
        inbox=letters,
        acknowledgeable=_acknowledgeable(letters, by),
        offered=mail_offered(by),
        visits=visits(by=by),
    )


def _acknowledgeable(letters: Inbox, by: Actor) -> frozenset[int]:
    """The messages on this page that the asker can acknowledge."""
    told = [letter.id for letter in letters.letters if letter.kind == MessageKind.CERTIFICATIONS_EXPIRE]
    return (
        to_acknowledge(told, by=by) if this_organization().tracks_certifications and not by.is_acting else frozenset()
    )


@member_required
def acknowledge_message(message_id: int) -> Response:
    """Raises ActingAlready, NotFound, ModuleOff."""
    if notices.acknowledge_message(message_id, by=signin.current_actor()):
        flash(gettext("You acknowledged this notice."), "success")
    else:
        flash(gettext("There was nothing to acknowledge."), "info")
    return redirect(url_for("portal.messages", _anchor=f"letter-{message_id}"))


@member_required
def read_messages() -> Response:
    """Up to the newest that the page showed."""
    verbs.read_all(up_to_id=request.form.get("up_to", 0, type=int), by=signin.current_actor())
    return redirect(url_for("portal.messages"))


@member_required
def choose_mail() -> Response:
    if verbs.choose_mail(request.form.getlist("mail"), by=signin.current_actor()):
        flash(gettext("Your choice is saved."), "success")
    else:
        flash(gettext("There was nothing to save."), "info")
    return redirect(url_for("portal.messages", _anchor="mail"))
