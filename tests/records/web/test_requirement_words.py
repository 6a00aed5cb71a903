"""A requirement as a sentence: who must hold what, from when."""

from __future__ import annotations

from decimal import Decimal

import pytest

from records import clock
from records.database import locked, transaction
from records.models import CertificationType, Rule
from records.queries.requirements import rule
from records.web.requirement_words import sentence
from tests.certificates import credit_type
from tests.requirements import position, require


@pytest.fixture
def ada(cast):
    return cast.actor(cast.ada)


@pytest.fixture(autouse=True)
def english(app):
    with app.test_request_context():
        yield


def _said(requirement, by):
    return sentence(rule(requirement.id, by=by))


def test_whom_it_binds_in_words(cast, ada):
    driver, medic = position(cast, "Driver"), position(cast, "Medic")
    north, south = frozenset({cast.north.id}), frozenset({cast.north.id, cast.south.id})
    tail = " must hold EMT-Basic, from 1 Jan 2025."
    for changed, said in (
        ({}, "Everyone"),
        ({"unit_ids": south}, "Members of Station North or Station South and below"),
        ({"position_ids": frozenset({driver.id, medic.id})}, "Everyone who serves as Driver or Medic"),
        ({"unit_ids": north, "position_ids": frozenset({driver.id})}, "Driver in Station North and below"),
        ({"member_ids": frozenset({cast.max.id, cast.mia.id})}, "Max Miller and Mia Söderström"),
        (
            {"unit_ids": north, "member_ids": frozenset({cast.una.id})},
            "Members of Station North and below, and besides Una Unassigned,",
        ),
    ):
        assert _said(require(cast, f"R{said}", **changed), ada) == said + tail


def test_what_it_asks_in_words(cast, ada):
    both = frozenset({cast.emt.id, cast.forklift.id})
    credits = {"kind": "credits", "credit_type_id": credit_type().id, "credits": Decimal("2.5")}
    for changed, said in (
        ({"type_ids": both}, "hold all of: EMT-Basic, Forklift licence"),
        ({"type_ids": both, "rule": Rule.ANY}, "hold any of: EMT-Basic, Forklift licence"),
        ({"type_ids": both, "rule": Rule.AT_LEAST, "at_least": 2}, "hold at least 2 of: EMT-Basic, Forklift licence"),
        (credits, "earn 2.5 hours of CEU in each period"),
    ):
        assert _said(require(cast, f"R{said}", **changed), ada) == f"Everyone must {said}, from 1 Jan 2025."
    grace = require(cast, "Grace", newcomer_days=30)
    assert _said(grace, ada).endswith(", from 1 Jan 2025, with 30 days of grace for newcomers.")
    with transaction():
        locked(CertificationType, cast.emt.id).retired_at = clock.now()
    assert "hold EMT-Basic (retired)" in _said(grace, ada)


def test_members_out_of_the_readers_scope_are_counted_not_named(cast, ada):
    asked = require(cast, member_ids=frozenset({cast.max.id, cast.mia.id, cast.una.id}))
    assert "Max Miller and 2 other members" in _said(asked, cast.actor(cast.nora))
    hidden = require(cast, "Hidden", member_ids=frozenset({cast.mia.id}))
    said = _said(hidden, cast.actor(cast.nora))
    assert said.startswith("1 member by name must")
    assert "Mia" not in said


def test_only_the_first_members_are_named(cast, ada):
    many = require(cast, member_ids=frozenset({cast.max.id, cast.mia.id, cast.una.id, cast.nora.id, cast.carl.id}))
    assert "Max Miller, Nora Núñez, Carl Okafor, and 2 other members" in _said(many, ada)
