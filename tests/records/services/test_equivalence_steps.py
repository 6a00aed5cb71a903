"""Which types a certification type counts as: chosen with the type, and never in a circle."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from records.database import choose_organization, db
from records.errors import Invalid, InvalidInput, NotAllowed, Stale, TypeInUse
from records.errors.requirements import CountsInACircle
from records.models import AuditEvent, AuditKind, CertificationType
from records.queries.equivalences import counts_as
from records.services import certification_types
from records.services.certification_types import TypeFacts


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def _type(type_id):
    return db.session.get_one(CertificationType, type_id, populate_existing=True)


def _count(type_id, *others, by):
    type_ = _type(type_id)
    return certification_types.change(type_, TypeFacts(type_.name, counts_as=frozenset(others)), by=by,
                                      version=type_.version)  # fmt: skip


@pytest.fixture
def paramedic(ada):
    return certification_types.create(TypeFacts("Paramedic", counts_as=frozenset()), by=ada).id


def test_it_is_chosen_with_the_type_and_on_record(cast, ada, paramedic):
    version = _type(paramedic).version
    assert _count(paramedic, cast.emt.id, by=ada)
    assert counts_as() == {paramedic: frozenset({cast.emt.id})}
    assert _type(paramedic).version > version
    event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert (event.kind, event.subject_id) == (AuditKind.EQUIVALENCES_CHOSEN, paramedic)
    assert (event.detail.before, event.detail.after) == ({"counts_as_ids": []}, {"counts_as_ids": [cast.emt.id]})
    assert not _count(paramedic, cast.emt.id, by=ada)
    assert _count(paramedic, by=ada)
    assert counts_as() == {}


def test_a_new_type_counts_as_others_at_once(cast, ada):
    made = certification_types.create(TypeFacts("Paramedic", counts_as=frozenset({cast.emt.id})), by=ada)
    assert counts_as() == {made.id: frozenset({cast.emt.id})}


def test_where_it_is_not_asked_it_stays(cast, ada, paramedic):
    _count(paramedic, cast.emt.id, by=ada)
    certification_types.change(_type(paramedic), TypeFacts("Medic"), by=ada, version=_type(paramedic).version)
    assert counts_as() == {paramedic: frozenset({cast.emt.id})}


def test_no_circle_of_whatever_length(cast, ada, paramedic):
    _count(paramedic, cast.emt.id, by=ada)
    _count(cast.emt.id, cast.forklift.id, by=ada)
    for type_id, others in (
        (cast.emt.id, [paramedic]),
        (cast.forklift.id, [paramedic]),
        (cast.forklift.id, [cast.emt.id]),
        (cast.forklift.id, [cast.forklift.id]),
    ):
        with pytest.raises(InvalidInput) as refusal:
            _count(type_id, *others, by=ada)
        assert isinstance(refusal.value.errors["counts_as"], CountsInACircle)
    assert counts_as() == {paramedic: frozenset({cast.emt.id}), cast.emt.id: frozenset({cast.forklift.id})}


def test_two_at_once_make_no_circle(app, cast, ada):
    ready, organization_id = Barrier(2), cast.fire.id

    def count(pair):
        with app.app_context():
            choose_organization(organization_id)
            type_id, other = pair
            ready.wait(timeout=20)
            try:
                return _count(type_id, other, by=ada)
            except (InvalidInput, Stale):
                return False
            finally:
                db.session.remove()

    pairs = [(cast.emt.id, cast.forklift.id), (cast.forklift.id, cast.emt.id)]
    db.session.rollback()
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(count, pairs))
    assert sorted(done) == [False, True]
    db.session.rollback()
    assert len(counts_as()) == 1


def test_unknown_foreign_and_newly_retired_types_are_no_choice(cast, ada, paramedic):
    certification_types.retire(_type(cast.forklift.id), by=ada)
    for other in (-1, 10**9, cast.clinic_emt.id, cast.forklift.id):
        with pytest.raises(InvalidInput) as refusal:
            _count(paramedic, other, by=ada)
        assert isinstance(refusal.value.errors["counts_as"], Invalid)


def test_a_type_that_was_retired_later_stays_chosen(cast, ada, paramedic):
    _count(paramedic, cast.emt.id, by=ada)
    certification_types.retire(_type(cast.emt.id), by=ada)
    assert _count(paramedic, cast.emt.id, cast.forklift.id, by=ada)
    assert counts_as()[paramedic] == {cast.emt.id, cast.forklift.id}


def test_a_type_in_use_by_another_is_not_deleted(cast, ada, paramedic):
    _count(paramedic, cast.emt.id, by=ada)
    for type_id in (paramedic, cast.emt.id):
        with pytest.raises(TypeInUse):
            certification_types.delete(_type(type_id), by=ada)


def test_whoever_may_not_change_types_may_not_choose(cast, paramedic):
    for asker in (cast.nora, cast.max):
        with pytest.raises(NotAllowed):
            _count(paramedic, cast.emt.id, by=cast.actor(asker))
    assert _count(paramedic, cast.emt.id, by=cast.actor(cast.carl))
