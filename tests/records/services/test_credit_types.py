"""Credit types: created, changed, retired, and deleted only while nothing is of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from records.database import db, found
from records.errors import CreditTypeInUse, InvalidInput, NotAllowed, Stale
from records.models import AuditEvent, AuditKind, CreditType, Period
from records.queries.credit_types import listed_credit_types
from records.services import credit_types
from records.services.credit_types import CreditTypeFacts
from tests import certificates
from tests.certificates import submitted

FACTS = CreditTypeFacts(
    name="CPD hours", unit="hours", period=Period.OWN_DATES, starts_on=date(2025, 9, 1), ends_on=date(2026, 8, 31),
    goal=Decimal("40.5"), largest_claim=Decimal(8), checklist=("Is it signed?", ""), position=3,
)  # fmt: skip


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


def _events():
    return db.session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id)).all()


def test_one_is_created_with_all_that_it_says(cast, ada):
    type_ = credit_types.create(FACTS, by=ada)
    db.session.expire_all()
    kept = found(CreditType, type_.id)
    assert (kept.goal, kept.largest_claim, kept.checklist) == (Decimal("40.50"), Decimal(8), ["Is it signed?"])
    assert (kept.starts_on, kept.ends_on, kept.position, kept.may_be_claimed) == (
        date(2025, 9, 1), date(2026, 8, 31), 3, True,
    )  # fmt: skip
    event = _events()[-1]
    assert (event.kind, event.detail.after["goal"]) == (AuditKind.CREDIT_TYPE_CREATED, "40.50")


def test_a_change_says_before_and_after_and_no_change_says_nothing(cast, ada):
    type_ = credit_types.create(FACTS, by=ada)
    changed = replace(FACTS, period=Period.LIFETIME, goal=None)
    assert credit_types.change(type_, changed, by=ada, version=1)
    event = _events()[-1]
    assert event.kind == AuditKind.CREDIT_TYPE_CHANGED
    assert (event.detail.before["starts_on"], event.detail.after["starts_on"]) == ("2025-09-01", None)
    assert not credit_types.change(found(CreditType, type_.id), changed, by=ada, version=2)
    assert len(_events()) == 2
    with pytest.raises(Stale):
        credit_types.change(found(CreditType, type_.id), FACTS, by=ada, version=1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"), ({"name": "CÉU"}, "name"), ({"unit": ""}, "unit"), ({"period": "weekly"}, "period"),
        ({"starts_on": None}, "starts_on"), ({"ends_on": date(2025, 8, 31)}, "ends_on"), ({"goal": Decimal(0)}, "goal"),
        ({"largest_claim": Decimal("0.001")}, "largest_claim"), ({"checklist": ("x" * 300,)}, "checklist"),
        ({"position": -1}, "position"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_its_field(cast, ada, wrong, field):
    certificates.credit_type("CEU")
    with pytest.raises(InvalidInput) as refusal:
        credit_types.create(replace(FACTS, **wrong), by=ada)
    assert set(refusal.value.errors) == {field}
    assert db.session.scalar(sa.select(sa.func.count(CreditType.id))) == 1


def test_everything_that_is_wrong_is_said_at_once(cast, ada):
    with pytest.raises(InvalidInput) as refusal:
        credit_types.create(replace(FACTS, name="", unit="", goal=Decimal(-1)), by=ada)
    assert set(refusal.value.errors) == {"name", "unit", "goal"}


def test_one_in_use_is_retired_and_reinstated_but_never_deleted(cast, ada):
    ceu, unused = certificates.credit_type(), certificates.credit_type("Unused")
    submitted(cast, ceu)
    with pytest.raises(CreditTypeInUse):
        credit_types.delete(found(CreditType, ceu.id), by=ada)
    credit_types.retire(found(CreditType, ceu.id), by=ada)
    credit_types.retire(found(CreditType, ceu.id), by=ada)
    assert not found(CreditType, ceu.id).may_be_claimed
    credit_types.reinstate(found(CreditType, ceu.id), by=ada)
    credit_types.delete(found(CreditType, unused.id), by=ada)
    assert [(each.type.name, each.certificates) for each in listed_credit_types()] == [("CEU", 1)]
    kinds = [event.kind for event in _events() if event.kind.startswith("credit_type")]
    assert kinds == [
        AuditKind.CREDIT_TYPE_RETIRED, AuditKind.CREDIT_TYPE_REINSTATED, AuditKind.CREDIT_TYPE_DELETED,
    ]  # fmt: skip


def test_only_administrators_change_them(cast):
    type_, carl = certificates.credit_type(), cast.actor(cast.carl)
    verbs = [
        lambda: credit_types.create(FACTS, by=carl), lambda: credit_types.change(type_, FACTS, by=carl, version=1),
        lambda: credit_types.retire(type_, by=carl), lambda: credit_types.reinstate(type_, by=carl),
        lambda: credit_types.delete(type_, by=carl),
    ]  # fmt: skip
    for verb in verbs:
        with pytest.raises(NotAllowed):
            verb()
