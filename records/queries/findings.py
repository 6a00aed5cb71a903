"""What a member's requirements come to on a day: Cleared or Not cleared, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from records import clock
from records.database import found, this_organization
from records.errors import ModuleOff, NotFound
from records.models import Actor, CertificationKind, Member
from records.models.clearance import Finding, Outcome, finding_on, is_cleared
from records.queries.binding import asked_for_rules, rules
from records.queries.persons import asked_for_person, person_of
from records.reading.ahead import Question, read_ahead


@dataclass(frozen=True)
class Clearance:
    """`findings` are those of the requirements that concern the member on the day `on`, in the organization's order,
    `types` the certification types by id. `exists`: whether the organization requires anything of anybody."""

    member: Member
    on: date
    findings: tuple[Finding, ...]
    types: Mapping[int, CertificationKind]
    exists: bool

    @property
    def missing(self) -> tuple[Finding, ...]:
        return tuple(each for each in self.findings if each.outcome == Outcome.MISSING)

    @property
    def is_cleared(self) -> bool:
        return not self.missing

    @property
    def next_lapse(self) -> Finding | None:
        """What is met now and lapses first."""
        lapsing = [each for each in self.findings if each.lapses_on is not None]
        return min(lapsing, key=lambda each: each.lapses_on or date.max, default=None)


def clearance_of(member: Member, *, on: date | None = None) -> Clearance:
    """On that day (None: today). Raises ModuleOff. One statement."""
    organization = this_organization()
    if not organization.tracks_certifications:
        raise ModuleOff()
    day = on or clock.today(organization)
    with read_ahead(*asked_for_clearance(member.id)):
        ruled = rules()
        person = person_of(member.id, ruled)
    if not ruled.demands:
        return Clearance(member, day, (), {}, exists=False)
    findings = (finding_on(day, demand, person) for demand in ruled.demands)
    return Clearance(member, day, tuple(each for each in findings if each.concerns), ruled.types, exists=True)


def asked_for_clearance(member_id: int) -> list[Question]:
    """What `clearance_of` is going to ask."""
    return [*asked_for_rules(), *asked_for_person(member_id)]


def clearance_for(member_id: int, *, by: Actor, on: date | None = None) -> Clearance:
    """Of a member in the asker's scope. Raises NotAllowed, NotFound, ModuleOff."""
    member = found(Member, member_id)
    member.require_seen_by(by)
    return clearance_of(member, on=on)


def own_clearance(*, by: Actor, on: date | None = None) -> Clearance:
    """The asker's own. Raises NotFound, ModuleOff."""
    if by.member_id is None:
        raise NotFound()
    return clearance_of(found(Member, by.member_id), on=on)


def asked_clearance_of(member: Member) -> Clearance | None:
    """As it is today; None where nobody asks: tracking is off, the member is deactivated, or nothing is required."""
    if not this_organization().tracks_certifications or not member.is_active:
        return None
    clearance = clearance_of(member)
    return clearance if clearance.exists else None


def badge_of(member: Member) -> bool | None:
    """Whether the member is cleared today; None where nobody asks."""
    organization = this_organization()
    if not organization.tracks_certifications or not member.is_active:
        return None
    with read_ahead(*asked_for_clearance(member.id)):
        ruled = rules()
        return (
            is_cleared(clock.today(organization), ruled.demands, person_of(member.id, ruled)) if ruled.demands else None
        )
