"""What a list shows beside a row: figures in the asker's scope, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from records.database import db, transaction
from records.errors import ModuleOff, NotAllowed, NotFound
from records.models import Organization, Standing
from records.queries.audit_filters import TrailWanted
from records.queries.audit_trail import audit_event, audit_trail
from records.queries.summaries import member_summary, rule_summary, type_summary
from records.services import requirements
from tests.holdings import give, picture
from tests.requirements import exempt, position, require


@contextmanager
def _statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def _track_nothing(cast):
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).tracks_certifications = False


# A member


def test_a_members_certifications_come_soonest_to_expire_first_without_those_replaced(cast):
    first = give(cast.max, cast.emt, -10, files={"old.png": picture("red")})
    renewed = give(cast.max, cast.emt, 600, issued_in=-5, renews=first, files={"new.png": picture()})
    soon = give(cast.max, cast.forklift, 20)
    found = member_summary(cast.max.id, by=cast.actor(cast.ada))
    assert [each.id for each in found.certifications] == [soon, renewed]
    assert found.files == 2


def test_it_says_what_is_missing_and_nothing_where_nobody_asks(cast):
    assert member_summary(cast.max.id, by=cast.actor(cast.ada)).clearance is None
    position(cast, "Driver", cast.max)
    require(cast)
    found = member_summary(cast.max.id, by=cast.actor(cast.ada))
    assert [each.name for each in found.serves] == ["Driver"]
    assert found.clearance is not None
    assert [each.demand.name for each in found.clearance.missing] == ["Life support"]
    _track_nothing(cast)
    found = member_summary(cast.max.id, by=cast.actor(cast.ada))
    assert (found.tracks, found.clearance, list(found.certifications)) == (False, None, [])


def test_a_member_out_of_scope_does_not_exist(cast):
    with pytest.raises(NotFound):
        member_summary(cast.mia.id, by=cast.actor(cast.nora))
    with pytest.raises(NotFound):
        member_summary(cast.other_max.id, by=cast.actor(cast.ada))
    assert member_summary(cast.max.id, by=cast.actor(cast.nora)).member == cast.max


def test_the_statements_for_a_member_do_not_grow(cast):
    require(cast)
    by, numbers = cast.actor(cast.ada), []
    for count in (1, 6):
        for number in range(count):
            give(cast.max, cast.emt, 100 + number, number=f"{count}-{number}", files={"a.png": picture()})
        db.session.expire_all()
        with _statements() as seen:
            found = member_summary(cast.max.id, by=by)
            assert all(each.type.name and each.standing_on(found.clearance.on) for each in found.certifications)
        numbers.append(len(seen))
    assert numbers[0] == numbers[1] <= 25


# A certification type


def test_a_type_says_how_many_stand_how_in_scope(cast):
    give(cast.max, cast.emt, 300)
    give(cast.mia, cast.emt, -30)
    found = type_summary(cast.emt.id, by=cast.actor(cast.ada))
    assert found.figures is not None
    assert (found.figures.of(Standing.VALID), found.figures.of(Standing.EXPIRED)) == (1, 1)
    of_north = type_summary(cast.emt.id, by=cast.actor(cast.nora)).figures
    assert of_north is not None
    assert (of_north.of(Standing.VALID), of_north.of(Standing.EXPIRED)) == (1, 0)
    assert type_summary(cast.forklift.id, by=cast.actor(cast.ada)).figures is None


def test_a_type_says_which_requirements_that_stand_ask_for_it(cast):
    require(cast)
    requirements.retire(require(cast, "Of old"), by=cast.actor(cast.ada))
    require(cast, "Driving", type_ids=frozenset({cast.forklift.id}))
    found = type_summary(cast.emt.id, by=cast.actor(cast.ada))
    assert [row.requirement.name for row in found.required_by] == ["Life support"]


def test_another_organizations_type_does_not_exist_and_members_may_not_ask(cast):
    with pytest.raises(NotFound):
        type_summary(cast.clinic_emt.id, by=cast.actor(cast.ada))
    with pytest.raises(NotAllowed):
        type_summary(cast.emt.id, by=cast.actor(cast.max))
    _track_nothing(cast)
    with pytest.raises(ModuleOff):
        type_summary(cast.emt.id, by=cast.actor(cast.ada))


# A requirement


def test_a_requirement_says_how_many_it_binds_and_how_many_meet_it(cast):
    requirement = require(cast)
    give(cast.max, cast.emt, 300)
    exempt(cast, cast.una, requirement)
    everybody = rule_summary(requirement.id, by=cast.actor(cast.ada))
    assert (everybody.bound, everybody.met, everybody.row.exempt) == (5, 1, 1)
    of_north = rule_summary(requirement.id, by=cast.actor(cast.nora))
    assert (of_north.bound, of_north.met) == (2, 1)


def test_a_retired_requirement_binds_nobody(cast):
    requirement = require(cast)
    require(cast, "Another")
    requirements.retire(requirement, by=cast.actor(cast.ada))
    found = rule_summary(requirement.id, by=cast.actor(cast.ada))
    assert (found.bound, found.met) == (None, None)


# An event


def test_an_event_is_for_administrators_of_its_organization(cast):
    require(cast)
    (event, *_) = audit_trail(TrailWanted(), by=cast.actor(cast.ada)).events
    assert audit_event(event.id, by=cast.actor(cast.ada))[0] == event
    with pytest.raises(NotAllowed):
        audit_event(event.id, by=cast.actor(cast.carl))
    for unknown in (0, 10**20):
        with pytest.raises(NotFound):
            audit_event(unknown, by=cast.actor(cast.ada))
