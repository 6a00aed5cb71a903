"""Units as trees."""

from __future__ import annotations

import pytest

from records import clock
from records.database import locked, organization_scope, transaction
from records.errors import NotAllowed, NotFound
from records.models import Member
from records.queries.units import branch_of, unit_choices, unit_tree, without


def _shown(units):
    return [(unit.depth, unit.name) for unit in units]


def test_each_unit_stands_below_the_one_that_it_lies_in(cast):
    tree = unit_choices(by=cast.actor(cast.ada))
    assert _shown(tree) == [(0, "Station North"), (1, "Engine 1"), (0, "Station South")]
    assert tree[1].path == ("Station North", "Engine 1")


def test_coordinators_choose_from_their_scope(cast):
    assert _shown(unit_choices(by=cast.actor(cast.carl))) == _shown(unit_choices(by=cast.actor(cast.ada)))
    assert _shown(unit_choices(by=cast.actor(cast.nora))) == [(0, "Station North"), (1, "Engine 1")]


def test_members_choose_nothing(cast):
    with pytest.raises(NotAllowed):
        unit_choices(by=cast.actor(cast.max))


def test_only_administrators_see_the_counts(cast):
    for asker in (cast.carl, cast.nora, cast.max):
        with pytest.raises(NotAllowed):
            unit_tree(by=cast.actor(asker))


def test_active_and_deactivated_members_are_counted_apart(cast):
    with transaction():
        locked(Member, cast.mia.id).deactivated_at = clock.now()
    north, engine, south = unit_tree(by=cast.actor(cast.ada))
    assert [(unit.members, unit.deactivated) for unit in (north, engine, south)] == [(1, 0), (1, 0), (0, 1)]
    assert [unit.is_empty for unit in (north, engine, south)] == [False, False, False]


def test_where_a_unit_can_go_leaves_out_itself_and_what_is_in_it(cast):
    tree = unit_tree(by=cast.actor(cast.ada))
    assert _shown(without(cast.north.id, tree)) == [(0, "Station South")]
    assert _shown(without(cast.engine.id, tree)) == [(0, "Station North"), (0, "Station South")]


def test_units_of_another_organization_do_not_exist(cast):
    with organization_scope(cast.clinic.id):
        tree = unit_tree(by=cast.actor(cast.ken))
    assert tree == []
    with pytest.raises(NotFound):
        branch_of(cast.north.id, tree)
