"""Exempting a member from a requirement for a while, and withdrawing that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from records.database import choose_organization, db, organization_scope, transaction
from records.errors import Invalid, InvalidInput, ModuleOff, NotAllowed, NotFound, ReasonRequired
from records.errors.requirements import EndsBeforeItStarts, ExemptAlready, ExemptionOver, RequirementRetired
from records.models import Actor, AuditEvent, AuditKind, Exemption, Organization
from records.services import exemptions, requirements
from records.services.exemptions import ExemptionFacts
from tests.holdings import today
from tests.requirements import exempt, require


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


@pytest.fixture
def asked(cast):
    return ExemptionFacts(require(cast).id, cast.max.id, "  On leave. ", today(), today() + timedelta(days=9))


def _last_event():
    return db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()


def test_who_grants_it_is_its_approver_and_it_is_on_record(cast, ada, asked):
    granted = exemptions.grant(asked, by=ada)
    assert (granted.member_id, granted.reason, granted.starts_on, granted.ends_on, granted.approved_by_id) == (
        cast.max.id, "On leave.", today(), today() + timedelta(days=9), cast.ada.id,
    )  # fmt: skip
    event = _last_event()
    assert (event.kind, event.member_id, event.detail.after["reason"]) == (
        AuditKind.EXEMPTION_GRANTED, cast.max.id, "On leave.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "field", "kind"),
    [
        ({"requirement_id": None}, "requirement_id", Invalid),
        ({"requirement_id": 2**70}, "requirement_id", Invalid),
        ({"member_id": None}, "member_id", Invalid),
        ({"member_id": -1}, "member_id", Invalid),
        ({"reason": " \n "}, "reason", ReasonRequired),
        ({"reason": "x" * 4001}, "reason", Invalid),
        ({"starts_on": None}, "starts_on", Invalid),
        ({"ends_on": None}, "ends_on", Invalid),
    ],
)
def test_what_is_wrong_is_refused_by_field(ada, asked, changed, field, kind):
    with pytest.raises(InvalidInput) as refusal:
        exemptions.grant(replace(asked, **changed), by=ada)
    assert refusal.value.errors.keys() == {field}
    assert isinstance(refusal.value.errors[field], kind)


def test_every_wrong_field_is_told_at_once(ada):
    with pytest.raises(InvalidInput) as refusal:
        exemptions.grant(ExemptionFacts(None, None), by=ada)
    assert refusal.value.errors.keys() == {"requirement_id", "member_id", "reason", "starts_on", "ends_on"}


def test_it_does_not_end_before_it_starts(ada, asked):
    with pytest.raises(InvalidInput) as refusal:
        exemptions.grant(replace(asked, ends_on=today() - timedelta(days=1)), by=ada)
    assert isinstance(refusal.value.errors["ends_on"], EndsBeforeItStarts)
    assert exemptions.grant(replace(asked, ends_on=today()), by=ada)


@pytest.mark.parametrize(("first", "last"), [(-9, 0), (9, 20), (3, 5), (-5, 40), (0, 9)])
def test_two_of_one_member_and_requirement_do_not_overlap(ada, asked, first, last):
    exemptions.grant(asked, by=ada)
    again = replace(asked, starts_on=today() + timedelta(days=first), ends_on=today() + timedelta(days=last))
    with pytest.raises(InvalidInput) as refusal:
        exemptions.grant(again, by=ada)
    error = refusal.value.errors["starts_on"]
    assert isinstance(error, ExemptAlready)
    assert error.params == {"first": asked.starts_on, "last": asked.ends_on}


def test_one_after_another_of_others_and_after_withdrawing_are_granted(cast, ada, asked):
    first = exemptions.grant(asked, by=ada)
    assert exempt(cast, cast.max, db.session.get_one(type(require(cast, "Other")), asked.requirement_id), 10, 12)
    exemptions.grant(replace(asked, member_id=cast.mia.id), by=ada)
    exemptions.withdraw(first, by=ada)
    exemptions.grant(asked, by=ada)


def test_of_two_who_grant_it_at_once_one_is_told(app, cast, ada, asked):
    ready, organization_id = Barrier(2), cast.fire.id

    def grant(_number):
        with app.app_context():
            choose_organization(organization_id)
            ready.wait(timeout=20)
            try:
                return bool(exemptions.grant(asked, by=ada))
            except InvalidInput:
                return False
            finally:
                db.session.remove()

    db.session.rollback()
    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(grant, range(2))) == [False, True]
    db.session.rollback()
    assert db.session.scalar(select(func.count(Exemption.id))) == 1


def test_nobody_needs_to_be_exempt_from_a_retired_requirement(cast, ada):
    made = require(cast)
    requirements.retire(made, by=ada)
    with pytest.raises(InvalidInput) as refusal:
        exempt(cast, cast.max, made)
    assert isinstance(refusal.value.errors["requirement_id"], RequirementRetired)


def test_withdrawing_is_on_record_and_happens_once(cast, ada):
    granted = exempt(cast, cast.max, require(cast))
    for _twice in range(2):
        exemptions.withdraw(granted, by=ada)
    assert db.session.get_one(Exemption, granted.id, populate_existing=True).withdrawn_at is not None
    kinds = list(db.session.scalars(select(AuditEvent.kind).order_by(AuditEvent.id)))
    assert kinds.count(AuditKind.EXEMPTION_WITHDRAWN) == 1


def test_one_that_has_ended_is_not_withdrawn(cast, ada):
    requirement = require(cast)
    ended, last_day = exempt(cast, cast.max, requirement, -9, -1), exempt(cast, cast.mia, requirement, -9, 0)
    with pytest.raises(ExemptionOver):
        exemptions.withdraw(ended, by=ada)
    exemptions.withdraw(last_day, by=ada)


def test_only_administrators_of_the_organization_grant_and_withdraw(cast, asked):
    granted = exempt(cast, cast.mia, require(cast, "Other"))
    for asker in (cast.carl, cast.nora, cast.max):
        with pytest.raises(NotAllowed):
            exemptions.grant(asked, by=cast.actor(asker))
        with pytest.raises(NotAllowed):
            exemptions.withdraw(granted, by=cast.actor(asker))
    with pytest.raises(NotAllowed):  # an approver is somebody
        exemptions.grant(asked, by=Actor.command("test", cast.fire.id))
    with organization_scope(cast.clinic.id):
        with pytest.raises(InvalidInput) as refusal:
            exemptions.grant(asked, by=cast.actor(cast.ken))
        assert {"requirement_id", "member_id"} <= refusal.value.errors.keys()
        with pytest.raises(NotFound):
            exemptions.withdraw(granted, by=cast.actor(cast.ken))


def test_nothing_is_done_while_certifications_are_not_tracked(cast, ada, asked):
    granted = exempt(cast, cast.mia, require(cast, "Other"))
    with transaction() as session:
        session.get_one(Organization, cast.fire.id).tracks_certifications = False
    with pytest.raises(ModuleOff):
        exemptions.grant(asked, by=ada)
    with pytest.raises(ModuleOff):
        exemptions.withdraw(granted, by=ada)
