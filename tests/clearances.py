"""Writing requirements, positions and exemptions in tests, straight into the tables."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from records import clock
from records.database import db, this_organization, transaction
from records.models import (
    CertificationType,
    CreditType,
    Exemption,
    Member,
    MemberPosition,
    Position,
    Requirement,
    RequirementMember,
    RequirementPosition,
    RequirementType,
    RequirementUnit,
    TypeEquivalence,
    Unit,
)

LONG_AGO = date(2020, 1, 1)


def require(
    name: str,
    *types: CertificationType,
    units: Iterable[Unit] = (),
    positions: Iterable[Position] = (),
    members: Iterable[Member] = (),
    credit_type: CreditType | None = None,
    **fields: Any,
) -> Requirement:
    """A requirement of all of these types, of everyone where nobody is named, since long ago."""
    fields = {"from_on": LONG_AGO, "kind": "credits" if credit_type else "types"} | fields
    named = any((units, positions, members))
    asked = Requirement(name=name, created_at=clock.now(), binds_everyone=not named, **fields)
    if credit_type is not None:
        asked.credit_type_id = credit_type.id
    here = {"organization_id": this_organization().id}
    asked.types = [RequirementType(type_id=each.id, **here) for each in types]
    asked.units = [RequirementUnit(unit_id=each.id, **here) for each in units]
    asked.positions = [RequirementPosition(position_id=each.id, **here) for each in positions]
    asked.members = [RequirementMember(member_id=each.id, **here) for each in members]
    with transaction() as session:
        session.add(asked)
    return db.session.get_one(Requirement, asked.id)


def position(name: str, *members: Member) -> Position:
    """A position that these members serve in."""
    made, ids = Position(name=name), [each.id for each in members]
    with transaction() as session:
        session.add(made)
        session.flush()
        session.add_all([MemberPosition(member_id=each, position_id=made.id) for each in ids])
    return db.session.get_one(Position, made.id)


def exempt(member: Member, requirement: Requirement, approver: Member, *, days: int = 30) -> None:
    """From yesterday until so many days from today, because of a broken leg."""
    today = clock.today(this_organization())
    row = Exemption(
        member_id=member.id, requirement_id=requirement.id, approved_by_id=approver.id, reason="Broken leg",
        starts_on=today - timedelta(days=1), ends_on=today + timedelta(days=days), created_at=clock.now(),
    )  # fmt: skip
    with transaction() as session:
        session.add(row)


def counts_as(type_: CertificationType, other: CertificationType) -> None:
    row = TypeEquivalence(type_id=type_.id, counts_as_id=other.id)
    with transaction() as session:
        session.add(row)
