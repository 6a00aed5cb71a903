"""Notices of expiry: who hears of what, once; and what keeps them back."""

from __future__ import annotations

import threading
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from records import clock, jobs
from records.database import choose_organization, db, locked, transaction
from records.models import (
    Audience,
    Certification,
    CertificationType,
    Member,
    Message,
    MessageKind,
    Organization,
    Reminder,
    ReminderMessage,
    RenewalProposal,
)
from records.models.notice import Why
from records.queries.due_notices import candidates
from records.services import certification_types, reminders, reminding
from records.services.certification_steps import Entry, correct, record
from records.services.certification_types import TypeFacts
from tests.holdings import give
from tests.notices import EXPIRES, START, at, cut_after, messages_are_whole, on, propose, remind, stages_sent
from tests.outbox import messages

EXPIRE = MessageKind.CERTIFICATIONS_EXPIRE


@pytest.fixture
def held(cast) -> int:
    """Max's EMT-Basic, recorded on START and valid through EXPIRES."""
    with at(START):
        return give(cast.max, cast.emt, (EXPIRES - START).days, issued_in=0, number="A-1")


def change(model, record_id, **values):
    with transaction():
        row = locked(model, record_id)
        for name, value in values.items():
            setattr(row, name, value)


def told() -> dict[int, list[list[str]]]:
    """By member: the titles that each of their messages names."""
    found = {}
    for message in messages(EXPIRE):
        titles = [each["title"] for each in message.facts["certifications"]]
        found.setdefault(message.member_id, []).append(titles)
    return found


# From START on, so many: all of them, or those around each stage.
DAYS = [pytest.param(range(200), id="each day", marks=pytest.mark.long),
        pytest.param([(on(stage, late) - START).days for stage in (90, 30, 7, 0, -14) for late in (-1, 0, 1)],
                     id="around each stage")]  # fmt: skip


@pytest.mark.parametrize("days", DAYS)
def test_each_stage_goes_on_its_day_and_once(cast, held, days):
    for number in days:
        for hour in (6, 7, 20):
            remind(START + timedelta(days=number), hour)
    assert stages_sent() == [90, 30, 7, 0, -14]
    sent = db.session.scalars(sa.select(Reminder).order_by(Reminder.id)).all()
    assert [each.due_on for each in sent] == [on(stage) for stage in (90, 30, 7, 0, -14)]
    assert told() == {cast.max.id: [["EMT-Basic"]] * 5}
    assert [message.to_address for message in messages(EXPIRE)] == [cast.max.email] * 5
    linked = db.session.execute(sa.select(ReminderMessage.reminder_id, ReminderMessage.message_id)).all()
    assert len(linked) == 5


def test_before_the_organizations_time_of_day_it_is_still_yesterday(cast, held):
    remind(on(90), 6)
    assert stages_sent() == []
    remind(on(90), 7)
    assert stages_sent() == [90]
    change(Organization, cast.fire.id, reminds_at=time(20))
    remind(on(30), 19)
    assert stages_sent() == [90]
    remind(on(30), 20)
    assert stages_sent() == [90, 30]


def test_after_downtime_the_stage_that_stands_goes_late_and_those_passed_by_do_not(cast, held):
    remind(on(7, 2))
    assert stages_sent() == [7]
    assert messages(EXPIRE)[0].facts["certifications"][0]["days"] == 5
    remind(on(-14, 3))
    assert stages_sent() == [7, -14]


def test_all_that_is_due_to_a_member_stands_in_one_message(cast, held):
    with at(START):
        give(cast.max, cast.forklift, (EXPIRES - START).days + 1, issued_in=0)
        give(cast.mia, cast.forklift, (EXPIRES - START).days, issued_in=0)
    remind(on(30, 1))
    assert told() == {cast.max.id: [["EMT-Basic", "Forklift licence"]], cast.mia.id: [["Forklift licence"]]}
    page = {message.member_id: message.page for message in messages(EXPIRE)}
    assert page[cast.max.id] == "/portfolio/certifications"
    assert page[cast.mia.id].startswith("/portfolio/certifications/")


def test_no_stage_goes_that_lies_before_it_was_recorded(cast):
    with at(on(30, 5)):
        give(cast.max, cast.emt, 25, issued_in=-300)
        give(cast.max, cast.forklift, -30, issued_in=-300)
    remind(on(30, 5))
    assert stages_sent() == []
    remind(on(7))
    assert stages_sent() == [7]


def test_changed_stages_count_from_that_day_and_a_new_type_from_the_beginning(cast, held):
    facts = TypeFacts("EMT-Basic", usual_term=24, reminder_stages=(60, 50, 10))
    remind(on(90))
    with at(on(55)):
        certification_types.change(db.session.get(CertificationType, cast.emt.id), facts, by=cast.actor(cast.ada),
                                   version=1)  # fmt: skip
    assert db.session.get(CertificationType, cast.emt.id, populate_existing=True).stages_set_on == on(55)
    remind(on(55))
    assert stages_sent() == [90]
    remind(on(50))
    remind(on(30))
    remind(on(10))
    assert stages_sent() == [90, 50, 10]


def test_a_change_of_other_fields_leaves_the_schedule_alone(cast):
    facts = TypeFacts("EMT", usual_term=24)
    certification_types.change(
        db.session.get(CertificationType, cast.emt.id), facts, by=cast.actor(cast.ada), version=1
    )
    assert db.session.get(CertificationType, cast.emt.id, populate_existing=True).stages_set_on is None


def test_a_corrected_expiry_date_begins_its_stages_anew(cast, held):
    remind(on(30))
    with at(on(30, 1)), transaction():
        by = cast.actor(cast.ada)
        correct(locked(Certification, held), Entry(None, EXPIRES + timedelta(days=300), START, "A-1"), by=by)
    remind(on(7))
    assert stages_sent() == [30]
    remind(EXPIRES + timedelta(days=300 - 30))
    assert stages_sent() == [30, 30]
    assert messages(EXPIRE)[1].facts["certifications"][0]["expires_on"] == "2028-04-25"


def test_a_renewal_silences_even_before_it_is_in_effect_and_its_deletion_lets_it_speak(cast, held):
    with at(on(30)):
        later = give(cast.max, cast.emt, 700, issued_in=20, number="B", renews=held)
        assert reminders.remind().lines == []
    change(Certification, later, deleted_at=clock.now())
    assert len(remind(on(30, 1)).lines) == 1


def test_a_later_one_of_the_same_type_silences_linked_or_not(cast, held):
    with at(on(30)):
        later = give(cast.max, cast.emt, 700, issued_in=0, number="B")
    assert remind(on(30)).lines == []
    for field in ("suspended", "revoked"):
        change(Certification, later, **{f"{field}_on": on(30), f"{field}_reason": "Their audit."})
        with at(on(30)):
            assert len(reminders.remind(dry_run=True).lines) == 1, "what counts for nothing silences nothing"
        change(Certification, later, **{f"{field}_on": None, f"{field}_reason": ""})
    with at(on(30)):
        assert reminders.remind(dry_run=True).kept_back[Why.FOLLOWED] == 1


def test_one_of_another_type_or_member_silences_nothing(cast, held):
    with at(on(30)):
        give(cast.max, cast.forklift, 700, issued_in=0)
        give(cast.mia, cast.emt, 700, issued_in=0)
    assert len(remind(on(30)).lines) == 1


@pytest.mark.parametrize(
    ("model", "values", "lifted"),
    [
        (Certification, {"deleted_at": clock.now()}, {"deleted_at": None}),
        (Certification, {"revoked_on": on(95), "revoked_reason": "x"}, {"revoked_on": None, "revoked_reason": ""}),
        (Certification, {"suspended_on": on(95), "suspended_reason": "x"},
         {"suspended_on": None, "suspended_reason": ""}),
        (CertificationType, {"retired_at": clock.now()}, {"retired_at": None}),
        (Member, {"deactivated_at": clock.now()}, {"deactivated_at": None}),
        (Organization, {"tracks_certifications": False}, {"tracks_certifications": True}),
    ],
    ids=["deleted", "revoked", "suspended", "retired", "deactivated", "off"],
)  # fmt: skip
def test_silence_and_once_it_is_lifted_the_stage_that_stands(cast, held, model, values, lifted):
    row_id = {Certification: held, CertificationType: cast.emt.id, Member: cast.max.id, Organization: cast.fire.id}
    change(model, row_id[model], **values)
    for stage in (90, 30):
        assert remind(on(stage)).lines == []
    change(model, row_id[model], **lifted)
    remind(on(30, 2))
    assert stages_sent() == [30]


def test_a_certification_beyond_every_calendar_is_no_trouble(cast):
    with at(START):
        give(cast.max, cast.emt, (date(9999, 12, 31) - START).days, issued_in=0)
        assert reminders.remind().lines == []
    change(CertificationType, cast.emt.id, reminder_stages=[])
    assert remind(on(30)).lines == []


def test_members_without_an_address_and_those_who_want_no_mail_read_it_in_the_portal(cast, held):
    with at(START):
        give(cast.mia, cast.emt, (EXPIRES - START).days, issued_in=0)
    change(Member, cast.max.id, email=None)
    change(Member, cast.mia.id, unwanted_mail=[EXPIRE])
    report = remind(on(30))
    assert [message.to_address for message in messages(EXPIRE)] == [None, None]
    assert [line.address for line in report.lines] == [None, None]


# A renewal under review


def test_while_a_renewal_is_under_review_those_who_may_decide_it_hear_instead(cast, held):
    with at(START):
        other = give(cast.una, cast.emt, (EXPIRES - START).days, issued_in=0)
        give(cast.mia, cast.emt, (EXPIRES - START).days, issued_in=0)
    propose(held)
    propose(other)
    report = remind(on(30))
    both = ["EMT-Basic", "EMT-Basic"]
    assert told() == {
        cast.ada.id: [both], cast.carl.id: [both], cast.nora.id: [["EMT-Basic"]], cast.mia.id: [["EMT-Basic"]],
    }  # fmt: skip
    assert {message.to_address for message in messages(EXPIRE)} == {None, cast.mia.email}, "staff get no mail of it"
    assert {line.audience for line in report.lines} == {Audience.MEMBER, Audience.REVIEWERS}
    audience = dict(db.session.execute(sa.select(Reminder.member_id, Reminder.audience)).all())
    assert audience == {cast.max.id: "reviewers", cast.una.id: "reviewers", cast.mia.id: "member"}
    assert remind(on(30, 1)).lines == []


def test_once_it_is_decided_the_next_stage_goes_to_the_member_again(cast, held):
    proposal = propose(held)
    remind(on(30))
    change(RenewalProposal, proposal, state="withdrawn", decided_at=clock.now(), decided_by_id=cast.max.id)
    remind(on(7))
    assert told()[cast.max.id] == [["EMT-Basic"]]


def test_where_nobody_may_decide_it_the_member_hears(cast):
    with at(START):
        own = give(cast.ada, cast.emt, (EXPIRES - START).days, issued_in=0)
    for each in (cast.carl, cast.nora):
        change(Member, each.id, deactivated_at=clock.now())
    propose(own)
    remind(on(30))
    assert told() == {cast.ada.id: [["EMT-Basic"]]}
    assert messages(EXPIRE)[0].to_address == cast.ada.email


def test_who_proposed_it_for_the_member_does_not_decide_it(cast, held):
    propose(held, administrator=cast.ada)
    remind(on(30))
    assert set(told()) == {cast.carl.id, cast.nora.id}


# Organizations, batches, and two at once


def test_organizations_hear_of_their_own_each_at_its_time(cast, held):
    choose_organization(cast.clinic.id)
    with at(START):
        give(cast.other_max, cast.clinic_emt, (EXPIRES - START).days, issued_in=0)
    with at(on(90), 7):  # in Berlin; in Chicago it is midnight
        reminding.send_reminders()
    assert told() == {cast.other_max.id: [["EMT-Basic"]]}
    choose_organization(cast.fire.id)
    with at(on(90), 7):
        reminding.send_reminders()
    assert told() == {cast.other_max.id: [["EMT-Basic"]], cast.max.id: [["EMT-Basic"]]}
    owners = {message.member_id: message.organization_id for message in messages(EXPIRE)}
    assert owners == {cast.max.id: cast.fire.id, cast.other_max.id: cast.clinic.id}


def test_one_organizations_failure_keeps_no_other_from_hearing(cast, held, monkeypatch):
    choose_organization(cast.clinic.id)
    with at(START):
        give(cast.other_max, cast.clinic_emt, (EXPIRES - START).days, issued_in=0)
    change(Organization, cast.fire.id, name="Fire")
    run_for = reminding.run_for

    def failing(organization_id, name, **options):
        if organization_id == cast.fire.id:
            raise ZeroDivisionError
        return run_for(organization_id, name, **options)

    monkeypatch.setattr(reminding, "run_for", failing)
    with at(on(30)), pytest.raises(ZeroDivisionError):
        reminding.send_reminders()
    assert told() == {cast.other_max.id: [["EMT-Basic"]]}


def _crowd(cast, size: int) -> None:
    """Members with an EMT-Basic and a forklift licence that expire on EXPIRES."""
    by = cast.actor(cast.ada)
    with at(START), transaction() as session:
        people = [
            Member(given_name=f"Member {number}", family_name="Crowd", email=f"m{number}@crowd.example",
                   created_at=clock.now())
            for number in range(size)
        ]  # fmt: skip
        session.add_all(people)
        session.flush()
        for person in people:
            for type_ in (cast.emt, cast.forklift):
                record(person, Entry(type_.id, EXPIRES, START), by=by)


def test_batches_leave_nobody_out_and_take_few_statements(cast, monkeypatch):
    def statements(size):
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            remind(size)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return sum(statement.startswith("SELECT") for statement in seen)

    _crowd(cast, 30)
    few = statements(on(30))
    monkeypatch.setattr(reminders, "BATCH", 7)
    many = statements(on(7))
    assert few <= 15
    assert many <= 10 + 5 * 5
    rows = db.session.execute(sa.select(Reminder.stage, sa.func.count()).group_by(Reminder.stage)).all()
    assert dict(rows) == {30: 60, 7: 60}
    assert len(messages(EXPIRE)) == 60


def test_finding_reads_the_index_of_expiry_dates(cast, held, on):
    with at(EXPIRES):
        seen = []

        def note(_connection, _cursor, statement, parameters, *_rest):
            if "certification.expires_on BETWEEN" in statement:
                seen.append((statement, parameters))

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            candidates(EXPIRES)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
    assert len(seen) == 5
    if on == "sqlite":
        for statement, parameters in seen:
            plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            assert any("ix_certification_" in row[3] and "expires_on>" in row[3] for row in plan), plan


@pytest.mark.parametrize("workers", [3])
def test_of_several_runs_at_once_one_sends(app, cast, monkeypatch, workers):
    monkeypatch.setattr(reminders, "BATCH", 4)
    _crowd(cast, 20)
    db.session.rollback()
    failures, together = [], threading.Barrier(workers)

    def work():
        try:
            with app.app_context():
                together.wait()
                reminding.send_reminders()
                db.session.remove()
        except BaseException as failure:
            failures.append(failure)

    with at(on(30)):
        threads = [threading.Thread(target=work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        reminding.send_reminders()
    assert failures == []
    assert stages_sent() == [30] * 40
    assert sorted(titles for each in told().values() for titles in each) == [["EMT-Basic", "Forklift licence"]] * 20


def test_a_run_cut_short_leaves_whole_messages_and_the_next_one_goes_on(cast, monkeypatch):
    monkeypatch.setattr(reminders, "BATCH", 4)
    _crowd(cast, 12)
    for number in range(200):
        with cut_after(number) as cut:
            try:
                remind(on(30))
            except InterruptedError:
                db.session.rollback()
        messages_are_whole()
        assert {len(message.facts["certifications"]) for message in messages(EXPIRE)} <= {2}
        if not cut:
            break
    assert number > 10
    assert stages_sent() == [30] * 24
    assert len(messages(EXPIRE)) == 12


def test_a_dry_run_lists_what_would_go_changes_nothing_and_says_why_the_rest_does_not(cast, held):
    with at(START):
        give(
            cast.mia,
            cast.emt,
            (EXPIRES - START).days,
            issued_in=0,
            change=lambda each: each.revoke(on=START, reason="x"),
        )
    with at(on(30)):
        give(cast.una, cast.emt, 20)
        report = reminders.remind(dry_run=True)
        assert [(line.to, line.address, line.title, line.due.stage) for line in report.lines] == [
            ("Max Miller", cast.max.email, "EMT-Basic", 30)
        ]
        assert report.kept_back == {Why.REVOKED: 1, Why.BEFORE_RECORDED: 1}
        assert stages_sent() == []
        assert messages(EXPIRE) == []
        sent = reminders.remind()
    assert sent.lines == report.lines
    with at(on(30)):
        assert reminders.remind(dry_run=True).kept_back[Why.SENT] == 1


def test_it_is_a_job_and_its_mail_leaves_in_the_same_round(cast, held):
    import records.commands.housekeeping  # noqa: F401  # because: it registers the jobs

    with at(on(30)):
        jobs.run_all()
    (message,) = messages(EXPIRE)
    assert message.sent_at is not None


def test_nothing_that_is_written_is_of_another_organization(cast, held):
    remind(on(30))
    (message,) = db.session.scalars(sa.select(Message)).all()
    assert message.organization_id == cast.fire.id
    assert db.session.scalars(sa.select(Reminder.organization_id)).all() == [cast.fire.id]
