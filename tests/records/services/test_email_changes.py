"""Changing the e-mail of an account: both addresses confirm, and nobody learns who else has an account."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from records import clock
from records.database import db, every_organization, locked, transaction
from records.errors import EmailTaken, Invalid, LinkSpent, TooManyAttempts, WrongCredentials, WrongPassword
from records.models import Account, Actor, AuditEvent, AuditKind, LinkPurpose, Member, MessageKind, SignIn
from records.services import accounts, email_changes
from tests.cast import PASSWORD, Cast
from tests.outbox import messages, secret

OLD_LINK, NEW_LINK = MessageKind.OLD_EMAIL_CONFIRMATION, MessageKind.NEW_EMAIL_CONFIRMATION
VISITOR = Actor.visitor(address="192.0.2.7")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NEW = "max@new.example"


def account_of(member: Member) -> Account:
    db.session.rollback()
    with every_organization():
        return db.session.get_one(Account, member.account_id)


def request(cast: Cast, new_email: str = NEW, password: str = PASSWORD) -> None:
    email_changes.request(account_of(cast.max), new_email=new_email, password=password, by=cast.actor(cast.max))


def confirm(kind: MessageKind) -> bool:
    purpose = LinkPurpose.OLD_EMAIL if kind == OLD_LINK else LinkPurpose.NEW_EMAIL
    return email_changes.confirm(secret(kind), purpose, by=VISITOR)


@pytest.mark.parametrize("order", [(OLD_LINK, NEW_LINK), (NEW_LINK, OLD_LINK)])
def test_the_address_changes_once_both_have_confirmed(cast: Cast, order: tuple[MessageKind, MessageKind]) -> None:
    was = account_of(cast.max).email
    accounts.sign_in(was, PASSWORD, browser="", by=VISITOR)
    request(cast)
    assert [message.to_address for message in messages()] == [was, NEW]
    assert confirm(order[0]) is False
    assert account_of(cast.max).email == was
    assert confirm(order[1]) is True
    assert account_of(cast.max).email == NEW
    assert db.session.scalar(sa.select(sa.func.count(SignIn.id)).where(SignIn.ended_at.is_(None))) == 0
    accounts.sign_in(NEW, PASSWORD, browser="", by=VISITOR)
    with pytest.raises(WrongCredentials):
        accounts.sign_in(was, PASSWORD, browser="", by=VISITOR)
    assert messages(MessageKind.EMAIL_CHANGED)[0].to_address == was


def test_one_address_alone_changes_nothing_however_often_it_confirms(cast: Cast) -> None:
    request(cast)
    confirm(NEW_LINK)
    with pytest.raises(LinkSpent):
        confirm(NEW_LINK)
    assert account_of(cast.max).email != NEW


def test_confirmations_of_two_requests_do_not_add_up(cast: Cast) -> None:
    with clock.standing_at(NOON):  # even at the same instant
        request(cast)
        first = secret(OLD_LINK)
        confirm(NEW_LINK)
        request(cast)
        with pytest.raises(LinkSpent):
            email_changes.confirm(first, LinkPurpose.OLD_EMAIL, by=VISITOR)
        assert confirm(OLD_LINK) is False
        assert confirm(NEW_LINK) is True


def test_a_later_request_for_another_address_calls_the_first_off(cast: Cast) -> None:
    request(cast, "attacker@evil.example")
    confirm(NEW_LINK)
    old = secret(OLD_LINK)
    request(cast)
    with pytest.raises(LinkSpent):
        email_changes.confirm(old, LinkPurpose.OLD_EMAIL, by=VISITOR)
    confirm(OLD_LINK)
    assert confirm(NEW_LINK) is True
    assert account_of(cast.max).email == NEW


def test_a_new_password_calls_a_change_under_way_off(cast: Cast) -> None:
    request(cast, "attacker@evil.example")
    confirm(NEW_LINK)
    accounts.change_password(
        account_of(cast.max), current=PASSWORD, new="a wholly different long phrase", by=cast.actor(cast.max)
    )
    with pytest.raises(LinkSpent):
        confirm(OLD_LINK)
    assert account_of(cast.max).email != "attacker@evil.example"


def test_two_confirmations_at_once_are_enough(cast: Cast, app: Flask) -> None:
    request(cast)
    links = [(secret(OLD_LINK), LinkPurpose.OLD_EMAIL), (secret(NEW_LINK), LinkPurpose.NEW_EMAIL)]
    start, done = threading.Barrier(2), []

    def confirm_one(link: str, purpose: LinkPurpose) -> None:
        with app.app_context():
            start.wait(10)
            done.append(email_changes.confirm(link, purpose, by=VISITOR))
            db.session.remove()

    threads = [threading.Thread(target=confirm_one, args=each) for each in links]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, True]
    assert account_of(cast.max).email == NEW


def test_links_work_for_a_day_and_serve_their_own_purpose(cast: Cast) -> None:
    with clock.standing_at(NOON):
        request(cast)
    with pytest.raises(LinkSpent):
        email_changes.confirm(secret(OLD_LINK), LinkPurpose.NEW_EMAIL, by=VISITOR)
    with clock.standing_at(NOON + timedelta(days=1)), pytest.raises(LinkSpent):
        confirm(OLD_LINK)


def test_the_password_is_asked_for_and_not_to_be_guessed(cast: Cast) -> None:
    for _ in range(10):
        with pytest.raises(WrongPassword) as refused:
            request(cast, password="wrong")
        assert refused.value.field == "current"
    with pytest.raises(TooManyAttempts):
        request(cast)
    assert messages() == []


@pytest.mark.parametrize(
    "address",
    ["", "no address", "two@at@example.org", "a b@example.org", "a@example.org\nBcc: b@example.org", "@", "x"],
)
def test_what_is_no_address_is_refused(cast: Cast, address: str) -> None:
    with pytest.raises(Invalid) as refused:
        request(cast, address)
    assert refused.value.field == "email"


def test_an_address_that_another_account_has_reads_and_mails_alike(cast: Cast) -> None:
    taken = account_of(cast.mia).email
    told = []
    for address in (NEW, taken):
        before = len(messages())
        request(cast, address)
        told.append([(message.kind, message.to_address == address) for message in messages()[before:]])
    assert told[0] == told[1]
    confirm(OLD_LINK)
    with pytest.raises(EmailTaken):
        confirm(NEW_LINK)
    assert account_of(cast.max).email != taken


def test_the_address_for_contact_follows_where_it_was_the_same(cast: Cast) -> None:
    with every_organization(), transaction():
        other = locked(Member, cast.other_max.id)
        other.account_id, other.email = cast.max.account_id, "work@hillside.example"
    request(cast)
    confirm(OLD_LINK)
    confirm(NEW_LINK)
    with every_organization():
        emails = {id_: db.session.get_one(Member, id_).email for id_ in (cast.max.id, cast.other_max.id)}
    assert emails == {cast.max.id: NEW, cast.other_max.id: "work@hillside.example"}
    changed = sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.MEMBER_CHANGED)
    assert db.session.scalars(changed).one().detail.after == {"email": NEW}


def test_the_address_for_contact_stays_where_the_new_one_is_taken(cast: Cast) -> None:
    with transaction():
        locked(Member, cast.mia.id).email = NEW
    was = cast.max.email
    request(cast)
    confirm(OLD_LINK)
    assert confirm(NEW_LINK) is True
    assert db.session.get_one(Member, cast.max.id, populate_existing=True).email == was
    assert account_of(cast.max).email == NEW
