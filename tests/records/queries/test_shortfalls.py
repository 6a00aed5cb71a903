"""Where an organization falls short: every number is that of the list behind it, for each who asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from records.database import db, transaction
from records.errors import ModuleOff, NotAllowed
from records.models import Member, Rule, Unit
from records.queries.member_filters import WITHOUT_UNIT, Wanted
from records.queries.members import member_list
from records.queries.shortfalls import shortfalls
from tests.holdings import give, today
from tests.records.queries.reports.asking import ask, statements
from tests.requirements import exempt, require


@pytest.fixture
def ruled(cast):
    """Everyone must hold EMT-Basic, North also one of the two, and both are asked of Mia."""
    both = frozenset({cast.emt.id, cast.forklift.id})
    everyone = require(cast)
    require(cast, "North", type_ids=both, unit_ids=frozenset({cast.north.id}), rule=Rule.ANY)
    require(cast, "Named", type_ids=both, member_ids=frozenset({cast.mia.id}))
    give(cast.max, cast.emt, 200)
    give(cast.carl, cast.emt, 10)
    give(cast.nora, cast.forklift, 20)
    give(cast.mia, cast.emt, -40)
    give(cast.una, cast.emt, 300)
    exempt(cast, db.session.get_one(Member, cast.ada.id), everyone)


def _selects(sent):
    return sum(not each.startswith(("PRAGMA", "BEGIN")) for each in sent)


def _listed(cast, who, **asked):
    return member_list(Wanted.read(asked), by=cast.actor(who))


@pytest.mark.parametrize("who", ["ada", "carl", "nora"])
def test_every_number_is_that_of_the_list_behind_it(cast, ruled, who):
    asker = getattr(cast, who)
    found = shortfalls(by=cast.actor(asker))
    assert found.required
    for each in found.types:
        rows = ask(cast, "missing", asker, type=each.type.id)
        assert each.count == rows.count() == len(list(rows)) == len(rows.page("").rows) > 0
    for each in found.at_risk:
        unit = str(each.unit.id) if each.unit else WITHOUT_UNIT
        assert each.not_cleared == _listed(cast, asker, unit=unit, clearance="not_cleared").count
        assert each.lapsing == _listed(cast, asker, unit=unit, clearance="lapsing").count
        assert each.members == _listed(cast, asker, unit=unit).count


def test_gaps_are_counted_by_type(cast, ruled):
    found = {each.type.name: each.count for each in shortfalls(by=cast.actor(cast.ada)).types}
    # Mia lacks EMT-Basic for everyone and as named; Nora for everyone only: North's "any" is met by her forklift.
    assert found == {"EMT-Basic": 3, "Forklift licence": 1}


def test_units_at_risk_hold_the_units_in_them_and_the_worst_is_first(cast, ruled):
    found = shortfalls(by=cast.actor(cast.ada)).at_risk
    assert [(each.unit.name if each.unit else None, each.members, each.not_cleared, each.lapsing, each.share)
            for each in found] == [
        ("Station South", 1, 1, 0, 100),
        ("Station North", 2, 1, 0, 50),
        (None, 3, 0, 1, 33),
    ]  # fmt: skip


def test_a_coordinator_of_units_sees_these_only(cast, ruled):
    found = shortfalls(by=cast.actor(cast.nora))
    assert [each.unit.name for each in found.at_risk] == ["Station North"]
    assert [(each.type.name, each.count) for each in found.types] == [("EMT-Basic", 1)]


def test_deactivated_members_are_left_out(cast, ruled):
    with transaction() as session:
        session.get_one(Member, cast.mia.id).deactivated_at = cast.mia.created_at
    found = shortfalls(by=cast.actor(cast.ada))
    assert "Station South" not in {each.unit.name for each in found.at_risk if each.unit}


def test_where_nothing_is_required_it_tells_what_expires(cast):
    give(cast.max, cast.emt, -3)
    give(cast.max, cast.forklift, 20)
    give(cast.mia, cast.emt, -300)
    give(cast.una, cast.emt, 31)
    found = shortfalls(by=cast.actor(cast.ada))
    assert not found.required
    assert [(each.type.name, each.count) for each in found.types] == [("EMT-Basic", 2)]
    assert {each.unit.name: (each.expired, each.expiring) for each in found.behind if each.unit} == {
        "Station North": (1, 1), "Engine 1": (1, 1), "Station South": (1, 0),
    }  # fmt: skip
    for each in found.behind:
        unit = str(each.unit.id) if each.unit else WITHOUT_UNIT
        assert each.expired == ask(cast, "expiring", period="past", unit=unit).count()
        assert each.expiring == ask(cast, "expiring", period="next_30", unit=unit).count()


def test_a_requirement_of_tomorrow_binds_nobody_today(cast):
    require(cast, from_on=today() + timedelta(days=5))
    found = shortfalls(by=cast.actor(cast.ada))
    assert found.types == []
    assert all(each.not_cleared == 0 and each.lapsing for each in found.at_risk)


def test_it_takes_the_same_statements_for_any_number_of_members_and_units(cast, ruled):
    by = cast.actor(cast.ada)
    with statements() as few:
        shortfalls(by=by)
    with transaction() as session:
        units = [Unit(name=f"Unit {number}") for number in range(10)]
        session.add_all(units)
        session.flush()
        session.add_all(
            Member(given_name="New", family_name=f"One {number}", unit_id=unit.id, joined_on=cast.max.joined_on,
                   created_at=cast.max.created_at)
            for number, unit in enumerate(units)
        )  # fmt: skip
    with statements() as many:
        found = shortfalls(by=by)
    assert len(found.at_risk) == 6
    assert _selects(many) == _selects(few) <= 12


def test_only_staff_of_an_organization_that_tracks_ask_it(cast):
    with pytest.raises(NotAllowed):
        shortfalls(by=cast.actor(cast.max))
    with transaction():
        cast.fire.tracks_certifications = False
    with pytest.raises(ModuleOff):
        shortfalls(by=cast.actor(cast.ada))
