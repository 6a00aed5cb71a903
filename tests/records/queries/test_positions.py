"""Positions: for the page of all of them, for pull-downs, and of one member."""

from __future__ import annotations

import pytest

from records import clock
from records.database import locked, organization_scope, transaction
from records.errors import NotAllowed, NotFound
from records.models import Member
from records.queries.positions import listed, listed_positions, positions, positions_for, positions_of
from tests.requirements import position, require


def test_they_are_listed_with_what_they_are_used_for(cast):
    position(cast, "Medic")
    driver = position(cast, "driver", cast.max, cast.mia, cast.una)
    require(cast, position_ids=frozenset({driver.id}))
    with transaction():
        locked(Member, cast.una.id).deactivated_at = clock.now()
    everything = listed_positions(by=cast.actor(cast.ada))
    assert [(each.name, each.members, each.deactivated, each.requirements, each.is_free) for each in everything] == [
        ("driver", 2, 1, 1, False), ("Medic", 0, 0, 0, True),
    ]  # fmt: skip
    assert listed(driver.id, everything).name == "driver"
    with pytest.raises(NotFound):
        listed(10**9, everything)


def test_only_administrators_see_the_counts(cast):
    for asker in (cast.carl, cast.nora, cast.max):
        with pytest.raises(NotAllowed):
            listed_positions(by=cast.actor(asker))


def test_a_members_own(cast):
    for name in ("Medic", "Driver"):
        position(cast, name, cast.max)
    position(cast, "Cook", cast.mia)
    assert [each.name for each in positions_of(cast.max)] == ["Driver", "Medic"]
    assert [(each.name, serves) for each, serves in positions_for(cast.max)] == [
        ("Cook", False), ("Driver", True), ("Medic", True),
    ]  # fmt: skip


def test_another_organization_has_its_own(cast):
    position(cast, "Driver", cast.max)
    with organization_scope(cast.clinic.id):
        assert not positions()
        assert not listed_positions(by=cast.actor(cast.ken))
        assert not positions_for(cast.other_max)
