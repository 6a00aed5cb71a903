"""Which certifications stand in a calendar feed, and what is said of each."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from records import clock
from records.database import choose_organization, db, locked, transaction
from records.errors import NotAllowed
from records.models import AuditEvent, AuditKind, Certification, CertificationType, FeedKind, Member
from records.queries import feed_events
from records.queries.feed_events import expiries
from tests.certificates import acting
from tests.holdings import give, today


def _own(member, cast):
    return [each.certification_id for each in expiries(FeedKind.OWN, on=today(), by=cast.actor(member))]


def _scope(member, cast):
    found_ = expiries(FeedKind.SCOPE, on=today(), by=cast.actor(member))
    return [(each.holder, each.type) for each in found_]


def test_a_members_own_the_soonest_first(cast):
    later, sooner = give(cast.max, cast.emt, 300), give(cast.max, cast.forklift, 20)
    give(cast.mia, cast.emt, 10)
    assert _own(cast.max, cast) == [sooner, later]
    assert _own(cast.una, cast) == []


def test_what_is_said_of_one(cast):
    certification_id = give(cast.max, cast.emt, 20, number="E-77")
    (one,) = expiries(FeedKind.OWN, on=today(), by=cast.actor(cast.max))
    assert (one.certification_id, one.member_id, one.type, one.holder) == (
        certification_id, cast.max.id, "EMT-Basic", "Max Miller",
    )  # fmt: skip
    assert one.expires_on == today() + timedelta(days=20)
    assert one.stages == (90, 30, 7, 0), "the day after is no alarm beforehand"
    assert one.changes == 0


def test_a_change_counts_up_and_is_dated(cast):
    certification_id = give(cast.max, cast.emt, 20)
    (before,) = expiries(FeedKind.OWN, on=today(), by=cast.actor(cast.max))
    with clock.standing_at(clock.now() + timedelta(hours=2)), transaction() as session:
        held = locked(Certification, certification_id)
        held.expires_on += timedelta(days=1)
        session.add(AuditEvent.of(AuditKind.CERTIFICATION_CORRECTED, held, by=cast.actor(cast.ada), at=clock.now()))
    (after,) = expiries(FeedKind.OWN, on=today(), by=cast.actor(cast.max))
    assert after.changes == before.changes + 1
    assert after.changed_at - before.changed_at >= timedelta(hours=2) - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("expires_in", "change", "stands"),
    [
        (-90, None, True),
        (-91, None, False),
        (0, None, True),
        (20, lambda held: held.delete(at=clock.now()), False),
        (20, lambda held: held.revoke(on=today(), reason="Forged."), False),
        (20, lambda held: held.revoke(on=today() + timedelta(days=1), reason="Forged."), True),
        (20, lambda held: held.suspend(on=today(), reason="Audit."), True),
    ],
)
def test_it_stands_in_it_as_long_as_its_end_means_something(cast, expires_in, change, stands):
    certification_id = give(cast.max, cast.emt, expires_in, change=change)
    assert _own(cast.max, cast) == [certification_id] * stands


def test_what_is_renewed_leaves_even_before_its_renewal_takes_effect(cast):
    first = give(cast.max, cast.emt, 20)
    renewal = give(cast.max, cast.emt, 700, issued_in=10, renews=first)
    assert _own(cast.max, cast) == [renewal]
    with transaction():
        locked(Certification, renewal).delete(at=clock.now())
    assert _own(cast.max, cast) == [first]


def test_a_later_one_of_its_type_silences_it_linked_or_not(cast):
    first = give(cast.max, cast.emt, 20)
    other = give(cast.max, cast.emt, 400)
    assert _own(cast.max, cast) == [other]
    with transaction():
        locked(Certification, other).revoke(on=today(), reason="Forged.")
    assert _own(cast.max, cast) == [first], "what is revoked silences nothing"
    assert _own(cast.mia, cast) == []


def test_a_retired_type_has_no_alarms(cast):
    give(cast.max, cast.emt, 20)
    with transaction():
        locked(CertificationType, cast.emt.id).retired_at = clock.now()
    (one,) = expiries(FeedKind.OWN, on=today(), by=cast.actor(cast.max))
    assert one.stages == ()


@pytest.fixture
def crew(cast):
    """One certification of each of three members, in different units."""
    for number, member in enumerate((cast.max, cast.mia, cast.una), start=1):
        give(member, cast.emt, 10 * number)


def test_a_scope_is_that_of_whoever_asks(cast, crew):
    everybody = [("Max Miller", "EMT-Basic"), ("Mia Söderström", "EMT-Basic"), ("Una Unassigned", "EMT-Basic")]
    assert _scope(cast.ada, cast) == everybody
    assert _scope(cast.carl, cast) == everybody
    assert _scope(cast.nora, cast) == everybody[:1]


def test_a_scope_holds_nobody_of_another_organization(cast, crew):
    choose_organization(cast.clinic.id)
    give(cast.other_max, cast.clinic_emt, 5)
    found_ = expiries(FeedKind.SCOPE, on=clock.today(cast.clinic), by=cast.actor(cast.ken))
    assert [each.member_id for each in found_] == [cast.other_max.id]


def test_deactivated_members_leave(cast, crew):
    with transaction():
        locked(Member, cast.mia.id).deactivated_at = clock.now()
    assert [name for name, _type in _scope(cast.ada, cast)] == ["Max Miller", "Una Unassigned"]


def test_members_have_no_scope_and_neither_has_who_is_logged_in_as_one(cast, crew):
    for asker in (cast.actor(cast.max), acting(cast, cast.carl, cast.ada)):
        with pytest.raises(NotAllowed):
            expiries(FeedKind.SCOPE, on=today(), by=asker)


def test_at_most_so_many_and_the_soonest_of_them(cast, crew, monkeypatch):
    monkeypatch.setattr(feed_events, "MOST", 2)
    assert [name for name, _type in _scope(cast.ada, cast)] == ["Max Miller", "Mia Söderström"]


def test_one_statement_however_many(cast, crew):
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    by = cast.actor(cast.ada)
    db.session.rollback()
    on = today()
    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert len(expiries(FeedKind.SCOPE, on=on, by=by)) == 3
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    assert len([statement for statement in asked if statement.lstrip().startswith("SELECT")]) == 1
