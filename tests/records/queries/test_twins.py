"""Who may be the same person, and finding anybody else."""

from __future__ import annotations

import pytest

from records import clock
from records.database import found, organization_scope, transaction
from records.errors import NotAllowed
from records.models import Member
from records.queries.twins import MOST, Likeness, found_besides, likely_twins
from tests.holdings import give
from tests.merging import merged


def _add(given, family, **fields):
    with transaction() as session:
        made = Member(given_name=given, family_name=family, created_at=clock.now(), **fields)
        session.add(made)
        session.flush()
        return made.id


def _twins(cast, member):
    return {each.member.id: set(each.alike) for each in likely_twins(found(Member, member.id), by=cast.actor(cast.ada))}


@pytest.mark.parametrize(
    ("given", "family", "fields", "alike"),
    [
        ("max", "MILLER", {}, {Likeness.NAME}),
        ("Máx", "Miller", {"number": "001004"}, {Likeness.NAME, Likeness.NUMBER}),
        ("Maximilian", "Miller", {"email": "max.miller@gmail.example"}, {Likeness.EMAIL}),
        ("Max", "Müller", {"number": "01004"}, {Likeness.NUMBER}),
    ],
)
def test_alike_in_name_number_or_address(cast, given, family, fields, alike):
    twin = _add(given, family, **fields)
    assert _twins(cast, cast.max) == {twin: alike}


@pytest.mark.parametrize(
    ("given", "family", "fields"),
    [
        ("Maxine", "Miller", {}),
        ("Moritz", "Maier", {"number": "10040", "email": "climax.miller@fire.example"}),
        ("Moritz", "Maier", {"email": "max.millers@fire.example"}),
    ],
)
def test_what_only_begins_or_ends_alike_is_no_twin(cast, given, family, fields):
    _add(given, family, **fields)
    assert _twins(cast, cast.max) == {}


def test_alike_in_the_number_of_a_certification_of_one_type(cast):
    give(cast.max, cast.emt, 300, number="E-1742")
    give(cast.mia, cast.emt, 100, number="e-1742")
    give(cast.una, cast.forklift, 100, number="E-1742")
    give(cast.max, cast.forklift, 300, number="pending")
    give(cast.carl, cast.forklift, 200, number="pending")
    assert _twins(cast, cast.max) == {cast.mia.id: {Likeness.CERTIFICATION}}


def test_most_alike_come_first_and_merged_ones_not_at_all(cast):
    once = _add("Max", "Miller")
    twice = _add("Max", "Miller", number="01004")
    ada = cast.actor(cast.ada)
    assert [each.member.id for each in likely_twins(found(Member, cast.max.id), by=ada)] == [twice, once]
    merged(cast.max, found(Member, twice), by=ada)
    assert _twins(cast, cast.max) == {once: {Likeness.NAME}}


def test_anybody_else_is_found_by_name_number_or_address(cast):
    ada, max_ = cast.actor(cast.ada), found(Member, cast.max.id)
    assert [each.id for each in found_besides(max_, "söder", by=ada).members] == [cast.mia.id]
    assert [each.id for each in found_besides(max_, "1005", by=ada).members] == [cast.mia.id]
    assert found_besides(max_, "miller", by=ada).members == []
    assert found_besides(max_, "  ", by=ada).members == []


def test_of_many_the_first_are_named_and_that_there_are_more(cast):
    for number in range(MOST + 1):
        _add("Sam", f"Smith {number:02}")
    listed = found_besides(found(Member, cast.max.id), "smith", by=cast.actor(cast.ada))
    assert (len(listed.members), listed.is_more) == (MOST, True)


def test_for_administrators_of_the_organization_alone(cast):
    max_ = found(Member, cast.max.id)
    for other in (cast.max, cast.carl, cast.nora):
        with pytest.raises(NotAllowed):
            likely_twins(max_, by=cast.actor(other))
        with pytest.raises(NotAllowed):
            found_besides(max_, "miller", by=cast.actor(other))
    with organization_scope(cast.clinic.id):
        assert found_besides(found(Member, cast.ken.id), "ada lindgren", by=cast.actor(cast.ken)).members == []
