"""What administrators do with members: create, sort by unit and position, deactivate, reactivate, reset, sign out.

Inviting: `invitations`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from records import clock
from records.database import found, lock, this_organization, transaction
from records.errors import Deactivated, InvalidInput, NoAccount, NoEmail, OwnMembership
from records.models import Actor, AuditEvent, AuditKind, LinkPurpose, Member, MessageKind, Role
from records.queries.positions import positions_of
from records.services import invitations, member_steps, position_steps
from records.services.account_steps import opens_this_organization_alone
from records.services.member_steps import Access, Identity
from records.services.once_steps import made_before
from records.services.outbox import link_path, new_link, post

__all__ = [
    "Access",
    "Identity",
    "assign_unit",
    "create",
    "create_and_invite",
    "deactivate",
    "end_sessions",
    "give_position",
    "reactivate",
    "send_reset_link",
    "take_position",
]

_RESET_LASTS = timedelta(hours=24)


def create(identity: Identity, access: Access, *, by: Actor, key: str = "") -> Member:
    """The same form, by its `key`, makes one member. Raises NotAllowed, InvalidInput (fields as in the steps)."""
    by.require_administrator()
    with transaction():
        made = made_before(key, by=by)
        return found(Member, made) if made else member_steps.add(identity, access, by=by, key=key)


def create_and_invite(identity: Identity, access: Access, *, by: Actor, key: str = "") -> tuple[Member, str | None]:
    """As `create`, and mail an invitation; its path is to be shown once (None: it was). Nothing happens by halves."""
    by.require_administrator()
    if not (identity.email or "").strip():
        raise InvalidInput({"email": NoEmail(field="email")})
    with transaction() as session:
        made = made_before(key, by=by)
        if made:
            return found(Member, made), None
        member = member_steps.add(identity, access, by=by, key=key)
        path = invitations.issue(member, organization=this_organization())
        session.add(AuditEvent.of(AuditKind.MEMBER_INVITED, member, by=by, at=clock.now()))
    return member, path


def assign_unit(member: Member, unit_id: int | None, *, by: Actor) -> bool:
    """The member is in that unit from now on, or in none; True where that is news.

    Raises NotAllowed, MergedAway, and InvalidInput (field `unit_id`).
    """
    with transaction():
        member = lock(member)
        return member_steps.change_identity(member, replace(member_steps.identity_of(member), unit_id=unit_id), by=by)


def give_position(member: Member, position_id: int, *, by: Actor) -> bool:
    """The member serves in that position, too; True where that is news. Raises NotAllowed, MergedAway and Invalid."""
    return _choose_positions(member, gone=frozenset(), new=frozenset({position_id}), by=by)


def take_position(member: Member, position_id: int, *, by: Actor) -> bool:
    """The member no longer serves in that position; True where that is news. Raises NotAllowed, MergedAway."""
    return _choose_positions(member, gone=frozenset({position_id}), new=frozenset(), by=by)


def _choose_positions(member: Member, *, gone: frozenset[int], new: frozenset[int], by: Actor) -> bool:
    by.require_administrator()
    with transaction():
        member = lock(member)
        member.require_standing()
        held = frozenset(position.id for position in positions_of(member))
        return position_steps.choose(member, held - gone | new, by=by)


def deactivate(member: Member, *, by: Actor) -> None:
    """The member leaves all lists; open sessions end, and invitations no longer work.

    Nothing happens where they are deactivated already. Raises NotAllowed, PasswordFirst, OwnMembership,
    LastAdministrator.
    """
    by.require_administrator()
    by.require_fresh_password()
    with transaction() as session:
        member = lock(member)
        if not member.is_active:
            return
        if by.member_id == member.id:
            raise OwnMembership()
        if member.role == Role.ADMINISTRATOR:
            member_steps.require_another_administrator(member)
        member.deactivated_at = clock.now()
        member_steps.end_open_sessions(member)
        member_steps.spend_invitations(member)
        session.add(AuditEvent.of(AuditKind.MEMBER_DEACTIVATED, member, by=by, at=clock.now()))


def reactivate(member: Member, *, by: Actor) -> None:
    """The member comes back with the role, the scope and the account that they had. Raises NotAllowed, MergedAway."""
    by.require_administrator()
    with transaction() as session:
        member = lock(member)
        if member.is_active:
            return
        member.require_standing()
        member.deactivated_at = None
        session.add(AuditEvent.of(AuditKind.MEMBER_REACTIVATED, member, by=by, at=clock.now()))


def send_reset_link(member: Member, *, by: Actor) -> str | None:
    """Mail a link that sets a new password to the address that the member signs in with.

    Returns its path, to be shown once; None where the account opens members of other organizations, too:
    then it is mailed only, so that no administrator can take over what is not theirs. Raises NotAllowed,
    PasswordFirst, Deactivated, NoAccount.
    """
    by.require_administrator()
    by.require_fresh_password()
    with transaction() as session:
        member = lock(member)
        if not member.is_active:
            raise Deactivated()
        account = member.account
        if account is None:
            raise NoAccount()
        secret = new_link(LinkPurpose.PASSWORD_RESET, account, lasts=_RESET_LASTS)
        path = link_path(LinkPurpose.PASSWORD_RESET, secret)
        hours = _RESET_LASTS // timedelta(hours=1)
        post(MessageKind.PASSWORD_RESET, account.email, organization=None, facts={"path": path, "hours": hours})
        session.add(AuditEvent.of(AuditKind.PASSWORD_RESET_REQUESTED, member, by=by, at=clock.now()))
        alone = opens_this_organization_alone(account)
    return path if alone else None


def end_sessions(member: Member, *, by: Actor) -> None:
    """Sign the member out everywhere. Raises NotAllowed."""
    by.require_administrator()
    with transaction() as session:
        member = lock(member)
        member_steps.end_open_sessions(member)
        session.add(AuditEvent.of(AuditKind.SESSIONS_ENDED, member, by=by, at=clock.now()))
