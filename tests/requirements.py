"""Positions, requirements and exemptions for tests, by the verbs that make them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from records.database import db, transaction
from records.models import Exemption, Member, MemberPosition, Position, Requirement
from records.services import exemptions, positions, requirements
from records.services.exemptions import ExemptionFacts
from records.services.requirements import RequirementFacts
from tests.cast import Cast
from tests.holdings import today

FROM = date(2025, 1, 1)


def position(cast: Cast, name: str, *members: Member) -> Position:
    """A position in which these members serve."""
    made = positions.create(name, by=cast.actor(cast.ada))
    ids = [member.id for member in members]
    with transaction() as session:
        session.add_all([MemberPosition(member_id=each, position_id=made.id) for each in ids])
    return db.session.get_one(Position, made.id)


def facts(cast: Cast, name: str = "Life support", **changed: Any) -> RequirementFacts:
    """Everyone must hold EMT-Basic, but for what is said otherwise."""
    usual: dict[str, Any] = {"type_ids": frozenset({cast.emt.id}), "from_on": FROM}
    if not changed.keys() & {"unit_ids", "position_ids", "member_ids"}:
        usual["binds_everyone"] = True
    return RequirementFacts(name, **(usual | changed))


def require(cast: Cast, name: str = "Life support", **changed: Any) -> Requirement:
    return requirements.create(facts(cast, name, **changed), by=cast.actor(cast.ada))


def exempt(cast: Cast, member: Member, requirement: Requirement, starts_in: int = -5, ends_in: int = 30) -> Exemption:
    """`starts_in` and `ends_in` are days from today."""
    asked = ExemptionFacts(requirement.id, member.id, "On leave.", today() + timedelta(days=starts_in),
                           today() + timedelta(days=ends_in))  # fmt: skip
    return exemptions.grant(asked, by=cast.actor(cast.ada))


def rules_of(cast: Cast) -> dict[str, int]:
    """One of each, by the names that addresses have for them."""
    requirement = require(cast)
    return {
        "position_id": position(cast, "Driver").id,
        "requirement_id": requirement.id,
        "exemption_id": exempt(cast, cast.max, requirement).id,
    }
