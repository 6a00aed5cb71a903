"""Members to choose from: found by a few letters, never all of them."""

from __future__ import annotations

import pytest

from records import clock
from records.database import locked, transaction
from records.errors import NotAllowed
from records.models import Member
from records.queries.member_picks import MOST_FOUND, found_members, members_with
from tests.cast import LONG_AGO


def _found(text, by):
    return [member.listed_name for member in found_members(text, by=by).members]


def test_nothing_asked_finds_nobody(cast):
    assert _found("  ", cast.actor(cast.ada)) == []


def test_they_are_found_within_the_askers_scope(cast):
    assert _found("mi", cast.actor(cast.ada)) == ["Miller, Max", "Söderström, Mia"]
    assert _found("mi", cast.actor(cast.nora)) == ["Miller, Max"]
    with pytest.raises(NotAllowed):
        found_members("mi", by=cast.actor(cast.max))


def test_deactivated_members_are_not_found_but_stay_chosen(cast):
    with transaction():
        locked(Member, cast.mia.id).deactivated_at = clock.now()
    ada = cast.actor(cast.ada)
    assert _found("mi", ada) == ["Miller, Max"]
    chosen = members_with([cast.mia.id, cast.max.id, cast.other_max.id, -1, 2**70], by=ada)
    assert [member.id for member in chosen] == [cast.max.id, cast.mia.id]
    assert [member.id for member in members_with([cast.mia.id], by=cast.actor(cast.nora))] == []
    with pytest.raises(NotAllowed):
        members_with([], by=cast.actor(cast.max))


def test_of_many_the_first_are_found(cast):
    with transaction() as session:
        session.add_all(
            Member(given_name="Zoe", family_name=f"Zuse {number:02}", created_at=LONG_AGO)
            for number in range(MOST_FOUND + 1)
        )
    found = found_members("zus", by=cast.actor(cast.ada))
    assert (len(found.members), found.is_more) == (MOST_FOUND, True)
    assert found.members[0].family_name == "Zuse 00"
