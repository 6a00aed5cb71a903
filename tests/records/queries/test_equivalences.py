"""Which certification types count as which others."""

from __future__ import annotations

from records import clock
from records.database import organization_scope, transaction
from records.models import CertificationType, TypeEquivalence
from records.queries.equivalences import counting_as, counts_as


def _paramedic_counts_as_emt_and_instructor_as_paramedic(cast):
    with transaction() as session:
        paramedic = CertificationType(name="Paramedic", created_at=clock.now())
        instructor = CertificationType(name="Instructor", created_at=clock.now(), retired_at=clock.now())
        session.add_all([paramedic, instructor])
        session.flush()
        session.add(TypeEquivalence(type_id=paramedic.id, counts_as_id=cast.emt.id))
        session.add(TypeEquivalence(type_id=instructor.id, counts_as_id=paramedic.id))
        return paramedic.id, instructor.id


def test_a_type_counts_as_itself_alone_where_nothing_else_was_chosen(cast):
    alone = {cast.emt.id: frozenset({cast.emt.id}), cast.forklift.id: frozenset({cast.forklift.id})}
    assert counting_as() == alone
    assert counts_as() == {}


def test_what_counts_as_another_counts_as_all_that_this_counts_as(cast):
    paramedic, instructor = _paramedic_counts_as_emt_and_instructor_as_paramedic(cast)
    assert counting_as() == {
        cast.emt.id: frozenset({cast.emt.id, paramedic, instructor}),
        cast.forklift.id: frozenset({cast.forklift.id}),
        paramedic: frozenset({paramedic, instructor}),
        instructor: frozenset({instructor}),
    }
    assert counts_as() == {paramedic: frozenset({cast.emt.id}), instructor: frozenset({paramedic})}


def test_another_organization_has_types_of_its_own(cast):
    _paramedic_counts_as_emt_and_instructor_as_paramedic(cast)
    with organization_scope(cast.clinic.id):
        assert counting_as() == {cast.clinic_emt.id: frozenset({cast.clinic_emt.id})}
        assert counts_as() == {}
