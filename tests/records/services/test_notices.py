"""Snoozing and acknowledging notices, and the proof of what went out."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock, mail
from records.database import choose_organization, db, found, locked, transaction
from records.errors import (
    ActingAlready,
    InvalidInput,
    ModuleOff,
    NotAllowed,
    NotFound,
    NotSnoozed,
    OwnCertifications,
    ReasonRequired,
    SnoozedAlready,
    SnoozedTillWhen,
)
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Certification,
    Member,
    MessageKind,
    Organization,
    Reminder,
    Snooze,
)
from records.queries.notices import Mail, notices_of, notices_of_member, to_acknowledge
from records.services import notices
from records.services.notices import SnoozeRequest
from tests.holdings import give
from tests.notices import EXPIRES, START, at, on, propose, remind, stages_sent
from tests.outbox import messages

EXPIRE = MessageKind.CERTIFICATIONS_EXPIRE


@pytest.fixture
def held(cast) -> int:
    with at(START):
        return give(cast.max, cast.emt, (EXPIRES - START).days, issued_in=0, number="A-1")


def snooze(cast, certification_id, until_on, *, reason="The course is booked.", by=None):
    notices.snooze(
        found(Certification, certification_id), SnoozeRequest(until_on, reason), by=cast.actor(by or cast.carl)
    )


def acting(cast) -> Actor:
    """Ada, logged in as Max."""
    own = cast.actor(cast.max)
    return Actor(own.kind, own.name, organization_id=own.organization_id, member_id=own.member_id,
                 account_id=cast.ada.account_id, administrator_id=cast.ada.id, administrator_name="Ada")  # fmt: skip


def kinds() -> list[str]:
    statement = sa.select(AuditEvent.kind).where(AuditEvent.kind != AuditKind.CERTIFICATION_ADDED)
    return list(db.session.scalars(statement.order_by(AuditEvent.id)))


# Snoozing


def test_in_a_snooze_nothing_goes_and_on_its_day_it_is_reminded_of_once(cast, held):
    with at(on(30)):
        snooze(cast, held, on(7, 2))
    for number in range(40):
        remind(on(30, number))
    assert stages_sent() == [None, 0]
    sent = db.session.scalars(sa.select(Reminder).order_by(Reminder.id)).all()
    assert [each.due_on for each in sent] == [on(7, 2), on(0)]
    assert kinds() == [AuditKind.NOTICE_SNOOZED]
    (event,) = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == AuditKind.NOTICE_SNOOZED))
    assert event.detail.after == {"until_on": on(7, 2).isoformat(), "reason": "The course is booked."}
    assert event.member_id == cast.max.id


def test_ended_early_what_stands_goes_with_the_next_run(cast, held):
    with at(on(30)):
        snooze(cast, held, on(0))
        remind(on(7))
        assert stages_sent() == []
    with at(on(7, 1)):
        notices.end_snooze(found(Certification, held), by=cast.actor(cast.ada))
    remind(on(7, 1))
    assert stages_sent() == [7]
    assert kinds()[-1] == AuditKind.SNOOZE_ENDED
    with at(on(7, 1)), pytest.raises(NotSnoozed):
        notices.end_snooze(found(Certification, held), by=cast.actor(cast.ada))


def test_the_end_of_a_snooze_is_told_once_whatever_becomes_of_the_expiry_date(cast, held):
    with at(on(30)):
        snooze(cast, held, on(20))
    remind(on(20))
    assert stages_sent() == [None]
    with transaction():
        certification = locked(Certification, held)
        certification.expires_on += timedelta(days=1)
    for number in range(5):
        remind(on(19, number))
    assert stages_sent() == [None, 30]  # the stage that stands of the other date, and no second end


def test_a_reason_has_an_end(cast, held):
    with at(on(30)), pytest.raises(InvalidInput) as refused:
        snooze(cast, held, on(20), reason="x" * 4001)
    assert set(refused.value.errors) == {"snooze_reason"}


def test_only_one_snooze_runs_and_one_that_ran_out_makes_way(cast, held):
    with at(on(30)):
        snooze(cast, held, on(20))
        with pytest.raises(SnoozedAlready):
            snooze(cast, held, on(10))
    with at(on(20)):
        snooze(cast, held, on(10))
    ended = db.session.scalars(sa.select(Snooze.ended_at).order_by(Snooze.id)).all()
    assert [each is None for each in ended] == [False, True]
    with at(on(10)), pytest.raises(NotSnoozed):
        notices.end_snooze(found(Certification, held), by=cast.actor(cast.ada))


def test_of_two_who_snooze_at_once_one_does(app, cast, held):
    by, organization_id, told = cast.actor(cast.ada), cast.fire.id, []
    both = threading.Barrier(2)

    def act():
        with app.app_context():
            choose_organization(organization_id)
            certification = found(Certification, held)
            both.wait()
            try:
                notices.snooze(certification, SnoozeRequest(on(10), "Booked."), by=by)
                told.append("done")
            except SnoozedAlready:
                told.append("already")
            finally:
                db.session.remove()

    db.session.rollback()
    with at(on(30)):
        threads = [threading.Thread(target=act) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(told) == ["already", "done"]


def test_a_snooze_has_a_day_after_today_within_a_year_and_a_reason(cast, held):
    with at(on(30)):
        for until in (None, on(30), on(31), on(30) + timedelta(days=367)):
            with pytest.raises(InvalidInput) as refusal:
                snooze(cast, held, until, reason=" \n ")
            assert {name: type(error) for name, error in refusal.value.errors.items()} == {
                "until_on": SnoozedTillWhen,
                "snooze_reason": ReasonRequired,
            }
        snooze(cast, held, on(30) + timedelta(days=366))


def test_whoever_may_not_change_the_certification_does_not_snooze_it(cast, held):
    with at(START):
        carls = give(cast.carl, cast.emt, 200, issued_in=0)
    change = found(Certification, held)
    for certification, by, refusal in (
        (change, cast.max, NotAllowed),
        (found(Certification, carls), cast.carl, OwnCertifications),
        (found(Certification, carls), cast.nora, NotFound),
    ):
        with at(on(90)), pytest.raises(refusal):
            notices.snooze(certification, SnoozeRequest(on(30), "x"), by=cast.actor(by))
        with at(on(90)), pytest.raises(refusal):
            notices.end_snooze(certification, by=cast.actor(by))
    with pytest.raises(NotAllowed):
        notices.snooze(change, SnoozeRequest(on(30), "x"), by=Actor.command("x", cast.fire.id))
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    with at(on(90)), pytest.raises(ModuleOff):
        snooze(cast, held, on(30))


def test_what_is_deleted_is_not_snoozed(cast, held):
    with transaction():
        locked(Certification, held).deleted_at = clock.now()
    with at(on(90)), pytest.raises(NotFound):
        snooze(cast, held, on(30))


# Acknowledging


def test_a_member_acknowledges_a_message_once_and_it_counts_as_read(cast, held):
    remind(on(30))
    (message,) = messages(EXPIRE)
    by = cast.actor(cast.max)
    assert to_acknowledge([message.id], by=by) == {message.id}
    assert notices.acknowledge_message(message.id, by=by)
    assert not notices.acknowledge_message(message.id, by=by)
    assert to_acknowledge([message.id], by=by) == frozenset()
    (message,) = messages(EXPIRE)
    assert message.read_at is not None
    assert kinds() == [AuditKind.NOTICE_ACKNOWLEDGED]
    assert notices_of(found(Certification, held)).sent[0].acknowledged_at is not None


def test_a_member_acknowledges_all_notices_of_a_certification(cast, held):
    remind(on(30))
    remind(on(7))
    assert notices_of(found(Certification, held)).unacknowledged
    assert notices.acknowledge_certification(held, by=cast.actor(cast.max))
    assert not notices.acknowledge_certification(held, by=cast.actor(cast.max))
    assert not notices_of(found(Certification, held)).unacknowledged
    assert kinds() == [AuditKind.NOTICE_ACKNOWLEDGED] * 2


def test_nobody_acknowledges_for_another(cast, held):
    remind(on(30))
    (message,) = messages(EXPIRE)
    for by, refusal in (
        (acting(cast), ActingAlready),
        (cast.actor(cast.mia), NotFound),
        (cast.actor(cast.ada), NotFound),
    ):
        with pytest.raises(refusal):
            notices.acknowledge_message(message.id, by=by)
        with pytest.raises(refusal):
            notices.acknowledge_certification(held, by=by)
    choose_organization(cast.clinic.id)
    with pytest.raises(NotFound):
        notices.acknowledge_message(message.id, by=cast.actor(cast.other_max))
    choose_organization(cast.fire.id)
    for unknown in (0, -1, 10**30):
        with pytest.raises(NotFound):
            notices.acknowledge_message(unknown, by=cast.actor(cast.max))
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    for act in (
        lambda: notices.acknowledge_message(message.id, by=cast.actor(cast.max)),
        lambda: notices.acknowledge_certification(held, by=cast.actor(cast.max)),
    ):
        with pytest.raises(ModuleOff):
            act()


def test_what_went_to_reviewers_is_nobodys_to_acknowledge(cast, held):
    propose(held)
    remind(on(30))
    for message in messages(EXPIRE):
        who = next(each for each in (cast.ada, cast.carl, cast.nora) if each.id == message.member_id)
        assert not notices.acknowledge_message(message.id, by=cast.actor(who))
    assert not notices.acknowledge_certification(held, by=cast.actor(cast.max))


# Proof of notice


def test_the_proof_says_what_went_when_to_whom_and_what_became_of_it(cast, held):
    remind(on(30))
    with at(on(30)):
        mail.send_messages()
    with transaction():
        locked(Member, cast.max.id).email = None
    remind(on(7))
    with at(on(7)):
        snooze(cast, held, on(0))
        shown = notices_of(found(Certification, held))
    later, first = shown.sent
    assert (first.stage, first.due_on, first.expires_on, first.title) == (30, on(30), EXPIRES, "EMT-Basic")
    assert [(one.name, one.address, one.mail) for one in first.told] == [
        ("Max Miller", "max.miller@lakeside.example", Mail.SENT)
    ]
    assert [(one.name, one.address, one.mail) for one in later.told] == [("Max Miller", "", Mail.NONE)]
    assert shown.running is not None
    assert (shown.running.reason, shown.running.by) == ("The course is booked.", "Carl Okafor")
    assert notices_of_member(found(Member, cast.max.id)).sent == shown.sent
    assert notices_of_member(found(Member, cast.mia.id)).sent == ()


def test_a_mail_that_waits_or_failed_is_said_so(cast, held):
    remind(on(30))
    assert notices_of(found(Certification, held)).sent[0].told[0].mail == Mail.WAITING
    with transaction() as session:
        session.merge(messages(EXPIRE)[0]).failed_at = clock.now()
    assert notices_of(found(Certification, held)).sent[0].told[0].mail == Mail.FAILED


def test_notices_to_reviewers_name_each_of_them(cast, held):
    propose(held)
    remind(on(30))
    (notice,) = notices_of(found(Certification, held)).sent
    assert notice.to_reviewers
    assert {one.name for one in notice.told} == {"Ada Lindgren", "Carl Okafor", "Nora Núñez"}
