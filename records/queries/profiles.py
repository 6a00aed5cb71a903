"""A member's profile as staff read it: identity, unit, role, and certifications with their histories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import joinedload

from records import clock
from records.database import db, is_id, this_organization
from records.errors import NotFound
from records.models import (
    Account,
    Actor,
    AuditEvent,
    Certification,
    CertificationKind,
    HeldCertification,
    Member,
    Position,
    Scan,
    ScopeUnit,
    SecondFactor,
    SignOnIdentity,
    Unit,
)
from records.queries.certification_types import active_kinds
from records.queries.held import asked_for_held, held_by
from records.queries.positions import asked_for_positions_for, positions_for
from records.queries.profile_fields import Shown, shown_fields
from records.queries.units import Choice, asked_for_choices, unit_choices
from records.reading.ahead import Question, read_ahead, rows_of, scalars_of
from records.reading.unpacking import relate


@dataclass(frozen=True)
class Held:
    """One row: a certification, and those that it renewed, newest first, as one history."""

    certification: HeldCertification
    history: tuple[HeldCertification, ...] = ()


@dataclass(frozen=True)
class Profile:
    """Everything that the page needs. `serves` are the positions of the member, `positions` and `types` those to
    choose from; `deleted` counts what can be restored. `second_factor_since` and `is_bound` (to a provider's identity)
    are of the account, if there is one."""

    member: Member
    tracks: bool
    rows: list[Held]
    types: Sequence[CertificationKind]
    units: Sequence[Choice]
    serves: Sequence[Position]
    positions: Sequence[Position]
    shown: Shown
    deleted: int
    second_factor_since: datetime | None
    is_bound: bool

    @property
    def has_scans(self) -> bool:
        """Of those that count, the past left aside."""
        return any(row.certification.scans for row in self.rows)

    @property
    def certifications(self) -> Iterator[HeldCertification]:
        for row in self.rows:
            yield row.certification
            yield from row.history


def profile_of(member_id: int, *, by: Actor) -> Profile:
    """Raises NotAllowed, NotFound (unknown, of another organization, out of scope)."""
    with read_ahead(*(asked_for_profile(member_id) if is_id(member_id) else ())):
        return _profile(_member(member_id), by)


def _profile(found: _Found, by: Actor) -> Profile:
    organization, member = this_organization(), found.member
    member.require_seen_by(by)
    tracks = organization.tracks_certifications
    held = held_by(member.id) if tracks else []
    offered = positions_for(member)
    serves = [each for each, serving in offered if serving]
    return Profile(
        member=member,
        tracks=tracks,
        rows=_rows(held, clock.today(organization)),
        types=active_kinds() if tracks and member.certifications_may_be_changed_by(by) else (),
        units=unit_choices(by=by) if by.administers else [],
        serves=serves,
        positions=[each for each, _serving in offered] if by.administers else [],
        shown=Shown(shown_fields(member, serves, held, by=by), found.last_event_id),
        deleted=_restorable(found.deleted_at) if tracks and by.administers else 0,
        second_factor_since=found.second_factor_since,
        is_bound=found.is_bound,
    )


def asked_for_profile(member_id: int) -> list[Question]:
    """What `profile_of` is going to ask; and what it asks of the organization besides."""
    return [*_asked_for_member(member_id), *asked_for_held(member_id), asked_for_choices(),
            asked_for_positions_for(member_id)]  # fmt: skip


class _Found(NamedTuple):
    """`deleted_at`: when each certification of the member that is deleted was."""

    member: Member
    last_event_id: int
    second_factor_since: datetime | None
    is_bound: bool
    deleted_at: list[datetime]


def _member(member_id: int) -> _Found:
    """Raises NotFound."""
    if not is_id(member_id):
        raise NotFound()
    asked = about, scopes, deleted = _asked_for_member(member_id)
    with read_ahead(*asked):
        for member, unit, account, last_event_id, second_factor_since, is_bound in rows_of(*about):
            relate(member, unit=unit, account=account, scope_units=scalars_of(*scopes))
            return _Found(member, last_event_id or 0, second_factor_since, is_bound, scalars_of(*deleted))
    raise NotFound()


def _asked_for_member(member_id: int) -> tuple[Question, Question, Question]:
    given = {"member_id": member_id}
    return Question(_with_its_account(), given), Question(_scope(), given), Question(_deleted(), given)


@cache
def _with_its_account() -> Select[Any]:
    last_event = select(func.max(AuditEvent.id)).where(
        AuditEvent.member_id == Member.id, AuditEvent.organization_id == Member.organization_id
    )
    factor = select(SecondFactor.on_since).where(SecondFactor.account_id == Member.account_id)
    bound = select(SignOnIdentity.id).where(
        SignOnIdentity.account_id == Member.account_id, SignOnIdentity.organization_id == Member.organization_id
    )
    return (
        select(Member, Unit, Account, last_event.scalar_subquery(), factor.scalar_subquery(), bound.exists())
        .outerjoin(Unit, Member.unit_id == Unit.id)
        .outerjoin(Account, Member.account_id == Account.id)
        .where(Member.id == bindparam("member_id"))
    )


@cache
def _scope() -> Select[ScopeUnit]:
    return select(ScopeUnit).where(ScopeUnit.member_id == bindparam("member_id")).order_by(ScopeUnit.unit_id)


@cache
def _deleted() -> Select[datetime | None]:
    of_member = Certification.member_id == bindparam("member_id")
    return select(Certification.deleted_at).where(of_member, Certification.deleted_at.is_not(None))


def certifications_of(member: Member) -> list[Certification]:
    """The live ones with type, scans and renewal, to be changed. One statement."""
    statement = (
        select(Certification)
        .where(Certification.member_id == member.id, Certification.deleted_at.is_(None))
        .options(
            joinedload(Certification.type),
            joinedload(Certification.renewal),
            joinedload(Certification.scans).joinedload(Scan.stored_file),
        )
        .order_by(Certification.id)
        .execution_options(populate_existing=True)
    )
    held = list(db.session.scalars(statement).unique())
    for each in held:
        relate(each, member=member)
    return held


def _rows(held: Sequence[HeldCertification], today: date) -> list[Held]:
    """Each chain of renewals is one row, and one more for whatever its renewal has not replaced yet."""
    by_id = {each.id: each for each in held}
    return [
        Held(each, tuple(_replaced_by(each, by_id, today)))
        for each in held
        if each.renewal is None or each.renewal.takes_effect_on > today
    ]


def _replaced_by(
    certification: HeldCertification, by_id: Mapping[int, HeldCertification], today: date
) -> Iterator[HeldCertification]:
    seen = {certification.id}
    while certification.takes_effect_on <= today:
        earlier = by_id.get(certification.supersedes_id or 0)
        if earlier is None or earlier.id in seen:
            return
        yield earlier
        seen.add(earlier.id)
        certification = earlier


def _restorable(deleted_at: Iterable[datetime]) -> int:
    horizon = deletion_horizon()
    return sum(each >= horizon for each in deleted_at)


def deletion_horizon() -> Any:
    """The instant before which deletions are final."""
    return clock.now() - timedelta(days=this_organization().retention_days)


# What was deleted and can be restored


def deleted_certifications(member_id: int, *, by: Actor) -> tuple[Member, Sequence[Certification]]:
    """The member and the tombstones that can still be restored, the latest first. Raises NotAllowed, NotFound."""
    by.require_administrator()
    member = _member(member_id).member
    member.require_seen_by(by)
    statement = (
        select(Certification)
        .where(Certification.member_id == member.id, Certification.deleted_at >= deletion_horizon())
        .options(joinedload(Certification.type), joinedload(Certification.scans).joinedload(Scan.stored_file))
        .order_by(Certification.deleted_at.desc(), Certification.id.desc())
        .limit(200)
    )
    return member, db.session.scalars(statement).unique().all()


def certification_for(certification_id: int, *, by: Actor) -> Certification:
    """A live certification of a member in the asker's scope. Raises NotAllowed, NotFound."""
    by.require_staff()
    statement = (
        select(Certification)
        .where(Certification.id == certification_id, Certification.deleted_at.is_(None))
        .options(joinedload(Certification.member), joinedload(Certification.type), joinedload(Certification.renewal))
    )
    certification = db.session.scalar(statement) if is_id(certification_id) else None
    if certification is None:
        raise NotFound()
    certification.member.require_seen_by(by)
    return certification


def scan_to_change(scan_id: int, *, by: Actor) -> Scan:
    """A scan, deleted or not, of a live certification of a member in scope. Raises NotAllowed, NotFound."""
    by.require_staff()
    statement = (
        select(Scan)
        .join(Certification, Scan.certification_id == Certification.id)
        .where(Scan.id == scan_id, Certification.deleted_at.is_(None))
        .options(joinedload(Scan.certification).joinedload(Certification.member))
    )
    scan = db.session.scalar(statement) if is_id(scan_id) else None
    if scan is None:
        raise NotFound()
    scan.record.member.require_seen_by(by)
    return scan
