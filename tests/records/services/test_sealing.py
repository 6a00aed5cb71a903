"""Sealing: whoever seals, however many at once, killed or late, there is one chain without a gap."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

import pytest
import sqlalchemy as sa

from records import clock, jobs
from records.database import choose_organization, db, transaction
from records.models import AuditEvent, AuditKind
from records.queries.audit_chains import Head, head_of, waiting_chains
from records.queue import Queue
from records.services import sealing
from records.services.sealing import seal
from tests.records.services.test_certificates_at_once import PATIENCE, PROCESSES, Place
from tests.tampering import unguarded
from tests.trails import many, note, note_visitor, sealed, verified

EVENTS = AuditEvent.__table__


def numbers(organization_id):
    chained = sa.select(EVENTS.c.id).where(EVENTS.c.organization_id == organization_id, EVENTS.c.sequence.is_not(None))
    with db.engine.connect() as connection:
        return connection.scalars(chained.order_by(EVENTS.c.sequence)).all()


def test_each_organization_has_a_chain_and_so_have_events_without_one(cast):
    ids = sealed(cast, 3)
    note_visitor()
    choose_organization(cast.clinic.id)
    note_visitor()
    seal()
    assert numbers(cast.fire.id) == ids
    assert (head_of(cast.fire.id).sequence, head_of(None).sequence, head_of(cast.clinic.id)) == (3, 2, Head())
    assert waiting_chains() == []
    assert all(chain.is_whole for chain in verified().values())


def test_sealing_says_when_and_is_done_once(cast):
    note(cast, 2)
    with clock.standing_at(clock.now()):
        seal()
        before = head_of(cast.fire.id)
        seal()
        assert head_of(cast.fire.id) == before
        at = clock.now()
    db.session.rollback()
    assert set(db.session.scalars(sa.select(AuditEvent.sealed_at))) == {at}


def test_more_than_a_batch(cast, monkeypatch):
    monkeypatch.setattr(sealing, "_AT_ONCE", 4)
    ids = sealed(cast, 11)
    assert numbers(cast.fire.id) == ids


def test_an_event_that_is_committed_late_comes_later_in_the_chain(cast):
    """On PostgreSQL a transaction may take its id first and commit last."""
    first = sealed(cast, 1)[0]
    for late in (first + 10, first + 5):
        many(cast, 1, first=late)
        seal()
    assert numbers(cast.fire.id) == [first, first + 10, first + 5]
    assert verified()[cast.fire.id].is_whole


def seal_elsewhere(app):
    """In a thread with a connection of its own, to its end; how many seconds it took."""

    def run():
        with app.app_context():
            began = time.monotonic()
            seal()
            return time.monotonic() - began

    with ThreadPoolExecutor(1) as other:
        return other.submit(run).result()


def test_sealing_never_waits_long_for_a_busy_writer_and_takes_up_later(app, cast, caplog):
    """An import that holds the database for long: it neither waits for a seal nor makes the worker wait."""
    note(cast, 2)
    with transaction() as session:
        session.add(AuditEvent.of(AuditKind.UNIT_CREATED, by=cast.actor(cast.ada), at=clock.now()))
        session.flush()
        assert seal_elsewhere(app) < 5
        assert len(numbers(cast.fire.id)) <= 2  # PostgreSQL can seal beside it; what is not committed waits
    seal()
    assert len(numbers(cast.fire.id)) == 3
    assert verified()[cast.fire.id].is_whole


def test_no_writer_waits_long_while_very_much_is_sealed(app, cast):
    many(cast, 4_000)
    waited = []
    with ThreadPoolExecutor(1) as other:
        sealing_all = other.submit(lambda: seal_elsewhere(app))
        while not sealing_all.done():
            began = time.monotonic()
            note(cast)
            waited.append(time.monotonic() - began)
    assert max(waited) < 2
    seal()
    assert verified()[cast.fire.id].sealed == 4_000 + len(waited)


def test_a_chain_that_cannot_go_on_keeps_no_other_waiting(cast, caplog):
    """Its last number is the largest that there is."""
    ids = sealed(cast, 2)
    with unguarded() as connection:
        connection.execute(EVENTS.update().where(EVENTS.c.id == ids[1]).values(sequence=2**63 - 1))
    note(cast)
    note_visitor()
    seal()
    assert head_of(None).sequence == 1
    assert "is sealed later" in caplog.text
    assert "miller" not in caplog.text.lower()


def test_a_chain_that_another_worker_sealed_meanwhile_keeps_no_other_waiting(cast, monkeypatch):
    """It waited when the chains were listed, and nothing is left of it when its turn comes."""
    note_visitor()
    monkeypatch.setattr(sealing, "waiting_chains", lambda: [cast.fire.id, None])
    seal()
    assert (head_of(cast.fire.id).sequence, head_of(None).sequence) == (0, 1)


def _write(place, event, how_many, start, said):
    def act():
        for each in range(how_many):
            with transaction() as session:
                session.add(AuditEvent.of(AuditKind.MEMBER_CHANGED, by=event, at=clock.now(), after={"rows": each}))
        said.put(how_many)

    place.work(act, start)


def _seal_until(place, enough, start, said):
    """Seal without a pause, until so many are."""

    def act():
        while head_of(place.organization_id).sequence < enough:
            seal()
            db.session.rollback()
            time.sleep(0.005)
        said.put(0)

    place.work(act, start)


def test_two_workers_seal_one_chain_while_others_write(app, cast):
    place, ada, each = Place.of(app, cast.fire.id), cast.actor(cast.ada), 30
    start, said = PROCESSES.Event(), PROCESSES.Queue()
    works = [(_write, ada, each)] * 2 + [(_seal_until, 2 * each)] * 2
    processes = [PROCESSES.Process(target=work, args=(place, *given, start, said)) for work, *given in works]
    for process in processes:
        process.start()
    start.set()
    assert sum(said.get(timeout=PATIENCE) for _ in works) == 2 * each
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0] * 4
    fire = verified()[cast.fire.id]
    assert (fire.is_whole, fire.sealed, fire.head.sequence, fire.waiting) == (True, 2 * each, 2 * each, 0)


@pytest.mark.parametrize("kills", [pytest.param(2, id="2"), pytest.param(40, id="40", marks=pytest.mark.long)])
def test_a_sealer_that_is_killed_leaves_a_whole_chain(app, cast, kills):
    place, chance = Place.of(app, cast.fire.id), Random(kills)
    many(cast, 3_000 * kills)
    cut_short = 0
    for _ in range(kills):
        begun = head_of(cast.fire.id).sequence
        db.session.rollback()
        start, said = PROCESSES.Event(), PROCESSES.Queue()
        process = PROCESSES.Process(target=_seal_until, args=(place, 3_000 * kills, start, said))
        process.start()
        start.set()
        while head_of(cast.fire.id).sequence == begun and process.is_alive():
            db.session.rollback()
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.join(PATIENCE)
        fire = verified()[cast.fire.id]
        assert fire.is_whole
        cut_short += fire.waiting > 0
    assert cut_short
    seal()
    fire = verified()[cast.fire.id]
    assert (fire.is_whole, fire.sealed, fire.waiting) == (True, 3_000 * kills, 0)


def test_the_worker_seals_within_seconds_without_being_woken(app, cast, monkeypatch):
    """Beside jobs that take their time."""
    worker = jobs._Worker(Queue.at("memory://", {}))
    many(cast, 3)

    def seal_and_end():
        sealing.seal()
        worker.ended.set()

    monkeypatch.setitem(jobs._jobs, "seal", replace(jobs._jobs["seal"], run=seal_and_end))
    jobs._look(app, worker, ["seal"], 0.01)
    assert verified()[cast.fire.id].waiting == 0
    assert 0 < jobs._jobs["seal"].every_seconds <= 5
