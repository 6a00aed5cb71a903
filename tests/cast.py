"""The cast: steady names that all tests share. Two organizations with look-alikes in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from records import passwords
from records.database import every_organization, transaction
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
from records.signin import covered_units

PASSWORD = "correct horse battery staple"
LONG_AGO = datetime(2024, 1, 15, 9, 0, tzinfo=UTC)
_hash: list[str] = []


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
            session.add(engine)
            session.flush()

            def member(organization: Organization, given: str, family: str, **fields: object) -> Member:
                email = f"{given}.{family}@{organization.name.split()[0]}.example".lower()
                account = Account(email=email, password_hash=_hashed(), created_at=LONG_AGO)
                session.add(account)
                session.flush()
                person = Member(
                    organization_id=organization.id, given_name=given, family_name=family, email=email,
                    account_id=account.id, joined_on=date(2024, 1, 15), created_at=LONG_AGO, **fields,
                )  # fmt: skip
                session.add(person)
                session.flush()
                return person

            def kind(organization: Organization, name: str, **fields: object) -> CertificationType:
                made = CertificationType(organization_id=organization.id, name=name, created_at=LONG_AGO, **fields)
                session.add(made)
                session.flush()
                return made

            coordinator = Role.TRAINING_COORDINATOR
            cast = cls(
                fire=fire, clinic=clinic, north=north, engine=engine, south=south,
                ada=member(fire, "Ada", "Lindgren", role=Role.ADMINISTRATOR, number="1001"),
                carl=member(fire, "Carl", "Okafor", role=coordinator, covers_organization=True, number="1002"),
                nora=member(fire, "Nora", "Núñez", role=coordinator, unit_id=north.id, number="1003"),
                max=member(fire, "Max", "Miller", unit_id=engine.id, number="1004"),
                mia=member(fire, "Mia", "Söderström", unit_id=south.id, number="1005"),
                una=member(fire, "Una", "Unassigned", number="1006"),
                ken=member(clinic, "Ken", "Adams", role=Role.ADMINISTRATOR, number="1001"),
                other_max=member(clinic, "Max", "Miller", number="1004"),
                emt=kind(fire, "EMT-Basic", usual_term=24), forklift=kind(fire, "Forklift licence"),
                clinic_emt=kind(clinic, "EMT-Basic"),
            )  # fmt: skip
            session.add(ScopeUnit(organization_id=fire.id, member_id=cast.nora.id, unit_id=north.id))
        return cast

    def actor(self, member: Member) -> Actor:
        """`member` as the one who asks."""
        with every_organization():
            return Actor(
                ActorKind.MEMBER, member.name, organization_id=member.organization_id, member_id=member.id,
                account_id=member.account_id, role=member.role, covers_organization=member.covers_organization,
                covered_units=covered_units(member),
            )  # fmt: skip


def _hashed() -> str:
    if not _hash:
        _hash.append(passwords.hashed(PASSWORD))
    return _hash[0]
