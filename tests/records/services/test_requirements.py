"""What administrators do with requirements."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import select

from records.database import choose_organization, db, locked, organization_scope, transaction
from records.errors import Invalid, InvalidInput, ModuleOff, NameTaken, NotAllowed, NotFound, Stale
from records.errors.requirements import BindsNobody, RequirementInUse, TooManyNamed
from records.models import (
    AuditEvent,
    AuditKind,
    CertificationType,
    Organization,
    Requirement,
    RequirementKind,
    RequirementMember,
    Rule,
)
from records.services import certification_types, credit_types, requirement_steps, requirements
from tests.certificates import credit_type
from tests.requirements import FROM, exempt, facts, position, require


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def _fresh(requirement):
    return db.session.get(Requirement, requirement.id, populate_existing=True)


def _last_event():
    return db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()


def _errors(act):
    with pytest.raises(InvalidInput) as refusal:
        act()
    return refusal.value.errors


def _named(requirement):
    fresh = _fresh(requirement)
    return (
        {each.type_id for each in fresh.types},
        {each.unit_id for each in fresh.units},
        {each.position_id for each in fresh.positions},
        {each.member_id for each in fresh.members},
    )


def _switch(**modules):
    organization_id = db.session.scalars(select(Organization.id).where(Organization.name.startswith("Lakeside"))).one()
    with transaction() as session:
        organization = session.get_one(Organization, organization_id)
        for name, value in modules.items():
            setattr(organization, name, value)


def test_it_names_units_positions_members_and_types(cast, ada):
    driver = position(cast, "Driver")
    made = require(
        cast, "  Driving  ", unit_ids=frozenset({cast.north.id}), position_ids=frozenset({driver.id}),
        member_ids=frozenset({cast.una.id}), type_ids=frozenset({cast.emt.id, cast.forklift.id}), rule=Rule.AT_LEAST,
        at_least=1, newcomer_days=30, description="Why",
    )  # fmt: skip
    assert _named(made) == ({cast.emt.id, cast.forklift.id}, {cast.north.id}, {driver.id}, {cast.una.id})
    assert (made.name, made.rule, made.at_least, made.newcomer_days, made.from_on) == (
        "Driving", Rule.AT_LEAST, 1, 30, FROM,
    )  # fmt: skip
    event = _last_event()
    assert (event.kind, event.subject_id) == (AuditKind.REQUIREMENT_CREATED, made.id)
    assert event.detail.after["unit_ids"] == [cast.north.id]


def test_everyone_needs_no_names_and_keeps_none(cast, ada):
    made = require(cast, unit_ids=frozenset({cast.north.id}), member_ids=frozenset({cast.max.id}))
    everyone = facts(cast, unit_ids=frozenset({cast.north.id}), binds_everyone=True)
    assert requirements.change(made, everyone, by=ada, version=made.version)
    assert _fresh(made).binds_everyone
    assert _named(made) == ({cast.emt.id}, set(), set(), set())


def test_credits_are_asked_in_each_period(cast, ada):
    type_id = credit_type().id
    made = require(cast, kind=RequirementKind.CREDITS, credit_type_id=type_id, credits=Decimal("12.5"))
    assert (made.kind, made.credit_type_id, made.credits, _named(made)[0]) == (
        "credits",
        type_id,
        Decimal("12.5"),
        set(),
    )
    assert requirements.change(made, facts(cast), by=ada, version=made.version)
    fresh = _fresh(made)
    assert (fresh.kind, fresh.credit_type_id, fresh.credits) == ("types", None, None)


def test_every_wrong_field_is_told_at_once(cast):
    wrong = facts(
        cast, "", binds_everyone=False, type_ids=frozenset(), rule="some", from_on=None, newcomer_days=-1, position=-1
    )
    assert _errors(lambda: requirements.create(wrong, by=cast.actor(cast.ada))).keys() == {
        "name", "who", "types", "rule", "from_on", "newcomer_days", "position",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "field", "kind"),
    [
        ({"binds_everyone": False}, "who", BindsNobody),
        ({"unit_ids": {10**9}}, "units", Invalid),
        ({"position_ids": {-1}}, "positions", Invalid),
        ({"member_ids": {2**70}}, "members", Invalid),
        ({"type_ids": {10**9}}, "types", Invalid),
        ({"rule": Rule.AT_LEAST}, "at_least", Invalid),
        ({"rule": Rule.AT_LEAST, "at_least": 2}, "at_least", Invalid),
        ({"rule": Rule.AT_LEAST, "at_least": 0}, "at_least", Invalid),
        ({"kind": "badges"}, "kind", Invalid),
        ({"kind": "credits", "credits": Decimal(3)}, "credit_type_id", Invalid),
        ({"newcomer_days": 4000}, "newcomer_days", Invalid),
    ],
)
def test_what_is_wrong_is_refused_by_field(cast, changed, field, kind):
    values = {name: frozenset(value) if isinstance(value, set) else value for name, value in changed.items()}
    errors = _errors(lambda: require(cast, **values))
    assert isinstance(errors.pop(field), kind)
    assert errors.keys() <= {"credits"}


@pytest.mark.parametrize("amount", [None, Decimal(0), Decimal("10000"), Decimal("0.001")])
def test_credits_need_an_amount(cast, amount):
    type_id = credit_type().id
    asked = facts(cast, kind="credits", credit_type_id=type_id, credits=amount)
    assert _errors(lambda: requirements.create(asked, by=cast.actor(cast.ada))).keys() == {"credits"}


def test_records_of_another_organization_are_no_choice(cast):
    for changed, field in (
        ({"type_ids": frozenset({cast.clinic_emt.id})}, "types"),
        ({"member_ids": frozenset({cast.other_max.id})}, "members"),
    ):
        assert _errors(lambda changed=changed: require(cast, **changed)).keys() == {field}


def test_a_name_is_taken_whatever_its_case_and_accents(cast, ada):
    require(cast, "Life support")
    other = require(cast, "Other")
    for act in (
        lambda: require(cast, "LIFE  súpport"),
        lambda: requirements.change(other, facts(cast, "life support"), by=ada, version=other.version),
    ):
        assert isinstance(_errors(act)["name"], NameTaken)
    with organization_scope(cast.clinic.id):
        clinics = replace(facts(cast), type_ids=frozenset({cast.clinic_emt.id}))
        assert requirements.create(clinics, by=cast.actor(cast.ken))


def test_a_retired_type_stays_in_it_and_is_not_newly_chosen(cast, ada):
    made = require(cast)
    certification_types.retire(db.session.get_one(CertificationType, cast.emt.id), by=ada)
    both = facts(cast, type_ids=frozenset({cast.emt.id, cast.forklift.id}))
    assert requirements.change(made, both, by=ada, version=made.version)
    assert _named(made)[0] == {cast.emt.id, cast.forklift.id}
    assert _errors(lambda: require(cast, "Another")).keys() == {"types"}


def test_a_retired_credit_type_likewise(cast, ada):
    type_ = credit_type()
    asked = {"kind": "credits", "credit_type_id": type_.id, "credits": Decimal(3)}
    made = require(cast, **asked)
    credit_types.retire(type_, by=ada)
    assert requirements.change(made, facts(cast, "Renamed", **asked), by=ada, version=made.version)
    assert _errors(lambda: require(cast, "Another", **asked)).keys() == {"credit_type_id"}


def test_credits_are_asked_only_where_the_organization_takes_certificates(cast, ada):
    asked = {"kind": "credits", "credit_type_id": credit_type().id, "credits": Decimal(3)}
    made = require(cast, **asked)
    _switch(takes_external_certificates=False)
    assert _errors(lambda: require(cast, "Another", **asked)).keys() == {"kind"}
    assert requirements.change(made, facts(cast, "Renamed", **asked), by=ada, version=made.version)


def test_a_change_is_on_record_and_makes_a_new_version(cast, ada):
    made = require(cast)
    version = made.version
    assert not requirements.change(made, facts(cast), by=ada, version=version)
    assert _fresh(made).version == version
    both = facts(cast, type_ids=frozenset({cast.emt.id, cast.forklift.id}))
    assert requirements.change(made, both, by=ada, version=version)
    assert _fresh(made).version > version
    event = _last_event()
    assert event.kind == AuditKind.REQUIREMENT_CHANGED
    assert (event.detail.before["type_ids"], event.detail.after["type_ids"]) == (
        [cast.emt.id], sorted([cast.emt.id, cast.forklift.id]),
    )  # fmt: skip
    with pytest.raises(Stale):
        requirements.change(made, facts(cast, "Late"), by=ada, version=version)


def test_of_two_who_change_it_at_once_one_is_told(app, cast, ada):
    made, ready, organization_id = require(cast), Barrier(2), cast.fire.id
    version = made.version
    asked = [facts(cast, "One"), facts(cast, "Two")]

    def change(wanted):
        with app.app_context():
            choose_organization(organization_id)
            ready.wait(timeout=20)
            try:
                return requirements.change(made, wanted, by=ada, version=version)
            except Stale:
                return False
            finally:
                db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, asked)) == [False, True]


def test_members_are_named_up_to_a_limit(cast, ada, monkeypatch):
    monkeypatch.setattr(requirement_steps, "MOST_NAMED", 1)
    errors = _errors(lambda: require(cast, member_ids=frozenset({cast.max.id, cast.mia.id})))
    assert isinstance(errors["members"], TooManyNamed)
    made = require(cast, member_ids=frozenset({cast.max.id}))
    with transaction() as session:
        session.add(RequirementMember(requirement_id=made.id, member_id=cast.mia.id))
    both = facts(cast, "Renamed", member_ids=frozenset({cast.max.id, cast.mia.id}))
    assert requirements.change(made, both, by=ada, version=_fresh(made).version)


def test_it_is_retired_and_reinstated_once(cast, ada):
    made = require(cast)
    for _twice in range(2):
        requirements.retire(made, by=ada)
    assert _fresh(made).is_retired
    for _twice in range(2):
        requirements.reinstate(made, by=ada)
    assert not _fresh(made).is_retired
    kinds = list(db.session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)))
    assert kinds[-2:] == [AuditKind.REQUIREMENT_RETIRED, AuditKind.REQUIREMENT_REINSTATED]


def test_it_is_deleted_unless_anybody_was_ever_exempt(cast, ada):
    free, used = require(cast, "Free"), require(cast, "Used")
    exempt(cast, cast.max, used)
    requirements.delete(free, by=ada)
    assert _fresh(free) is None
    assert _last_event().kind == AuditKind.REQUIREMENT_DELETED
    with pytest.raises(RequirementInUse):
        requirements.delete(used, by=ada)


ACTS = (
    lambda cast, made, by: requirements.create(facts(cast, "New"), by=by),
    lambda cast, made, by: requirements.change(made, facts(cast, "New"), by=by, version=1),
    lambda cast, made, by: requirements.retire(made, by=by),
    lambda cast, made, by: requirements.reinstate(made, by=by),
    lambda cast, made, by: requirements.delete(made, by=by),
)


def test_only_administrators_of_the_organization_change_them(cast):
    made = require(cast)
    for asker in (cast.carl, cast.nora, cast.max):
        for act in ACTS:
            with pytest.raises(NotAllowed):
                act(cast, made, cast.actor(asker))
    with organization_scope(cast.clinic.id):
        for act in ACTS[1:]:
            with pytest.raises(NotFound):
                act(cast, made, cast.actor(cast.ken))


def test_nothing_is_done_with_them_while_certifications_are_not_tracked(cast, ada):
    made = require(cast)
    _switch(tracks_certifications=False)
    for act in ACTS:
        with pytest.raises(ModuleOff):
            act(cast, made, ada)


def test_from_on_may_lie_in_the_future(cast):
    assert require(cast, from_on=date(2031, 1, 1)).from_on == date(2031, 1, 1)


def test_a_requirement_that_is_gone_meanwhile_is_not_changed(cast, ada):
    made = require(cast)
    with transaction() as session:
        session.delete(locked(Requirement, made.id))
    with pytest.raises(NotFound):
        requirements.change(made, facts(cast), by=ada, version=1)
