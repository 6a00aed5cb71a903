"""Requirements as pages read them."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from records.database import db, organization_scope
from records.errors import NotAllowed, NotFound
from records.models import Requirement
from records.queries.requirements import requirements, rule, rules
from records.services import requirements as verbs
from tests.requirements import exempt, require


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def test_they_stand_in_order_with_who_is_exempt_today(cast, ada):
    second, first = require(cast, "B"), require(cast, "C", position=-0)
    third = require(cast, "A", position=7)
    exempt(cast, cast.max, second)
    exempt(cast, cast.mia, second, 3, 9)
    verbs.retire(first, by=ada)
    rows = rules(by=ada)
    assert [row.requirement.name for row in rows] == ["B", "C", "A"]
    assert [row.exempt for row in rows] == [1, 0, 0]
    assert [each.id for each in requirements()] == [second.id, third.id]


def test_it_takes_few_statements_however_many_there_are(cast, ada):
    counts = []
    for turn in range(2):
        require(cast, f"R{turn}", unit_ids=frozenset({cast.north.id}), member_ids=frozenset({cast.max.id}))
        statements = []

        def note(_connection, _cursor, statement, *_rest, kept=statements):
            kept.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        for row in rules(by=ada):
            assert row.units
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len([each for each in statements if each.startswith("SELECT")]))
    assert counts[0] == counts[1] <= 9


def test_who_may_read_them(cast):
    made = require(cast)
    for asker in (cast.carl, cast.nora):
        assert rule(made.id, by=cast.actor(asker)).requirement.id == made.id
    with pytest.raises(NotAllowed):
        rules(by=cast.actor(cast.max))
    with organization_scope(cast.clinic.id):
        assert rules(by=cast.actor(cast.ken)) == []
        for unknown in (made.id, 0, 2**70):
            with pytest.raises(NotFound):
                rule(unknown, by=cast.actor(cast.ken))
    assert db.session.get(Requirement, made.id)
