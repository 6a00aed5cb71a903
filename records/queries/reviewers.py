"""Who reviews external certificates: administrators, and coordinators who were granted it, each in their scope."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from records.database import db
from records.models import (
    Certification,
    CertificationType,
    ExternalCertificate,
    Member,
    ProposalState,
    RenewalProposal,
    Revision,
    Role,
    ScopeUnit,
    State,
    Unit,
)
from records.reading.ahead import Question, read_ahead, rows_of
from records.reading.gathering import all_of
from records.scopes import covered_units, scopes, units_in_scope_of

# Whether members of a unit (None: of none) are in somebody's scope.
Covers = Callable[[int | None], bool]


@dataclass(frozen=True)
class Coordinator:
    """An active training coordinator with the names of the units in their scope (none: the whole organization)."""

    member: Member
    units: tuple[str, ...]


def reviewers() -> list[Member]:
    """The active ones of this organization, by name."""
    return _active(_may_review())


def administrators() -> list[Member]:
    """Whom a learner asks: the active ones of this organization, by name."""
    return _active(Member.role == Role.ADMINISTRATOR)


def staff() -> list[Member]:
    """The active administrators and training coordinators of this organization, by name."""
    return _active(Member.role.in_((Role.ADMINISTRATOR, Role.TRAINING_COORDINATOR)))


def coordinators() -> list[Coordinator]:
    """The active training coordinators, by name: they may be granted reviewing. Two statements."""
    named = select(ScopeUnit.member_id, Unit.name).join(Unit, ScopeUnit.unit_id == Unit.id).order_by(Unit.name)
    units: dict[int, list[str]] = {}
    for member_id, name in db.session.execute(named):
        units.setdefault(member_id, []).append(name)
    return [
        Coordinator(member, tuple(units.get(member.id, ())))
        for member in _active(Member.role == Role.TRAINING_COORDINATOR)
    ]


def who_may_review(certificate: ExternalCertificate) -> list[Member]:
    """Those who may decide it: in scope, not the learner, and not somebody who submitted or edited it."""
    barred = {certificate.member_id}
    for revision in certificate.revisions:
        barred |= {revision.submitted_by_id, revision.administrator_id or 0}
    able = [each for each in reviewers() if each.id not in barred]
    covers, unit_id = covering(able), certificate.member.unit_id
    return [each for each in able if covers[each.id](unit_id)]


@dataclass(frozen=True)
class Waiting:
    """A pending certificate, or a proposed renewal, as far as those who decide are told of it. `barred` may not
    decide it: ids of members."""

    id: int
    title: str
    learner: str
    unit_id: int | None
    barred: frozenset[int]
    submitted_at: datetime


def waiting() -> list[Waiting]:
    """The pending certificates of active members of this organization, the oldest first. One statement."""
    return [
        Waiting(certificate_id, title, member.name, member.unit_id,
                frozenset(each for pair in [[member.id], *submitted] for each in pair if each), submitted_at)
        for certificate_id, title, submitted_at, submitted, member in rows_of(_pending())
    ]  # fmt: skip


def oldest_waiting() -> dict[int, datetime | None]:
    """By the id of each active reviewer, since when what they may decide has waited. One statement."""
    with read_ahead(Question(_pending()), Question(_reviewing())):
        pending, found = waiting(), {}
        for reviewer, units in rows_of(_reviewing()):
            own = _everybody if _covers_everyone(reviewer) else {unit_id for (unit_id,) in units or ()}.__contains__
            able = (each.submitted_at for each in pending if reviewer.id not in each.barred and own(each.unit_id))
            found[reviewer.id] = next(able, None)
    return found


@cache
def _pending() -> Select[Any]:
    submitted = select(all_of(Revision.submitted_by_id, Revision.administrator_id))
    of_each = submitted.where(Revision.external_certificate_id == ExternalCertificate.id).correlate(ExternalCertificate)
    certificate = (ExternalCertificate.id, ExternalCertificate.title, ExternalCertificate.submitted_at)
    return (
        select(*certificate, of_each.scalar_subquery().label("submitted"), Member)
        .join(Member, ExternalCertificate.member_id == Member.id)
        .where(ExternalCertificate.state == State.PENDING, Member.deactivated_at.is_(None))
        .order_by(ExternalCertificate.submitted_at, ExternalCertificate.id)
    )


@cache
def _reviewing() -> Select[Any]:
    """The reviewers, each with the units that their scope names and those in them."""
    return select(Member, units_in_scope_of(Member).label("units")).where(
        Member.deactivated_at.is_(None), _may_review()
    )


def _may_review() -> ColumnElement[bool]:
    granted = and_(Member.role == Role.TRAINING_COORDINATOR, Member.reviews.is_(True))
    return or_(Member.role == Role.ADMINISTRATOR, granted)


def proposals_to_decide() -> list[Waiting]:
    """The renewals that active members of this organization propose, the oldest first."""
    proposed = (
        select(RenewalProposal, CertificationType.name, Member)
        .join(Member, RenewalProposal.member_id == Member.id)
        .join(Certification, RenewalProposal.certification_id == Certification.id)
        .join(CertificationType, Certification.type_id == CertificationType.id)
        .where(RenewalProposal.state == ProposalState.PROPOSED, Member.deactivated_at.is_(None))
        .order_by(RenewalProposal.created_at, RenewalProposal.id)
    )
    return [
        Waiting(proposal.id, title, member.name, member.unit_id,
                frozenset({member.id, proposal.administrator_id or member.id}), proposal.created_at)
        for proposal, title, member in db.session.execute(proposed)
    ]  # fmt: skip


def for_reviewer(reviewer: Member, certificates: Iterable[Waiting]) -> list[Waiting]:
    """Those of these that the reviewer may decide."""
    covers = _covers(reviewer)
    return [each for each in certificates if reviewer.id not in each.barred and covers(each.unit_id)]


def covering(members: Collection[Member]) -> dict[int, Covers]:
    """By the id of each of these administrators and coordinators, whether they cover a unit. One statement at most."""
    units = scopes(members)
    return {each.id: _everybody if _covers_everyone(each) else units[each.id].__contains__ for each in members}


def _active(condition: ColumnElement[bool]) -> list[Member]:
    statement = select(Member).where(Member.deactivated_at.is_(None), condition)
    return list(db.session.scalars(statement.order_by(Member.sort_name, Member.id)))


def _covers(reviewer: Member) -> Covers:
    """Whether members of a unit (None: of none) are in the reviewer's scope. One statement at most, here."""
    return _everybody if _covers_everyone(reviewer) else covered_units(reviewer).__contains__


def _covers_everyone(reviewer: Member) -> bool:
    return reviewer.role == Role.ADMINISTRATOR or reviewer.covers_organization


def _everybody(_unit_id: int | None) -> bool:
    return True
