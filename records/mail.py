"""Sending the outbox: each message is rendered from its kind and facts, and handed to the mail server.

At least once: a message is claimed, sent, and marked as sent. A failing server delays it, ever longer,
and never touches the change that caused it.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from datetime import timedelta
from email.utils import formataddr, parseaddr
from pathlib import Path
from smtplib import SMTPException
from typing import Any
from urllib.parse import unquote, urlparse

from flask import Flask, current_app, render_template
from flask_babel import force_locale
from flask_mailman import EmailMultiAlternatives, Mail
from sqlalchemy import ColumnElement, Select, or_, select, text, update

from records import clock, jobs
from records.database import db, every_organization, transaction
from records.models import Account, Member, Message
from records.models.account import address_key
from records.models.language import LANGUAGES
from records.models.message import WAITING

_CLAIM = timedelta(minutes=5)
_MOST_ATTEMPTS = 12
SECRET_FACTS = ("path",)

log = logging.getLogger(__name__)
_mail = Mail()


def init_app(app: Flask) -> None:
    url = urlparse(app.config["MAIL_URL"])
    if url.scheme:
        app.config.update(
            MAIL_BACKEND="smtp",
            MAIL_SERVER=url.hostname,
            MAIL_PORT=url.port or (465 if url.scheme == "smtps" else 25),
            MAIL_USERNAME=unquote(url.username) if url.username else None,
            MAIL_PASSWORD=unquote(url.password) if url.password else None,
            MAIL_USE_SSL=url.scheme == "smtps",
            MAIL_TIMEOUT=20,
        )
    else:
        folder = Path(app.config["DATA_DIR"]) / "outbox"
        app.config.update(MAIL_BACKEND="file", MAIL_FILE_PATH=str(folder))
    _mail.init_app(app)


def _unsent() -> Select[Any]:
    return select(Message.organization_id).where(text(WAITING))


@jobs.job(every_minutes=1, after_others=True, waiting=_unsent, at_once=4)
def send_messages() -> None:
    """Send all messages that are due."""
    while not jobs.is_over() and (message_id := _claim()) is not None:
        _send(message_id)
        jobs.did()


def _claim() -> int | None:
    """The next message, which no other worker will take while this one sends it."""
    now = clock.now()
    with transaction() as session:
        due = (
            select(Message.id)
            .where(Message.to_address.is_not(None), Message.sent_at.is_(None), Message.failed_at.is_(None))
            .where(Message.due_at <= now)
            .where(or_(Message.claimed_until.is_(None), Message.claimed_until < now))
            .order_by(Message.due_at, Message.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        message_id = session.scalar(due)
        session.execute(update(Message).where(Message.id == message_id).values(claimed_until=now + _CLAIM))
    return message_id


def _send(message_id: int) -> None:
    message = db.session.get(Message, message_id)
    if message is None:
        return
    attempts, facts = message.attempts + 1, message.facts
    try:
        with force_locale(_language_of(message)):
            mail = _compose(message)
        db.session.rollback()  # a slow mail server holds nothing of the database
        _deliver(mail)
    except Exception as error:  # because: whatever a mail server does, the message stays and is tried again
        log.warning("message %s was not sent: %s", message_id, type(error).__name__)
        values = _put_off(attempts, facts, error)
    else:
        values = {"sent_at": clock.now(), "attempts": attempts, "facts": _without_secrets(facts), "last_error": ""}
    with transaction() as session:
        session.execute(update(Message).where(Message.id == message_id).values(**values))


def _deliver(mail: EmailMultiAlternatives) -> None:
    connection = mail.get_connection()
    try:
        connection.send_messages([mail])
    finally:
        with suppress(SMTPException, OSError):  # it was sent, or not, whatever the farewell comes to
            connection.close()


def _without_secrets(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key not in SECRET_FACTS}


def _put_off(attempts: int, facts: dict[str, Any], error: Exception) -> dict[str, Any]:
    values: dict[str, Any] = {
        "attempts": attempts,
        "claimed_until": None,
        "due_at": clock.now() + timedelta(minutes=min(2**attempts, 360)),
        "last_error": f"{type(error).__name__}: {error}"[:500],
    }
    if attempts >= _MOST_ATTEMPTS:
        values |= {"failed_at": clock.now(), "facts": _without_secrets(facts)}
    return values


def _language_of(message: Message) -> str:
    """That of the member who reads it; what goes to an account follows that of its members who came last."""
    reader: ColumnElement[bool] = Member.id == message.member_id
    if message.member_id is None:
        # While an address changes, the account is known by one of the two.
        addresses = (message.to_address, message.facts.get("old_email"), message.facts.get("new_email"))
        reader = Member.account.has(Account.folded_email.in_(address_key(each) for each in addresses if each))
    chosen = select(Member.language).where(reader, Member.language.is_not(None))
    with every_organization():
        language = db.session.scalar(chosen.order_by(Member.last_seen_at.desc().nulls_last()).limit(1))
    return language if language in LANGUAGES else str(current_app.config["BABEL_DEFAULT_LOCALE"])


def _compose(message: Message) -> EmailMultiAlternatives:
    subject, body = in_words(message, mailed=True)
    mail = EmailMultiAlternatives(
        subject=subject,
        body=body + "\n",
        from_email=formataddr(parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])),
        to=[message.to_address],
    )
    facts = {"subject": subject, "paragraphs": body.split("\n\n"), "public_url": current_app.config["PUBLIC_URL"]}
    mail.attach_alternative(render_template("records/mail/layout.html", **facts), "text/html")
    return mail


def in_words(message: Message, *, mailed: bool = False) -> tuple[str, str]:
    """Its subject and its text: paragraphs with one empty line between.

    The portal shows the same words, without the greeting and the address that a mail has (`mailed`).
    """
    facts = dict(message.facts, public_url=current_app.config["PUBLIC_URL"], page=message.page, mailed=mailed)
    subject, _, body = render_template(f"records/mail/{message.kind}.txt", **facts).partition("\n")
    return " ".join(subject.split()), re.sub(r"\n{3,}", "\n\n", body.strip())
