"""Sending the outbox: each message is rendered from its kind and facts, and handed to the mail server.

At least once: a message is claimed, sent, and marked as sent. A failing server delays it, ever longer,
and never touches the change that caused it.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from flask import Flask, current_app, render_template
from flask_mailman import EmailMultiAlternatives, Mail
from sqlalchemy import or_, select, update

from records import clock, jobs
from records.database import db, transaction
from records.models import Message

_CLAIM = timedelta(minutes=5)
_MOST_ATTEMPTS = 12
_BATCH = 50
SECRET_FACTS = ("path",)

log = logging.getLogger(__name__)
_mail = Mail()


def init_app(app: Flask) -> None:
    url = urlparse(app.config["MAIL_URL"])
    if url.scheme:
        app.config.update(
            MAIL_BACKEND="smtp",
            MAIL_SERVER=url.hostname,
            MAIL_PORT=url.port or 25,
            MAIL_USERNAME=url.username,
            MAIL_PASSWORD=url.password,
            MAIL_USE_SSL=url.scheme == "smtps",
            MAIL_TIMEOUT=20,
        )
    else:
        folder = Path(app.config["DATA_DIR"]) / "outbox"
        app.config.update(MAIL_BACKEND="file", MAIL_FILE_PATH=str(folder))
    _mail.init_app(app)


@jobs.job(every_minutes=1)
def send_messages() -> None:
    """Send all messages that are due."""
    while batch := _claim():
        for message_id in batch:
            _send(message_id)


def _claim() -> list[int]:
    now = clock.now()
    with transaction() as session:
        due = (
            select(Message.id)
            .where(Message.sent_at.is_(None), Message.failed_at.is_(None), Message.due_at <= now)
            .where(or_(Message.claimed_until.is_(None), Message.claimed_until < now))
            .order_by(Message.due_at, Message.id)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        ids = list(session.scalars(due))
        session.execute(update(Message).where(Message.id.in_(ids)).values(claimed_until=now + _CLAIM))
    return ids


def _send(message_id: int) -> None:
    message = db.session.get(Message, message_id)
    if message is None:
        return
    try:
        _compose(message).send()
    except Exception as error:  # because: whatever a mail server does, the message stays and is tried again
        log.warning("message %s was not sent: %s", message_id, type(error).__name__)
        with transaction() as session:
            session.execute(update(Message).where(Message.id == message_id).values(**_put_off(message, error)))
        return
    with transaction() as session:
        facts = {key: value for key, value in message.facts.items() if key not in SECRET_FACTS}
        session.execute(
            update(Message)
            .where(Message.id == message_id)
            .values(sent_at=clock.now(), attempts=message.attempts + 1, facts=facts, last_error="")
        )


def _put_off(message: Message, error: Exception) -> dict[str, Any]:
    tries = message.attempts + 1
    values: dict[str, Any] = {
        "attempts": tries,
        "claimed_until": None,
        "due_at": clock.now() + timedelta(minutes=min(2**tries, 360)),
        "last_error": f"{type(error).__name__}: {error}"[:500],
    }
    if tries >= _MOST_ATTEMPTS:
        values["failed_at"] = clock.now()
    return values


def _compose(message: Message) -> EmailMultiAlternatives:
    facts = dict(message.facts, public_url=current_app.config["PUBLIC_URL"])
    subject, _, body = render_template(f"records/mail/{message.kind}.txt", **facts).partition("\n")
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.removeprefix("Subject:").split()),
        body=body.strip() + "\n",
        from_email=formataddr(parseaddr(current_app.config["MAIL_DEFAULT_SENDER"])),
        to=[message.to_address],
    )
    mail.attach_alternative(
        render_template("records/mail/layout.html", subject=mail.subject, paragraphs=body.strip().split("\n\n")),
        "text/html",
    )
    return mail
