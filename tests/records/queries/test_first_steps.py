"""First steps: each ticks itself by what is recorded, and none by what another organization has."""

from __future__ import annotations

import pytest

from records.database import choose_organization, db, every_organization, transaction
from records.errors import NotAllowed
from records.models import Actor, ActorKind, CertificationType, Member, Organization, Role
from records.queries.first_steps import StepName, first_steps
from records.services import organizations
from tests.cast import LONG_AGO
from tests.holdings import give, picture
from tests.records.queries.reports.asking import statements

STEPS = [StepName.SETTINGS, StepName.TYPES, StepName.MEMBERS, StepName.CERTIFICATION]


@pytest.fixture
def first(cast):
    """The first administrator of a new organization, chosen; the others have everything."""
    give(cast.max, cast.emt, 30, files={"card.png": picture()})
    with every_organization():
        founded = organizations.create("Harbour Rescue", administrator_email="first@harbour.example",
                                       by=Actor.command("organization create"))  # fmt: skip
    choose_organization(founded.organization_id)
    with transaction() as session:
        (member,) = session.query(Member).all()
        return Actor(ActorKind.MEMBER, member.name, organization_id=founded.organization_id, member_id=member.id,
                     role=Role.ADMINISTRATOR)  # fmt: skip


def _done(by):
    return [step.name for step in first_steps(by=by).steps if step.is_done]


def _organization(by):
    return db.session.get_one(Organization, by.organization_id)


def test_a_new_organization_has_done_nothing(first):
    found = first_steps(by=first)
    assert [step.name for step in found.steps] == STEPS
    assert (found.done, found.next_one, found.are_shown, found.newest_id) == (0, StepName.SETTINGS, True, None)


def test_saved_settings_are_a_step(first):
    with transaction():
        _organization(first).time_zone = "Europe/Berlin"
    assert _done(first) == [StepName.SETTINGS]


def test_each_step_ticks_itself_and_the_last_ends_them(first):
    with transaction() as session:
        type_ = CertificationType(name="EMT-Basic", created_at=LONG_AGO)
        session.add(type_)
    assert _done(first) == STEPS[:2]
    with transaction() as session:
        member = Member(given_name="Edda", family_name="Boje", created_at=LONG_AGO)
        session.add(member)
    assert _done(first) == STEPS[:3]
    assert first_steps(by=first).newest_id == member.id
    give(member, type_, 30)
    assert first_steps(by=first).next_one == StepName.CERTIFICATION
    give(member, type_, 60, files={"card.png": picture()})
    found = first_steps(by=first)
    assert (found.done, found.next_one, found.are_shown) == (4, None, False)


def test_without_tracking_it_is_credit_types_that_are_asked_for(first):
    with transaction():
        _organization(first).tracks_certifications = False
    assert [step.name for step in first_steps(by=first).steps] == [
        StepName.SETTINGS, StepName.CREDIT_TYPES, StepName.MEMBERS
    ]  # fmt: skip
    with transaction():
        _organization(first).takes_external_certificates = False
    assert [step.name for step in first_steps(by=first).steps] == [StepName.SETTINGS, StepName.MEMBERS]


def test_they_are_put_away_and_brought_back_without_making_open_settings_stale(first):
    version = _organization(first).version
    for away in (True, True, False):
        organizations.put_first_steps_away(_organization(first), by=first, away=away)
        found = first_steps(by=first)
        assert (found.put_away, found.are_shown) == (away, not away)
        assert found.done == 0
    assert _organization(first).version == version


def test_it_takes_one_statement(first):
    first_steps(by=first)
    with statements() as sent:
        first_steps(by=first)
    assert len([each for each in sent if each.startswith("SELECT") and "certification_type" in each]) == 1


def test_only_administrators_ask_and_put_away(cast):
    for member in (cast.carl, cast.max):
        with pytest.raises(NotAllowed):
            first_steps(by=cast.actor(member))
        with pytest.raises(NotAllowed):
            organizations.put_first_steps_away(cast.fire, by=cast.actor(member))
