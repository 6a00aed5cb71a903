"""The queue of external certificates and what its pages show: scope, order, warnings, and what it costs."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from records import clock
from records.database import db, locked, organization_scope, transaction
from records.errors import NotAllowed, NotFound
from records.models import (
    Approval,
    AuditDetail,
    AuditEvent,
    ExternalCertificate,
    Member,
    Revision,
    State,
    Unit,
)
from records.queries import approvals
from records.queries.approval_filters import QueueWanted
from records.queries.approval_statements import PAGE
from records.queries.approvals import backlog, certificates_of, next_to_decide, queue
from records.queries.keyset import Cursor
from records.queries.review_pages import review_page
from records.services import audit, reviews, submissions
from records.services.submission_steps import Files
from tests import certificates
from tests.certificates import approved, given, staged, submitted
from tests.holdings import give
from tests.samples import picture


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


def grant(cast, member):
    """The member as a reviewer, and as the one who asks."""
    with transaction():
        locked(Member, member.id).reviews = True
    return cast.actor(db.session.get_one(Member, member.id))


def titles(wanted=None, *, by):
    return [row.certificate.title for row in queue(QueueWanted.read(wanted or {}), by=by).rows]


def submit(cast, type_, title, *, by=None, **fields):
    return submitted(cast, type_, by=cast.actor(by) if by else None, title=title, **fields).id


@contextmanager
def statements():
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_others):
        seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


# The queue


def test_what_waits_comes_oldest_first_and_only_from_the_reviewers_scope(cast, ceu):
    submit(cast, ceu, "Of Max")
    submit(cast, ceu, "Of Mia", by=cast.mia)
    submit(cast, ceu, "Of Una", by=cast.una)
    assert titles(by=cast.actor(cast.ada)) == ["Of Max", "Of Mia", "Of Una"]
    nora = grant(cast, cast.nora)
    assert titles(by=nora) == ["Of Max"]
    assert queue(QueueWanted(), by=nora).counts == dict.fromkeys(State, 0) | {State.PENDING: 1, "all": 1}
    assert (backlog(by=nora).count, backlog(by=cast.actor(cast.ada)).count) == (1, 3)
    for member in (cast.max, cast.carl):
        with pytest.raises(NotAllowed):
            queue(QueueWanted(), by=cast.actor(member))
    with organization_scope(cast.clinic.id):
        assert titles({"state": "all"}, by=cast.actor(cast.ken)) == []
        assert backlog(by=cast.actor(cast.ken)).count == 0
        assert queue(QueueWanted(), by=cast.actor(cast.ken)).counts["all"] == 0


def test_deactivated_members_are_left_out_unless_asked_for(cast, ceu):
    submit(cast, ceu, "Of Max")
    with transaction():
        locked(Member, cast.max.id).deactivated_at = clock.now()
    ada = cast.actor(cast.ada)
    assert titles(by=ada) == []
    assert (backlog(by=ada).count, backlog(by=ada).oldest) == (0, None)
    assert titles({"member": str(cast.max.id)}, by=ada) == ["Of Max"]


def test_filters_narrow_by_state_type_unit_and_learner(cast, ceu):
    ada, cpd = cast.actor(cast.ada), certificates.credit_type("CPD")
    submit(cast, ceu, "A")
    submit(cast, cpd, "B", by=cast.mia)
    refused = submitted(cast, ceu, title="C")
    reviews.decline(refused, reason="No name.", by=ada)
    assert titles({"credit_type": str(cpd.id)}, by=ada) == ["B"]
    assert titles({"unit": str(cast.north.id)}, by=ada) == ["A"]
    assert titles({"unit": "none"}, by=ada) == []
    assert titles({"search": "soderstrom"}, by=ada) == titles({"search": "1005"}, by=ada) == ["B"]
    assert titles({"state": "declined"}, by=ada) == ["C"]
    assert titles({"state": "all"}, by=ada) == ["C", "B", "A"]
    assert queue(QueueWanted(unit=str(cast.north.id)), by=ada).counts[State.DECLINED] == 1


def test_a_unit_that_moves_takes_its_learners_along(cast, ceu):
    """The statements are kept, and ask of the units as they are now."""
    submit(cast, ceu, "A")
    ada = cast.actor(cast.ada)
    of_units = [{"unit": str(unit.id)} for unit in (cast.north, cast.south)]
    assert [titles(each, by=ada) for each in of_units] == [["A"], []]
    with transaction():
        locked(Unit, cast.engine.id).parent_id = cast.south.id
    assert [titles(each, by=ada) for each in of_units] == [[], ["A"]]


@pytest.mark.parametrize("field", ["state", "credit_type", "unit", "member", "after", "before"])
@pytest.mark.parametrize("value", ["x", "\x00", "-1", "99999999999999999999", "1,2", "é", "\ud800", "[]"])
def test_nonsense_is_as_if_it_had_not_been_asked(cast, ceu, field, value):
    submit(cast, ceu, "A")
    assert titles({field: value}, by=cast.actor(cast.ada)) == ["A"]


def _crowd(cast, type_, number, *, state=State.PENDING):
    """So many more certificates of Max, with their revisions, submitted (and decided) a minute after each other."""
    start = clock.now() - timedelta(days=2)
    decided = {} if state == State.PENDING else {"decided_by_id": cast.ada.id, "reason": "x"}
    with transaction() as session:
        made = [
            ExternalCertificate(
                member_id=cast.max.id, credit_type_id=type_.id, title=f"Crowd {each:03}", state=state,
                claimed_credits=Decimal(1), earned_on=certificates.EARNED, submission_key=f"crowd-{state}-{each}",
                created_at=start, submitted_at=start + timedelta(minutes=each // 2),
                decided_at=start + timedelta(minutes=each // 2) if decided else None, **decided,
            )
            for each in range(number)
        ]  # fmt: skip
        session.add_all(made)
        session.flush()
        session.add_all(
            Revision(external_certificate_id=each.id, number=1, digest=each.digest(), facts=each.facts(), files=[],
                     submitted_by_id=cast.max.id, created_at=start)
            for each in made
        )  # fmt: skip


@pytest.mark.parametrize("state", ["pending", "declined", "all"])
def test_pages_hold_everything_once_in_order_forwards_and_back(cast, ceu, state):
    _crowd(cast, ceu, 2 * PAGE + 7, state=State.DECLINED if state == "declined" else State.PENDING)
    ada, pages = cast.actor(cast.ada), []
    shown = queue(QueueWanted(state=state), by=ada)
    while True:
        pages.append([row.certificate.title for row in shown.rows])
        if not shown.following:
            break
        shown = queue(QueueWanted(state=state, after=shown.following), by=ada)
    back = [pages[-1]]
    while shown.preceding:
        shown = queue(QueueWanted(state=state, before=shown.preceding), by=ada)
        back.insert(0, [row.certificate.title for row in shown.rows])
    assert back == pages
    everything = [title for page in pages for title in page]
    assert [len(page) for page in pages] == [PAGE, PAGE, 7]
    assert everything == sorted(everything, reverse=state != "pending")


def test_the_number_of_statements_does_not_grow(cast, ceu):
    ada = cast.actor(cast.ada)

    def count():
        db.session.rollback()
        with statements() as seen:
            for row in queue(QueueWanted(), by=ada).rows:
                _ = row.certificate.unit, row.credit_type.name, row.name, row.decided_by
        return len([each for each in seen if each.startswith(("SELECT", "WITH"))])

    _crowd(cast, ceu, 1)
    few = count()
    with transaction() as session:
        session.execute(sa.update(ExternalCertificate).values(title="Other"))
    _crowd(cast, certificates.credit_type("CPD"), PAGE, state=State.DECLINED)
    for each in range(5):
        submit(cast, ceu, f"More {each}", by=cast.mia)
    assert count() == few <= 6


def test_the_plan_of_the_queue_walks_its_partial_index(cast, on, ceu):
    if on != "sqlite":
        return
    _crowd(cast, ceu, 2 * PAGE)
    ada = cast.actor(cast.ada)
    last = queue(QueueWanted(), by=ada).rows[-1].certificate
    for after in ("", Cursor(last.submitted_at, last.id).word()):
        with statements() as seen:
            queue(QueueWanted(after=after), by=ada)
        statement = next(each for each in seen if "ORDER BY" in each and "external_certificate.submitted_at" in each)
        assert "state = ?" not in statement, "it would be planned anew each time"
        with db.engine.connect() as connection:
            parameters = ["pending"] * statement.count("?")
            explained = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(parameters))
            plan = [(row[1], row[3]) for row in explained]
        sorts = {part for part, line in plan if "TEMP B-TREE" in line}  # who opened them, which are few
        assert not [line for part, line in plan if part in sorts and "external_certificate" in line], plan
        assert any("audit_event USING INDEX ix_audit_event_subject" in line for _, line in plan), plan


# What comes next


def test_next_is_the_oldest_after_it_then_the_oldest_of_all_and_never_ones_own(cast, ceu):
    ada = cast.actor(cast.ada)
    first, own, second, third = (
        submit(cast, ceu, "1"), submit(cast, ceu, "own", by=cast.ada), submit(cast, ceu, "2"), submit(cast, ceu, "3"),
    )  # fmt: skip

    def following(certificate_id, by=ada, **wanted):
        return next_to_decide(
            QueueWanted(**wanted), after=db.session.get_one(ExternalCertificate, certificate_id), by=by
        )

    assert [following(each) for each in (first, own, second, third)] == [second, second, third, first]
    assert following(third, by=grant(cast, cast.carl)) == first
    assert following(first, by=grant(cast, cast.carl)) == own
    assert following(first, search="lindgren") is None
    for each in (second, third):
        reviews.decline(db.session.get_one(ExternalCertificate, each), reason="x", by=ada)
    assert following(first) is None


def test_what_an_administrator_submitted_for_another_is_not_theirs_to_decide(cast, ceu):
    from dataclasses import replace

    first = submit(cast, ceu, "1")
    behind = replace(cast.actor(cast.max), administrator_id=cast.ada.id, administrator_name="Ada Lindgren")
    other = submitted(cast, ceu, by=behind, title="For Max")
    ada = cast.actor(cast.ada)
    assert next_to_decide(QueueWanted(), after=db.session.get_one(ExternalCertificate, first), by=ada) is None
    rows = {row.certificate.id: row.certificate for row in queue(QueueWanted(), by=ada).rows}
    assert (rows[first].may_be_reviewed, rows[other.id].may_be_reviewed) == (True, False)
    page = review_page(other.id, by=ada)
    assert (page.may_review, list(page.others)) == (False, [])
    grant(cast, cast.carl)
    assert [each.name for each in review_page(other.id, by=ada).others] == ["Carl Okafor"]


def test_the_list_says_who_has_it_open_and_what_the_asker_saw(cast, ceu):
    certificate = submitted(cast, ceu)
    ada, carl = cast.actor(cast.ada), grant(cast, cast.carl)

    def row(by):
        return queue(QueueWanted(), by=by).rows[0]

    assert (row(ada).seen, row(ada).opened_by) == ("never", None)
    audit.opened(certificate, by=ada)
    assert row(ada).seen == "seen"
    assert row(carl).opened_by.reviewer == "Ada Lindgren"
    learner = cast.actor(cast.max)
    kept = [scan.id for scan in db.session.get_one(ExternalCertificate, certificate.id).scans]
    submissions.edit(
        certificate, given(ceu, title="Edited"), Files("", kept=kept), seen=certificate.digest(), by=learner
    )
    assert row(ada).seen == "changed"


def test_an_opening_of_long_ago_is_not_said_of_others(cast, ceu, monkeypatch):
    certificate = submitted(cast, ceu)
    carl, now = grant(cast, cast.carl), clock.now()
    monkeypatch.setattr(clock, "now", lambda: now - timedelta(hours=1))
    audit.opened(certificate, by=carl)
    monkeypatch.undo()
    assert queue(QueueWanted(), by=cast.actor(cast.ada)).rows[0].opened_by is None


# A certificate's page


def test_the_page_is_for_reviewers_who_have_the_learner_in_scope(cast, ceu):
    certificate_id = submit(cast, ceu, "Of Mia", by=cast.mia)
    assert review_page(certificate_id, by=cast.actor(cast.ada)).may_review
    with pytest.raises(NotAllowed):
        review_page(certificate_id, by=cast.actor(cast.carl))
    with pytest.raises(NotFound):
        review_page(certificate_id, by=grant(cast, cast.nora))
    with organization_scope(cast.clinic.id), pytest.raises(NotFound):
        review_page(certificate_id, by=cast.actor(cast.ken))
    for nobodys in (0, 10**6, 2**63):
        with pytest.raises(NotFound):
            review_page(nobodys, by=cast.actor(cast.ada))


def test_the_same_bytes_and_numbers_seen_before_are_said_once_each(cast, ceu):
    front = picture("PNG", colour="red")
    give(cast.mia, cast.emt, 200, number="sfa-77", files={"card.png": front})
    give(cast.una, cast.forklift, 200, number="see notes")
    number = {"number": "SFA-77"}
    key = staged(cast.actor(cast.max), front)
    made = submissions.submit(given(ceu, **number), Files(key), by=cast.actor(cast.max)).certificate_id
    submit(cast, ceu, "Without digits", by=cast.una, number="see notes")
    page = review_page(made, by=cast.actor(cast.ada))
    (seen,) = page.warnings.seen_before
    assert (seen.same_file, seen.same_number, seen.member.name) == (True, True, "Mia Söderström")
    assert seen.certification.number == "sfa-77"
    assert not page.warnings.above_largest
    other = submit(cast, ceu, "Without digits either", number="SEE NOTES", by=cast.mia)
    files = review_page(other, by=cast.actor(cast.ada)).warnings.seen_before
    assert not any(each.same_number for each in files)


def test_another_certificate_with_the_same_number_is_said_unless_withdrawn(cast, ceu):
    ada, mia = cast.actor(cast.ada), cast.actor(cast.mia)
    key = staged(mia, b"other bytes")
    theirs = submissions.submit(given(ceu, title="Theirs", number="A 1"), Files(key), by=mia).certificate_id
    mine = submit(cast, ceu, "Mine", number="a 1")
    assert [each.certificate.title for each in review_page(mine, by=ada).warnings.seen_before] == ["Theirs"]
    submissions.withdraw(db.session.get_one(ExternalCertificate, theirs), by=mia)
    assert not review_page(mine, by=ada).warnings


def test_a_warning_names_another_member_only_to_those_who_may_see_them(cast, ceu):
    give(cast.mia, cast.emt, 200, number="SFA-77")
    submit(cast, ceu, "Of Mia", by=cast.mia, number="SFA-77")
    certificate_id = submit(cast, ceu, "Of Max", number="SFA-77")
    by_nora = review_page(certificate_id, by=grant(cast, cast.nora)).warnings.seen_before
    assert len(by_nora) == 2
    assert all(each.record is None and each.member is None and each.same_number for each in by_nora)
    by_ada = review_page(certificate_id, by=cast.actor(cast.ada)).warnings.seen_before
    assert {each.member.name for each in by_ada} == {"Mia Söderström"}


def test_nothing_of_another_organization_is_seen_before(cast, ceu):
    with organization_scope(cast.clinic.id):
        give(cast.other_max, cast.clinic_emt, 100, number="SFA-77", files={"a.png": picture()})
    certificate_id = submit(cast, ceu, "Mine", number="SFA-77")
    assert not review_page(certificate_id, by=cast.actor(cast.ada)).warnings


def test_a_claim_above_the_types_largest_amount_is_said(cast):
    small = certificates.credit_type("CEU", largest_claim=Decimal("2.00"))
    assert review_page(submit(cast, small, "A"), by=cast.actor(cast.ada)).warnings.above_largest
    assert not review_page(submit(cast, small, "B", credits=Decimal(2)), by=cast.actor(cast.ada)).warnings.above_largest


def test_what_came_of_an_approval_is_no_warning(cast, ceu):
    from datetime import date

    from records.services.certification_steps import Entry

    certificate = submitted(cast, ceu, number="SFA-77")
    entry = Entry(cast.emt.id, date(2030, 1, 1), number="SFA-77")
    approval = Approval(certificate.claimed_credits)
    reviews.approve(certificate, approval, seen=certificate.digest(), by=cast.actor(cast.ada), track=entry)
    page = review_page(certificate.id, by=cast.actor(cast.ada))
    assert (page.became.title, bool(page.warnings)) == ("EMT-Basic", False)


def test_an_edit_since_the_last_opening_says_what_changed(cast, ceu):
    certificate, ada = submitted(cast, ceu), cast.actor(cast.ada)
    certificate_id = certificate.id
    audit.opened(certificate, by=ada)
    assert review_page(certificate_id, by=ada).edited is None
    certificate = db.session.get_one(ExternalCertificate, certificate_id)
    files = Files("", kept=[scan.id for scan in certificate.scans])
    submissions.edit(certificate, given(ceu, title="New"), files, seen=certificate.digest(), by=cast.actor(cast.max))
    edited = review_page(certificate_id, by=ada).edited
    assert (edited.number, list(edited.fields)) == (1, [("title", "Ladder rescue", "New")])
    audit.opened(db.session.get_one(ExternalCertificate, certificate_id), by=ada)
    assert review_page(certificate_id, by=ada).edited, "still said when the page is loaded again"


def test_the_page_shows_what_was_submitted_before_and_no_more_than_fits(cast, ceu):
    ada = cast.actor(cast.ada)
    first = approved(cast, ceu, title="Before").id
    certificate_id = submit(cast, ceu, "Now")
    submit(cast, ceu, "Of Mia", by=cast.mia)
    page = review_page(certificate_id, by=ada)
    assert ([each.id for each in page.before], page.more_before) == ([first], False)
    _crowd(cast, ceu, 15)
    found, more = certificates_of(db.session.get_one(Member, cast.max.id), by=ada)
    assert (len(found), more) == (approvals.MOST_OF_A_MEMBER, True)
    with pytest.raises(NotFound):
        certificates_of(db.session.get_one(Member, cast.mia.id), by=grant(cast, cast.nora))


def test_the_history_leaves_out_who_looked(cast, ceu):
    certificate, ada = submitted(cast, ceu), cast.actor(cast.ada)
    audit.opened(certificate, by=ada)
    reviews.request_changes(certificate, reason="Add the back side.", by=ada)
    page = review_page(certificate.id, by=ada)
    assert [(each.kind.partition(".")[2], each.who, each.words) for each in page.history] == [
        ("submitted", "Max Miller", ""),
        ("changes_requested", "Ada Lindgren", "Add the back side."),
    ]


def test_the_statements_of_a_page_do_not_grow(cast, ceu):
    ada = cast.actor(cast.ada)
    certificate_id = submit(cast, ceu, "Now", number="SFA-1")

    def count():
        db.session.rollback()
        with statements() as seen:
            page = review_page(certificate_id, by=ada)
            _ = [each.credit_type.name for each in page.before]
            _ = [each.member.name for each in page.warnings.seen_before]
        return len([each for each in seen if each.startswith(("SELECT", "WITH"))])

    few = count()
    for number in range(6):
        submit(cast, certificates.credit_type(f"Type {number}"), f"Other {number}", number="SFA-1")
        submit(cast, ceu, f"Theirs {number}", by=cast.mia, number="SFA-1")
        give(cast.una, cast.emt, 100 + number, number="SFA-1")
    assert count() == few


def test_a_trail_of_another_organization_opens_nothing(cast, ceu):
    """The audit trail is no table of an organization: its condition is written by hand."""
    certificate = submitted(cast, ceu)
    audit.opened(certificate, by=grant(cast, cast.carl))
    with transaction() as session:
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.kind == "external_certificate.opened")).one()
        detail = AuditDetail.of(cast.actor(cast.ken), before={}, after=event.detail.after)
        session.add(
            AuditEvent(
                organization_id=cast.clinic.id, at=clock.now(), kind=event.kind, actor_kind="member",
                actor_member_id=cast.ken.id, subject_kind=event.subject_kind, subject_id=certificate.id,
                detail_digest=detail.digest(), detail=detail,
            )
        )  # fmt: skip
    assert review_page(certificate.id, by=cast.actor(cast.ada)).opened_by.reviewer == "Carl Okafor"
