"""The cast: steady names that all tests share. Two organizations with look-alikes in each."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, get_type_hints

from sqlalchemy import select

from records import passwords
from records.database import db, every_organization, transaction
from records.models import (
    Account,
    Actor,
    ActorKind,
    CertificationType,
    Member,
    Organization,
    Role,
    ScopeUnit,
    Unit,
)
from records.scopes import covered_units
from tests.beginnings import EMPTY, Beginnings

PASSWORD = "correct horse battery staple"
LONG_AGO = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)


@dataclass
class Cast:
    """Fire: Ada administers, Carl coordinates everything, Nora only North with its sub-units, Max and
    Mia are members (Max in North's sub-unit, Mia in South), Una has no unit. Clinic: Ken administers,
    and a second Max Miller is its member."""

    fire: Organization
    clinic: Organization
    north: Unit
    engine: Unit
    south: Unit
    ada: Member
    carl: Member
    nora: Member
    max: Member
    mia: Member
    una: Member
    ken: Member
    other_max: Member
    emt: CertificationType
    forklift: CertificationType
    clinic_emt: CertificationType

    @classmethod
    def enter(cls) -> Cast:
        """All of them, as new rows."""
        with every_organization(), transaction() as session:
            fire = Organization(name="Lakeside Fire & Rescue", time_zone="America/Chicago", created_at=LONG_AGO)
            clinic = Organization(name="Hillside Clinic", time_zone="Europe/Berlin", created_at=LONG_AGO)
            session.add_all([fire, clinic])
            session.flush()
            north = Unit(organization_id=fire.id, name="Station North")
            south = Unit(organization_id=fire.id, name="Station South")
            session.add_all([north, south])
            session.flush()
            engine = Unit(organization_id=fire.id, name="Engine 1", parent_id=north.id)
            kinds = {
                "emt": CertificationType(organization_id=fire.id, name="EMT-Basic", usual_term=24, created_at=LONG_AGO),
                "forklift": CertificationType(organization_id=fire.id, name="Forklift licence", created_at=LONG_AGO),
                "clinic_emt": CertificationType(organization_id=clinic.id, name="EMT-Basic", created_at=LONG_AGO),
            }
            session.add_all([engine, *kinds.values()])
            session.flush()
            coordinator = Role.TRAINING_COORDINATOR
            people = {
                "ada": _member(fire, "Ada", "Lindgren", role=Role.ADMINISTRATOR, number="1001"),
                "carl": _member(fire, "Carl", "Okafor", role=coordinator, covers_organization=True, number="1002"),
                "nora": _member(fire, "Nora", "Núñez", role=coordinator, unit_id=north.id, number="1003"),
                "max": _member(fire, "Max", "Miller", unit_id=engine.id, number="1004"),
                "mia": _member(fire, "Mia", "Söderström", unit_id=south.id, number="1005"),
                "una": _member(fire, "Una", "Unassigned", number="1006"),
                "ken": _member(clinic, "Ken", "Adams", role=Role.ADMINISTRATOR, number="1001"),
                "other_max": _member(clinic, "Max", "Miller", number="1004"),
            }
            password_hash = passwords.hashed(PASSWORD)
            accounts = [
                Account(email=person.email, password_hash=password_hash, created_at=LONG_AGO)
                for person in people.values()
            ]
            session.add_all(accounts)
            session.flush()
            for person, account in zip(people.values(), accounts, strict=True):
                person.account_id = account.id
            session.add_all(people.values())
            session.flush()
            session.add(ScopeUnit(organization_id=fire.id, member_id=people["nora"].id, unit_id=north.id))
            return cls(fire=fire, clinic=clinic, north=north, engine=engine, south=south, **people, **kinds)

    def ids(self) -> dict[str, int]:
        """By the name of each."""
        return {each.name: getattr(self, each.name).id for each in fields(self)}

    @classmethod
    def found(cls, ids: dict[str, int]) -> Cast:
        """Those who have these ids: the same as ever, if the database has them from `enter`."""
        kinds = _kinds()
        records: dict[tuple[Any, int], Any] = {}
        with every_organization():
            records = {
                kind: {
                    record.id: record for record in db.session.scalars(select(kind).where(kind.id.in_(ids.values())))
                }
                for kind in set(kinds.values())
            }
        return cls(**{name: records[kind][ids[name]] for name, kind in kinds.items()})

    def actor(self, member: Member) -> Actor:
        """`member` as the one who asks."""
        return actor_of(member)


@cache
def _kinds() -> dict[str, Any]:
    return get_type_hints(Cast)


def cast_of(beginnings: Beginnings) -> Cast:
    """In place of all that stands in the database."""
    if "cast" not in beginnings:
        beginnings.bring_back(EMPTY)
        beginnings.keep("cast", Cast.enter().ids())
    return Cast.found(beginnings.bring_back("cast"))


def actor_of(member: Member) -> Actor:
    """`member` as the one who asks."""
    with every_organization():
        return Actor(
            ActorKind.MEMBER, member.name, organization_id=member.organization_id, member_id=member.id,
            account_id=member.account_id, role=member.role, covers_organization=member.covers_organization,
            covered_units=covered_units(member), reviews_by_grant=member.reviews,
        )  # fmt: skip


def _member(organization: Organization, given: str, family: str, **fields: object) -> Member:
    email = f"{given}.{family}@{organization.name.split()[0]}.example".lower()
    return Member(
        organization_id=organization.id, given_name=given, family_name=family, email=email,
        joined_on=date(2024, 1, 15), created_at=LONG_AGO, **fields,
    )  # fmt: skip
