"""The weekly digest: who gets it, when, and what it tells."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from records.database import choose_organization, db, locked, transaction
from records.models import AuditEvent, AuditKind, Digest, Member, MessageKind, Organization, Role, ScopeUnit
from records.services import digests, reminders
from records.services.members import deactivate
from tests.holdings import give
from tests.notices import at, propose
from tests.outbox import messages

MONDAY = date(2027, 6, 7)
DIGEST = MessageKind.WEEKLY_DIGEST


def send(day=MONDAY, hour=9, **options):
    with at(day, hour):
        return digests.send(**options)


def told(member):
    """The facts of this member's latest digest."""
    return [message.facts for message in messages(DIGEST) if message.member_id == member.id][-1]


def rows():
    db.session.rollback()  # to see what others have written
    return db.session.execute(sa.select(Digest.member_id, Digest.week_on, Digest.message_id.is_not(None))).all()


@pytest.fixture
def expiring(cast):
    with at(MONDAY):
        give(cast.max, cast.emt, 20)
        give(cast.mia, cast.emt, -3)
        give(cast.una, cast.forklift, 31)


def test_each_coordinator_and_administrator_hears_of_their_scope(cast, expiring):
    assert send() == ["Ada Lindgren", "Carl Okafor", "Nora Núñez"]
    whole = told(cast.ada)
    assert (whole["expired"]["count"], whole["expiring"]["count"]) == (1, 1)
    assert whole["expiring"]["lines"] == [{"who": "Max Miller", "what": "EMT-Basic", "on": "2027-06-27"}]
    assert told(cast.carl)["expired"] == whole["expired"]
    norths = told(cast.nora)
    assert (norths["expired"]["count"], norths["expiring"]["count"]) == (0, 1)
    assert [message.to_address for message in messages(DIGEST)] == [
        cast.ada.email, cast.carl.email, cast.nora.email,
    ]  # fmt: skip
    assert {message.page for message in messages(DIGEST)} == {"/admin/"}


def test_it_goes_once_a_week_from_its_day_and_hour_on(cast, expiring):
    send(MONDAY, 6)  # still Sunday's week
    assert {row.week_on for row in rows()} == {MONDAY - timedelta(days=7)}
    for number in range(1, 8):
        for hour in (6, 7, 22):
            send(MONDAY + timedelta(days=number), hour)
    weeks = [row.week_on for row in rows() if row.member_id == cast.ada.id]
    assert weeks == [MONDAY - timedelta(days=7), MONDAY, MONDAY + timedelta(days=7)]


def test_after_downtime_it_comes_late_within_its_week(cast, expiring):
    send(MONDAY + timedelta(days=4))
    assert {row.week_on for row in rows()} == {MONDAY}
    send(MONDAY + timedelta(days=18))
    assert {row.week_on for row in rows()} == {MONDAY, MONDAY + timedelta(days=14)}


def test_its_weekday_is_the_organizations_and_a_change_never_brings_two_in_a_week(cast, expiring):
    send(MONDAY)
    with transaction():
        locked(Organization, cast.fire.id).digest_weekday = 2
    for number in range(1, 9):
        send(MONDAY + timedelta(days=number))
    assert {row.week_on for row in rows()} == {MONDAY}
    send(MONDAY + timedelta(days=9))
    assert {row.week_on for row in rows()} == {MONDAY, MONDAY + timedelta(days=9)}


def test_with_nothing_to_tell_the_week_is_noted_and_nobody_is_told(cast):
    assert send() == []
    assert sorted(rows()) == sorted((each.id, MONDAY, False) for each in (cast.ada, cast.carl, cast.nora))
    assert messages(DIGEST) == []


def test_whoever_became_staff_in_the_week_gets_the_first_one_with_the_next(cast, expiring):
    with at(MONDAY, 12), transaction() as session:
        locked(Member, cast.una.id).role = Role.ADMINISTRATOR
        session.add(AuditEvent.of(AuditKind.MEMBER_ROLE_CHANGED, cast.una, by=cast.actor(cast.ada), at=_noon()))
    send(MONDAY + timedelta(days=1))
    assert cast.una.id not in {row.member_id for row in rows()}
    send(MONDAY + timedelta(days=7))
    assert (cast.una.id, MONDAY + timedelta(days=7), True) in rows()


def _noon():
    from records import clock

    return clock.now()


def test_an_empty_scope_and_the_deactivated_get_none(cast, expiring):
    with transaction() as session:
        session.execute(sa.delete(ScopeUnit).where(ScopeUnit.member_id == cast.nora.id))
    deactivate(db.session.get(Member, cast.carl.id), by=cast.actor(cast.ada))
    assert send() == ["Ada Lindgren"]
    assert (cast.nora.id, MONDAY, False) in rows()
    assert cast.carl.id not in {row.member_id for row in rows()}


def test_members_without_an_address_who_were_given_a_notice_are_listed(cast):
    with at(date(2027, 1, 1)):
        for member in (cast.max, cast.mia):
            give(member, cast.emt, (MONDAY - date(2027, 1, 1)).days + 30)
        with transaction():
            locked(Member, cast.max.id).email = None
    with at(MONDAY):
        reminders.remind()
    send()
    assert told(cast.nora)["unreachable"] == {"count": 1, "lines": [{"who": "Max Miller", "what": "", "on": ""}]}
    send(MONDAY + timedelta(days=7))
    assert told(cast.nora)["unreachable"]["count"] == 0, "told of once"


def test_proposed_renewals_are_listed_to_those_who_may_decide_them(cast):
    with at(MONDAY):
        propose(give(cast.max, cast.emt, 200))
        propose(give(cast.carl, cast.emt, 200))
    send()
    assert told(cast.ada)["proposed"]["count"] == 2
    assert told(cast.carl)["proposed"]["lines"][0]["who"] == "Max Miller"
    assert told(cast.carl)["proposed"]["count"] == 1
    assert told(cast.nora)["proposed"]["count"] == 1


def test_a_long_list_is_cut_and_counted(cast):
    with at(MONDAY):
        for number in range(12):
            give(cast.max, cast.emt, 20, number=str(number))
    send()
    part = told(cast.ada)["expiring"]
    assert (part["count"], len(part["lines"])) == (12, 10)


def test_whoever_wants_no_mail_reads_it_in_the_portal(cast, expiring):
    with transaction():
        locked(Member, cast.ada.id).unwanted_mail = [DIGEST]
    send()
    (message,) = [each for each in messages(DIGEST) if each.member_id == cast.ada.id]
    assert message.to_address is None


def test_with_the_module_off_none_goes(cast, expiring):
    with transaction():
        locked(Organization, cast.fire.id).tracks_certifications = False
    assert send() == []
    assert rows() == []


def test_a_dry_run_names_whom_and_writes_nothing(cast, expiring):
    assert send(dry_run=True) == ["Ada Lindgren", "Carl Okafor", "Nora Núñez"]
    assert rows() == []
    assert send() == ["Ada Lindgren", "Carl Okafor", "Nora Núñez"]


def test_other_organizations_hear_nothing_of_it(cast, expiring):
    choose_organization(cast.clinic.id)
    assert send() == []
    assert {row.member_id for row in rows()} == {cast.ken.id}


def test_of_two_runs_at_once_one_writes_it(app, cast, expiring):
    organization_id, failures, together = cast.fire.id, [], threading.Barrier(3)

    def work():
        try:
            with app.app_context():
                choose_organization(organization_id)
                together.wait()
                digests.send()
                db.session.remove()
        except BaseException as failure:
            failures.append(failure)

    db.session.rollback()
    with at(MONDAY):
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(rows()) == len(messages(DIGEST)) == 3
