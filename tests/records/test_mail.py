"""The outbox on a real SMTP server: at least once, never twice by design, and nothing slips into a header."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from flask import Flask

from records import clock, jobs, mail
from records.database import choose_organization, db, every_organization, locked, transaction
from records.models import Approval, CreditEntry, ExternalCertificate, Member, Message, MessageKind, Organization
from records.services import reviews, revocations
from records.services.outbox import notify, post
from records.services.submission_digests import announce_submissions
from tests.cast import Cast
from tests.certificates import approved, credit_type, submitted
from tests.conftest import make_app, upgrade
from tests.outbox import messages

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PATH = "/invitation/a-secret-of-256-bits"
FACTS = {"path": PATH, "organization": "Lakeside Fire & Rescue", "name": "Max Miller", "days": 14}


class Inbox:
    """What a mail server received; `refuse` makes it answer with an error."""

    def __init__(self) -> None:
        self.received: list[tuple[list[str], EmailMessage]] = []
        self.refuse = ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.received.append((envelope.rcpt_tos, parsed))
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    """A mail server that listens on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    received = Inbox()
    controller = Controller(received, hostname="127.0.0.1", port=port)
    controller.start()
    yield received, port
    controller.stop()


@pytest.fixture
def mailing(inbox: tuple[Inbox, int], tmp_path: Path, on: str, request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application that sends its mail to the inbox."""
    settings = {"database_url": request.getfixturevalue("new_postgresql")()} if on == "postgresql" else {}
    application = make_app(
        tmp_path / "data", mail_url=f"smtp://127.0.0.1:{inbox[1]}", public_url="https://certs.example", **settings
    )
    upgrade(application)
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()


def write(to: str = "max@example.org", kind: MessageKind = MessageKind.INVITATION, **facts: Any) -> None:
    with every_organization(), transaction():
        post(kind, to, organization=None, facts=FACTS | facts)


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_a_message_is_sent_once_as_text_and_html(mailing: Flask, inbox: tuple[Inbox, int]) -> None:
    write()
    mail.send_messages()
    mail.send_messages()
    ((to, sent),) = inbox[0].received
    assert to == ["max@example.org"]
    assert sent["Subject"] == "Join Lakeside Fire & Rescue on Certfolio"
    assert sent["From"] == "Certfolio <certfolio@localhost>"
    assert f"https://certs.example{PATH}" in body(sent, "plain")
    assert f'href="https://certs.example{PATH}"' in body(sent, "html")
    assert "Lakeside Fire &amp; Rescue" in body(sent, "html")


def test_the_link_is_wiped_once_it_is_sent(mailing: Flask) -> None:
    write()
    mail.send_messages()
    (message,) = messages()
    assert message.sent_at is not None
    assert message.attempts == 1
    assert "path" not in message.facts
    assert message.facts["name"] == "Max Miller"


def test_nothing_is_sent_of_a_change_that_failed(mailing: Flask, inbox: tuple[Inbox, int]) -> None:
    def change() -> None:
        with every_organization(), transaction():
            post(MessageKind.INVITATION, "max@example.org", organization=None, facts=FACTS)
            raise ValueError("the change failed")

    with pytest.raises(ValueError, match="failed"):
        change()
    mail.send_messages()
    assert inbox[0].received == []
    assert messages() == []


@pytest.mark.parametrize("refusal", ["451 try later", "550 no such person"])
def test_a_refused_message_waits_ever_longer_and_is_sent_then(
    mailing: Flask, inbox: tuple[Inbox, int], refusal: str
) -> None:
    received = inbox[0]
    with clock.standing_at(NOON):
        write()
        received.refuse = refusal
        mail.send_messages()
        (message,) = messages()
        assert (message.attempts, message.due_at, message.sent_at) == (1, NOON + timedelta(minutes=2), None)
        assert "SMTP" in message.last_error
        assert message.claimed_until is None
        received.refuse = ""
        mail.send_messages()  # not due yet
        assert received.received == []
    with clock.standing_at(NOON + timedelta(minutes=2)):
        mail.send_messages()
    assert len(received.received) == 1
    assert messages()[0].last_error == ""


def test_a_server_that_is_down_loses_nothing_and_gives_up_at_last(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        nobody = probe.getsockname()[1]
    application = make_app(tmp_path / "data", mail_url=f"smtp://127.0.0.1:{nobody}")
    upgrade(application)
    with application.app_context():
        now = NOON
        with clock.standing_at(now):
            write()
        waited = []
        for _ in range(12):
            with clock.standing_at(now):
                mail.send_messages()
            (message,) = messages()
            waited.append(message.due_at - now)
            now = message.due_at
        assert waited == sorted(waited)
        assert waited[-1] == timedelta(hours=6)
        assert message.failed_at is not None
        assert "path" not in message.facts  # nor does a link stay behind
        with clock.standing_at(now + timedelta(days=30)):
            mail.send_messages()
        assert messages()[0].attempts == 12
        db.session.remove()
        db.engine.dispose()


def test_one_message_that_cannot_be_written_does_not_hold_up_the_others(
    mailing: Flask, inbox: tuple[Inbox, int]
) -> None:
    with every_organization(), transaction():
        post(MessageKind.INVITATION, "first@example.org", organization=None, facts={})  # lacks every fact
    write("second@example.org")
    mailing.jinja_env.undefined = __import__("jinja2").StrictUndefined
    mail.send_messages()
    assert [to for to, _ in inbox[0].received][-1] == ["second@example.org"]


def test_a_worker_that_died_leaves_its_message_to_others_after_a_while(
    mailing: Flask, inbox: tuple[Inbox, int]
) -> None:
    with clock.standing_at(NOON):
        write()
        assert mail._claim() is not None  # and then it died
        mail.send_messages()
        assert inbox[0].received == []
    with clock.standing_at(NOON + timedelta(minutes=5, seconds=1)):
        mail.send_messages()
    assert len(inbox[0].received) == 1


def test_two_workers_send_every_message_once(mailing: Flask, inbox: tuple[Inbox, int]) -> None:
    for number in range(30):
        write(f"number{number}@example.org")
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with mailing.app_context():
                mail.send_messages()
                db.session.remove()
        except BaseException as failure:
            failures.append(failure)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    sent_to = sorted(to[0] for to, _ in inbox[0].received)
    assert sent_to == sorted(f"number{number}@example.org" for number in range(30))


@pytest.mark.parametrize(
    "name",
    ["Max\r\nBcc: spy@evil.example", "Max\nBcc: spy@evil.example", "Max\r\n\r\n<script>alert(1)</script>", "Max\0"],
)
def test_nothing_in_a_name_becomes_a_header_or_runs(mailing: Flask, inbox: tuple[Inbox, int], name: str) -> None:
    write(organization=name, name=name)
    mail.send_messages()
    for to, sent in inbox[0].received:
        assert to == ["max@example.org"]
        assert sent["Bcc"] is None
        assert "\n" not in sent["Subject"]
        assert "<script>" not in body(sent, "html")


@pytest.mark.parametrize("address", ["a@example.org\nBcc: spy@evil.example", "a@example.org, spy@evil.example"])
def test_an_address_is_one_address(mailing: Flask, inbox: tuple[Inbox, int], address: str) -> None:
    write(address)
    mail.send_messages()
    assert all("spy@evil.example" not in to for to, _ in inbox[0].received)


LINES = {"count": 3, "lines": [{"who": "Max Miller", "what": "EMT-Basic", "on": "2027-06-30"}]}
EXPIRING = {
    "certifications": [
        {"title": "EMT-Basic", "number": "A-1", "holder": "Max Miller", "expires_on": "2027-06-30", "days": 30},
        {"title": "Forklift", "number": "", "holder": "Max Miller", "expires_on": "2027-05-30", "days": -1},
    ],
    "reviewing": False,
    **dict.fromkeys(("expired", "expiring", "unreachable", "proposed"), LINES),
}


@pytest.mark.parametrize("kind", list(MessageKind))
@pytest.mark.once
def test_every_kind_of_message_has_its_words(mailing: Flask, inbox: tuple[Inbox, int], kind: MessageKind) -> None:
    facts = {"hours": 2, "old_email": "old@example.org", "new_email": "new@example.org", "title": "Ladder rescue",
             "decider": "Ada Lindgren", "reason": "No name.", "credits": "2.50", "unit": "hours", "credit_type": "CEU",
             "lines": ["Max Miller: Ladder rescue"], "new": 1, "waiting": 2} | EXPIRING  # fmt: skip
    write(kind=kind, **facts)
    mail.send_messages()
    ((_, sent),) = inbox[0].received
    assert len(sent["Subject"]) > 10
    for part in ("plain", "html"):
        text = body(sent, part)
        assert "{" not in text.replace("{}", "")
        assert "%(" not in text
        assert "None" not in text


def test_without_a_server_mail_is_written_to_a_folder(app: Flask, cast: Cast) -> None:
    write()
    mail.send_messages()
    (written,) = (Path(app.config["DATA_DIR"]) / "outbox").iterdir()
    assert PATH in written.read_text().replace("=\n", "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, None, None, False)),
        ("smtp://mail.example:2525", ("mail.example", 2525, None, None, False)),
        ("smtps://me%40x.example:p%2Fw@mail.example", ("mail.example", 465, "me@x.example", "p/w", True)),
    ],
)
def test_the_server_is_read_from_its_url(tmp_path: Path, url: str, expected: tuple[Any, ...]) -> None:
    config = make_app(tmp_path / "data", mail_url=url).config
    names = ("MAIL_SERVER", "MAIL_PORT", "MAIL_USERNAME", "MAIL_PASSWORD", "MAIL_USE_SSL")
    assert tuple(config[name] for name in names) == expected


def test_the_outbox_tells_organizations_apart(cast: Cast) -> None:
    with transaction():
        post(
            MessageKind.INVITATION, "max@example.org", organization=db.session.get(Organization, cast.fire.id), facts={}
        )
    assert db.session.scalars(sa.select(Message.organization_id)).one() == cast.fire.id


# What is decided about external certificates, through the verbs


@pytest.fixture
def fire(mailing: Flask) -> Cast:
    """The cast in the application that sends mail, with the organization of the first one chosen."""
    people = Cast.enter()
    choose_organization(people.fire.id)
    return people


def decide(cast: Cast, kind: MessageKind, **fields: Any) -> None:
    """Whatever tells of this kind, of a certificate of Max and by Ada."""
    by, ceu = cast.actor(cast.ada), credit_type()
    if kind == MessageKind.CERTIFICATE_REVOKED:
        revocations.revoke(approved(cast, ceu, **fields), reason="Not genuine.", by=by)
        return
    certificate = submitted(cast, ceu, **fields)
    if kind == MessageKind.CHANGES_REQUESTED:
        reviews.request_changes(certificate, reason="Whose is it?\n\nThe name is cut off.", by=by)
    elif kind == MessageKind.CERTIFICATE_DECLINED:
        reviews.decline(certificate, reason="Not by this course.", by=by)
    elif kind == MessageKind.CERTIFICATE_APPROVED:
        approval = Approval(Decimal(1), comment="One hour was practice.")
        reviews.approve(certificate, approval, seen=certificate.digest(), by=by)
    else:
        announce_submissions()


SAID = {
    MessageKind.CERTIFICATES_SUBMITTED: ("1 new certificate to review", "Hello Ada Lindgren,",
                                         "Max Miller: Prüfung für Höhenrettung", "1 waits for your review in all.",
                                         "https://certs.example/admin/approvals/"),
    MessageKind.CHANGES_REQUESTED: ("Changes requested: Prüfung für Höhenrettung", "Hello Max Miller,",
                                    "Ada Lindgren asks you", "Whose is it?", "The name is cut off."),
    MessageKind.CERTIFICATE_APPROVED: ("Approved: Prüfung für Höhenrettung", "Hello Max Miller,",
                                       "You were awarded 1 hours (CEU).", "Ada Lindgren wrote:",
                                       "One hour was practice."),
    MessageKind.CERTIFICATE_DECLINED: ("Declined: Prüfung für Höhenrettung", "Hello Max Miller,",
                                       "Ada Lindgren declined", "Not by this course.", "as a copy that you mend"),
    MessageKind.CERTIFICATE_REVOKED: ("Revoked: Prüfung für Höhenrettung", "Hello Max Miller,",
                                      "Ada Lindgren revoked", "2.5 hours (CEU) no longer count", "Not genuine."),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(SAID))
@pytest.mark.once
def test_a_notice_about_a_certificate_says_who_and_why_in_text_and_html(
    fire: Cast, inbox: tuple[Inbox, int], kind: MessageKind
) -> None:
    decide(fire, kind, title="Prüfung für Höhenrettung")
    jobs.run_all()
    mine = [sent for to, sent in inbox[0].received if to == [(fire.ada if "submitted" in kind else fire.max).email]]
    sent = mine[-1]
    subject, *said = SAID[kind]
    assert sent["Subject"].strip().startswith(subject)  # a long one begins on a line of its own
    plain, html = body(sent, "plain"), body(sent, "html")
    for words in said:
        assert words in plain
        assert words in html
    assert "\n\n\n" not in plain
    assert plain == plain.lstrip()
    address = plain.strip().splitlines()[-1]
    assert address.startswith("https://certs.example/")
    assert f'<a href="{address}">' in html
    assert html.count("<a ") == 1
    assert "<p></p>" not in html


@pytest.mark.parametrize("kind", ["certifications_expire", "weekly_digest"])
def test_notices_of_expiry_lead_to_where_they_are_stopped(mailing: Flask, inbox: tuple[Inbox, int], kind: str) -> None:
    write(kind=kind, **EXPIRING)
    mail.send_messages()
    ((_, sent),) = inbox[0].received
    plain, html = body(sent, "plain"), body(sent, "html")
    assert "EMT-Basic" in plain
    assert "30 Jun 2027" in plain
    assert "\n\n\n" not in plain
    assert '/portfolio/messages#mail">' in html


def test_names_with_accents_arrive_as_they_are(fire: Cast, inbox: tuple[Inbox, int]) -> None:
    certificate = submitted(fire, credit_type("Fortbildung №1"), by=fire.actor(fire.mia), title="消防 🔥 Łódź")
    reviews.decline(certificate, reason="„Wessen?“", by=fire.actor(fire.ada))
    mail.send_messages()
    ((_, sent),) = inbox[0].received
    assert sent["Subject"] == "Declined: 消防 🔥 Łódź"
    assert "Hello Mia Söderström," in body(sent, "plain")
    assert "„Wessen?“" in body(sent, "html")


@pytest.mark.parametrize(
    "title", ["A\r\nBcc: spy@evil.example", "A\nBcc: spy@evil.example", "A\u2028Bcc: x", "A\x85Bcc: x"]
)
def test_nothing_in_a_title_becomes_a_header(fire: Cast, inbox: tuple[Inbox, int], title: str) -> None:
    decide(fire, MessageKind.CERTIFICATE_DECLINED, title=title)
    with transaction():  # and even if it had got past the model
        notify(locked(Member, fire.max.id), MessageKind.CERTIFICATE_DECLINED, page="/portfolio/certificates/1",
               facts={"title": title, "decider": title, "reason": title})  # fmt: skip
    mail.send_messages()
    assert len(inbox[0].received) == 2
    for to, sent in inbox[0].received:
        assert to == [fire.max.email]
        assert sent["Bcc"] is None
        assert len(str(sent["Subject"]).splitlines()) == 1


def test_what_people_wrote_is_no_link_and_does_not_run(fire: Cast, inbox: tuple[Inbox, int]) -> None:
    decide(fire, MessageKind.CERTIFICATE_DECLINED, title="https://evil.example/ <script>alert(1)</script>")
    mail.send_messages()
    html = body(inbox[0].received[0][1], "html")
    assert html.count("<a ") == 1
    assert 'href="https://evil.example' not in html
    assert "<script>" not in html


def test_a_failing_server_neither_undoes_nor_delays_a_decision(fire: Cast, inbox: tuple[Inbox, int]) -> None:
    received = inbox[0]
    received.refuse = "451 try later"
    with clock.standing_at(NOON):
        decide(fire, MessageKind.CERTIFICATE_APPROVED)
        assert db.session.scalars(sa.select(CreditEntry.amount)).one() == Decimal("1.00")
        mail.send_messages()
        (message,) = messages(MessageKind.CERTIFICATE_APPROVED)
        assert (message.sent_at, message.attempts) == (None, 1)
        assert db.session.scalars(sa.select(ExternalCertificate.state)).one() == "approved"
    received.refuse = ""
    with clock.standing_at(NOON + timedelta(minutes=3)):
        mail.send_messages()
    assert len(received.received) == 1
    assert messages(MessageKind.CERTIFICATE_APPROVED)[0].sent_at is not None


def test_what_was_sent_is_still_read_in_the_portal(fire: Cast, inbox: tuple[Inbox, int]) -> None:
    decide(fire, MessageKind.CERTIFICATE_DECLINED)
    mail.send_messages()
    (message,) = messages(MessageKind.CERTIFICATE_DECLINED)
    subject, text = mail.in_words(message)
    assert subject == inbox[0].received[0][1]["Subject"]
    assert "Not by this course." in text
    assert "Hello" not in text
    assert "https://" not in text


def test_unwanted_kinds_and_members_without_an_address_get_no_mail(fire: Cast, inbox: tuple[Inbox, int]) -> None:
    with transaction():
        locked(Member, fire.max.id).unwanted_mail = [MessageKind.CERTIFICATE_DECLINED]
        locked(Member, fire.ada.id).email = None
    decide(fire, MessageKind.CERTIFICATE_DECLINED)
    decide_again = submitted(fire, credit_type("CPD"), title="Another")
    assert decide_again.state == "pending"
    jobs.run_all()
    assert inbox[0].received == []
    assert {message.kind for message in messages()} == {"certificate_declined", "certificates_submitted"}
