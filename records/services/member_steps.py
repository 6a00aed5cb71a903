"""Steps that verbs on members share. Each runs inside the caller's transaction and writes its event.

The list, the profile and the register import all change members through these, so that every rule
stands once.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import exists, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified

from records import clock
from records.database import chosen_organization_id, db, is_id
from records.errors import (
    N_,
    EmailTaken,
    Invalid,
    InvalidInput,
    LastAdministrator,
    NumberTaken,
    OwnRole,
    Stale,
)
from records.models import (
    Actor,
    AuditEvent,
    AuditKind,
    Member,
    Organization,
    Role,
    ScopeUnit,
    SignIn,
    SingleUseLink,
    Unit,
)
from records.models.text import folded
from records.services.filling import Errors, set_each
from records.services.once_steps import once_key


@dataclass(frozen=True)
class Identity:
    """Who a member is, as a form has it. `number` is the organization's own; `email` is for contact."""

    given_name: str = ""
    family_name: str = ""
    suffix: str = ""
    number: str | None = None
    email: str | None = None
    joined_on: date | None = None
    unit_id: int | None = None


@dataclass(frozen=True)
class Access:
    """What a member may do. The scope counts for training coordinators only."""

    role: str = Role.MEMBER
    covers_organization: bool = False
    scope_unit_ids: frozenset[int] = frozenset()


def add(identity: Identity, access: Access, *, by: Actor, key: str = "") -> Member:
    """A new member, flushed; `key` is that of the form that makes it.

    Raises NotAllowed, PasswordFirst (for staff), and InvalidInput as `change_identity` and `change_access`.
    """
    by.require_administrator()
    if access.role != Role.MEMBER:
        by.require_fresh_password()
    member = Member(created_at=clock.now(), role=Role.MEMBER, suffix="", covers_organization=False)
    with db.session.no_autoflush:
        access, errors = _checked(access)
        errors = _fill(member, identity) | errors
        if errors:
            raise InvalidInput(errors)
        member.role, member.covers_organization = access.role, access.covers_organization
        db.session.add(member)
        _flush(member)
    _name_scope(member, access.scope_unit_ids)
    after = {name: value for name, value in (facts(member) | access_facts(member)).items() if value}
    created = AuditEvent.of(
        AuditKind.MEMBER_CREATED, member, by=by, at=clock.now(), after=after, once_key=once_key(key, by=by)
    )
    db.session.add(created)
    return member


def change_identity(member: Member, identity: Identity, *, by: Actor) -> bool:
    """Change who a locked member is; True where something changed.

    Raises NotAllowed, NotFound, and InvalidInput: an Invalid for each wrong field (`given_name`,
    `family_name`, `suffix`, `number`, `email`, `joined_on`, `unit_id`). A new e-mail address makes
    invitations to the old one void; the address that the member signs in with stays.
    """
    by.require_administrator()
    member.require_seen_by(by)
    member.require_standing()
    before = facts(member)
    with db.session.no_autoflush:
        errors = _fill(member, identity)
    if errors:
        db.session.expire(member)  # the caller may go on to look for more errors
        raise InvalidInput(errors)
    after = facts(member)
    if before == after:
        return False
    _flush(member)
    if before["email"] != after["email"]:
        spend_invitations(member)
    _note(AuditKind.MEMBER_CHANGED, member, by=by, before=before, after=after)
    return True


def change_access(member: Member, access: Access, *, by: Actor) -> bool:
    """Change a locked member's role and scope; True where something changed. A new role ends their sessions.

    Raises NotAllowed, NotFound, PasswordFirst, OwnRole, LastAdministrator, and InvalidInput (`role`, `scope_units`).
    """
    by.require_administrator()
    member.require_seen_by(by)
    member.require_standing()
    before = access_facts(member)
    access, errors = _checked(access)
    if errors:
        raise InvalidInput(errors)
    if before == _as_facts(access):
        return False
    by.require_fresh_password()
    if by.member_id == member.id:
        raise OwnRole()
    _give_access(member, access, by=by)
    return True


def take_mapped_role(member: Member, role: Role, *, by: Actor) -> None:
    """Give a locked member the role that their organization's sign-on says; `by` is the sign-on. A scope is never of
    its making: who becomes a coordinator looks after no unit until an administrator names one. Raises
    LastAdministrator.
    """
    if member.role != role and not member.is_merged:
        _give_access(member, Access(role), by=by)


def _give_access(member: Member, access: Access, *, by: Actor) -> None:
    before = access_facts(member)
    if before["role"] == Role.ADMINISTRATOR and access.role != Role.ADMINISTRATOR:
        require_another_administrator(member)
    member.role, member.covers_organization = access.role, access.covers_organization
    member.reviews = member.reviews and access.role == Role.TRAINING_COORDINATOR
    flag_modified(member, "role")  # a new scope alone makes a new version of the member, too
    _name_scope(member, access.scope_unit_ids)
    if before["role"] != access.role:
        end_open_sessions(member)
    _note(AuditKind.MEMBER_ROLE_CHANGED, member, by=by, before=before, after=access_facts(member))


def require_another_administrator(member: Member) -> None:
    """Raises LastAdministrator. Such changes of one organization queue, so that two cannot demote each other."""
    organization = select(Organization.id).where(Organization.id == chosen_organization_id())
    db.session.execute(organization.with_for_update(key_share=True))
    others = exists().where(
        Member.role == Role.ADMINISTRATOR,
        Member.deactivated_at.is_(None),
        Member.id != member.id,
        Member.organization_id == member.organization_id,
    )
    if not db.session.scalar(select(others)):
        raise LastAdministrator()


def end_open_sessions(member: Member) -> None:
    """Every session that has this member open, or in which they are logged in as another, is dead once the
    transaction commits."""
    theirs = or_(SignIn.member_id == member.id, SignIn.administrator_id == member.id)
    open_ones = update(SignIn).where(theirs, SignIn.ended_at.is_(None))
    db.session.execute(open_ones.values(ended_at=clock.now()))


def spend_invitations(member: Member) -> None:
    """Invitations that wait for this member to accept no longer work."""
    unused = update(SingleUseLink).where(SingleUseLink.member_id == member.id, SingleUseLink.used_at.is_(None))
    db.session.execute(unused.values(used_at=clock.now()))


def identity_of(member: Member) -> Identity:
    """Who the member is now."""
    return Identity(**{each.name: getattr(member, each.name) for each in fields(Identity)})


def facts(member: Member) -> dict[str, Any]:
    """The identity as the audit trail keeps it."""
    joined_on = member.joined_on.isoformat() if member.joined_on else None
    return vars(identity_of(member)) | {"joined_on": joined_on}


def access_facts(member: Member) -> dict[str, Any]:
    """Role and scope as the audit trail keeps them."""
    named = frozenset(scope.unit_id for scope in member.scope_units)
    return _as_facts(Access(member.role, member.covers_organization, named))


def _as_facts(access: Access) -> dict[str, Any]:
    return {
        "role": str(access.role),
        "covers_organization": access.covers_organization,
        "scope_unit_ids": sorted(access.scope_unit_ids),
    }


def _fill(member: Member, identity: Identity) -> Errors:
    """Set the fields that are right; what is wrong with the others."""
    names = ("given_name", "family_name", "suffix", "number", "email")
    errors = set_each(member, {name: getattr(identity, name) for name in names})
    member.joined_on = identity.joined_on
    if not errors.keys() & {"given_name", "family_name"} and not (member.given_name or member.family_name):
        errors["family_name"] = Invalid(N_("Enter a name."), field="family_name")
    if identity.unit_id is None or _units([identity.unit_id]):
        member.unit_id = identity.unit_id
    else:
        errors["unit_id"] = Invalid(N_("Choose a unit from the list."), field="unit_id")
    if "number" not in errors and member.number and _is_taken(member, "folded_number", folded(member.number)[:64]):
        errors["number"] = NumberTaken(field="number", number=member.number)
    if "email" not in errors and member.email and _is_taken(member, "folded_email", folded(member.email)):
        errors["email"] = EmailTaken(field="email", email=member.email)
    return errors


def _is_taken(member: Member, column: str, value: str) -> bool:
    same = select(Member.id).where(getattr(Member, column) == value)
    return db.session.scalar(same.where(Member.id != member.id) if member.id else same) is not None


def _units(ids: list[int]) -> set[int]:
    """Those of the ids that are units of this organization, held against deletion until the transaction ends."""
    possible = [number for number in ids if is_id(number)]
    statement = select(Unit.id).where(Unit.id.in_(possible)).with_for_update(read=True, key_share=True)
    return set(db.session.scalars(statement)) if possible else set()


def _checked(access: Access) -> tuple[Access, Errors]:
    """The access without a scope where the role has none, and what is wrong with it."""
    if access.role not in set(Role):
        return access, {"role": Invalid(N_("Choose a role from the list."), field="role")}
    if access.role != Role.TRAINING_COORDINATOR:
        return Access(access.role), {}
    if access.covers_organization:
        return Access(access.role, covers_organization=True), {}
    wanted = list(access.scope_unit_ids)
    if not wanted or len(_units(wanted)) != len(wanted):
        sentence = N_("Choose the units that the coordinator looks after, or the whole organization.")
        return access, {"scope_units": Invalid(sentence, field="scope_units")}
    return access, {}


def _name_scope(member: Member, unit_ids: frozenset[int]) -> None:
    kept = [scope for scope in member.scope_units if scope.unit_id in unit_ids]
    named = {scope.unit_id for scope in kept}
    new = [ScopeUnit(organization_id=member.organization_id, unit_id=unit_id) for unit_id in sorted(unit_ids - named)]
    member.scope_units = kept + new
    db.session.flush()


def _flush(member: Member) -> None:
    """Of two who give away the same number or address at once, the second is refused as if it had been taken."""
    number, email = member.number, member.email
    try:
        db.session.flush()
    except IntegrityError as error:
        broken = str(error.orig)
        if "folded_number" in broken:
            raise InvalidInput({"number": NumberTaken(field="number", number=number)}) from None
        if "folded_email" in broken:
            raise InvalidInput({"email": EmailTaken(field="email", email=email)}) from None
        raise Stale() from None


def _note(kind: AuditKind, member: Member, *, by: Actor, before: dict[str, Any], after: dict[str, Any]) -> None:
    """The event, with those fields only that changed."""
    was = {name: value for name, value in before.items() if after.get(name) != value}
    now = {name: value for name, value in after.items() if name not in before or before[name] != value}
    db.session.add(AuditEvent.of(kind, member, by=by, at=clock.now(), before=was, after=now))
