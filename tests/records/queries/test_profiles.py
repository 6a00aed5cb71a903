"""What a profile shows: rows with their histories, and what changed since it was opened."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from records import clock
from records.database import db, locked, transaction
from records.errors import NotAllowed, NotFound
from records.models import Certification
from records.queries.profile_fields import Changed, Shown, changed_since
from records.queries.profiles import certification_for, deleted_certifications, profile_of
from records.services import certification_steps as steps
from records.services.certification_steps import Entry, record


def _hold(cast, days, issued=None, **fields):
    today = clock.today(cast.fire)
    with transaction():
        issued_on = None if issued is None else today + timedelta(days=issued)
        entry = Entry(cast.emt.id, today + timedelta(days=days), issued_on, **fields)
        return record(cast.max, entry, by=cast.actor(cast.ada)).id


def _rows(cast):
    profile = profile_of(cast.max.id, by=cast.actor(cast.ada))
    return [(row.certification.id, [each.id for each in row.history]) for row in profile.rows]


def test_a_chain_of_renewals_reads_as_one_history(cast):
    first = _hold(cast, -800)
    second = _hold(cast, -100, renews_id=first)
    third = _hold(cast, 600, renews_id=second)
    beside = _hold(cast, 300, number="another")
    assert _rows(cast) == [(third, [second, first]), (beside, [])]


def test_a_renewal_to_come_and_what_it_will_replace_are_two_rows(cast):
    first = _hold(cast, -800)
    second = _hold(cast, 20, renews_id=first)
    third = _hold(cast, 600, issued=10, renews_id=second)
    assert _rows(cast) == [(third, []), (second, [first])]


def test_a_deleted_link_leaves_each_end_a_row(cast):
    first = _hold(cast, -800)
    second = _hold(cast, -100, renews_id=first)
    third = _hold(cast, 600, renews_id=second)
    with transaction():
        steps.delete(locked(Certification, second), by=cast.actor(cast.ada))
    assert _rows(cast) == [(third, []), (first, [])]


def test_types_come_in_the_organizations_order(cast):
    later = _hold(cast, 600)
    with transaction() as session:
        session.get(type(cast.emt), cast.emt.id).position = 9
        entry = Entry(cast.forklift.id, clock.today(cast.fire))
        forklift = record(cast.max, entry, by=cast.actor(cast.ada)).id
    assert _rows(cast) == [(forklift, []), (later, [])]


def test_only_what_the_asker_may_change_counts_as_shown(cast):
    held = _hold(cast, 10)
    administrators = profile_of(cast.max.id, by=cast.actor(cast.ada)).shown.fields
    coordinators = profile_of(cast.max.id, by=cast.actor(cast.carl)).shown.fields
    assert administrators["given_name"] == "Max"
    assert {name.split("-")[1] for name in coordinators} == {str(held)}


def test_it_takes_few_statements(cast):
    for number in range(6):
        _hold(cast, 10 + number)
    actor, member_id, statements = cast.actor(cast.ada), cast.max.id, []
    db.session.expunge_all()

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    profile = profile_of(member_id, by=actor)
    today = clock.today(profile.member.organization)
    for each in profile.certifications:
        assert each.standing_on(today)
        assert each.type.name
        assert not each.scans
    event.remove(db.engine, "before_cursor_execute", note)
    assert len([each for each in statements if each.startswith("SELECT")]) <= 7


def test_out_of_scope_and_deleted_are_not_found(cast):
    held = _hold(cast, 10)
    for by in (cast.nora, cast.ken):
        with pytest.raises(NotFound):
            profile_of(cast.mia.id, by=cast.actor(by))
    with pytest.raises(NotAllowed):
        profile_of(cast.max.id, by=cast.actor(cast.max))
    with pytest.raises(NotAllowed):
        deleted_certifications(cast.max.id, by=cast.actor(cast.carl))
    with transaction():
        steps.delete(locked(Certification, held), by=cast.actor(cast.ada))
    with pytest.raises(NotFound):
        certification_for(held, by=cast.actor(cast.ada))
    assert profile_of(cast.max.id, by=cast.actor(cast.ada)).deleted == 1
    assert profile_of(cast.max.id, by=cast.actor(cast.carl)).deleted == 0


def test_what_changed_says_who_where_the_trail_does(cast):
    held = _hold(cast, 10)
    seen = profile_of(cast.max.id, by=cast.actor(cast.ada)).shown
    with transaction():
        certification = locked(Certification, held)
        entry = Entry(None, certification.expires_on, None, "new")
        steps.correct(certification, entry, by=cast.actor(cast.carl))
    now = profile_of(cast.max.id, by=cast.actor(cast.ada))
    assert changed_since(seen, now.shown, now.member) == [
        Changed("number", "", "new", "EMT-Basic", held, "Carl Okafor"),
    ]
    unsaid = Shown(seen.fields, now.shown.event_id)
    assert [change.who for change in changed_since(unsaid, now.shown, now.member)] == [""]
