"""What becomes of every table when two members are merged: no column is forgotten."""

from __future__ import annotations

from records.models import Base
from records.queries.merging import CHOSEN, GO, STAY, kept_instead_of
from tests.merging import merged


def _pointing_at(*tables):
    return {
        f"{table.name}.{element.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_key_constraints
        for element in key.elements
        if key.referred_table.name in tables and element.column.name == "id"
    }


def test_for_every_column_that_points_at_a_member_it_is_decided_whether_rows_go_over():
    undecided = _pointing_at("member", "certification") - GO - CHOSEN - STAY.keys()
    assert undecided == set(), "say in records/queries/merging.py what becomes of these when two members are merged"


def test_nothing_is_decided_twice_or_for_columns_that_are_not_there():
    decided = [*GO, *CHOSEN, *STAY]
    assert len(decided) == len(set(decided))
    assert set(decided) <= _pointing_at("member", "certification")


def test_the_one_who_was_kept_is_found_along_several_merges(cast):
    ada = cast.actor(cast.ada)
    merged(cast.mia, cast.una, by=ada)
    merged(cast.max, cast.mia, by=ada)
    assert kept_instead_of([cast.una.id, cast.mia.id, cast.carl.id]) == {
        cast.una.id: cast.max.id,
        cast.mia.id: cast.max.id,
    }
