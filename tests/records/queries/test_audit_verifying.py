"""Every way to forge the trail behind the program's back, with its triggers gone, is found and named."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from records import clock
from records.database import db
from records.models import AuditDetail, AuditEvent
from records.models.base import Instant
from records.models.sealing import HASHED, PERSONAL, hash_of, plain
from records.queries.audit_chains import Head, head_of, lines
from records.queries.audit_verifying import verify
from records.services.sealing import seal
from tests.tampering import unguarded
from tests.trails import faults, note, note_visitor, sealed, verified

EVENTS, DETAILS = AuditEvent.__table__, AuditDetail.__table__
AT = datetime(2001, 2, 3, tzinfo=UTC)


def another(column):
    if column.name in ("before", "after"):
        return {"forged": 1}
    return AT if isinstance(column.type, Instant) else {int: 4_000, str: "f" * 8}[column.type.python_type]


def forge(event_id, table=EVENTS, **values):
    key = table.c.id if table is EVENTS else table.c.event_id
    with unguarded() as connection:
        assert connection.execute(table.update().where(key == event_id).values(**values)).rowcount == 1


def remove(*ids):
    with unguarded() as connection:
        connection.execute(DETAILS.delete().where(DETAILS.c.event_id.in_(ids)))
        assert connection.execute(EVENTS.delete().where(EVENTS.c.id.in_(ids))).rowcount == len(ids)


def row(event_id):
    with db.engine.connect() as connection:
        return dict(connection.execute(EVENTS.select().where(EVENTS.c.id == event_id)).mappings().one())


def resealed(event, **forged):
    """The row with a hash that fits what it says."""
    made = event | forged
    return made | {"hash": hash_of(plain(made))}


def at(event_id):
    return f"audit_event {event_id}"


def test_every_column_is_under_the_hash_or_the_digest():
    assert {*HASHED, "hash"} == set(EVENTS.columns.keys())
    assert {*PERSONAL, "event_id", "erased_at"} == set(DETAILS.columns.keys())


def test_what_nobody_touched_is_whole(cast):
    sealed(cast, 3)
    note_visitor()
    seal()
    note(cast, 2)
    found = verified()
    assert [each.is_whole for each in found.values()] == [True, True]
    fire = found[cast.fire.id]
    assert (fire.sealed, fire.waiting, fire.head) == (3, 2, head_of(cast.fire.id))
    assert fire.waiting_since <= clock.now().isoformat()
    assert (found[None].sealed, found[None].head.sequence) == (1, 1)


@pytest.mark.parametrize("column", [name for name in HASHED if name not in ("id", "sequence", "organization_id")])
def test_a_changed_column(cast, column):
    ids = sealed(cast, 5)
    forge(ids[2], **{column: another(EVENTS.c[column])})
    kinds = {kind for kind, record in faults(cast) if record == at(ids[2])}
    assert "event_changed" in kinds
    assert {record for _kind, record in faults(cast)} == {at(ids[2])}


def test_an_event_under_another_id(cast):
    ids = sealed(cast, 3)
    with unguarded() as connection:
        connection.execute(DETAILS.delete().where(DETAILS.c.event_id == ids[1]))
        connection.execute(EVENTS.update().where(EVENTS.c.id == ids[1]).values(id=4_000))
    assert faults(cast) == [("event_changed", at(4_000)), ("detail_missing", at(4_000))]


def test_an_event_moved_to_another_organization(cast):
    ids = sealed(cast, 3)
    forge(ids[1], organization_id=cast.clinic.id)
    found = verified()
    assert found[cast.fire.id].faults == {"event_missing": 1}
    assert found[cast.clinic.id].faults == {"event_missing": 1, "event_changed": 1}


@pytest.mark.parametrize(("gone", "named"), [([0], 1), ([1], 2), ([0, 1], 2), ([1, 2, 3], 4)])
def test_an_event_that_is_missing(cast, gone, named):
    ids = sealed(cast, 5)
    remove(*(ids[each] for each in gone))
    assert faults(cast) == [("event_missing", at(ids[named]))]
    seal()
    assert faults(cast) == [("event_missing", at(ids[named]))]


def test_the_rest_moved_up_after_one_is_gone(cast):
    ids = sealed(cast, 4)
    remove(ids[1])
    for number, event_id in enumerate(ids[2:], 2):
        forge(event_id, sequence=number)
    assert faults(cast) == [
        ("event_unlinked", at(ids[2])), ("event_changed", at(ids[2])), ("event_changed", at(ids[3])),
    ]  # fmt: skip


def test_two_that_changed_places(cast):
    ids = sealed(cast, 4)
    for event_id, number in ((ids[1], 99), (ids[2], 2), (ids[1], 3)):
        forge(event_id, sequence=number)
    found = faults(cast)
    assert {record for _kind, record in found} == {at(ids[1]), at(ids[2]), at(ids[3])}
    assert ("event_unlinked", at(ids[2])) in found


def test_two_that_changed_places_with_hashes_that_fit(cast):
    ids = sealed(cast, 4)
    one, two = row(ids[1]), row(ids[2])
    forge(ids[1], sequence=99)
    forge(ids[2], **resealed(two, sequence=2))
    forge(ids[1], **resealed(one, sequence=3))
    assert ("event_unlinked", at(ids[2])) in faults(cast)


def test_one_that_was_put_in_between(cast):
    ids = sealed(cast, 3)
    forged = {"id": 4_000, "once_key": None, "sequence": 2}
    with unguarded() as connection:
        connection.execute(EVENTS.update().where(EVENTS.c.id == ids[2]).values(sequence=4))
        connection.execute(EVENTS.update().where(EVENTS.c.id == ids[1]).values(sequence=3))
        detail = connection.execute(DETAILS.select().where(DETAILS.c.event_id == ids[0])).mappings().one()
        connection.execute(EVENTS.insert().values(**resealed(row(ids[0]), **forged)))
        connection.execute(DETAILS.insert().values(**{**detail, "event_id": 4_000}))
    assert ("event_unlinked", at(4_000)) in faults(cast)
    assert ("event_changed", at(ids[1])) in faults(cast)


def test_a_changed_event_with_a_hash_that_fits_no_longer_holds_the_next(cast):
    ids = sealed(cast, 3)
    forge(ids[1], **resealed(row(ids[1]), kind="member.created"))
    assert faults(cast) == [("event_unlinked", at(ids[2]))]


@pytest.mark.parametrize("tail", ["a" * 64, "", None])
def test_a_forged_hash_at_the_end(cast, tail):
    ids = sealed(cast, 3)
    forge(ids[2], hash=tail)
    assert faults(cast) == [("event_changed", at(ids[2]))]


def test_a_forged_event_at_the_end(cast):
    ids = sealed(cast, 2)
    (late,) = note(cast)
    forge(late, sequence=3, previous_hash="b" * 64, hash="c" * 64, sealed_at=AT)
    assert faults(cast) == [("event_unlinked", at(late)), ("event_changed", at(late))]
    assert late > ids[1]


@pytest.mark.parametrize("number", [0, -1, 9, 2**62])
def test_a_number_out_of_turn(cast, number):
    ids = sealed(cast, 4)
    forge(ids[2], sequence=number)
    assert ("event_changed", at(ids[2])) in faults(cast)
    assert {"event_missing", "event_out_of_order"} & {kind for kind, _record in faults(cast)}
    note(cast, 2)
    seal()
    assert ("event_changed", at(ids[2])) in faults(cast)


@pytest.mark.parametrize("column", PERSONAL)
def test_a_changed_value_of_a_detail(cast, column):
    ids = sealed(cast, 3)
    forge(ids[1], DETAILS, **{column: another(DETAILS.c[column])})
    assert faults(cast) == [("detail_changed", at(ids[1]))]


def test_the_detail_of_another_event(cast):
    ids = sealed(cast, 3)
    with unguarded() as connection:
        other = connection.execute(DETAILS.select().where(DETAILS.c.event_id == ids[2])).mappings().one()
    forge(ids[1], DETAILS, **{name: other[name] for name in PERSONAL})
    assert faults(cast) == [("detail_changed", at(ids[1]))]


def test_a_detail_that_is_gone(cast):
    ids = sealed(cast, 3)
    with unguarded() as connection:
        connection.execute(DETAILS.delete().where(DETAILS.c.event_id == ids[1]))
    assert faults(cast) == [("detail_missing", at(ids[1]))]


def test_a_detail_changed_before_its_event_is_sealed(cast):
    (waiting,) = note(cast)
    forge(waiting, DETAILS, after={})
    assert faults(cast) == [("detail_changed", at(waiting))]
    seal()
    assert faults(cast) == [("detail_changed", at(waiting))]


def test_an_erased_detail_is_told_from_a_broken_one(cast):
    ids = sealed(cast, 3)
    empty = {"salt": "", "actor_name": "", "administrator_name": "", "address": "", "before": {}, "after": {}}
    with db.engine.begin() as connection:  # as an erasure does it, with the triggers in force
        for event_id, values in ((ids[0], empty), (ids[1], {"before": {}, "after": {}})):
            erased = DETAILS.update().where(DETAILS.c.event_id == event_id)
            connection.execute(erased.values(**values, erased_at=clock.now()))
    fire = verified()[cast.fire.id]
    assert (fire.is_whole, fire.erased, fire.erased_in_part) == (True, 2, 1)


def test_a_seal_without_a_number_is_no_waiting_event(cast):
    ids = sealed(cast, 3)
    forge(ids[1], sequence=None)
    assert faults(cast) == [("event_missing", at(ids[2])), ("event_half_sealed", at(ids[1]))]
    note(cast)
    seal()  # and does not keep others from being sealed
    assert verified()[cast.fire.id].head.sequence == 4
    assert faults(cast) == [("event_missing", at(ids[2])), ("event_half_sealed", at(ids[1]))]


def test_all_seals_taken_off(cast):
    sealed(cast, 2)
    noted = {cast.fire.id: [head_of(cast.fire.id)]}
    with unguarded() as connection:
        connection.execute(EVENTS.update().values(sequence=None, previous_hash=None, hash=None, sealed_at=None))
    assert faults(cast) == []  # nothing tells it from a trail that was never sealed, but what was noted
    assert faults(cast, noted) == [("head_missing", "the chain")]


def test_an_end_that_is_cut_off_shows_against_a_noted_head(cast):
    ids = sealed(cast, 5)
    noted = {cast.fire.id: [Head(2, row(ids[1])["hash"]), head_of(cast.fire.id)]}
    assert faults(cast, noted) == []
    remove(ids[4])
    assert faults(cast) == []  # the chain alone cannot know
    assert faults(cast, noted) == [("head_missing", "the chain")]
    sealed(cast, 1)  # and another event in its place does not hide it
    assert faults(cast) == []
    assert [kind for kind, _record in faults(cast, noted)] == ["head_differs"]


def test_a_chain_rewritten_to_its_end_shows_against_a_noted_head(cast):
    ids = sealed(cast, 4)
    noted = {cast.fire.id: [head_of(cast.fire.id)]}
    previous = row(ids[0])["hash"]
    for event_id in ids[1:]:
        made = resealed(row(event_id), previous_hash=previous, actor_member_id=4_000)
        forge(event_id, **made)
        previous = made["hash"]
    assert faults(cast) == []
    assert faults(cast, noted) == [("head_differs", at(ids[3]))]


def test_a_chain_that_is_gone_shows_against_a_noted_head(cast):
    noted = {4_000: [Head(3, "a" * 64)], cast.fire.id: [Head(1, "b" * 64)]}
    found = verified(noted)
    assert [found[each].faults for each in noted] == [{"head_missing": 1}, {"head_missing": 1}]


def test_of_very_many_faults_the_first_are_named_and_all_are_counted(cast):
    ids = sealed(cast, 120)
    with unguarded() as connection:
        connection.execute(EVENTS.update().values(actor_member_id=4_000))
    fire = verified()[cast.fire.id]
    assert (len(fire.breaks), fire.faults.total()) == (100, len(ids))


def test_one_number_twice(cast):
    """As where the index was taken off; the lines say the same."""
    sealed(cast, 3)
    first, second, third = lines([cast.fire.id])
    found = verify([first, second, second, third])[cast.fire.id]
    assert found.faults == {"event_out_of_order": 1}


def test_pages_leave_no_event_out(cast, monkeypatch):
    monkeypatch.setattr("records.queries.audit_chains._AT_ONCE", 4)
    sealed(cast, 9)
    note(cast, 8)
    fire = verified()[cast.fire.id]
    assert (fire.is_whole, fire.sealed, fire.waiting) == (True, 9, 8)


def test_a_clock_that_is_set_back_breaks_nothing(cast):
    now = clock.now()
    with clock.standing_at(now):
        sealed(cast, 2)
    with clock.standing_at(now - timedelta(days=400)):
        sealed(cast, 2)
    fire = verified()[cast.fire.id]
    assert (fire.is_whole, fire.sealed) == (True, 4)


def test_hashes_depend_on_nothing_but_what_is_written_down():
    """One that was made by hand, so that a later change of the form is noticed: what is sealed stays sealed."""
    event = plain(dict.fromkeys(HASHED) | {"id": 1, "at": AT, "kind": "member.changed", "request_id": "ä\n"})
    text = json.dumps(dict(sorted(event.items())), ensure_ascii=False).replace(": ", ":").replace(", ", ",")
    assert text.startswith('{"account_id":null,"actor_kind":null,"actor_member_id":null,"administrator_id":null,"at":')
    assert '"at":"2001-02-03T00:00:00.000000+00:00"' in text
    assert '"request_id":"ä\\n"' in text
    assert hash_of(event) == hashlib.sha256(text.encode()).hexdigest()
