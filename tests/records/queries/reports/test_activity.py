"""Who did how much, from the audit trail."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from records import clock
from records.database import db, organization_scope, transaction
from records.models import AuditEvent, AuditKind, Member
from records.queries.audit_filters import TrailWanted
from records.queries.audit_trail import audit_trail
from records.queries.member_filters import Activity, Wanted
from records.queries.members import member_list
from records.queries.reports.activity import presence
from records.services import units
from tests.certificates import acting
from tests.holdings import give
from tests.records.queries.reports.asking import ask, statements


def _note(kind, by, at=None):
    with transaction() as session:
        session.add(AuditEvent.of(kind, by=by, at=at or clock.now()))


def _by_who(rows):
    return {row.member.given_name if row.member else row.actor_kind: row.number for row in rows}


def test_events_are_counted_by_who_did_them(cast):
    units.create("Station East", under=None, by=cast.actor(cast.ada))
    give(cast.max, cast.emt, 30)  # by a command
    _note(AuditKind.SIGNED_IN, cast.actor(cast.max))
    _note(AuditKind.CERTIFICATE_SUBMITTED, acting(cast, cast.max, cast.ada))
    rows = ask(cast, "activity")
    assert _by_who(rows) == {"Ada": 2, "command": 1, "Max": 1}
    assert rows.totals[0].number == 4


def test_events_are_counted_by_kind_as_the_trail_lists_them(cast):
    for _ in range(3):
        _note(AuditKind.SIGNED_IN, cast.actor(cast.max))
    units.create("Station East", under=None, by=cast.actor(cast.ada))
    rows = ask(cast, "activity", group="kind")
    assert [(row.kind, row.number) for row in rows] == [("account.signed_in", 3), ("unit.created", 1)]
    for row in rows:
        assert len(audit_trail(TrailWanted(kind=row.kind), by=cast.actor(cast.ada)).events) == row.number


def test_both_ways_add_up_to_all_events_of_the_organization(cast):
    _note(AuditKind.SIGNED_IN, cast.actor(cast.max))
    give(cast.max, cast.emt, 30)
    _note(AuditKind.SIGNED_IN, cast.actor(cast.ken))
    mine = select(func.count()).select_from(AuditEvent).where(AuditEvent.organization_id == cast.fire.id)
    number = db.session.scalar(mine)
    for group in ("kind", "actor"):
        assert ask(cast, "activity", group=group, period="ever").totals[0].number == number == 2
    with organization_scope(cast.clinic.id):
        assert _by_who(ask(cast, "activity", cast.ken)) == {"Ken": 1}


def test_only_what_happened_in_the_time_counts(cast):
    _note(AuditKind.SIGNED_IN, cast.actor(cast.max), at=clock.now() - timedelta(days=60))
    assert list(ask(cast, "activity")) == []
    assert _by_who(ask(cast, "activity", period="last_90")) == {"Max": 1}


def test_who_is_seen_lately_or_never_is_as_the_list_of_members_says(cast):
    with transaction() as session:
        session.get_one(Member, cast.max.id).last_seen_at = clock.now()
        session.get_one(Member, cast.mia.id).last_seen_at = clock.now() - timedelta(days=40)
        session.get_one(Member, cast.una.id).deactivated_at = clock.now()
    found = presence()
    assert (found[Activity.ACTIVE], found[Activity.LATELY], found[Activity.NEVER]) == (5, 1, 3)
    for word, number in found.items():
        assert member_list(Wanted(activity=word), by=cast.actor(cast.ada)).count == number


def test_statements_do_not_grow_with_people(cast):
    for each in (cast.max, cast.mia, cast.una):
        _note(AuditKind.SIGNED_IN, cast.actor(each))
    with statements() as seen:
        assert len({row.member.listed_name for row in ask(cast, "activity")}) == 3
    assert len([each for each in seen if "audit_event" in each]) == 1
