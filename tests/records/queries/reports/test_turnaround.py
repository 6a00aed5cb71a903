"""How long certificates wait for a decision, and by whom they are decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from records import clock
from records.database import db, found, organization_scope, transaction
from records.models import Approval, AuditKind, ExternalCertificate, Member, State
from records.queries.approval_filters import QueueWanted
from records.queries.approvals import queue
from records.services import reviews, submissions
from records.services.submission_steps import Files
from tests import certificates
from tests.certificates import given, submitted
from tests.records.queries.reports.asking import ask, statements

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOW = START + timedelta(days=20)


@pytest.fixture(autouse=True)
def _now():
    with clock.standing_at(NOW):
        yield


def _submitted(cast, hours=0, by=None):
    with clock.standing_at(START + timedelta(hours=hours)):
        return submitted(cast, _type(), by=by and cast.actor(by))


def _type():
    return db.session.query(certificates.CreditType).first() or certificates.credit_type()


def _decide(cast, certificate, hours, *, by=None, how="approve"):
    actor = cast.actor(by or cast.ada)
    certificate = found(ExternalCertificate, certificate.id)
    with clock.standing_at(START + timedelta(hours=hours)):
        if how == "approve":
            approval = Approval(certificate.claimed_credits)
            reviews.approve(certificate, approval, seen=certificate.digest(), by=actor)
        elif how == "decline":
            reviews.decline(certificate, reason="No name.", by=actor)
        else:
            reviews.request_changes(certificate, reason="Whose?", by=actor)


def _grant(member):
    with transaction() as session:
        session.get_one(Member, member.id).reviews = True


def _by_name(rows):
    return {row.reviewer.given_name: row for row in rows}


def test_decisions_are_counted_by_reviewer_and_kind(cast):
    _grant(cast.carl)
    for hours, how in ((1, "approve"), (2, "approve"), (3, "decline")):
        _decide(cast, _submitted(cast), hours, how=how)
    _decide(cast, _submitted(cast), 4, by=cast.carl, how="request")
    rows = ask(cast, "turnaround")
    found = _by_name(rows)
    assert found["Ada"].decided == {AuditKind.CERTIFICATE_APPROVED: 2, AuditKind.CERTIFICATE_DECLINED: 1}
    assert found["Carl"].decided == {AuditKind.CHANGES_REQUESTED: 1}
    assert rows.totals[0].total == 4
    counts = queue(QueueWanted(state="all"), by=cast.actor(cast.ada)).counts
    assert counts[State.APPROVED] == rows.totals[0].decided[AuditKind.CERTIFICATE_APPROVED]
    assert counts[State.DECLINED] == rows.totals[0].decided[AuditKind.CERTIFICATE_DECLINED]


def test_hours_are_the_middle_and_that_of_nine_in_ten(cast):
    for hours in range(1, 12):
        _decide(cast, _submitted(cast), hours)
    row = _by_name(ask(cast, "turnaround"))["Ada"]
    assert (row.median, row.slowest_tenth) == (pytest.approx(6), pytest.approx(10))


def test_one_decision_is_its_own_median(cast):
    _decide(cast, _submitted(cast), 5)
    row = _by_name(ask(cast, "turnaround"))["Ada"]
    assert (row.median, row.slowest_tenth) == (pytest.approx(5), pytest.approx(5))


def test_after_changes_the_hours_begin_anew(cast):
    certificate = _submitted(cast)
    _decide(cast, certificate, 10, how="request")
    again = found(ExternalCertificate, certificate.id)
    with clock.standing_at(START + timedelta(hours=100)):
        kept = [scan.id for scan in again.scans]
        submissions.edit(
            again, given(_type(), title="Ladders"), Files("", kept=kept), seen=again.digest(), by=cast.actor(cast.max)
        )
    _decide(cast, certificate, 103)
    row = _by_name(ask(cast, "turnaround"))["Ada"]
    assert (row.median, row.slowest_tenth) == (pytest.approx(6.5), pytest.approx(9.3))  # of 3 and 10


def test_the_oldest_waiting_is_what_each_may_decide(cast):
    _grant(cast.nora)
    _submitted(cast, 5, by=cast.mia)  # South: not Nora's
    _submitted(cast, 7)  # Max: Nora's
    rows = ask(cast, "turnaround")
    by_name = _by_name(rows)
    assert by_name["Ada"].oldest == START + timedelta(hours=5)
    assert by_name["Nora"].oldest == START + timedelta(hours=7)
    assert rows.totals[0].oldest == START + timedelta(hours=5)


def test_nobody_waits_for_a_decision_on_their_own(cast):
    _submitted(cast, 1, by=cast.ada)
    assert _by_name(ask(cast, "turnaround"))["Ada"].oldest is None


def test_only_decisions_of_the_time_count_by_the_organizations_calendar(cast):
    _decide(cast, _submitted(cast), 15)  # 06:00 UTC on the 3rd: still midnight in Chicago
    for first, number in (("2026-03-03", 1), ("2026-03-04", 0)):
        rows = ask(cast, "turnaround", period="own_dates", first=first)
        assert _by_name(rows)["Ada"].total == number
    _decide(cast, _submitted(cast), 14.9)
    assert _by_name(ask(cast, "turnaround", period="own_dates", first="2026-03-03"))["Ada"].total == 1


def test_a_coordinator_is_told_of_their_own_decisions_only(cast):
    _grant(cast.nora)
    _grant(cast.carl)
    _decide(cast, _submitted(cast), 1)
    _decide(cast, _submitted(cast), 2, by=cast.nora)
    rows = ask(cast, "turnaround", db.session.get_one(Member, cast.nora.id))
    assert [(row.reviewer.given_name, row.total) for row in rows] == [("Nora", 1)]
    assert rows.totals == []


def test_who_reviews_no_more_stays_with_what_they_decided(cast):
    _grant(cast.carl)
    _decide(cast, _submitted(cast), 1, by=db.session.get_one(Member, cast.carl.id))
    with transaction() as session:
        session.get_one(Member, cast.carl.id).reviews = False
    assert set(_by_name(ask(cast, "turnaround"))) == {"Ada", "Carl"}


def test_the_trail_of_another_organization_counts_for_nothing(cast):
    _decide(cast, _submitted(cast), 1)
    with organization_scope(cast.clinic.id):
        assert [row.total for row in ask(cast, "turnaround", cast.ken)] == [0]


def test_statements_do_not_grow_with_reviewers(cast):
    def counted():
        list(ask(cast, "turnaround"))
        with statements() as seen:
            list(ask(cast, "turnaround"))
        return len(seen)

    _decide(cast, _submitted(cast), 1)
    _submitted(cast, 2)
    _grant(cast.nora)
    before = counted()
    _grant(cast.carl)
    _decide(cast, _submitted(cast), 3, by=db.session.get_one(Member, cast.nora.id))
    assert counted() == before
