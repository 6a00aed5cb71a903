"""Writing the demo down: both organizations in one transaction, so that it is there whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import clock, passwords
from records.database import db, every_organization, organization_scope, transaction
from records.demo.catalogue import CLINIC_KINDS, CLINIC_UNITS, FIRE_KINDS, FIRE_UNITS, Kind
from records.demo.courses import (
    CLINIC_COURSES,
    CLINIC_REASONS,
    CLINIC_WORTH,
    FIRE_COURSES,
    FIRE_REASONS,
    FIRE_WORTH,
    Course,
    Worth,
)
from records.demo.handed_out import hand_out
from records.demo.held import Held, held_by
from records.demo.noticed import write_notices
from records.demo.papers import Paper
from records.demo.people import Person, clinic_people, fire_people
from records.demo.renewed import Renewing
from records.demo.rules import CLINIC_RULES, FIRE_RULES, Rules, lay_down
from records.demo.submitted import Drawn, Submitting, drawn
from records.demo.views import kept
from records.errors import N_, Refusal
from records.file_kinds import kind_of
from records.models import (
    Account,
    Actor,
    AuditEvent,
    AuditKind,
    Certification,
    CertificationType,
    Member,
    Organization,
    ScopeUnit,
    StoredFile,
    Unit,
)
from records.models.text import folded
from records.services.certification_steps import Entry, delete, record
from records.services.files import Arrived, row_for
from records.services.scan_steps import attach
from records.storage import new_key, storage


@dataclass(frozen=True)
class Place:
    """One organization of the demo before it is written down."""

    name: str
    time_zone: str
    units: dict[str, tuple[str, ...]]
    kinds: tuple[Kind, ...]
    people: tuple[Person, ...]
    worths: tuple[Worth, ...]
    courses: tuple[Course, ...]
    reasons: tuple[str, ...]
    rules: Rules

    def drawn(self) -> list[tuple[Held, ...]]:
        """What each of the people holds, in their order."""
        kinds = {kind.name: kind for kind in self.kinds}
        today = clock.today(Organization(time_zone=self.time_zone))
        return [held_by(person, place, kinds, today=today) for place, person in enumerate(self.people)]

    def attended(self) -> list[Drawn]:
        """What they earned elsewhere."""
        worths = {worth.name: worth for worth in self.worths}
        today = clock.today(Organization(time_zone=self.time_zone))
        return [drawn(course, worths, today=today) for course in self.courses]


PLACES = (
    Place("Lakeside Fire & Rescue", "America/Chicago", FIRE_UNITS, FIRE_KINDS, fire_people(), FIRE_WORTH, FIRE_COURSES,
          FIRE_REASONS, FIRE_RULES),
    Place("Hillside Clinic", "Europe/Berlin", CLINIC_UNITS, CLINIC_KINDS, clinic_people(), CLINIC_WORTH,
          CLINIC_COURSES, CLINIC_REASONS, CLINIC_RULES),
)  # fmt: skip
_HANDS_OUT = "member@demo.example"
_PEOPLE = tuple(person for place in PLACES for person in place.people)
ACCOUNTS = tuple(person.email for person in _PEOPLE if person.signs_in and person.email)


def already_there() -> str | None:
    """The name of a demo organization, or the address of a demo account, that exists."""
    names = select(Organization.name).where(Organization.folded_name.in_([folded(place.name) for place in PLACES]))
    emails = [folded(person.email) for person in _PEOPLE if person.email]
    addresses = select(Account.email).where(Account.folded_email.in_(emails))
    return db.session.scalar(names.order_by(Organization.id).limit(1)) or db.session.scalar(addresses.limit(1))


def is_empty() -> bool:
    """Whether the installation has no organization at all."""
    return db.session.scalar(select(Organization.id).limit(1)) is None


def load(password: str) -> None:
    """Both organizations, with accounts that open with `password`. Raises Refusal where the demo is there already."""
    papers = [(place.drawn(), place.attended()) for place in PLACES] if already_there() is None else []
    password_hash = passwords.hashed(password)
    with every_organization(), transaction() as session:
        taken = already_there()
        if taken is not None:
            raise Refusal(N_("The demo is loaded already: “%(name)s” exists. Nothing was changed."), name=taken)
        for place, (holdings, courses) in zip(PLACES, papers, strict=True):
            organization = Organization(name=place.name, time_zone=place.time_zone, created_at=clock.now())
            session.add(organization)
            session.flush()
            with organization_scope(organization.id):
                _Writing(session, organization, password_hash).everything(place, holdings, courses)


@dataclass
class _Writing:
    """One organization being written inside the transaction, each record with its audit event."""

    session: Session
    organization: Organization
    password_hash: str
    units: dict[str, Unit] = field(default_factory=dict)
    types: dict[str, CertificationType] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def by(self) -> Actor:
        return Actor.command("demo load", self.organization.id)

    def everything(self, place: Place, holdings: Sequence[tuple[Held, ...]], courses: Sequence[Drawn]) -> None:
        self._event(AuditKind.ORGANIZATION_CREATED, self.organization, {"name": place.name})
        for name, below in place.units.items():
            parent = self._unit(name, None)
            for sub_unit in below:
                self._unit(sub_unit, parent)
        for position, kind in enumerate(place.kinds):
            self._type(kind, position)
        for number, (person, held) in enumerate(zip(place.people, holdings, strict=True), start=1001):
            member = self._member(person, str(number))
            for each in held:
                self._certification(member, each)
            if not person.is_active:
                member.deactivated_at = clock.now()
                self._event(AuditKind.MEMBER_DEACTIVATED, member)
        submitting = Submitting(self.session, self.organization, self.members, self.types, self._stored, self.by)
        submitting.everything(place.worths, courses, place.reasons)
        for view in kept(self.members, at=clock.now()):
            self._add(view, AuditKind.VIEW_SAVED, {"page": view.page, "name": view.name})
        lay_down(place.rules, units=self.units, types=self.types, members=self.members,
                 today=clock.today(self.organization), by=self.by)  # fmt: skip
        Renewing(self.session, self.organization, self.members, self.types, self._stored, self.by).everything()
        for member in self.members.values():
            if member.email == _HANDS_OUT:
                hand_out(self.session, self.organization, member)
        self._retire(place)
        self._notices()

    def _notices(self) -> None:
        """Those of the member who signs in, in the organization that has a coordinator who does."""
        by_email = {member.email: member for member in self.members.values()}
        member, by = by_email.get("member@demo.example"), by_email.get("coordinator@demo.example")
        if member is not None and by is not None:
            write_notices(self.session, self.organization, member, by)

    def _unit(self, name: str, parent: Unit | None) -> Unit:
        unit = Unit(name=name, parent_id=parent.id if parent else None)
        self._add(unit, AuditKind.UNIT_CREATED, {"name": name, "parent_id": unit.parent_id})
        self.units[name] = unit
        return unit

    def _type(self, kind: Kind, position: int) -> None:
        type_ = CertificationType(
            name=kind.name,
            description=kind.description,
            issuer=kind.issuer,
            usual_term=kind.term,
            grace_days=kind.grace,
            position=position,
            created_at=clock.now(),
        )
        self._add(type_, AuditKind.CERTIFICATION_TYPE_CREATED, {"name": kind.name})
        self.types[kind.name] = type_

    def _retire(self, place: Place) -> None:
        """Last, as nobody can be given a retired type any more."""
        for kind in place.kinds:
            if kind.is_retired:
                self.types[kind.name].retired_at = clock.now()
                self._event(AuditKind.CERTIFICATION_TYPE_RETIRED, self.types[kind.name])

    def _member(self, person: Person, number: str) -> Member:
        unit = self.units[person.unit] if person.unit else None
        member = Member(
            given_name=person.given,
            family_name=person.family,
            suffix=person.suffix,
            email=person.email,
            number=number,
            unit_id=unit.id if unit else None,
            role=person.role,
            covers_organization=person.covers_organization,
            reviews=person.reviews,
            joined_on=clock.today(self.organization) - timedelta(days=180 + int(number) * 37 % 3000),
            created_at=clock.now(),
        )
        if person.email and (person.signs_in or person.last_seen is not None):
            member.account = Account(
                email=person.email, password_hash=self.password_hash, created_at=clock.now(),
                password_changed_at=clock.now(),
            )  # fmt: skip
            member.last_seen_at = _ago(person.last_seen)
        member.invited_at = _ago(person.invited)
        self._add(member, AuditKind.MEMBER_CREATED, {"name": member.name, "number": number, "email": person.email})
        if person.reviews:
            self._event(AuditKind.REVIEWING_GRANTED, member)
        self.members[member.name] = member
        for name in person.scope:
            self.session.add(ScopeUnit(member_id=member.id, unit_id=self.units[name].id))
        return member

    def _certification(self, member: Member, held: Held) -> Certification:
        earlier = self._certification(member, held.earlier) if held.earlier else None
        entry = Entry(
            type_id=self.types[held.holding.type].id,
            expires_on=held.expires_on,
            issued_on=held.issued_on,
            number=held.number,
            renews_id=earlier.id if earlier else None,
        )
        certification = record(member, entry, by=self.by)
        for paper in held.papers:
            attach(certification, self._stored(paper), name=paper.name, by=self.by)
        self._measures(certification, held)
        if held.holding.is_deleted:
            delete(certification, by=self.by)
        return certification

    def _measures(self, certification: Certification, held: Held) -> None:
        today, before = clock.today(self.organization), certification.facts()
        for measure, take, kind in (
            (held.holding.suspended, certification.suspend, AuditKind.CERTIFICATION_SUSPENDED),
            (held.holding.revoked, certification.revoke, AuditKind.CERTIFICATION_REVOKED),
        ):
            if measure is not None:
                take(on=today + timedelta(days=measure[0]), reason=measure[1])
                self._event(kind, certification, certification.facts(), before)

    def _stored(self, paper: Paper) -> StoredFile:
        """Bytes first, then their row; if the transaction fails, the sweep removes the bytes."""
        received = storage().receive(BytesIO(paper.content), name=paper.name, limit=self.organization.largest_file)
        key = new_key(self.organization.id, received.sha256)
        try:
            storage().keep(received, key)
        finally:
            storage().discard(received)
        return row_for(Arrived(paper.name, received.sha256, received.size, kind_of(received.head), key))

    def _add(self, row: Any, kind: AuditKind, after: dict[str, Any]) -> None:
        self.session.add(row)
        self.session.flush()
        self._event(kind, row, after)

    def _event(
        self, kind: AuditKind, row: Any, after: dict[str, Any] | None = None, before: dict[str, Any] | None = None
    ) -> None:
        self.session.add(AuditEvent.of(kind, row, by=self.by, at=clock.now(), before=before, after=after))


def _ago(days: int | None) -> datetime | None:
    return None if days is None else clock.now() - timedelta(days=days)
