"""What a list shows beside a row: one record at a glance, in the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from records import clock
from records.database import found, this_organization
from records.errors import ModuleOff
from records.models import Actor, CertificationType, HeldCertification, Member, Position
from records.queries import binding
from records.queries.certification_types import all_types
from records.queries.clearance import tally
from records.queries.equivalences import counts_as
from records.queries.findings import Clearance, asked_clearance_of
from records.queries.members_in import members_in
from records.queries.profiles import profile_of
from records.queries.reports import report_named
from records.queries.reports.holdings import BY_TYPE, Figures
from records.queries.requirements import RuleRow, rule, rules


@dataclass(frozen=True)
class MemberSummary:
    """`certifications` are those that no renewal has replaced, the soonest to expire first; `files` counts the scans
    of all of them, replaced ones too. `clearance` is None where nobody asks for it."""

    member: Member
    serves: Sequence[Position]
    tracks: bool
    certifications: Sequence[HeldCertification]
    files: int
    clearance: Clearance | None


@dataclass(frozen=True)
class TypeSummary:
    """`figures` say how many members have which standing in it, None where nobody has one. `required_by` are the
    requirements that stand and name it; `counts_as` the types that its holders count as holding, too."""

    type: CertificationType
    figures: Figures | None
    required_by: Sequence[RuleRow]
    counts_as: Sequence[CertificationType]


@dataclass(frozen=True)
class RuleSummary:
    """How many members the requirement binds today, and how many of those meet it; None where it is retired."""

    row: RuleRow
    bound: int | None = None
    met: int | None = None


def member_summary(member_id: int, *, by: Actor) -> MemberSummary:
    """Raises as `profile_of`: NotAllowed, NotFound. A constant number of statements."""
    profile = profile_of(member_id, by=by)
    return MemberSummary(
        member=profile.member,
        serves=profile.serves,
        tracks=profile.tracks,
        certifications=sorted((row.certification for row in profile.rows), key=lambda each: (each.expires_on, each.id)),
        files=sum(len(each.scans) for each in profile.certifications),
        clearance=asked_clearance_of(profile.member),
    )


def type_summary(type_id: int, *, by: Actor) -> TypeSummary:
    """Members are counted in the asker's scope. Raises NotAllowed, NotFound, ModuleOff. A constant number of
    statements."""
    report = report_named("standing", by=by)
    type_ = found(CertificationType, type_id)
    asked = report.read({"type": str(type_.id), "group": BY_TYPE})
    also = counts_as().get(type_.id, frozenset())
    return TypeSummary(
        type=type_,
        figures=next((row for row in report.rows(asked, by) if isinstance(row, Figures)), None),
        required_by=[row for row in rules(by=by) if type_ in row.types and not row.requirement.is_retired],
        counts_as=[each for each in all_types() if each.id in also],
    )


def rule_summary(requirement_id: int, *, by: Actor) -> RuleSummary:
    """Members are counted in the asker's scope. Raises NotAllowed, NotFound, ModuleOff. A constant number of
    statements."""
    organization = this_organization()
    if not organization.tracks_certifications:
        raise ModuleOff()
    row = rule(requirement_id, by=by)
    ruled = binding.rules().only(requirement_id)
    if [demand.id for demand in ruled.demands] != [requirement_id]:
        return RuleSummary(row)
    counted = tally(members_in("", "", None, by=by), ruled, clock.today(organization))
    return RuleSummary(row, counted.bound[requirement_id], counted.met[requirement_id])
