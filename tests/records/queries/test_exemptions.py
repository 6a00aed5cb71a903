"""Who is, will be and was exempt from what."""

from __future__ import annotations

import pytest

from records.database import organization_scope
from records.errors import NotAllowed, NotFound
from records.queries import exemptions as queries
from records.queries.exemptions import exemption_for, exemptions
from records.services import exemptions as verbs
from tests.requirements import exempt, require


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def _shown(rows):
    return [(row.member.given_name, row.phase) for row in rows]


def test_each_stands_in_its_phase(cast, ada):
    asked = require(cast)
    exempt(cast, cast.max, asked, -30, -9)
    exempt(cast, cast.max, asked, 2, 9)
    exempt(cast, cast.mia, asked, -3, 0)
    verbs.withdraw(exempt(cast, cast.una, asked, 0, 5), by=ada)
    found = exemptions(by=ada, requirement_id=asked.id)
    assert _shown(found.standing) == [("Mia", "current"), ("Max", "coming")]
    assert _shown(found.past) == [("Una", "withdrawn"), ("Max", "ended")]
    assert found.standing[0].approved_by == "Ada Lindgren"
    assert not found.is_more


def test_they_are_narrowed_by_member_requirement_and_name(cast, ada):
    one, other = require(cast, "One"), require(cast, "Other")
    for member in (cast.max, cast.mia):
        exempt(cast, member, one)
    exempt(cast, cast.max, other)
    assert len(exemptions(by=ada).standing) == 3
    assert len(exemptions(by=ada, member_id=cast.max.id).standing) == 2
    assert _shown(exemptions(by=ada, requirement_id=one.id, search="söder").standing) == [("Mia", "current")]


def test_a_coordinator_sees_those_in_scope(cast, ada):
    asked = require(cast)
    granted = {member.id: exempt(cast, member, asked) for member in (cast.max, cast.mia)}
    nora = cast.actor(cast.nora)
    assert _shown(exemptions(by=nora).standing) == [("Max", "current")]
    assert exemption_for(granted[cast.max.id].id, by=nora).member.id == cast.max.id
    with pytest.raises(NotFound):
        exemption_for(granted[cast.mia.id].id, by=nora)
    with pytest.raises(NotAllowed):
        exemptions(by=cast.actor(cast.max))
    with organization_scope(cast.clinic.id):
        assert not exemptions(by=cast.actor(cast.ken)).standing
        with pytest.raises(NotFound):
            exemption_for(granted[cast.max.id].id, by=cast.actor(cast.ken))


def test_of_many_the_first_are_shown(cast, ada, monkeypatch):
    asked = require(cast)
    for member in (cast.max, cast.mia):
        exempt(cast, member, asked)
    monkeypatch.setattr(queries, "MOST_SHOWN", 1)
    found = exemptions(by=ada, requirement_id=asked.id)
    assert (len(found.standing), found.is_more) == (1, True)
